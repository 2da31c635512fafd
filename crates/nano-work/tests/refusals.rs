//! What a client gets that asks for the wrong things.

#![allow(clippy::unwrap_used)]

mod common;

use common::{NEVER, ROOT, ask, config, generate, post, post_with, receive, root, send, serve};
use nano_block::Network;
use nano_http::BodyLimits;
use nano_work::{HttpLimits, WorkServer, WorkServerConfig};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Asks, and checks the status and the two texts; the hint by a part of it.
async fn refused(server: &WorkServer, body: &str, status: u16, error: &str, hint: &str) {
    let reply = post_with(server, &[], body).await;
    assert_eq!((reply.status, reply.text("error").as_str()), (status, error), "{body}");
    assert!(reply.text("hint").contains(hint), "{body}: {}", reply.body);
    assert_eq!(reply.json().as_object().unwrap().len(), 2);
}

#[tokio::test]
async fn what_is_no_request_is_told_why() {
    let server = serve(config()).await;
    let malformed = "Failed to deserialize JSON";
    for (body, hint) in [
        ("", "EOF"),
        ("{", "EOF"),
        ("action=work_generate", "expected value"),
        ("[]", "JSON object"),
        ("\"work_generate\"", "JSON object"),
        ("{}", "action is missing"),
        (r#"{"action":null}"#, "action is missing"),
        (r#"{"action":1}"#, "Found 1 for action, wanted a text"),
    ] {
        refused(&server, body, 400, malformed, hint).await;
    }
    refused(&server, &"[".repeat(10_000), 400, malformed, "recursion").await;
}

#[tokio::test]
async fn an_unknown_action_is_told_which_there_are() {
    let server = serve(config()).await;
    let hint = "work_generate, work_cancel, work_validate, benchmark, status";
    refused(&server, r#"{"action":"version"}"#, 400, "Unknown command", hint).await;
    refused(&server, r#"{"action":"version"}"#, 400, "Unknown command", "\"version\"").await;
}

#[tokio::test]
async fn a_hash_has_64_hexadecimal_digits() {
    let server = serve(config()).await;
    for action in ["work_generate", "work_cancel", "work_validate"] {
        let ask = |hash: &str| json!({ "action": action, "hash": hash, "work": "1" }).to_string();
        let (bad, long) = ("Bad block hash", format!("{ROOT}0"));
        refused(&server, &ask(""), 400, bad, "0 characters").await;
        refused(&server, &ask("abc"), 400, bad, "3 characters").await;
        refused(&server, &ask(&long), 400, bad, "65 characters").await;
        refused(&server, &ask(&"zz".repeat(32)), 400, bad, "no hexadecimal digit").await;
        refused(&server, &ask("error: Account not found"), 400, bad, "characters").await;
        let without = json!({ "action": action }).to_string();
        refused(&server, &without, 400, "Failed to deserialize JSON", "hash is missing").await;
    }
}

#[tokio::test]
async fn a_field_that_cannot_be_read_is_named() {
    let server = serve(config()).await;
    let with = |action: &str, name: &str, value: Value| {
        let mut body = json!({ "action": action, "hash": ROOT, "work": "1", "count": "1" });
        body[name] = value;
        body.to_string()
    };
    let malformed = "Failed to deserialize JSON";
    for (name, value, hint) in [
        ("difficulty", json!("ffffffc0000000000"), "difficulty, wanted 1 to 16 hexadecimal digits"),
        ("difficulty", json!("+ff"), "Found \"+ff\" for difficulty"),
        ("difficulty", json!(""), "Found \"\" for difficulty"),
        ("difficulty", json!(18_446_744_073_709_551_615_u64), "for difficulty, wanted a text"),
        ("multiplier", json!("0"), "multiplier"),
        ("multiplier", json!("-1"), "multiplier"),
        ("multiplier", json!("NaN"), "multiplier"),
        ("multiplier", json!("much"), "Found \"much\" for multiplier, wanted a positive number"),
        ("multiplier", json!([1]), "Found \"[1]\" for multiplier"),
        ("multiplier", json!("1e-12"), "no 64-bit difficulty"),
        ("use_peers", json!("maybe"), "Found \"maybe\" for use_peers, wanted true or false"),
    ] {
        refused(&server, &with("work_generate", name, value), 400, malformed, hint).await;
    }
    refused(&server, &with("work_validate", "work", json!("0x1")), 400, malformed, "work").await;
    refused(&server, &with("work_validate", "work", json!(1)), 400, malformed, "work").await;
    for count in [json!("0"), json!(-1), json!("many"), json!(null), json!("1000000000000")] {
        refused(&server, &with("benchmark", "count", count), 400, malformed, "count").await;
    }
    refused(&server, &with("benchmark", "count", json!("101")), 400, malformed, "at most 100")
        .await;
}

#[tokio::test]
async fn other_kinds_of_work_are_not_done() {
    let server = serve(config()).await;
    let mut body = generate(&root(1), "1");
    body["version"] = json!("work_2");
    refused(&server, &body.to_string(), 400, "Bad work version", "work_1").await;
}

#[tokio::test]
async fn difficulties_are_bounded_by_the_configuration() {
    let bounds = WorkServerConfig { network: Network::Live, multipliers: 0.125..=64.0, ..config() };
    let server = serve(bounds).await;
    let error = "Difficulty above config limit or below publish threshold";
    let hint = "wanted ffffffc000000000 to ffffffffe0000000";
    for difficulty in ["0", "ffffffbfffffffff", "ffffffffe0000001", "ffffffffffffffff"] {
        let body = generate(&root(1), difficulty).to_string();
        refused(&server, &body, 400, error, hint).await;
        let body = json!({ "action": "benchmark", "count": 1, "difficulty": difficulty });
        refused(&server, &body.to_string(), 400, error, hint).await;
    }
    let body = json!({ "action": "work_generate", "hash": root(1), "multiplier": "64.1" });
    refused(&server, &body.to_string(), 400, error, hint).await;
}

#[tokio::test]
async fn only_post_is_served() {
    let server = serve(config()).await;
    for method in ["GET", "PUT", "DELETE", "OPTIONS"] {
        let reply = receive(send(&server, &format!("{method} / HTTP/1.1"), "").await).await;
        assert_eq!(reply.status, 405);
        assert_eq!(reply.json(), json!({ "error": "Can only POST requests" }));
    }
}

#[tokio::test]
async fn a_large_request_is_refused_and_its_sender_gets_to_read_why() {
    let server = serve(config()).await;
    for size in [32 * 1024 + 1, 512 * 1024] {
        let body = " ".repeat(size);
        refused(&server, &body, 413, "Request too large", "32768 bytes").await;
    }
    refused(&server, &" ".repeat(32 * 1024), 400, "Failed to deserialize JSON", "EOF").await;
}

/// Sends the start of a request and gives what the server says before it closes the connection.
async fn unfinished(server: &WorkServer, start: &str) -> String {
    let mut stream = TcpStream::connect(server.local_addr()).await.unwrap();
    stream.write_all(start.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let read = stream.read_to_string(&mut answer);
    tokio::time::timeout(common::DEADLINE, read).await.unwrap().unwrap();
    answer
}

#[tokio::test]
async fn slow_requests_do_not_hold_a_connection() {
    let limit = Duration::from_millis(50);
    let body = BodyLimits { within: limit, ..HttpLimits::default().body };
    let http = HttpLimits { head_within: limit, body, ..HttpLimits::default() };
    let server = serve(WorkServerConfig { http, ..config() }).await;
    let answer = unfinished(&server, "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n{").await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    let answer = unfinished(&server, "POST / HTTP/1.1\r\nContent-").await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408 "), "{answer}");
}

#[tokio::test]
async fn one_job_too_many_is_told_to_come_again() {
    let server = serve(WorkServerConfig { max_jobs: 2, ..config() }).await;
    let waiting = [ask(&server, &generate(&root(1), NEVER)).await];
    common::until_jobs(&server, "1").await;
    let second = ask(&server, &generate(&root(2), NEVER)).await;
    common::until_jobs(&server, "2").await;
    let reply = post(&server, &generate(&root(3), "1")).await;
    assert_eq!((reply.status, reply.header("retry-after")), (503, Some("1")));
    assert_eq!(reply.text("error"), "Queue is full");
    drop(second);
    common::until_jobs(&server, "1").await;
    drop(waiting);
    let reply = post(&server, &generate(&root(3), "1")).await;
    assert_eq!(reply.status, 200);
}

#[tokio::test]
async fn a_job_ends_when_its_time_has_run_out() {
    let server =
        serve(WorkServerConfig { job_within: Some(Duration::from_millis(20)), ..config() }).await;
    let reply = post(&server, &generate(&root(1), NEVER)).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.text("error"), "Work generation failed (see logs for details)");
    assert!(reply.text("hint").contains("20ms"), "{}", reply.body);
    let status = post(&server, &json!({ "action": "status" })).await.json();
    assert_eq!((&status["counts"]["failed"], &status["generating"]), (&json!("1"), &json!("0")));
}

#[tokio::test]
async fn devices_that_fail_are_told_of() {
    let server = WorkServer::bind(config(), nano_pow::Pool::new(Vec::new())).await.unwrap();
    let reply = post(&server, &generate(&root(1), "1")).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.text("error"), "Work generation failed (see logs for details)");
    assert!(reply.text("hint").contains("no device"));
}
