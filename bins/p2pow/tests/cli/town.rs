//! A network with one worker that publishes late, in part, or not at all.

use crate::program::{Call, Desk, Ended, Running, p2pow};
use nano_block::{Network, SecretKey, SignedState};
use nano_primitives::{Account, Amount, BlockHash, Work};
use nano_rpc::Client;
use p2pow_protocol::fees::fee_receive;
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};
use tokio::runtime::Runtime;

/// `p2pow devnet`, and a worker that publishes some of the user blocks that it is given, and then fails; or all of them
/// and its reward, as it should.
pub(crate) struct Town {
    pub(crate) desk: Desk,
    pub(crate) devnet: Running,
    port: u16,
    worker: Arc<Worker>,
}

struct Worker {
    node: String,
    account: Account,
    /// User blocks of a request that it publishes; if there are fewer, it does the whole job.
    count: Mutex<usize>,
    /// What it asks for, and by how much less the next time.
    fee: Mutex<(Amount, Amount)>,
    /// Every request for work.
    asked: Mutex<Vec<Value>>,
}

impl Town {
    pub(crate) fn with_worker_that_publishes(count: usize) -> Self {
        Self::new(count, "10")
    }

    /// `delay` is that of confirmations, in ms.
    pub(crate) fn new(count: usize, delay: &str) -> Self {
        let devnet = p2pow(["devnet", "--json", "--confirmation-delay", delay]).start();
        let worker = Arc::new(Worker {
            node: devnet.json()["rpc_url"].as_str().unwrap().to_owned(),
            account: SecretKey::generate().unwrap().account(),
            count: Mutex::new(count),
            fee: Mutex::new((xno("0.0001"), Amount::ZERO)),
            asked: Mutex::default(),
        });
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let hired = Arc::clone(&worker);
        thread::spawn(move || {
            for stream in listener.incoming() {
                // A client that hangs up is no matter.
                let _ = hired.serve(stream.unwrap());
            }
        });
        Self { desk: Desk::new(), devnet, port, worker }
    }

    /// A call by the funded account that hires this worker.
    pub(crate) fn call(&self, arguments: &[&str]) -> Call {
        let report = self.devnet.json();
        p2pow(arguments)
            .env("P2POW_NODE", report["rpc_url"].as_str().unwrap())
            .env("P2POW_KEY", report["private_key"].as_str().unwrap())
            .env("P2POW_NETWORK", "dev")
            .env("P2POW_WORKERS", "127.0.0.1")
            .env("P2POW_PORT", self.port.to_string())
            .env("P2POW_PATIENCE", "6")
            .env("P2POW_JOURNAL", self.desk.path("journal.db"))
    }

    /// The funded account.
    pub(crate) fn alice(&self) -> Account {
        self.devnet.json()["account"].as_str().unwrap().parse().unwrap()
    }

    /// The account that the worker is paid on.
    pub(crate) fn george(&self) -> Account {
        self.worker.account
    }

    /// How many user blocks it publishes from now on; more than a request has is the whole job.
    pub(crate) fn publishes(&self, count: usize) {
        *self.worker.count.lock().unwrap() = count;
    }

    /// From now on it asks for so much less each time that it is asked.
    pub(crate) fn gets_cheaper(&self, by: Amount) {
        self.worker.fee.lock().unwrap().1 = by;
    }

    /// Every request for work so far.
    pub(crate) fn asked(&self) -> Vec<Value> {
        self.worker.asked.lock().unwrap().clone()
    }

    /// Publishes all user blocks of a request, as a worker can at any time.
    pub(crate) fn publish(&self, request: &Value) {
        publish(&self.worker.node, users(request));
    }

    /// No two different user blocks that ever left a machine stand on one previous.
    #[track_caller]
    pub(crate) fn assert_previous_blocks_differ(&self) {
        let mut on: HashMap<String, Value> = HashMap::new();
        for user in self.asked().iter().flat_map(users) {
            let previous = user["previous"].as_str().unwrap().to_owned();
            let known = on.entry(previous).or_insert_with(|| user.clone());
            assert_eq!(*known, user, "two blocks on one previous");
        }
    }

    /// The sends that the account has not received.
    pub(crate) fn receivable(&self, account: Account) -> Vec<(BlockHash, Amount)> {
        let node = Client::new(&self.worker.node).unwrap();
        let query = nano_rpc::ReceivableQuery { count: Some(100_000), ..Default::default() };
        let found = Runtime::new().unwrap().block_on(node.receivable(&account, &query)).unwrap();
        found.iter().map(|entry| (entry.hash, entry.amount)).collect()
    }

