//! What the tests share: a network, a worker and a broker, and servers as processes.

use crate::{
    broker,
    program::{Desk, Running, p2pow},
};
use nano_block::{Network, SecretKey, Seed};
use nano_devnet::Devnet;
use nano_pow::Pool;
use nano_primitives::{Account, Amount, BlockHash};
use nano_rpc::Client;
use p2pow_fleet::{Broker, JetStreamStore};
use p2pow_server::Server;
use p2pow_store::{Page, Store};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    thread,
    time::{Duration, Instant},
};

/// Long enough for a busy machine to renew a lease of it in time.
pub(crate) const SHORT: u64 = 4;
pub(crate) const LONG: u64 = 60;
/// Nothing here takes so long, on a machine that is as busy as can be.
pub(crate) const PATIENCE: Duration = Duration::from_secs(180);
pub(crate) const RICH: u128 = 1_000_000_000_000_000_000_000_000_000_000;

/// A network with a worker and a broker, and a wallet that the servers share.
pub(crate) struct World {
    pub(crate) net: Devnet,
    pub(crate) broker: broker::Server,
    pub(crate) desk: Desk,
    worker: Server,
    george: Account,
    pub(crate) wallet: String,
    /// The accounts of the wallet.
    pub(crate) payers: Vec<Account>,
}

impl World {
    /// `None` where there is no broker on this computer.
    pub(crate) async fn with_payers(count: u8) -> Option<Self> {
        let broker = broker::start("")?;
        let net = Devnet::builder().network(Network::Dev).confirmation_delay(Duration::ZERO);
        let net = net.start().await.unwrap();
        let george = SecretKey::generate().unwrap().account();
        let config = p2pow_server::Config {
            listen: vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0))],
            reward_account: george,
            network: Network::Dev,
            websocket_urls: vec![net.websocket_url().parse().unwrap()],
            ..p2pow_server::Config::default()
        };
        let node = Client::new(&net.rpc_url()).unwrap();
        let worker = Server::bind(config, node, Pool::cpu(Some(1))).await.unwrap();
        let (desk, wallet, payers) = (Desk::new(), String::new(), Vec::new());
        let mut world = Self { net, broker, desk, worker, george, wallet, payers };
        world.fill(count);
        Some(world)
    }

    /// The first server makes the wallet, and ends.
    fn fill(&mut self, count: u8) {
        let till = self.serve(LONG);
        let made = till.rpc(&json!({ "action": "wallet_create" })).unwrap();
        self.wallet = made["wallet"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned();
        for number in 1..=count {
            let key: SecretKey = Seed::from_bytes([number; 32]).derive(0);
            self.net.open(&key, Amount::from_raw(RICH)).unwrap();
            let add =
                json!({ "action": "wallet_add", "wallet": self.wallet, "key": *key.expose_hex() });
            assert_eq!(till.rpc(&add).unwrap(), json!({ "account": key.account() }));
            self.payers.push(key.account());
        }
        till.stop();
    }

    /// A server of the fleet. `lease` in seconds.
    pub(crate) fn serve(&self, lease: u64) -> Till {
        Till::open(self.starting(&self.broker.address(), lease, &[]))
    }

    /// The same over another way to the broker, or with more options.
    pub(crate) fn starting(&self, fleet: &str, lease: u64, more: &[&str]) -> Running {
        let (lease, port) = (lease.to_string(), self.worker.local_addr().port().to_string());
        let arguments = [
            &["serve", "--json", "--listen", "127.0.0.1:0", "--fleet", fleet][..],
            &["--fleet-journal", "--fleet-replicas", "1", "--network", "dev"],
            &["--fleet-lease", &lease, "--port", &port],
            more,
        ];
        let call = p2pow(arguments.concat())
            .env("P2POW_NODE", self.net.rpc_url())
            .env("P2POW_WEBSOCKET", self.net.websocket_url())
            .env("P2POW_WORKERS", "127.0.0.1")
            .env("P2POW_SERVE_PASSWORD", "correct horse");
        call.start()
    }

    /// The records of a bucket.
    async fn records(&self, bucket: &str) -> Vec<Value> {
        let broker = Broker::new([self.broker.address()], "p2pow".parse().unwrap()).unwrap();
        let name = "p2pow-wallet-dev".parse().unwrap();
        let store = JetStreamStore::open(&broker, &name, 1).await.unwrap();
        let all = Page { prefix: "", after: None, limit: 10_000 };
        let records = store.list(bucket, all).await.unwrap();
        records.iter().map(|record| serde_json::from_str(&record.value).unwrap()).collect()
    }

    /// What is gone is paid out or a fee, each payee has just this, and nothing was signed twice.
    pub(crate) async fn check(&self, paid: &[(Account, BlockHash, u128)]) {
        let payees: BTreeSet<Account> = paid.iter().map(|(to, ..)| *to).collect();
        for payee in payees {
            let due = paid.iter().filter(|(to, ..)| *to == payee);
            let due: BTreeSet<_> =
                due.map(|(_, block, raw)| (*block, Amount::from_raw(*raw))).collect();
            let there: BTreeSet<_> = self.net.receivable(&payee).into_iter().collect();
            assert_eq!(there, due, "what waits for {payee}");
        }
        let left: u128 = self.payers.iter().map(|payer| self.net.balance(payer).to_raw()).sum();
        let spent = RICH * self.payers.len() as u128 - left;
        let fees = self.net.receivable_total(&self.george).to_raw();
        assert_eq!(spent, paid.iter().map(|(.., raw)| raw).sum::<u128>() + fees);
        let deals = self.records("deal").await;
        let previous: BTreeSet<_> =
            deals.iter().map(|deal| deal["users"][0]["block"]["previous"].to_string()).collect();
        assert_eq!(previous.len(), deals.len(), "two blocks on one previous");
        assert_eq!(self.records("task-done").await.len(), paid.len(), "each is over once");
        assert_eq!(self.records("task-open").await, Vec::<Value>::new(), "nothing is left");
    }
}

