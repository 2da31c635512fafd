//! The network in process: what it starts with, what it tells, how it ends.
#![allow(clippy::unwrap_used)] // the helpers are tests too

mod common;

use common::{Http, eventually, key, quick, raw, ready, state, work};
use nano_block::{BuildError, Network, SignedBlock, Subtype};
use nano_devnet::{ConfirmationKind, Devnet, Event, ProcessError, SeedError, StartError};
use nano_primitives::{Amount, Difficulty};
use serde_json::json;
use std::{sync::Arc, time::Duration};

#[tokio::test]
async fn it_starts_with_the_dev_genesis_at_epoch_2() {
    let net = quick().await;
    let genesis = net.account(&net.genesis_account()).unwrap();
    assert_eq!(genesis.balance, Amount::MAX);
    assert_eq!((genesis.block_count, genesis.epoch.number()), (3, 2));
    let hash = "04270D7F11C4B2B472F2854C5A59F2A7E84226CE9ED799DE75744BD7D85FC9D9";
    assert_eq!(genesis.open_block.to_string(), hash);
    assert_eq!(net.block_count(), (3, 3));
    assert_eq!(net.genesis_key().account(), net.genesis_account());
}

#[tokio::test]
async fn an_account_is_funded_without_work_and_confirmed_at_once() {
    let net = Devnet::builder().network(Network::Live).start().await.unwrap();
    let alice = key(1).account();
    let send = net.fund(&alice, raw(5)).unwrap();
    assert_eq!(net.receivable(&alice), [(send, raw(5))]);
    assert_eq!(net.receivable_total(&alice), raw(5));
    let block = net.block(&send).unwrap();
    assert!(block.confirmed);
    assert_eq!((block.subtype, block.counterpart), (Subtype::Send, Some(alice)));
    assert_eq!(net.account(&alice), None);
}

#[tokio::test]
async fn an_account_is_opened_and_opened_accounts_receive_more() {
    let net = quick().await;
    let alice = key(1);
    net.open(&alice, raw(5)).unwrap();
    let second = net.open(&alice, raw(6)).unwrap();
    let view = net.account(&alice.account()).unwrap();
    assert_eq!((view.balance, view.confirmed_balance), (raw(11), raw(11)));
    assert_eq!((view.frontier, view.confirmed_frontier), (second, Some(second)));
    assert_eq!(view.representative, net.genesis_account());
    assert_eq!(net.balance(&alice.account()), raw(11));
}

#[tokio::test]
async fn more_than_there_is_cannot_be_sent() {
    let net = quick().await;
    let alice = key(1).account();
    net.fund(&alice, raw(1)).unwrap();
    let refused = net.fund(&alice, Amount::MAX).unwrap_err();
    assert!(matches!(refused, SeedError::Build(BuildError::Insufficient { .. })), "{refused}");
    let refused = net.fund(&alice, Amount::ZERO).unwrap_err();
    assert_eq!(refused, SeedError::Build(BuildError::Nothing));
}

#[tokio::test]
async fn any_valid_block_can_be_seeded() {
    let net = Devnet::builder().network(Network::Live).start().await.unwrap();
    let alice = key(1);
    net.open(&alice, raw(5)).unwrap();
    let send = state(&net, &alice.account()).send(key(2).account(), raw(2)).unwrap();
    let send: SignedBlock = send.sign(&alice).into();
    let hash = net.seed(&send).unwrap();
    assert!(net.block(&hash).unwrap().confirmed);
    assert_eq!(net.seed(&send), Err(ProcessError::Old));
    let foreign = state(&net, &alice.account()).send(key(2).account(), raw(2)).unwrap();
    assert_eq!(net.seed(&foreign.sign(&key(3)).into()), Err(ProcessError::BadSignature));
}

#[tokio::test]
async fn a_seeded_block_does_not_wait_for_its_predecessor() {
    let net = quick().await;
    let genesis = net.genesis_key();
    let first = state(&net, &genesis.account());
    let first_send = first.send(key(2).account(), raw(1)).unwrap();
    let second = first.after(&first_send).send(key(2).account(), raw(1)).unwrap();
    assert_eq!(net.seed(&second.sign(&genesis).into()), Err(ProcessError::GapPrevious));
    net.seed(&first_send.sign(&genesis).into()).unwrap();
    assert_eq!(net.block(&second.hash()), None);
    net.seed(&second.sign(&genesis).into()).unwrap();
}

/// Work that the dev network takes is nothing on the live one.
#[tokio::test]
async fn thresholds_are_those_of_the_network() {
    let dev = quick().await;
    let live = Devnet::builder().network(Network::Live).start().await.unwrap();
    let alice = key(1);
    for net in [&dev, &live] {
        net.open(&alice, raw(5)).unwrap();
    }
    let send = state(&dev, &alice.account()).send(key(2).account(), raw(2)).unwrap();
    assert_eq!(send, state(&live, &alice.account()).send(key(2).account(), raw(2)).unwrap());
    let block = ready(&dev, send, &alice);
    let entry = Network::Live.thresholds().entry();
    assert!(block.work_value().unwrap() < entry, "by chance the work is enough for both");
    assert_eq!(Http::new(&dev).process(&block).await, json!({ "hash": block.hash() }));
    let refused = Http::new(&live).process(&block).await;
    assert_eq!(refused, json!({ "error": "Block work is less than threshold" }));
    assert_eq!(live.process(&block), Err(ProcessError::InsufficientWork));
    let version = Http::new(&live).ask(json!({ "action": "version" })).await;
    assert_eq!(version["network"], "live");
}

