//! Jobs that are given up.

#![allow(clippy::unwrap_used)]

mod common;

use common::{NEVER, ask, config, generate, post, post_with, receive, root, serve, tame, until};
use nano_pow::{Pool, Puzzle};
use nano_work::{CallerLimits, Key, WorkServer, WorkServerConfig};
use serde_json::{Value, json};

fn cancel(byte: u8) -> Value {
    json!({ "action": "work_cancel", "hash": root(byte) })
}

async fn count(server: &WorkServer, what: &str) -> String {
    let status = post(server, &json!({ "action": "status" })).await.json();
    status["counts"][what].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_cancelled_job_is_told_so_and_others_go_on() {
    let server = serve(config()).await;
    let mut cancelled = Vec::new();
    for _ in 0..2 {
        cancelled.push(ask(&server, &generate(&root(1), NEVER)).await);
    }
    let other = ask(&server, &generate(&root(2), NEVER)).await;
    common::until_jobs(&server, "3").await;
    assert_eq!(post(&server, &cancel(1)).await.body, "{}");
    for stream in cancelled {
        let reply = receive(stream).await;
        assert_eq!((reply.status, reply.body.as_str()), (200, r#"{"error":"Cancelled"}"#));
    }
    common::until_jobs(&server, "1").await;
    assert_eq!(count(&server, "cancelled").await, "2");
    post(&server, &cancel(2)).await;
    assert_eq!(receive(other).await.text("error"), "Cancelled");
}

#[tokio::test]
async fn a_client_that_hangs_up_has_cancelled_its_job() {
    let pool = common::tame_pool();
    let server = WorkServer::bind(config(), pool.clone()).await.unwrap();
    let client = ask(&server, &generate(&root(1), NEVER)).await;
    until("the job is worked on", || !pool.status().running.is_empty()).await;
    drop(client);
    until("the pool is idle", || pool.status().running.is_empty()).await;
    common::until_jobs(&server, "0").await;
    assert_eq!(count(&server, "abandoned").await, "1");
}

#[tokio::test]
async fn a_root_is_searched_while_somebody_waits_for_it() {
    let pool = common::tame_pool();
    let server = WorkServer::bind(config(), pool.clone()).await.unwrap();
    let impatient = ask(&server, &generate(&root(1), NEVER)).await;
    let patient = ask(&server, &generate(&root(1), NEVER)).await;
    common::until_jobs(&server, "2").await;
    assert_eq!(pool.status().queued, 0, "both share one search");
    drop(impatient);
    common::until_jobs(&server, "1").await;
    assert!(!pool.status().running.is_empty());
    post(&server, &cancel(1)).await;
    assert_eq!(receive(patient).await.text("error"), "Cancelled");
}

#[tokio::test]
async fn what_others_have_in_the_pool_is_not_cancelled_by_clients() {
    let pool = common::tame_pool();
    let server = WorkServer::bind(config(), pool.clone()).await.unwrap();
    let own = pool.submit(Puzzle::new(root(1), NEVER.parse().unwrap()));
    let client = ask(&server, &generate(&root(1), NEVER)).await;
    common::until_jobs(&server, "1").await;
    post(&server, &cancel(1)).await;
    assert_eq!(receive(client).await.text("error"), "Cancelled");
    assert_eq!(own.progress().phase, nano_pow::pool::SearchPhase::Running);
}

#[tokio::test]
async fn each_key_cancels_its_own_jobs() {
    let keys = ["alice", "bob"].map(|name| Key::new(name, name, CallerLimits::default()).unwrap());
    let server = serve(WorkServerConfig { keys: keys.to_vec(), ..config() }).await;
    let head = "POST / HTTP/1.1\r\nX-API-Key: alice";
    let job = common::send(&server, head, &generate(&root(1), NEVER).to_string()).await;
    common::until_jobs(&server, "1").await;
    let cancel = cancel(1).to_string();
    assert_eq!(post_with(&server, &["X-API-Key: bob"], &cancel).await.body, "{}");
    assert_eq!(post_with(&server, &[], &cancel).await.body, "{}");
    common::until_jobs(&server, "1").await;
    post_with(&server, &["Authorization: Bearer alice"], &cancel).await;
    assert_eq!(receive(job).await.text("error"), "Cancelled");
}

#[tokio::test]
async fn a_cancel_in_the_pool_reaches_the_client() {
    let pool = common::tame_pool();
    let server = WorkServer::bind(config(), pool.clone()).await.unwrap();
    let client = ask(&server, &generate(&root(1), NEVER)).await;
    until("the job is worked on", || !pool.status().running.is_empty()).await;
    assert_eq!(pool.cancel(&root(1)), 1);
    assert_eq!(receive(client).await.text("error"), "Cancelled");
}

#[tokio::test]
async fn a_benchmark_ends_when_its_client_hangs_up() {
    let pool = common::tame_pool();
    let server = WorkServer::bind(config(), pool.clone()).await.unwrap();
    let body = json!({ "action": "benchmark", "count": "9", "difficulty": NEVER });
    let client = ask(&server, &body).await;
    until("the benchmark runs", || !pool.status().running.is_empty()).await;
    drop(client);
    until("the pool is idle", || pool.status().running.is_empty()).await;
}

#[tokio::test]
async fn a_shutdown_tells_those_who_wait() {
    let pool = Pool::new(vec![tame()]);
    let server = WorkServer::bind(config(), pool.clone()).await.unwrap();
    let address = server.local_addr();
    let client = ask(&server, &generate(&root(1), NEVER)).await;
    until("the job is worked on", || !pool.status().running.is_empty()).await;
    server.shutdown().await;
    let reply = receive(client).await;
    assert_eq!((reply.status, reply.text("error").as_str()), (503, "Shutting down"));
    assert!(pool.status().running.is_empty());
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}