/// A running server.
pub(crate) struct Till {
    pub(crate) running: Running,
    address: String,
}

impl Till {
    pub(crate) fn open(running: Running) -> Self {
        let started = running.json();
        let address = started["listening"][0].as_str().expect("it says where").to_owned();
        Self { running, address }
    }

    /// Ends it as nobody can prevent.
    pub(crate) fn kill(self) {
        self.running.kill();
        self.running.wait();
    }

    pub(crate) fn stop(self) {
        assert_eq!(self.running.interrupt(), 0);
    }

    /// `None` if it is gone.
    fn ask(&self, what: &str, body: &str) -> Option<Value> {
        let mut stream = TcpStream::connect(&self.address).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let (address, length) = (&self.address, body.len());
        let request = format!(
            "{what} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()
    }

    pub(crate) fn rpc(&self, call: &Value) -> Option<Value> {
        self.ask("POST /", &call.to_string())
    }

    /// Asks for a payout, with its key.
    pub(crate) fn pay(&self, from: Account, to: Account, raw: u128, key: &str) -> Option<Value> {
        let amount = raw.to_string();
        let payout = json!({ "account": from, "destination": to, "amount": amount, "key": key });
        self.ask("POST /payouts", &payout.to_string())
    }

    /// Asks until it is paid, and answers with its block.
    pub(crate) fn paid(&self, from: Account, to: Account, raw: u128, key: &str) -> BlockHash {
        let end = Instant::now() + PATIENCE;
        loop {
            let payout = self.pay(from, to, raw, key).expect("the server is there");
            if payout["state"] == "confirmed" {
                return payout["block"].as_str().unwrap().parse().unwrap();
            }
            assert!(payout["state"] != "failed" && Instant::now() < end, "{payout}");
            thread::sleep(Duration::from_millis(50));
        }
    }
}

pub(crate) fn somebody() -> Account {
    SecretKey::generate().unwrap().account()
}
