//! What a client gets that asks for the right things.

#![allow(clippy::unwrap_used)]

mod common;

use common::{ROOT, Reply, config, dev_base, generate, post, root, serve};
use nano_block::Network;
use nano_primitives::{Difficulty, Root, Work};
use nano_work::{WorkServer, WorkServerConfig};
use serde_json::{Value, json};

/// The work in an answer, after a look at the rest of it.
fn work_in(reply: &Reply, root: &Root, base: Difficulty) -> Difficulty {
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(reply.header("content-type"), Some("application/json"));
    let work: Work = reply.text("work").parse().unwrap();
    let value = work.value(root);
    assert_eq!(reply.text("difficulty"), format!("{:x}", value.to_u64()));
    assert_eq!(reply.text("multiplier"), value.multiplier(base).to_string());
    assert_eq!(reply.json().as_object().unwrap().len(), 3);
    value
}

async fn live() -> WorkServer {
    serve(WorkServerConfig { network: Network::Live, ..config() }).await
}

async fn validate(server: &WorkServer, more: Value) -> Reply {
    let mut body = json!({ "action": "work_validate", "hash": ROOT, "work": "2bf29ef00786a6bc" });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    post(server, &body).await
}

#[tokio::test]
async fn work_reaches_the_difficulty_that_was_asked_for() {
    let server = serve(config()).await;
    for (byte, difficulty) in (1..).zip(["0", "f000000000000000", "fff0000000000000"]) {
        let root = root(byte);
        let reply = post(&server, &generate(&root, difficulty)).await;
        let value = work_in(&reply, &root, dev_base());
        assert!(value.to_u64() >= u64::from_str_radix(difficulty, 16).unwrap());
    }
    server.shutdown().await;
}

#[tokio::test]
async fn work_without_a_difficulty_is_enough_for_every_block() {
    let server = serve(config()).await;
    let reply = post(&server, &json!({ "action": "work_generate", "hash": root(1) })).await;
    assert!(work_in(&reply, &root(1), dev_base()) >= dev_base());
}

#[tokio::test]
async fn a_multiplier_counts_in_place_of_a_difficulty() {
    let server = serve(config()).await;
    for multiplier in [json!("4"), json!(4), json!(4.0)] {
        let mut body = generate(&root(1), "0000000000000001");
        body["multiplier"] = multiplier;
        let value = work_in(&post(&server, &body).await, &root(1), dev_base());
        assert!(value.multiplier(dev_base()) >= 4.0);
    }
}

#[tokio::test]
async fn what_a_node_sends_to_its_peers_is_understood() {
    let server = serve(config()).await;
    let mut body = generate(&root(1), "fff0000000000000");
    body["account"] = json!("nano_1c54pxrrjtyq6fi6izujs9xr9bewdezg5ogfiin3zfdeuxarr39wffxe711f");
    body["version"] = json!("work_1");
    body["key"] = json!({ "nobody": ["asks", "for", "this"] });
    work_in(&post(&server, &body).await, &root(1), dev_base());
}

#[tokio::test]
async fn good_enough_work_that_is_known_is_given_again() {
    let pool = common::tame_pool();
    let server = WorkServer::bind(config(), pool.clone()).await.unwrap();
    let first = post(&server, &generate(&root(1), "fff0000000000000")).await;
    for difficulty in ["fff0000000000000", "1"] {
        assert_eq!(post(&server, &generate(&root(1), difficulty)).await.body, first.body);
    }
    assert_eq!(pool.status().devices[0].solutions, 1);
}

#[tokio::test]
async fn a_hash_may_be_of_either_case() {
    let server = serve(config()).await;
    let root = root(0xab);
    let body = json!({ "action": "work_generate", "hash": root.to_string().to_lowercase() });
    work_in(&post(&server, &body).await, &root, dev_base());
}

#[tokio::test]
async fn published_work_is_judged_as_the_network_does() {
    let server = live().await;
    let reply = validate(&server, json!({})).await;
    assert_eq!(reply.status, 200);
    let value: Difficulty = "ffffffd21c3933f4".parse().unwrap();
    let base = Network::Live.thresholds().base();
    assert_eq!(
        reply.json(),
        json!({
            "valid_all": "0",
            "valid_receive": "1",
            "difficulty": "ffffffd21c3933f4",
            "multiplier": value.multiplier(base).to_string(),
        })
    );
}

#[tokio::test]
async fn work_is_valid_or_not_for_a_difficulty_that_is_given() {
    let server = live().await;
    for (more, valid) in [
        (json!({ "difficulty": "ffffffc000000000" }), "1"),
        (json!({ "difficulty": "ffffffd21c3933f4" }), "1"),
        (json!({ "difficulty": "ffffffd21c3933f5" }), "0"),
        (json!({ "difficulty": "1" }), "1"),
        (json!({ "difficulty": "1", "multiplier": "1" }), "0"),
        (json!({ "multiplier": "0.125" }), "1"),
        (json!({ "version": "work_1", "difficulty": "FFFFFFC000000000" }), "1"),
    ] {
        assert_eq!(validate(&server, more.clone()).await.text("valid"), valid, "{more}");
    }
}

