//! Payments that are signed and not, or not all, confirmed: exit codes, lines, JSON.

use crate::program::{Call, Desk, Ended, Running, p2pow};
use nano_block::{Network, SecretKey, SignedState};
use nano_primitives::{Account, Amount, Work};
use nano_rpc::Client;
use p2pow_protocol::fees::fee_receive;
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    thread,
};
use tokio::runtime::Runtime;

/// `p2pow devnet`, and a worker that publishes some of the user blocks that it is given, and then fails.
struct Town {
    devnet: Running,
    port: u16,
}

impl Town {
    fn with_worker_that_publishes(count: usize) -> Self {
        Self::new(count, "10")
    }

    /// `delay` is that of confirmations, in ms.
    fn new(count: usize, delay: &str) -> Self {
        let devnet = p2pow(["devnet", "--json", "--confirmation-delay", delay]).start();
        let node = devnet.json()["rpc_url"].as_str().unwrap().to_owned();
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            let worker = SecretKey::generate().unwrap().account();
            for stream in listener.incoming() {
                // A client that hangs up is no matter.
                let _ = serve(stream.unwrap(), &node, worker, count);
            }
        });
        Self { devnet, port }
    }

    /// A call by the funded account that hires this worker.
    fn call(&self, arguments: &[&str]) -> Call {
        let report = self.devnet.json();
        p2pow(arguments)
            .env("P2POW_NODE", report["rpc_url"].as_str().unwrap())
            .env("P2POW_KEY", report["private_key"].as_str().unwrap())
            .env("P2POW_NETWORK", "dev")
            .env("P2POW_WORKERS", "127.0.0.1")
            .env("P2POW_PORT", self.port.to_string())
            .env("P2POW_PATIENCE", "6")
    }
}

fn serve(mut stream: TcpStream, node: &str, worker: Account, count: usize) -> std::io::Result<()> {
    let (path, body) = read(&stream)?;
    let (status, answer) = match path.as_str() {
        "/request_info" => (200, offer(worker)),
        _ => {
            publish(node, &body, count);
            (500, json!({ "error": "User PoW fail" }))
        }
    };
    let answer = answer.to_string();
    let length = answer.len();
    write!(
        stream,
        "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{answer}"
    )
}