#[tokio::test]
async fn listeners_in_process_hear_of_everything_in_order() {
    let net = quick().await;
    let mut events = net.subscribe();
    let alice = key(1);
    let send = net.fund(&alice.account(), raw(5)).unwrap();
    let Ok(Event::Applied(block)) = events.recv().await else { panic!("no block") };
    assert_eq!((block.hash, block.confirmed), (send, false));
    let Ok(Event::Confirmed(confirmation)) = events.recv().await else { panic!("unconfirmed") };
    assert_eq!(confirmation.block.hash, send);
    assert_eq!(confirmation.kind, ConfirmationKind::Seeded);
    net.faults().leave_unconfirmed(true);
    let genesis = net.genesis_key();
    let own = state(&net, &net.genesis_account()).send(alice.account(), raw(1)).unwrap();
    let hash = net.process(&ready(&net, own, &genesis)).unwrap();
    assert!(matches!(events.recv().await, Ok(Event::Applied(block)) if block.hash == hash));
    net.faults().rollback(&hash).unwrap();
    assert!(matches!(events.recv().await, Ok(Event::RolledBack(rolled)) if rolled == hash));
}

#[tokio::test]
async fn after_shutdown_nobody_answers() {
    let net = quick().await;
    let http = Http::new(&net);
    http.ask(json!({ "action": "uptime" })).await;
    net.shutdown().await;
    assert!(http.post(r#"{"action":"uptime"}"#).await.is_err());
}

#[tokio::test]
async fn shutdown_does_not_wait_for_hard_work() {
    let net = quick().await;
    let http = Http::new(&net);
    let root = "AB".repeat(32);
    let hardest = Difficulty::from_multiplier(63.9, Network::Dev.thresholds().base()).unwrap();
    let request = json!({ "action": "work_generate", "hash": root, "difficulty": hardest });
    let asking = tokio::spawn(async move { http.post(request.to_string()).await });
    tokio::time::timeout(Duration::from_secs(10), net.shutdown()).await.unwrap();
    asking.await.unwrap().ok();
}

#[tokio::test]
async fn dropped_it_stops_too() {
    let net = quick().await;
    let address = net.rpc_addr();
    drop(net);
    let rebound = async || loop {
        match Devnet::builder().rpc_addr(address).start().await {
            Ok(net) => return net,
            Err(StartError::Listen { .. }) => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
    };
    let again = tokio::time::timeout(Duration::from_secs(10), rebound()).await.unwrap();
    assert_eq!(again.rpc_addr(), address);
}

#[tokio::test]
async fn a_taken_address_is_named() {
    let net = quick().await;
    let taken = net.rpc_addr();
    let error = Devnet::builder().websocket_addr(taken).start().await.unwrap_err();
    assert_eq!(error.to_string(), format!("cannot listen on {taken} for WebSocket"));
}

#[tokio::test]
async fn a_block_is_confirmed_after_the_delay() {
    let delay = Duration::from_millis(60);
    let net = Devnet::builder().confirmation_delay(delay).start().await.unwrap();
    let mut events = net.subscribe();
    let genesis = net.genesis_key();
    let send = state(&net, &net.genesis_account()).send(key(1).account(), raw(1)).unwrap();
    let hash = net.process(&ready(&net, send, &genesis)).unwrap();
    assert!(!net.block(&hash).unwrap().confirmed);
    eventually("confirmed", || net.block(&hash).unwrap().confirmed).await;
    let applied = events.recv().await.unwrap();
    assert!(matches!(applied, Event::Applied(_)));
    let Ok(Event::Confirmed(confirmation)) = events.recv().await else { panic!("unconfirmed") };
    assert!(confirmation.duration_ms >= 60, "after {} ms", confirmation.duration_ms);
    assert_eq!(confirmation.kind, ConfirmationKind::Quorum);
}

/// Eight senders at once, each with a chain of its own, and everything arrives.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_may_ask_at_once() {
    let delay = Duration::from_millis(5);
    let net = Arc::new(Devnet::builder().confirmation_delay(delay).start().await.unwrap());
    let bob = key(99).account();
    let senders = (1..=8).map(|number| {
        let net = Arc::clone(&net);
        tokio::spawn(async move {
            let (sender, http) = (key(number), Http::new(&net));
            net.open(&sender, raw(100)).unwrap();
            for _ in 0..10 {
                let send = state(&net, &sender.account()).send(bob, raw(1)).unwrap();
                let block = ready(&net, send, &sender);
                assert_eq!(http.process(&block).await, json!({ "hash": block.hash() }));
            }
        })
    });
    for sender in senders.collect::<Vec<_>>() {
        sender.await.unwrap();
    }
    assert_eq!(net.receivable_total(&bob), raw(80));
    let total = 3 + 8 * 12;
    eventually("all confirmed", || net.block_count() == (total, total)).await;
}

#[test]
fn it_may_be_shared_between_threads() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<Devnet>();
    shared::<nano_devnet::Faults>();
}

/// What the tests lean on themselves: the work that `work` finds reaches the threshold.
#[test]
fn found_work_reaches_the_threshold() {
    let root = nano_primitives::Root::from_bytes([3; 32]);
    let threshold = Network::Dev.thresholds().epoch_2;
    assert!(work(&root, threshold).value(&root) >= threshold);
}
