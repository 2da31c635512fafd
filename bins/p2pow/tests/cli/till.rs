//! `p2pow serve` in a [`Town`], and what is asked of it.

use crate::{
    program::{Call, Running},
    town::Town,
};
use nano_primitives::Account;
use serde_json::{Value, json};
use std::{
    io::{self, Read, Write},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

pub(crate) const PASSWORD: &str = "correct horse";
/// Longer than anything takes here.
const PATIENCE: Duration = Duration::from_secs(120);

/// Asks over HTTP, and reads the first line of the answer and its body.
pub(crate) fn ask(
    address: &str,
    what: &str,
    headers: &str,
    body: &str,
) -> io::Result<(String, String)> {
    let mut stream = TcpStream::connect(address)?;
    write!(
        stream,
        "{what} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
    Ok((head.lines().next().unwrap_or_default().to_owned(), body.to_owned()))
}

/// A running `p2pow serve`.
pub(crate) struct Till {
    running: Running,
    address: String,
}

impl Town {
    /// The call that serves with the wallets of this town.
    pub(crate) fn serve(&self) -> Call {
        self.call(&["serve", "--json", "--listen", "127.0.0.1:0"])
            .env("P2POW_SERVE_STORE", self.desk.path("wallet.db"))
            .env("P2POW_SERVE_PASSWORD", PASSWORD)
    }

    /// A server that has the funded account in a wallet, and that wallet.
    pub(crate) fn open_till(&self) -> (Till, String) {
        let till = Till::open(self.serve()).expect("it listens");
        let made = till.rpc(&json!({ "action": "wallet_create" })).unwrap();
        let wallet = made["wallet"].as_str().unwrap().to_owned();
        let key = self.devnet.json()["private_key"].clone();
        let add = json!({ "action": "wallet_add", "wallet": wallet, "key": key });
        assert_eq!(till.rpc(&add).unwrap()["account"], json!(self.alice()));
        (till, wallet)
    }
}

impl Till {
    /// Starts it; `None` if it was killed before it listened.
    pub(crate) fn open(call: Call) -> Option<Self> {
        let running = call.start();
        let started: Value = serde_json::from_str(&running.line).ok()?;
        let address = started["listening"][0].as_str().expect("it says where").to_owned();
        Some(Self { running, address })
    }

    /// Kills it, if it is still there, and answers by which signal it ended.
    pub(crate) fn kill(self) -> Option<i32> {
        self.running.kill();
        std::os::unix::process::ExitStatusExt::signal(&self.running.wait())
    }

    /// The same while others still talk to it.
    pub(crate) fn kill_now(&self) {
        self.running.kill();
    }

    fn ask(&self, what: &str, body: &str) -> Option<Value> {
        let (_, body) = ask(&self.address, what, "", body).ok()?;
        // Half an answer is none.
        serde_json::from_str(&body).ok()
    }

    /// A call of the wallet RPC; `None` if the server is gone.
    pub(crate) fn rpc(&self, call: &Value) -> Option<Value> {
        self.ask("POST /", &call.to_string())
    }

    /// Asks for a payout, with its key.
    pub(crate) fn pay(&self, from: Account, to: Account, raw: u128, key: &str) -> Option<Value> {
        let amount = raw.to_string();
        let payout = json!({ "account": from, "destination": to, "amount": amount, "key": key });
        self.ask("POST /payouts", &payout.to_string())
    }

    /// The payout of a key, if there is one.
    pub(crate) fn payout(&self, key: &str) -> Option<Value> {
        let listed = self.ask(&format!("GET /payouts?key={key}"), "")?;
        Some(listed["payouts"][0].clone())
    }

    /// The payout of a key as soon as it is so.
    pub(crate) fn until(&self, key: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let start = Instant::now();
        loop {
            let payout = self.payout(key).expect("the server is there");
            if is_so(&payout) {
                return payout;
            }
            assert!(start.elapsed() < PATIENCE, "{payout}");
            thread::sleep(Duration::from_millis(20));
        }
    }
}
