//! The registry of workers: floods, and what is remembered of it.

use crate::{
    nodes::LyingNode,
    town::{Town, at, xno},
};
use nano_block::SecretKey;
use nano_primitives::Amount;
use p2pow_client::{Config, Market, Search, Sender};
use p2pow_protocol::registry::{REGISTRATION_ACCOUNT, REGISTRATION_AMOUNT};
use p2pow_store::{SqliteStore, Store};
use serde_json::{Value, json};
use std::{
    net::IpAddr,
    sync::{Arc, Mutex},
};

/// The addresses that are registered, as a sender sees them that has this memory.
async fn addresses(town: &Town, node: &nano_rpc::Client, market: &Market) -> Vec<IpAddr> {
    let sender = Sender::new(node.clone(), town.config(1)).with_market(market.clone());
    let listings = sender.workers().await.unwrap();
    let mut found: Vec<IpAddr> =
        listings.workers.iter().map(|(worker, _)| worker.address).collect();
    found.sort();
    found
}

/// A node that tells what it is asked, and what it was asked since the last look.
struct Watched {
    node: LyingNode,
    asked: Arc<Mutex<Vec<Value>>>,
}

impl Watched {
    async fn start(town: &Town) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        let node = LyingNode::start(town, move |question, _| {
            log.lock().unwrap().push(question.clone());
        })
        .await;
        Self { node, asked }
    }

    fn actions(&self) -> Vec<String> {
        let asked = std::mem::take(&mut *self.asked.lock().unwrap());
        asked.iter().map(|question| question["action"].as_str().unwrap().to_owned()).collect()
    }
}

fn rich(town: &Town) -> SecretKey {
    let key = SecretKey::generate().unwrap();
    town.net.open(&key, xno("1")).unwrap();
    key
}

/// Sends an amount to the registry with a representative that is no address.
fn dust(town: &Town, key: &SecretKey, raw: u128) {
    let state = town.net.account(&key.account()).unwrap().state();
    let block = state.send(REGISTRATION_ACCOUNT, Amount::from_raw(raw)).unwrap();
    town.net.seed(&block.sign(key).into()).unwrap();
}

#[tokio::test]
async fn an_account_that_registers_a_thousand_times_and_more_displaces_nobody() {
    let town = Town::found().await;
    let liar = rich(&town);
    for last in 0..1500 {
        town.register_by(&liar, [127, 0, 1, u8::try_from(last % 250).unwrap()]);
    }
    for honest in [7, 8, 9] {
        town.register([127, 0, 0, honest]);
    }
    let node = Watched::start(&town).await;
    let found = addresses(&town, &node.node.client(), &Market::in_memory()).await;
    // Of the flood only the last entry: 1499 % 250.
    assert_eq!(
        found,
        [[127, 0, 0, 7], [127, 0, 0, 8], [127, 0, 0, 9], [127, 0, 1, 249]].map(IpAddr::from)
    );
    let blocks_asked: usize = node
        .asked
        .lock()
        .unwrap()
        .iter()
        .filter(|question| question["action"] == "blocks_info")
        .map(|question| question["hashes"].as_array().unwrap().len())
        .sum();
    assert_eq!(blocks_asked, 4, "one for each account");
}

#[tokio::test]
async fn pages_lose_nobody_whatever_else_was_sent_there() {
    let town = Town::found().await;
    let joker = rich(&town);
    for raw in 1..=20 {
        dust(&town, &joker, raw);
    }
    for honest in 1..=25 {
        town.register([127, 0, 0, honest]);
    }
    let search = Search { page: 7, ..town.config(1).search };
    let listed = |node: nano_rpc::Client| {
        let sender = Sender::new(node, Config { search, ..town.config(1) });
        async move { sender.workers().await.unwrap().registered }
    };
    assert_eq!(listed(town.node()).await, 25);
    // A node that takes no notice of the offset tells the first page again and again.
    let first = Arc::new(Mutex::new(Value::Null));
    let node = LyingNode::start(&town, move |question, answer| {
        let mut first = first.lock().unwrap();
        match (&question["action"], &question["count"], &question["offset"]) {
            (action, Value::String(_), Value::Null) if action == "receivable" => {
                *first = answer.clone()
            }
            (action, Value::String(_), _) if action == "receivable" => *answer = first.clone(),
            _ => {}
        }
    })
    .await;
    assert_eq!(listed(node.client()).await, 25);
}

