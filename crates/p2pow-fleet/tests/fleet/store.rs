//! Records in JetStream, held against what a store has to do: the same tests as those of the file of SQLite.

use super::{
    broker::{self, Server},
    setup::{broker as at, name, within},
};
use async_nats::jetstream;
use p2pow_fleet::{BrokerError, JetStreamStore};
use p2pow_store::{Expect, MAX_VALUE_BYTES, Page, Store, StoreError, contract};
use std::{sync::Arc, time::Duration};

async fn open(server: &Server) -> Arc<dyn Store> {
    JetStreamStore::open(&at(server), &name("p2pow"), 1).await.unwrap().shared()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_does_what_every_store_does() {
    let Some(server) = broker::start("") else { return };
    let (one, other) = (open(&server).await, open(&server).await);
    within(contract::check(&*one, &*other)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_is_there_after_the_broker_was_killed() {
    let Some(mut server) = broker::start("") else { return };
    let store = open(&server).await;
    let revision = store.put("job", "a", "{\"b\":1}".into(), Expect::Absent).await.unwrap();
    server.kill();
    server.restart();
    // The same value, over its old connection, and one that comes afterwards.
    for store in [Arc::clone(&store), open(&server).await] {
        let found = within(store.get("job", "a")).await.unwrap().unwrap();
        assert_eq!((found.value.as_str(), found.revision), ("{\"b\":1}", revision));
    }
    let late = store.put("job", "a", "2".into(), Expect::Absent).await.unwrap_err();
    assert!(late.is_conflict(), "{late}");
    store.put("job", "a", "2".into(), Expect::At(revision)).await.unwrap();
}

/// A call that is made while the broker is away waits for it, and is done once.
#[tokio::test(flavor = "multi_thread")]
async fn a_write_waits_for_the_broker() {
    let Some(mut server) = broker::start("") else { return };
    let store = open(&server).await;
    store.put("job", "a", "1".into(), Expect::Absent).await.unwrap();
    server.kill();
    let write = {
        let store = Arc::clone(&store);
        tokio::spawn(async move { store.put("job", "b", "1".into(), Expect::Absent).await })
    };
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!write.is_finished(), "there is nobody to answer");
    server.restart();
    let revision = within(write).await.unwrap().unwrap();
    assert_eq!(store.get("job", "b").await.unwrap().unwrap().revision, revision);
}

#[tokio::test(flavor = "multi_thread")]
async fn removed_records_leave_nothing() {
    let Some(server) = broker::start("") else { return };
    let store = open(&server).await;
    store.put("job", "kept", "1".into(), Expect::Absent).await.unwrap();
    for number in 0..20 {
        let key = format!("{}", number % 5);
        let revision = store.put("job", &key, "1".into(), Expect::Absent).await.unwrap();
        store.remove("job", &key, revision).await.unwrap();
    }
    let context = jetstream::new(async_nats::connect(server.address()).await.unwrap());
    let mut stream = context.get_stream("KV_p2pow").await.unwrap();
    let swept = async {
        while stream.info().await.unwrap().state.messages > 1 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    within(swept).await;
    assert!(store.get("job", "kept").await.unwrap().is_some());
}

/// What a write that is tried again relies on: its number comes before what it expects.
#[tokio::test(flavor = "multi_thread")]
async fn a_write_whose_answer_was_lost_is_no_conflict_when_it_comes_again() {
    let Some(server) = broker::start("") else { return };
    let _store = open(&server).await;
    let context = jetstream::new(async_nats::connect(server.address()).await.unwrap());
    let mut sequences = Vec::new();
    for _ in 0..2 {
        let message = jetstream::message::PublishMessage::build().payload("1".into());
        let message = message.message_id("number").expected_last_subject_sequence(0);
        let answer = context.send_publish("$KV.p2pow.job.a", message).await.unwrap().await.unwrap();
        sequences.push((answer.sequence, answer.duplicate));
    }
    assert_eq!(sequences, [(1, false), (1, true)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_largest_record_fits_and_a_broker_that_takes_less_is_told_of() {
    let Some(server) = broker::start("") else { return };
    let store = open(&server).await;
    let value = format!("\"{}\"", "a".repeat(MAX_VALUE_BYTES - 2));
    let revision = store.put("job", "a", value.clone(), Expect::Absent).await.unwrap();
    let found = store.get("job", "a").await.unwrap().unwrap();
    assert!(found.value == value && found.revision == revision);
    let small = broker::start_with("jetstream { store_dir: /var/lib/nats }").unwrap();
    let error = JetStreamStore::open(&at(&small), &name("p2pow"), 1).await.unwrap_err();
    assert!(matches!(error, BrokerError::Payload { .. }), "{error}");
    assert!(error.to_string().contains("max_payload: 2MB"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn too_few_servers_or_no_jetstream_are_told_at_once() {
    let Some(server) = broker::start("") else { return };
    let _store = open(&server).await;
    let error = JetStreamStore::open(&at(&server), &name("p2pow"), 3).await.unwrap_err();
    assert!(matches!(error, BrokerError::Replicas { found: 1, wanted: 3, .. }), "{error}");
    let error = JetStreamStore::open(&at(&server), &name("new"), 3).await.unwrap_err();
    assert!(matches!(error, BrokerError::Bucket { replicas: 3, .. }), "{error}");
    let plain = broker::start_with("max_payload: 2MB").unwrap();
    let error = JetStreamStore::open(&at(&plain), &name("p2pow"), 1).await.unwrap_err();
    assert!(matches!(error, BrokerError::Bucket { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_without_a_broker_says_so_and_that_a_write_is_uncertain_but_no_question() {
    let Some(mut server) = broker::start("") else { return };
    let store = JetStreamStore::open(&at(&server), &name("p2pow"), 1).await.unwrap();
    let store = store.with_patience(Duration::from_secs(1));
    server.kill();
    let everything = Page { prefix: "", after: None, limit: 1 };
    for (error, key) in [
        (within(store.list("job", everything)).await.unwrap_err(), "job/*"),
        (within(store.get("job", "a")).await.unwrap_err(), "a"),
    ] {
        assert!(matches!(error, StoreError::Unread { .. }), "{error}");
        let words = error.to_string();
        assert!(words.contains(&format!(": {key} could not be read")), "{words}");
        assert!(words.contains(&server.address()), "{words}");
    }
    let error = within(store.put("job", "a", "1".into(), Expect::Absent)).await.unwrap_err();
    assert!(matches!(error, StoreError::Remote { .. }), "{error}");
    let words = error.to_string();
    assert!(words.contains("whether record a was written is not known"), "{words}");
    assert!(words.contains(&server.address()), "{words}");
}
