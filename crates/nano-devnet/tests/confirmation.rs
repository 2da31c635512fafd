//! Confirmation: what is left unconfirmed, what follows, and what RPC tells of it.
#![allow(clippy::unwrap_used)] // the helpers are tests too

mod common;

use common::{Http, key, quick, raw, ready, state};
use nano_block::SignedBlock;
use nano_devnet::{Devnet, Dialect};
use nano_primitives::Root;
use serde_json::json;
use std::time::Duration;

/// A network that leaves blocks unconfirmed, and three sends to Bob, each on the one before.
async fn scene() -> (Devnet, Http, Vec<SignedBlock>) {
    let net = quick().await;
    net.faults().leave_unconfirmed(true);
    let mut state = state(&net, &net.genesis_account());
    let sends: Vec<_> = (0..3)
        .map(|_| {
            let block = state.send(key(2).account(), raw(1)).unwrap();
            state = state.after(&block);
            ready(&net, block, &net.genesis_key())
        })
        .collect();
    for block in &sends {
        net.process(block).unwrap();
    }
    let http = Http::new(&net);
    (net, http, sends)
}

#[tokio::test]
async fn unconfirmed_money_is_shown_only_on_request() {
    let (net, http, sends) = scene().await;
    let bob = key(2).account();
    let all = json!({ "balance": "0", "pending": "3", "receivable": "3" });
    let none = json!({ "balance": "0", "pending": "0", "receivable": "0" });
    let balance = json!({ "action": "account_balance", "account": bob });
    assert_eq!(http.ask(balance).await, none);
    let balance =
        json!({ "action": "account_balance", "account": bob, "include_only_confirmed": "false" });
    assert_eq!(http.ask(balance).await, all);
    let receivable = json!({ "action": "receivable", "account": bob });
    assert_eq!(http.ask(receivable.clone()).await, json!({ "blocks": "" }));
    let exists = json!({ "action": "receivable_exists", "hash": sends[0].hash() });
    assert_eq!(http.ask(exists.clone()).await, json!({ "exists": "0" }));
    net.confirm_now(&sends[0].hash()).unwrap();
    assert_eq!(http.ask(receivable).await, json!({ "blocks": [sends[0].hash()] }));
    assert_eq!(http.ask(exists).await, json!({ "exists": "1" }));
}

#[tokio::test]
async fn account_info_tells_both_frontiers() {
    let (net, http, sends) = scene().await;
    net.confirm_now(&sends[0].hash()).unwrap();
    let info = http
        .ask(json!({
            "action": "account_info",
            "account": net.genesis_account(),
            "include_confirmed": "true",
            "representative": "true",
        }))
        .await;
    assert_eq!(info["frontier"], json!(sends[2].hash()));
    assert_eq!(info["confirmed_frontier"], json!(sends[0].hash()));
    assert_eq!((&info["block_count"], &info["confirmed_height"]), (&json!("6"), &json!("4")));
    let (most, less) = (u128::MAX - 1, u128::MAX - 3);
    assert_eq!(info["confirmed_balance"], most.to_string());
    assert_eq!(info["balance"], less.to_string());
    assert_eq!(info["confirmed_representative"], json!(net.genesis_account()));
}

#[tokio::test]
async fn predecessors_are_confirmed_first() {
    let (net, _, sends) = scene().await;
    let confirmed = net.confirm_now(&sends[2].hash()).unwrap();
    let expected: Vec<_> = sends.iter().map(SignedBlock::hash).collect();
    assert_eq!(confirmed, expected);
    assert_eq!(net.block_count(), (6, 6));
}

#[tokio::test]
async fn what_was_left_is_confirmed_once_that_ends() {
    let (net, _, sends) = scene().await;
    assert_eq!(net.block_count(), (6, 3));
    net.faults().leave_unconfirmed(false);
    assert_eq!(net.block_count(), (6, 6));
    assert!(net.block(&sends[0].hash()).unwrap().confirmed);
}

#[tokio::test]
async fn block_confirm_confirms() {
    let (net, http, sends) = scene().await;
    let confirm = json!({ "action": "block_confirm", "hash": sends[1].hash() });
    assert_eq!(http.ask(confirm).await, json!({ "started": "1" }));
    assert!(net.block(&sends[1].hash()).unwrap().confirmed);
    assert!(!net.block(&sends[2].hash()).unwrap().confirmed);
    let unknown = json!({ "action": "block_confirm", "hash": "AB".repeat(32) });
    assert_eq!(http.refusal(unknown).await, "Block not found");
}