    /// What the account has been sent and has not received.
    pub(crate) fn waiting(&self, account: Account) -> Amount {
        let sum = |sum: Amount, (_, next): (BlockHash, Amount)| sum.checked_add(next).unwrap();
        self.receivable(account).into_iter().fold(Amount::ZERO, sum)
    }

    /// What the account has.
    pub(crate) fn balance(&self, account: Account) -> Amount {
        let node = Client::new(&self.worker.node).unwrap();
        let info = Runtime::new().unwrap().block_on(node.account_info(&account)).unwrap();
        info.map_or(Amount::ZERO, |info| info.balance)
    }

    /// Waits until the node has confirmed the block.
    pub(crate) fn until_confirmed(&self, hash: &str) {
        let (node, hash) =
            (Client::new(&self.worker.node).unwrap(), hash.parse::<BlockHash>().unwrap());
        let runtime = Runtime::new().unwrap();
        loop {
            let info = runtime.block_on(node.block_info(&hash)).unwrap();
            if info.is_some_and(|info| info.confirmed) {
                return;
            }
            thread::yield_now();
        }
    }
}

impl Worker {
    fn fee(&self) -> Amount {
        let mut fee = self.fee.lock().unwrap();
        let (now, less) = *fee;
        fee.0 = now.checked_sub(less).unwrap();
        now
    }

    fn serve(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let (path, body) = read(&stream)?;
        let (status, answer) = match path.as_str() {
            "/request_info" => (200, offer(self.account, self.fee())),
            // The rest of a request whose sender was killed.
            _ if !body.is_object() => return Ok(()),
            _ => {
                self.asked.lock().unwrap().push(body.clone());
                let count = *self.count.lock().unwrap();
                self.work(&body, count)
            }
        };
        let answer = answer.to_string();
        let length = answer.len();
        write!(
            stream,
            "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{answer}"
        )
    }
}

impl Worker {
    fn work(&self, request: &Value, count: usize) -> (u16, Value) {
        let mut users = users(request);
        if count <= users.len() {
            users.truncate(count);
            publish(&self.node, users);
            return (500, json!({ "error": "User PoW fail" }));
        }
        let users = publish(&self.node, users);
        let reward = publish(&self.node, vec![request["reward_block"].clone()]).remove(0);
        let mut done = json!({ "user_blocks": users, "reward_block": reward });
        if request.get("user_block").is_some() {
            done = json!({ "user_block": users[0], "reward_block": reward });
        }
        (201, json!({ "successful": done }))
    }
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

fn offer(account: Account, fee: Amount) -> Value {
    json!({
        "version": "2.0.0", "status": "available", "reward_account": account, "fee": fee,
        "fee_receive": fee_receive(fee), "dynamic_fee": false, "min_multiplier": 1.0,
        "max_multiplier": 30.0, "features": ["batch"], "max_user_blocks": 10, "hashrate": 1e308,
    })
}

fn users(body: &Value) -> Vec<Value> {
    let single = || vec![body["user_block"].clone()];
    body["user_blocks"].as_array().cloned().unwrap_or_else(single)
}

/// Works on these blocks and publishes them. Those that the node has already, or cannot take, are no trouble.
fn publish(node: &str, blocks: Vec<Value>) -> Vec<Value> {
    let (node, runtime) = (Client::new(node).unwrap(), Runtime::new().unwrap());
    let one = |block| {
        let block: SignedState = serde_json::from_value(block).unwrap();
        let threshold = Network::Dev.thresholds().base();
        let is_enough = |work: &Work| work.value(&block.root()) >= threshold;
        let work = (0..).map(Work::from_u64).find(is_enough).unwrap();
        let _ = runtime.block_on(node.process(&block.with_work(work).into(), None));
        json!({ "hash": block.hash(), "work": work })
    };
    blocks.into_iter().map(one).collect()
}

/// Somebody to be paid.
pub(crate) fn somebody() -> Account {
    SecretKey::generate().unwrap().account()
}

pub(crate) fn xno(text: &str) -> Amount {
    Amount::from_xno(text).unwrap()
}

/// The object on the last line of standard output of a run that did not succeed.
pub(crate) fn object(ended: &Ended) -> Value {
    serde_json::from_str(ended.stdout.trim_end()).expect("one line of JSON")
}