#[tokio::test]
async fn a_low_value_is_told_without_leading_zeros() {
    let server = live().await;
    let weak = (0..).map(Work::from_u64).find(|work| work.value(&root(1)).to_u64() >> 60 == 0);
    let weak = weak.unwrap();
    let body = json!({ "action": "work_validate", "hash": root(1), "work": weak });
    let reply = post(&server, &body).await;
    let difficulty = reply.text("difficulty");
    assert!(difficulty.len() < 16, "{difficulty}");
    assert_eq!(weak.value(&root(1)).to_string(), format!("{difficulty:0>16}"));
    assert_eq!((reply.text("valid_all"), reply.text("valid_receive")), ("0".into(), "0".into()));
}

#[tokio::test]
async fn a_cancel_is_answered_with_nothing_whether_there_is_a_job_or_not() {
    let server = serve(config()).await;
    let reply = post(&server, &json!({ "action": "work_cancel", "hash": ROOT })).await;
    assert_eq!((reply.status, reply.body.as_str()), (200, "{}"));
}

#[tokio::test]
async fn a_benchmark_finds_so_many_works_and_says_how_fast() {
    let server = serve(config()).await;
    for count in [json!("3"), json!(3)] {
        let body =
            json!({ "action": "benchmark", "count": count, "difficulty": "ff00000000000000" });
        let reply = post(&server, &body).await;
        assert_eq!((reply.status, reply.text("count")), (200, "3".to_owned()));
        assert_eq!(reply.text("difficulty"), "ff00000000000000");
        assert_eq!(reply.text("multiplier"), "0.25");
        assert_eq!(reply.text("hint"), "Times in milliseconds");
        let number = |field| reply.text(field).parse::<u64>().unwrap();
        assert_eq!(number("average"), number("duration") / 3);
        assert!(number("hashes_per_second") > 0);
    }
}

#[tokio::test]
async fn the_status_tells_of_queue_devices_and_past() {
    let server = serve(config()).await;
    post(&server, &generate(&root(1), "fff0000000000000")).await;
    post(&server, &generate(&root(1), "nonsense")).await;
    validate(&server, json!({})).await;
    let status = post(&server, &json!({ "action": "status" })).await.json();
    assert_eq!((&status["generating"], &status["queue_size"]), (&json!("0"), &json!("0")));
    assert_eq!(
        status["counts"],
        json!({
            "generated": "1",
            "cancelled": "0",
            "abandoned": "0",
            "failed": "0",
            "validated": "1",
            "refused": "1",
        })
    );
    assert_eq!(status["devices"][0]["name"], "tame");
    assert_eq!(status["devices"][0]["solutions"], "1");
    assert_eq!(status["devices"][0]["hashes"], status["hashes"]);
    assert_ne!(status["devices"][0]["hashes_per_second"], "0");
    assert_eq!(status["seconds_left"], "0.000");
    assert!(status["times"]["longest_ms"].is_string() && status["hashes_per_second"].is_string());
}

#[tokio::test]
async fn every_scalar_of_an_answer_is_a_text() {
    fn check(value: &Value) {
        match value {
            Value::Object(fields) => fields.values().for_each(check),
            Value::Array(list) => list.iter().for_each(check),
            scalar => assert!(scalar.is_string(), "{scalar}"),
        }
    }
    let server = serve(config()).await;
    for body in [
        generate(&root(1), "f000000000000000"),
        json!({ "action": "work_validate", "hash": ROOT, "work": "1", "difficulty": "1" }),
        json!({ "action": "benchmark", "count": "1" }),
        json!({ "action": "status" }),
    ] {
        let reply = post(&server, &body).await;
        assert_eq!(reply.status, 200);
        check(&reply.json());
    }
}

#[tokio::test]
async fn any_path_will_do_and_connections_are_kept() {
    let server = serve(config()).await;
    let client = nano_rpc::Client::new(&format!("http://{}/api/v2", server.local_addr())).unwrap();
    for byte in 0..3 {
        let work = client.work_generate(&root(byte), Some(dev_base())).await.unwrap();
        assert!(work.value(&root(byte)) >= dev_base());
    }
    let verdict = client.work_validate(&ROOT.parse().unwrap(), Work::from_u64(1), None).await;
    assert_eq!(verdict.unwrap().valid_all, Some(false));
    client.work_cancel(&ROOT.parse().unwrap()).await.unwrap();
}