/// Also where confirmation would not wait for anything.
#[tokio::test]
async fn a_network_can_begin_with_blocks_left_unconfirmed() {
    let builder = Devnet::builder().confirmation_delay(Duration::ZERO).leave_unconfirmed(true);
    let net = builder.start().await.unwrap();
    assert_eq!(net.block_count(), (3, 3), "what it was seeded with is confirmed");
    let send = state(&net, &net.genesis_account()).send(key(2).account(), raw(1)).unwrap();
    let hash = net.process(&ready(&net, send, &net.genesis_key())).unwrap();
    assert!(!net.block(&hash).unwrap().confirmed);
    net.faults().clear();
    assert!(net.block(&hash).unwrap().confirmed);
}

#[tokio::test]
async fn an_unconfirmed_block_has_an_election() {
    let (net, http, sends) = scene().await;
    let root = format!("{}{}", sends[1].root(), sends[1].block.previous().unwrap());
    let active = http.ask(json!({ "action": "confirmation_active" })).await;
    assert_eq!(active["unconfirmed"], "3");
    assert!(active["confirmations"].as_array().unwrap().contains(&json!(root)));
    let ask = json!({ "action": "confirmation_info", "root": root, "json_block": "true" });
    let info = http.ask(ask.clone()).await;
    let hash = sends[1].hash().to_string();
    assert_eq!(info["last_winner"], hash);
    assert_eq!(info["blocks"][&hash]["contents"], json!(sends[1]));
    net.confirm_now(&sends[1].hash()).unwrap();
    assert_eq!(http.refusal(ask).await, "Active confirmation not found");
    let odd = json!({ "action": "confirmation_info", "root": "00" });
    assert_eq!(http.refusal(odd).await, "Invalid root hash");
}

/// The recorded node serializes a root as an object; there was no election while it was asked.
#[tokio::test]
async fn rsnano_tells_the_roots_of_elections_as_objects() {
    let net = Devnet::builder().dialect(Dialect::RsNano).start().await.unwrap();
    net.faults().leave_unconfirmed(true);
    let send = state(&net, &net.genesis_account()).send(key(2).account(), raw(1)).unwrap();
    let send = ready(&net, send, &net.genesis_key());
    let http = Http::new(&net);
    let nothing = http.ask(json!({ "action": "confirmation_active" })).await;
    assert_eq!(nothing["confirmations"], json!([]));
    net.process(&send).unwrap();
    let active = http.ask(json!({ "action": "confirmation_active" })).await;
    let root = json!({ "root": send.root(), "previous": send.block.previous().unwrap() });
    assert_eq!(active["confirmations"], json!([root]));
    assert_eq!((&active["unconfirmed"], &active["confirmed"]), (&json!("1"), &json!("0")));
}

#[tokio::test]
async fn the_election_of_a_first_block_has_the_accounts_root() {
    let (net, http, sends) = scene().await;
    let bob = key(2);
    let unopened = nano_block::AccountState::unopened(bob.account(), net.genesis_account());
    let open = ready(&net, unopened.receive(sends[0].hash(), raw(1)).unwrap(), &bob);
    net.process(&open).unwrap();
    let root = format!("{}{}", Root::from(bob.account()), "00".repeat(32));
    let info = http.ask(json!({ "action": "confirmation_info", "root": root })).await;
    assert_eq!(info["last_winner"], json!(open.hash()));
}

#[tokio::test]
async fn the_history_of_confirmations_is_told() {
    let (net, http, sends) = scene().await;
    net.confirm_now(&sends[2].hash()).unwrap();
    let ask = json!({ "action": "confirmation_history", "hash": sends[1].hash() });
    let history = http.ask(ask).await;
    assert_eq!(history["confirmation_stats"]["count"], "1");
    assert_eq!(history["confirmations"][0]["hash"], json!(sends[1].hash()));
    let all = http.ask(json!({ "action": "confirmation_history" })).await;
    assert_eq!(all["confirmations"].as_array().unwrap().len(), 5);
}
