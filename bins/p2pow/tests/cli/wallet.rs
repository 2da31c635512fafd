//! `devnet` and the commands that need a network, as by hand.

use crate::program::{Call, Desk, Running, p2pow};
use nano_block::{Network, SecretKey};
use nano_pow::Pool;
use nano_primitives::Amount;
use nano_rpc::Client;
use p2pow_server::{Config, OwnAccount, Server, register};
use serde_json::{Value, json};
use std::{net::IpAddr, time::Duration};
use tokio::runtime::Runtime;

/// `p2pow devnet`, and a worker on it that registered by itself.
pub(crate) struct Market {
    pub(crate) desk: Desk,
    devnet: Running,
    pub(crate) node: String,
    pub(crate) websocket: String,
    key: String,
    runtime: Runtime,
    worker: Server,
}

impl Market {
    pub(crate) fn open() -> Self {
        let george = SecretKey::generate().unwrap();
        let fund = format!("{}=1", george.account());
        let devnet =
            p2pow(["devnet", "--json", "--fund", &fund, "--confirmation-delay", "10"]).start();
        let report = devnet.json();
        let (node, key) = (string(&report["rpc_url"]), string(&report["private_key"]));
        let websocket = string(&report["websocket_url"]);
        let runtime = Runtime::new().unwrap();
        let worker = runtime.block_on(work(&node, &george));
        Self { desk: Desk::new(), devnet, node, websocket, key, runtime, worker }
    }

    /// A call for this network by the funded account.
    pub(crate) fn call(&self, arguments: &[&str]) -> Call {
        let port = self.worker.local_addr().port();
        p2pow(arguments)
            .env("P2POW_NODE", &self.node)
            .env("P2POW_NETWORK", "dev")
            .env("P2POW_ALLOW_LOCAL", "true")
            .env("P2POW_PORT", port.to_string())
            .env("P2POW_KEY", &self.key)
            .env("P2POW_JOURNAL", self.desk.path("journal.db"))
    }

    pub(crate) fn balance(&self, account: &Value) -> Amount {
        let node = Client::new(&self.node).unwrap();
        let account = account.as_str().unwrap().parse().unwrap();
        let info = self.runtime.block_on(node.account_info(&account)).unwrap();
        info.map_or(Amount::ZERO, |info| info.balance)
    }

    pub(crate) fn close(self) {
        self.runtime.block_on(self.worker.shutdown());
        assert_eq!(self.devnet.interrupt(), 0);
    }
}

/// George registers, which his own computer works for, and listens.
async fn work(node: &str, george: &SecretKey) -> Server {
    let (node, pool) = (Client::new(node).unwrap(), Pool::cpu(Some(1)));
    let confirm_within = Duration::from_secs(60);
    let by =
        OwnAccount { node: &node, pool: &pool, key: george, network: Network::Dev, confirm_within };
    let address: IpAddr = [127, 0, 0, 1].into();
    register::register(&by, address, true).await.unwrap();
    let config = Config {
        listen: vec![(address, 0).into()],
        reward_account: george.account(),
        network: Network::Dev,
        ..Config::default()
    };
    Server::bind(config, node, pool).await.unwrap()
}