fn read(stream: &TcpStream) -> std::io::Result<(String, Value)> {
    let (mut reader, mut path, mut length) = (BufReader::new(stream), String::new(), 0);
    for line in reader.by_ref().lines() {
        let line = line?.to_ascii_lowercase();
        if path.is_empty() {
            path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok((path, serde_json::from_slice(&body).unwrap_or_default()))
}

fn offer(account: Account) -> Value {
    let fee = Amount::from_xno("0.0001").unwrap();
    json!({
        "version": "2.0.0", "status": "available", "reward_account": account, "fee": fee,
        "fee_receive": fee_receive(fee), "dynamic_fee": false, "min_multiplier": 1.0,
        "max_multiplier": 30.0, "features": ["batch"], "max_user_blocks": 10, "hashrate": 1e308,
    })
}

fn publish(node: &str, body: &Value, count: usize) {
    let single = [body["user_block"].clone()];
    let users = body["user_blocks"].as_array().map_or(&single[..], Vec::as_slice);
    let node = Client::new(node).unwrap();
    for user in &users[..count] {
        let block: SignedState = serde_json::from_value(user.clone()).unwrap();
        let threshold = Network::Dev.thresholds().base();
        let is_enough = |work: &Work| work.value(&block.root()) >= threshold;
        let work = (0..).map(Work::from_u64).find(is_enough).unwrap();
        let block = block.with_work(work).into();
        Runtime::new().unwrap().block_on(node.process(&block, None)).unwrap();
    }
}

/// Three payments, on the lines 2, 4 and 5.
fn payments(desk: &Desk) -> String {
    let to: Vec<Account> = (0..3).map(|_| SecretKey::generate().unwrap().account()).collect();
    desk.file(
        "pay.csv",
        format!("destination,amount\n{},1\n# rent\n{},2\n{},3\n", to[0], to[1], to[2]),
    )
}

/// The object on the last line of standard output of a run that did not succeed.
fn object(ended: &Ended) -> Value {
    serde_json::from_str(ended.stdout.trim_end()).expect("one line of JSON")
}

#[test]
fn a_batch_that_stops_in_the_middle_says_which_payments_are_confirmed_and_exits_with_3() {
    let (town, desk) = (Town::with_worker_that_publishes(2), Desk::new());
    let file = payments(&desk);

    let ended = town.call(&["batch", &file]).run();
    let told = ended.bad(3);
    assert!(told.contains("do not run the file again as it is: line 5 is left"), "{told}");
    assert!(told.contains("of 3 blocks 2 are confirmed, 1 may still be, 0 can never be"), "{told}");
    for (line, fate) in [
        ("line 2: 1 XNO to nano_", ": confirmed: block "),
        ("line 4: 2 XNO to nano_", ": confirmed: block "),
        ("line 5: 3 XNO to nano_", ": not on the ledger, may still be published: block "),
    ] {
        let found = ended.stdout.lines().any(|told| told.starts_with(line) && told.contains(fate));
        assert!(found, "{line}: {ended:?}");
    }

    let ended = town.call(&["batch", &file, "--json"]).run();
    ended.bad(3);
    let report = object(&ended);
    let blocks = report["blocks"].as_array().unwrap();
    let told: Vec<Value> =
        blocks.iter().map(|block| json!([block["line"], block["fate"]])).collect();
    assert_eq!(json!(told), json!([[2, "confirmed"], [4, "confirmed"], [5, "possible"]]));
    assert!(blocks.iter().all(|block| block["hash"].is_string()));
    assert_eq!(report["rewards"][0]["fate"], "possible");
    assert!(report["error"].as_str().unwrap().contains("no hired worker did the work"));
    // The first run's payments are still there: the second one ran on another frontier.
    assert_ne!(report["blocks"][0]["previous"], json!("00".repeat(32)));
}

#[test]
fn a_payment_that_is_not_confirmed_in_time_is_told_with_its_block_and_what_is_safe() {
    let (town, desk) = (Town::with_worker_that_publishes(0), Desk::new());
    let bob = SecretKey::generate().unwrap().account().to_string();

    let first = town.call(&["send", &bob, "1", "--json"]).run();
    let told = first.bad(3);
    assert!(
        told.contains("the same command cannot pay twice as long as the account's last block is"),
        "{told}"
    );
    let report = object(&first);
    assert_eq!(report["blocks"][0]["fate"], "possible");
    let hash = report["blocks"][0]["hash"].as_str().unwrap();
    assert!(told.contains(hash), "{told}");
    assert!(told.contains(report["blocks"][0]["previous"].as_str().unwrap()), "{told}");

    // As it says: the same command makes the same block. Without its WebSocket the node is polled, and that is told.
    let second = town.call(&["send", &bob, "1", "--json", "--websocket", "ws://127.0.0.1:1"]).run();
    let second = object(&second);
    assert!(
        second["warnings"][0].as_str().unwrap().contains("WebSocket tells nothing"),
        "{second}"
    );
    assert_eq!(second["blocks"][0]["hash"], report["blocks"][0]["hash"]);

    let file = payments(&desk);
    let ended = town.call(&["batch", &file, "--websocket", "ws://127.0.0.1:1"]).run();
    assert!(ended.bad(3).contains("the same command cannot pay twice"), "{ended:?}");
    assert_eq!(ended.stdout.matches("WebSocket tells nothing").count(), 1, "{ended:?}");
    // By name, one worker, and no 300 digits of its speed.
    assert!(ended.stdout.contains("asking 1 worker by address"), "{ended:?}");
    let listed = town.call(&["workers"]).run();
    assert!(listed.good().contains("more than 999 TH/s"), "{listed:?}");
}

#[test]
fn what_is_on_the_ledger_unconfirmed_is_to_be_waited_for() {
    let town = Town::new(1, "600000");
    let bob = SecretKey::generate().unwrap().account().to_string();
    let ended = town.call(&["send", &bob, "1", "--json"]).run();
    let told = ended.bad(3);
    assert!(told.contains("is on the ledger, but not confirmed yet"), "{told}");
    assert!(
        told.contains(
            "wait until what is on the ledger is confirmed: the same command would pay it twice"
        ),
        "{told}"
    );
    assert_eq!(object(&ended)["blocks"][0]["fate"], "on_ledger");
    // Indeed it would be built on the first one, and so it is refused until that is confirmed.
    let again = town.call(&["send", &bob, "1"]).run();
    assert!(again.bad(1).contains("is not confirmed yet"), "{again:?}");
}

#[test]
fn a_payment_that_is_confirmed_although_its_worker_failed_is_a_success() {
    let town = Town::with_worker_that_publishes(1);
    let bob = SecretKey::generate().unwrap().account().to_string();
    let ended = town.call(&["send", &bob, "1"]).run();
    assert!(ended.good().contains("no reward is confirmed (yet)"), "{ended:?}");
}

#[test]
fn what_never_got_as_far_as_a_signature_exits_with_1() {
    let town = Town::with_worker_that_publishes(0);
    let bob = SecretKey::generate().unwrap().account().to_string();
    let poor = town.call(&["send", &bob, "340282366.9209384"]).run();
    poor.bad(1);
    let other = town.call(&["send", &bob, "1", "--network", "live"]).run();
    let told = other.bad(1);
    assert!(
        told.contains("the network dev") && told.contains("wanted a node of the network live"),
        "{told}"
    );
}