#[tokio::test]
async fn the_newest_entry_of_an_account_counts_and_only_news_are_looked_up() {
    let town = Town::found().await;
    let folder = tempfile::tempdir().unwrap();
    let open = || Market::new(SqliteStore::open(folder.path().join("market.db")).unwrap().shared());
    let (moved, still) = (rich(&town), rich(&town));
    town.register_by(&moved, [127, 0, 0, 1]);
    town.register_by(&still, [127, 0, 0, 2]);
    let node = Watched::start(&town).await;
    let client = node.node.client();
    assert_eq!(addresses(&town, &client, &open()).await, [ip(1), ip(2)]);
    assert!(node.actions().contains(&"receivable".to_owned()));

    // Nothing new: one question about the sum, one about the newest block.
    assert_eq!(addresses(&town, &client, &open()).await, [ip(1), ip(2)]);
    assert_eq!(node.actions(), ["account_balance", "block_info"]);

    town.register_by(&moved, [127, 0, 0, 3]);
    assert_eq!(addresses(&town, &client, &open()).await, [ip(2), ip(3)]);
    let asked = node.asked.lock().unwrap().clone();
    let looked_up: Vec<&Value> =
        asked.iter().filter(|question| question["action"] == "blocks_info").collect();
    assert_eq!(looked_up.len(), 1);
    assert_eq!(looked_up[0]["hashes"].as_array().unwrap().len(), 2, "both of the one that moved");
}

fn ip(last: u8) -> IpAddr {
    at(last, 0).ip()
}

#[tokio::test]
async fn what_is_remembered_of_another_ledger_is_not_believed() {
    let (old, new) = (Town::found().await, Town::found().await);
    let market = Market::in_memory();
    old.register([127, 0, 0, 1]);
    new.register([127, 0, 0, 2]);
    // The same was sent to both registries.
    assert_eq!(old.waiting(REGISTRATION_ACCOUNT), REGISTRATION_AMOUNT);
    assert_eq!(new.waiting(REGISTRATION_ACCOUNT), REGISTRATION_AMOUNT);
    assert_eq!(addresses(&old, &old.node(), &market).await, [ip(1)]);
    assert_eq!(addresses(&new, &new.node(), &market).await, [ip(2)]);
}

#[tokio::test]
async fn a_memory_that_is_damaged_is_read_again_from_the_ledger() {
    let town = Town::found().await;
    town.register([127, 0, 0, 1]);
    let store = SqliteStore::in_memory().unwrap().shared();
    let market = Market::new(Arc::clone(&store));
    assert_eq!(addresses(&town, &town.node(), &market).await, [ip(1)]);
    for key in ["dev/header", "dev/0"] {
        let record = store.get("registry", key).await.unwrap().unwrap();
        let garbage = json!({ "stamp": "x", "chunks": 7, "total": "18080613" }).to_string();
        store
            .put("registry", key, garbage, p2pow_store::Expect::At(record.revision))
            .await
            .unwrap();
        assert_eq!(addresses(&town, &town.node(), &market).await, [ip(1)], "{key}");
    }
}

#[tokio::test]
async fn a_registration_must_be_signed_by_its_account() {
    let town = Town::found().await;
    town.register([127, 0, 0, 1]);
    let node = LyingNode::start(&town, |question, answer| {
        if question["action"] == "blocks_info" {
            for (_, info) in answer["blocks"].as_object_mut().unwrap() {
                info["contents"]["signature"] = json!("00".repeat(64));
            }
        }
    })
    .await;
    assert_eq!(addresses(&town, &node.client(), &Market::in_memory()).await, Vec::<IpAddr>::new());
}
