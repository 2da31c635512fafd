//! Misbehaviour on demand.

mod common;

use common::{Http, key, quick, raw, ready, state};
use futures_util::StreamExt;
use nano_devnet::{Devnet, RollbackError};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

fn uptime() -> Value {
    json!({ "action": "uptime" })
}

#[tokio::test]
async fn answers_come_late() {
    let net = quick().await;
    let http = Http::new(&net);
    net.faults().latency(Duration::from_millis(80));
    let asked = Instant::now();
    http.ask(uptime()).await;
    assert!(asked.elapsed() >= Duration::from_millis(80));
}

#[tokio::test]
async fn the_next_requests_fail() {
    let net = quick().await;
    let http = Http::new(&net);
    net.faults().fail_next(2, "Internal server error in RPC");
    for _ in 0..2 {
        assert_eq!(http.refusal(uptime()).await, "Internal server error in RPC");
    }
    http.ask(uptime()).await["seconds"].as_str().unwrap();
}

#[tokio::test]
async fn only_one_action_fails() {
    let net = quick().await;
    let http = Http::new(&net);
    net.faults().fail_next_of("version", 1, "no");
    assert!(http.ask(uptime()).await["error"].is_null());
    assert_eq!(http.refusal(json!({ "action": "version" })).await, "no");
    assert!(http.ask(json!({ "action": "version" })).await["error"].is_null());
}

/// A request that fails is not carried out.
#[tokio::test]
async fn a_failed_process_changes_nothing() {
    let net = quick().await;
    let http = Http::new(&net);
    let send = state(&net, &net.genesis_account()).send(key(2).account(), raw(1)).unwrap();
    let block = ready(&net, send, &net.genesis_key());
    net.faults().fail_next(1, "Stopped");
    assert_eq!(http.process(&block).await, json!({ "error": "Stopped" }));
    assert_eq!(net.block(&block.hash()), None);
    http.process(&block).await;
    assert!(net.block(&block.hash()).is_some());
}

#[tokio::test]
async fn requests_are_refused_with_a_status() {
    let net = quick().await;
    let http = Http::new(&net);
    net.faults().refuse_next(1, 429);
    net.faults().refuse_next(1, 9999);
    let (status, text) = http.post(uptime().to_string()).await.unwrap();
    assert_eq!((status, text.as_str()), (429, "Too Many Requests"));
    assert_eq!(http.post(uptime().to_string()).await.unwrap().0, 500);
    http.ask(uptime()).await;
}

#[tokio::test]
async fn a_share_of_the_requests_fails_evenly() {
    let net = quick().await;
    let http = Http::new(&net);
    net.faults().error_rate(0.25, "busy");
    let mut failed = Vec::new();
    for number in 1..=12 {
        if http.ask(uptime()).await["error"] == "busy" {
            failed.push(number);
        }
    }
    assert_eq!(failed, [4, 8, 12]);
    net.faults().error_rate(0.0, "busy");
    http.ask(uptime()).await["seconds"].as_str().unwrap();
}

#[tokio::test]
async fn dropped_connections_carry_nothing_out() {
    let net = quick().await;
    let http = Http::new(&net);
    http.ask(uptime()).await;
    let send = state(&net, &net.genesis_account()).send(key(2).account(), raw(1)).unwrap();
    let block = ready(&net, send, &net.genesis_key());
    let request = json!({ "action": "process", "json_block": "true", "block": block });
    net.faults().drop_connections(true);
    // The kept connection of before, and new ones.
    for _ in 0..3 {
        http.post(request.to_string()).await.unwrap_err();
    }
    assert_eq!(net.block(&block.hash()), None);
    net.faults().drop_connections(false);
    assert_eq!(http.ask(request).await, json!({ "hash": block.hash() }));
}

/// The worst case for who hands a block in: it is on the ledger, and nobody said so.
#[tokio::test]
async fn dropped_answers_are_carried_out() {
    let net = quick().await;
    let http = Http::new(&net);
    let send = state(&net, &net.genesis_account()).send(key(2).account(), raw(1)).unwrap();
    let block = ready(&net, send, &net.genesis_key());
    let request = json!({ "action": "process", "json_block": "true", "block": block });
    net.faults().drop_answers(true);
    http.post(request.to_string()).await.unwrap_err();
    assert!(net.block(&block.hash()).is_some());
    net.faults().drop_answers(false);
    assert_eq!(http.refusal(request).await, "Old block");
}

#[tokio::test]
async fn websockets_are_dropped_too() {
    let net = quick().await;
    let (mut socket, _) = tokio_tungstenite::connect_async(net.websocket_url()).await.unwrap();
    net.faults().drop_connections(true);
    let next = tokio::time::timeout(Duration::from_secs(10), socket.next()).await.unwrap();
    assert!(!matches!(next, Some(Ok(_))), "{next:?}");
    tokio_tungstenite::connect_async(net.websocket_url()).await.unwrap_err();
    net.faults().drop_connections(false);
    tokio_tungstenite::connect_async(net.websocket_url()).await.unwrap();
}

#[tokio::test]
async fn an_accepted_block_is_rolled_back() {
    let net = quick().await;
    let http = Http::new(&net);
    net.faults().leave_unconfirmed(true);
    let send = state(&net, &net.genesis_account()).send(key(2).account(), raw(1)).unwrap();
    let block = ready(&net, send, &net.genesis_key());
    http.process(&block).await;
    let hash = block.hash();
    assert_eq!(net.faults().rollback(&hash), Ok(vec![hash]));
    let info = json!({ "action": "block_info", "hash": hash });
    assert_eq!(http.refusal(info).await, "Block not found");
    assert_eq!(http.process(&block).await, json!({ "hash": hash }));
    net.faults().confirm(&hash).unwrap();
    assert_eq!(net.faults().rollback(&hash), Err(RollbackError::Confirmed { hash }));
}

#[tokio::test]
async fn cleared_it_behaves_again() {
    let net = quick().await;
    let http = Http::new(&net);
    let send = state(&net, &net.genesis_account()).send(key(2).account(), raw(1)).unwrap();
    let block = ready(&net, send, &net.genesis_key());
    misbehave(&net);
    net.process(&block).unwrap();
    net.faults().clear();
    let answer = tokio::time::timeout(Duration::from_secs(10), http.ask(uptime())).await.unwrap();
    assert!(answer["error"].is_null(), "{answer}");
    assert!(net.block(&block.hash()).unwrap().confirmed);
}

fn misbehave(net: &Devnet) {
    let faults = net.faults();
    faults.leave_unconfirmed(true);
    faults.latency(Duration::from_secs(3600));
    faults.fail_next(100, "no");
    faults.error_rate(1.0, "no");
    faults.drop_answers(true);
    faults.drop_connections(true);
}