fn string(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

pub(crate) fn new_key(desk: &Desk, name: &str) -> (String, Value) {
    let path = desk.path(name).to_str().unwrap().to_owned();
    let made = p2pow(["key", "new", "--out", &path, "--json"]).run().json();
    (path, made["account"].clone())
}

#[test]
fn a_payment_by_hand_from_the_devnet_to_the_receiver() {
    let market = Market::open();
    let desk = Desk::new();

    let listed = market.call(&["workers", "--json"]).run().json();
    let worker = &listed["workers"][0];
    assert_eq!(worker["address"], "127.0.0.1");
    assert_eq!(worker["fee_raw"], "100000000000000000000000000");
    assert!(worker["account"].is_string() && worker["registered_by"].is_string());
    assert!(market.call(&["workers"]).run().good().contains("0.0001 XNO"));
    let public = market.call(&["workers"]).env("P2POW_ALLOW_LOCAL", "no").run();
    assert!(public.good().contains("1 with addresses that are not public"), "{public:?}");

    // Bob has no account yet.
    let (bob_key, bob) = new_key(&desk, "bob.key");
    let sent = market.call(&["send", bob.as_str().unwrap(), "1.5", "--json"]).run().json();
    assert_eq!(sent["winner"]["fee_raw"], "100000000000000000000000000");
    assert_eq!(sent["workers"][0]["outcome"], "won");
    assert_eq!(sent["reward"]["previous"], sent["blocks"][0]["hash"]);
    assert_eq!(market.balance(&bob), Amount::ZERO);

    let received = market.call(&["receive", "--key-file", &bob_key, "--json"]).run().json();
    assert_eq!(received["account"], bob);
    assert_eq!(market.balance(&bob), Amount::from_xno("1.4999484375").unwrap());
    let again = market.call(&["receive", "--key-file", &bob_key, "--json"]).run().json();
    assert_eq!(again["blocks"], json!([]));

    let (_, carol) = new_key(&desk, "carol.key");
    let changed = market
        .call(&["change", carol.as_str().unwrap(), "--key-file", &bob_key, "--json"])
        .run()
        .json();
    assert_eq!(changed["reward"]["representative"], carol);

    let story =
        market.call(&["send", carol.as_str().unwrap(), "7raw", "--key-file", &bob_key]).run();
    assert!(story.good().contains("is confirmed"), "{story:?}");
    market.close();
}

#[test]
fn a_batch_pays_everybody_with_one_reward() {
    let market = Market::open();
    let desk = Desk::new();
    let accounts: Vec<Value> = (0..5).map(|name| new_key(&desk, &name.to_string()).1).collect();
    let rows = accounts.iter().map(|account| format!("{},0.25\n", account.as_str().unwrap()));
    let file = desk.file("pay.csv", format!("destination,amount\n{}", rows.collect::<String>()));

    let report = market.call(&["batch", &file, "--json"]).run().json();
    assert_eq!(report["blocks"].as_array().unwrap().len(), 5);
    // Half a fee for each work: 5 sends and the reward.
    assert_eq!(report["winner"]["fee_raw"], "300000000000000000000000000");
    market.close();
}

#[test]
fn a_main_node_that_is_away_is_not_missed_where_there_are_others() {
    let market = Market::open();
    let desk = Desk::new();
    let (_, bob) = new_key(&desk, "bob.key");
    let send = ["send", bob.as_str().unwrap(), "1", "--json"];
    let nodes = ["--node", "http://127.0.0.1:1", "--node", &market.node];
    market.call(&[&send[..], &nodes].concat()).run().json();
    let file = format!("node = [\"http://127.0.0.1:1\", \"{}\"]\n", market.node);
    let file = desk.file("p2pow.toml", file);
    let by_file = [&send[..], &["--config", &file]].concat();
    market.call(&by_file).without("P2POW_NODE").run().json();
    let variable = format!("http://127.0.0.1:1,{}", market.node);
    market.call(&send).env("P2POW_NODE", variable).run().json();
    market.close();
}

#[test]
fn limits_come_from_flags_the_environment_and_a_file() {
    let market = Market::open();
    let desk = Desk::new();
    let (_, bob) = new_key(&desk, "bob.key");
    let bob = bob.as_str().unwrap();
    let send = |call: Call| call.run().bad(1).to_owned();

    let flag = send(market.call(&["send", bob, "1", "--max-fee", "0.00009"]));
    assert!(flag.contains("above the maximum"), "{flag}");
    let variable = send(market.call(&["send", bob, "1"]).env("P2POW_MAX_FEE", "1raw"));
    assert!(variable.contains("above the maximum"), "{variable}");
    let file = desk.file("p2pow.toml", "max_fee = \"0.00001\"\n[key]\nkey_file = \"bob.key\"\n");
    let from_file = send(market.call(&["send", bob, "1", "--config", &file]));
    assert!(from_file.contains("above the maximum"), "{from_file}");
    // Without a key in the environment it is Bob's, who has nothing to send.
    let from_file = send(market.call(&["send", bob, "1", "--config", &file]).without("P2POW_KEY"));
    assert!(from_file.contains("has no block yet"), "{from_file}");

    let poor = send(market.call(&["send", bob, "340282366.9"]));
    assert!(poor.contains("wanted to send 340282366.9 XNO"), "{poor}");
    market.close();
}

#[test]
fn a_devnet_keeps_its_ledger_in_a_file_and_stops_when_interrupted() {
    let desk = Desk::new();
    let data = desk.path("ledger").to_str().unwrap().to_owned();
    let (_, bob) = new_key(&desk, "bob.key");
    let fund = format!("{}=3", bob.as_str().unwrap());
    let start = || p2pow(["devnet", "--json", "--data", &data, "--fund", &fund]).start();
    let balance = |devnet: &Running| devnet.json()["balance_raw"].clone();

    let first = start();
    let report = first.json();
    for key in ["network", "rpc_url", "websocket_url", "account", "private_key"] {
        assert!(report[key].is_string(), "{key}");
    }
    let left = balance(&first);
    assert_eq!(first.interrupt(), 0);
    // Bob has his money already.
    let second = start();
    let port = second.json()["rpc_url"].as_str().unwrap().rsplit(':').next().unwrap().to_owned();
    let taken = p2pow(["devnet", "--rpc-port", &port]).run();
    assert!(
        taken.bad(1).contains(&format!("cannot listen on 127.0.0.1:{port} for RPC")),
        "{taken:?}"
    );
    assert_eq!(balance(&second), left);
    assert_eq!(second.interrupt(), 0);
}
