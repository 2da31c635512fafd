//! Servers that fail, lie or say nothing, as devices beside others and alone.

#![allow(clippy::unwrap_used)]

mod common;

use common::{
    NEVER, dev_base,
    fake::{Act, Fake},
    root, tame, until,
};
use nano_pow::{Pool, PoolError, Puzzle};
use nano_primitives::Root;
use nano_rpc::Client;
use nano_work::RemoteBackend;
use serde_json::json;
use std::time::{Duration, Instant};

fn remote(url: &str) -> Box<RemoteBackend> {
    Box::new(RemoteBackend::new(&Client::new(url).unwrap()).unwrap())
}

/// What a pool of this server alone fails with.
async fn failure(url: &str) -> String {
    let pool = Pool::new(vec![remote(url)]);
    match pool.submit(Puzzle::new(root(1), dev_base())).await {
        Err(PoolError::Failed { device, error }) => {
            assert_eq!(device, format!("remote {url}"));
            std::error::Error::source(&*error).expect("a reason").to_string()
        }
        other => panic!("{other:?} instead of a failure"),
    }
}

#[tokio::test]
async fn odd_answers_are_failures_that_say_what_was_found() {
    for (act, reason) in [
        (Act::Answer(200, "It works!".into()), "It works!"),
        (Act::Answer(200, "{}".into()), "work"),
        (Act::json(&json!({ "work": "zz" })), "16 hexadecimal digits"),
        (Act::json(&json!({ "work": "0000000000000000" })), "a value of at least ffc0000000000000"),
        (Act::json(&json!({ "error": "RPC control is disabled" })), "RPC control is disabled"),
        (Act::json(&json!({ "error": "Cancelled" })), "Cancelled"),
        (Act::Answer(400, r#"{"error":"Bad block hash","hint":"?"}"#.into()), "Bad block hash"),
        (Act::Answer(502, "<html>no gateway</html>".into()), "502"),
        (Act::HangUp, "connection"),
    ] {
        let fake = Fake::start(move |_| act.clone()).await;
        let found = failure(&fake.url()).await;
        assert!(found.contains(reason), "{found}, wanted {reason}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_a_failure() {
    let url = format!("http://{}", common::nobody().await);
    let found = failure(&url).await;
    assert!(found.contains("cannot connect"), "{found}");
}

#[tokio::test]
async fn a_server_gets_so_much_time_and_no_more() {
    let fake = Fake::start(|_| Act::Hang).await;
    let remote = remote(&fake.url()).with_patience(Duration::from_millis(30));
    let pool = Pool::new(vec![Box::new(remote)]);
    let error = pool.submit(Puzzle::new(root(1), dev_base())).await.unwrap_err();
    assert!(format!("{error:?}").contains("30ms"), "{error:?}");
}

#[tokio::test]
async fn other_devices_go_on_without_a_bad_server() {
    let garbage = Fake::start(|_| Act::Answer(200, "garbage".into())).await;
    let weak = Fake::start(|_| Act::json(&json!({ "work": "0000000000000000" }))).await;
    let nobody = format!("http://{}", common::nobody().await);
    let pool =
        Pool::new(vec![remote(&garbage.url()), remote(&weak.url()), remote(&nobody), tame()]);
    for byte in 0..20 {
        let job = Puzzle::new(root(byte), dev_base());
        assert_eq!(pool.submit(job).await.unwrap().puzzle(), &job);
    }
    let devices = pool.status().devices;
    assert_eq!(devices[3].solutions, 20);
    assert!(devices[..3].iter().all(|device| device.solutions == 0));
}

#[tokio::test]
async fn a_server_that_fails_is_left_alone_for_a_while() {
    let mut fake = Fake::start(|_| Act::Answer(500, String::new())).await;
    let pool = Pool::new(vec![remote(&fake.url()), tame()]);
    let ticket = pool.submit(Puzzle::new(root(1), NEVER.parse().unwrap()));
    until("the failure is seen", || pool.status().devices[0].failures > 0).await;
    assert!(pool.status().devices[0].quarantine.is_some());
    assert_eq!(fake.so_far(), 1, "nothing is sent meanwhile");
    drop(ticket);
}

/// The local device is always faster, so that the silence shows only when a job is given up.
#[tokio::test]
async fn a_server_that_says_nothing_is_found_out_though_others_win() {
    let mut fake = Fake::start(|_| Act::Hang).await;
    let pool = Pool::new(vec![remote(&fake.url()), tame()]);
    let started = Instant::now();
    for number in 0_u64.. {
        let bytes = std::array::from_fn(|index| number.to_le_bytes()[index % 8]);
        let job = Puzzle::new(Root::from_bytes(bytes), dev_base());
        assert_eq!(pool.submit(job).await.unwrap().puzzle(), &job);
        if pool.status().devices[0].failures > 0 {
            break;
        }
        assert!(started.elapsed() < common::DEADLINE, "the silent server was never found out");
    }
    assert!(pool.status().devices[0].quarantine.is_some());
    let asked = fake.so_far();
    assert!(asked <= 4, "{asked} requests: one job, and up to three cancels");
}
