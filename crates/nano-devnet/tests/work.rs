//! The `work_` actions.

#![allow(clippy::unwrap_used)] // the helpers are tests too

mod common;

use common::{Http, key, quick, raw, ready, state, with, work_between};
use nano_block::Network;
use nano_devnet::Devnet;
use nano_primitives::{BlockHash, Difficulty, Root, Work};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

fn root(number: u8) -> Root {
    Root::from_bytes([number; 32])
}

fn read<T: std::str::FromStr<Err: std::fmt::Debug>>(value: &Value) -> T {
    value.as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn work_is_found_for_the_base_unless_more_is_asked() {
    let net = quick().await;
    let http = Http::new(&net);
    let base = Network::Dev.thresholds().base();
    for (more, threshold) in [
        (json!({}), base),
        (json!({ "difficulty": "f000000000000000" }), Network::Dev.thresholds().entry()),
        (json!({ "multiplier": "2.5" }), Difficulty::from_multiplier(2.5, base).unwrap()),
    ] {
        let request = with(json!({ "action": "work_generate", "hash": root(1) }), &more);
        let answer = http.ask(request).await;
        let (work, value): (Work, Difficulty) =
            (read(&answer["work"]), read(&answer["difficulty"]));
        assert_eq!(work.value(&root(1)), value);
        assert!(value >= threshold);
        assert_eq!(answer["hash"], json!(root(1)));
        let multiplier: f64 = read(&answer["multiplier"]);
        assert!((multiplier - value.multiplier(base)).abs() < 1e-9);
    }
}

#[tokio::test]
async fn too_easy_and_too_hard_are_refused() {
    let net = quick().await;
    let http = Http::new(&net);
    let words = "Difficulty above config limit or below publish threshold";
    for (more, words) in [
        (json!({ "difficulty": "efffffffffffffff" }), words),
        (json!({ "difficulty": "ffffffffffffffff" }), words),
        (json!({ "multiplier": "65" }), words),
        (json!({ "multiplier": "0.001" }), words),
        (json!({ "difficulty": "18442240474082181120" }), "Bad difficulty"),
        (json!({ "multiplier": "-1" }), "Bad multiplier"),
        (json!({ "multiplier": "x" }), "Bad multiplier"),
        (json!({ "version": "work_2" }), "Bad work version"),
    ] {
        let request = with(json!({ "action": "work_generate", "hash": root(1) }), &more);
        assert_eq!(http.refusal(request.clone()).await, words, "{request}");
    }
}

/// With a block its own threshold counts: that of a receive is lower than the base.
#[tokio::test]
async fn a_block_brings_its_own_threshold() {
    let net = quick().await;
    let http = Http::new(&net);
    let alice = key(1);
    net.open(&alice, raw(5)).unwrap();
    let waiting = net.fund(&alice.account(), raw(2)).unwrap();
    let receive = state(&net, &alice.account()).receive(waiting, raw(2)).unwrap();
    let thresholds = Network::Dev.thresholds();
    let root = receive.root();
    let enough = work_between(&root, thresholds.epoch_2_receive, thresholds.epoch_2);
    let too_little = work_between(&root, Difficulty::MIN, thresholds.epoch_2_receive);
    let ask = |work: Work, hash: Root| {
        let block = receive.sign(&alice).with_work(work);
        http.ask(json!({
            "action": "work_generate",
            "hash": hash,
            "json_block": "true",
            "block": block,
        }))
    };
    let words = "Provided work is already enough for given difficulty";
    assert_eq!(ask(enough, root).await, json!({ "error": words }));
    let found: Difficulty = read(&ask(too_little, root).await["difficulty"]);
    assert!(found >= thresholds.epoch_2_receive);
    assert_eq!(ask(too_little, self::root(9)).await, json!({ "error": "Block root mismatch" }));
}

#[tokio::test]
async fn work_is_judged_for_every_use() {
    let net = quick().await;
    let http = Http::new(&net);
    let thresholds = Network::Dev.thresholds();
    for (from, below, all, receive) in [
        (thresholds.epoch_2, Difficulty::MAX, "1", "1"),
        (thresholds.epoch_2_receive, thresholds.epoch_2, "0", "1"),
        (Difficulty::MIN, thresholds.epoch_2_receive, "0", "0"),
    ] {
        let work = work_between(&root(2), from, below);
        let mut request = json!({ "action": "work_validate", "hash": root(2), "work": work });
        let answer = http.ask(request.clone()).await;
        assert_eq!(
            (&answer["valid_all"], &answer["valid_receive"]),
            (&json!(all), &json!(receive))
        );
        assert_eq!(answer["difficulty"], json!(work.value(&root(2))));
        assert_eq!(answer["valid"], Value::Null, "nothing was asked for");
        for (difficulty, valid) in [(from, "1"), (below, "0")] {
            request["difficulty"] = json!(difficulty);
            assert_eq!(http.ask(request.clone()).await["valid"], valid);
        }
    }
}

/// An easy job waits behind a hard one until that is cancelled.
#[tokio::test]
async fn work_is_cancelled_by_its_root() {
    let net = Devnet::builder().network(Network::Live).work_threads(1).start().await.unwrap();
    let http = Arc::new(Http::new(&net));
    let asking = {
        let http = Arc::clone(&http);
        let request = json!({ "action": "work_generate", "hash": root(3), "multiplier": "63" });
        tokio::spawn(async move { http.ask(request).await })
    };
    let cancel = json!({ "action": "work_cancel", "hash": root(3) });
    let cancelled = async {
        while !asking.is_finished() {
            assert_eq!(http.ask(cancel.clone()).await, json!({ "success": "" }));
        }
        asking.await.unwrap()
    };
    let answer = tokio::time::timeout(Duration::from_secs(20), cancelled).await.unwrap();
    assert_eq!(answer, json!({ "error": "Cancelled" }));
}

#[tokio::test]
async fn there_may_be_nothing_to_cancel() {
    let net = quick().await;
    let cancel = json!({ "action": "work_cancel", "hash": BlockHash::ZERO });
    assert_eq!(Http::new(&net).ask(cancel).await, json!({ "success": "" }));
}

/// What a light wallet does: ask for the work, put it to the block, hand it in.
#[tokio::test]
async fn found_work_is_accepted() {
    let net = quick().await;
    let http = Http::new(&net);
    let genesis = net.genesis_key();
    let send = state(&net, &genesis.account()).send(key(2).account(), raw(1)).unwrap();
    let answer = http.ask(json!({ "action": "work_generate", "hash": send.root() })).await;
    let block = ready(&net, send, &genesis).with_work(read(&answer["work"]));
    assert_eq!(http.process(&block).await, json!({ "hash": block.hash() }));
}
