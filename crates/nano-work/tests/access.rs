//! Who may ask, how much, and from which pages.

#![allow(clippy::unwrap_used)]

mod common;

use common::{
    NEVER, ask, config, generate, post, post_with, receive, root, send, serve, tame_pool,
};
use nano_pow::pool::Priority;
use nano_work::{BindError, CallerLimits, Key, Rate, WorkServer, WorkServerConfig};
use serde_json::json;

fn key(name: &str, limits: CallerLimits) -> Key {
    Key::new(name, &format!("secret-of-{name}"), limits).unwrap()
}

fn guarded(keys: Vec<Key>) -> WorkServerConfig {
    WorkServerConfig { keys, open: None, ..config() }
}

fn status() -> String {
    json!({ "action": "status" }).to_string()
}

#[tokio::test]
async fn without_a_key_a_guarded_server_says_how_to_show_one() {
    let server = serve(guarded(vec![key("alice", CallerLimits::default())])).await;
    for body in [status(), generate(&root(1), "1").to_string()] {
        let reply = post_with(&server, &[], &body).await;
        assert_eq!((reply.status, reply.text("error").as_str()), (401, "Unauthorized"));
        assert!(reply.text("hint").contains("X-API-Key"));
        assert_eq!(reply.header("www-authenticate"), Some("Bearer"));
    }
}

#[tokio::test]
async fn a_key_is_shown_in_either_header() {
    let server = serve(guarded(vec![key("alice", CallerLimits::default())])).await;
    for header in [
        "X-API-Key: secret-of-alice",
        "Authorization: Bearer secret-of-alice",
        "authorization: bearer secret-of-alice",
    ] {
        assert_eq!(post_with(&server, &[header], &status()).await.status, 200, "{header}");
    }
    for header in [
        "X-API-Key: secret-of-bob",
        "X-API-Key: ",
        "Authorization: Bearer secret-of-alic",
        "Authorization: Bearer secret-of-alice2",
        "Authorization: Basic secret-of-alice",
    ] {
        assert_eq!(post_with(&server, &[header], &status()).await.status, 401, "{header}");
    }
}

#[tokio::test]
async fn an_open_server_with_keys_refuses_wrong_ones() {
    let server = serve(WorkServerConfig {
        open: Some(CallerLimits::default()),
        ..guarded(vec![key("a", CallerLimits::default())])
    })
    .await;
    assert_eq!(post_with(&server, &[], &status()).await.status, 200);
    assert_eq!(post_with(&server, &["X-API-Key: b"], &status()).await.status, 401);
    let open = serve(config()).await;
    assert_eq!(post_with(&open, &["X-API-Key: whatever"], &status()).await.status, 200);
}

#[tokio::test]
async fn jobs_come_no_faster_than_a_key_allows() {
    let rate = Some(Rate { per_second: 0.001, burst: 2 });
    let limits = CallerLimits { rate, ..CallerLimits::default() };
    let server = serve(guarded(vec![key("alice", limits), key("bob", limits)])).await;
    let ask = async |name: &str| {
        let header = format!("X-API-Key: secret-of-{name}");
        post_with(&server, &[&header], &generate(&root(1), "1").to_string()).await
    };
    assert_eq!((ask("alice").await.status, ask("alice").await.status), (200, 200));
    let reply = ask("alice").await;
    assert_eq!((reply.status, reply.text("error").as_str()), (429, "Too many requests"));
    let wait: u64 = reply.header("retry-after").unwrap().parse().unwrap();
    assert!((900..=1000).contains(&wait), "{wait}");
    assert_eq!(ask("bob").await.status, 200);
    let alice = ["X-API-Key: secret-of-alice"];
    assert_eq!(post_with(&server, &alice, &status()).await.status, 200, "this is no job");
}

#[tokio::test]
async fn so_many_jobs_at_once_are_taken_from_one_address() {
    let open = Some(CallerLimits { at_once: Some(1), ..CallerLimits::default() });
    let server = serve(WorkServerConfig { open, ..config() }).await;
    let first = ask(&server, &generate(&root(1), NEVER)).await;
    common::until_jobs(&server, "1").await;
    let reply = post(&server, &generate(&root(2), "1")).await;
    assert_eq!((reply.status, reply.header("retry-after")), (429, Some("1")));
    post(&server, &json!({ "action": "work_cancel", "hash": root(1) })).await;
    assert_eq!(receive(first).await.text("error"), "Cancelled");
    assert_eq!(post(&server, &generate(&root(2), "1")).await.status, 200);
}

#[tokio::test]
async fn of_the_jobs_that_wait_the_most_urgent_is_next() {
    let urgency =
        |level| CallerLimits { priority: Priority::new(level), ..CallerLimits::default() };
    let pool = tame_pool();
    let keys = vec![key("low", urgency(-1)), key("high", urgency(1))];
    let config = WorkServerConfig { open: Some(CallerLimits::default()), ..guarded(keys) };
    let server = WorkServer::bind(config, pool.clone()).await.unwrap();
    let blocker = ask(&server, &generate(&root(1), NEVER)).await;
    common::until_jobs(&server, "1").await;
    let mut waiting = Vec::new();
    for (byte, name) in [(2, "low"), (3, "high")] {
        let head = format!("POST / HTTP/1.1\r\nX-API-Key: secret-of-{name}");
        waiting.push(send(&server, &head, &generate(&root(byte), NEVER).to_string()).await);
        common::until_jobs(&server, &byte.to_string()).await;
    }
    drop(blocker);
    let is_next =
        |byte| pool.status().running.iter().any(|running| running.puzzle.root == root(byte));
    common::until("the urgent job is on", || is_next(3)).await;
    drop(waiting.pop());
    common::until("the other job is on", || is_next(2)).await;
}

#[tokio::test]
async fn pages_of_other_origins_may_ask_if_that_is_switched_on() {
    let server = serve(WorkServerConfig { cors: true, ..config() }).await;
    let head = "OPTIONS / HTTP/1.1\r\nOrigin: https://wallet.example\r\n\
                Access-Control-Request-Method: POST";
    let preflight = receive(send(&server, head, "").await).await;
    assert_eq!(preflight.status, 200);
    let origin = preflight.header("access-control-allow-origin");
    assert_eq!(origin, Some("https://wallet.example"));
    assert!(preflight.header("access-control-allow-headers").unwrap().contains("authorization"));
    assert!(preflight.header("access-control-allow-methods").unwrap().contains("POST"));
    for body in [status(), "nonsense".to_owned()] {
        let reply = post_with(&server, &["Origin: https://wallet.example"], &body).await;
        assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
    }
    let closed = serve(config()).await;
    assert_eq!(
        post_with(&closed, &[], &status()).await.header("access-control-allow-origin"),
        None
    );
}

#[tokio::test]
async fn a_page_of_a_stranger_finds_no_work_here() {
    let server = serve(config()).await;
    let page = ["Origin: https://evil.example", "Content-Type: text/plain"];
    let reply = post_with(&server, &page, &generate(&root(1), "1").to_string()).await;
    assert_eq!((reply.status, reply.text("error").as_str()), (403, "Forbidden"));
    // A page whose own name points to this machine.
    let rebound = ["Host: evil.example:7076"];
    let reply = post_with(&server, &rebound, &generate(&root(1), "1").to_string()).await;
    assert_eq!(reply.status, 403);
    assert!(reply.text("hint").contains("localhost"));
    assert_eq!(post(&server, &generate(&root(1), "1")).await.status, 200);
}

/// Connects from an address of this machine's loopback network.
#[cfg(target_os = "linux")]
async fn connect_from(server: &nano_work::WorkServer, from: &str) -> tokio::net::TcpStream {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind(format!("{from}:0").parse().unwrap()).unwrap();
    socket.connect(server.local_addr()).await.unwrap()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn idle_strangers_do_not_lock_the_holder_of_a_key_out() {
    let mut config = guarded(vec![key("alice", CallerLimits::default())]);
    (config.http.connections, config.http.connections_per_address) = (64, 32);
    let server = serve(config).await;
    let mut strangers = Vec::new();
    for number in 0..64 {
        strangers.push(connect_from(&server, &format!("127.0.1.{}", 1 + number % 2)).await);
    }
    for _ in 0..4 {
        let alice = ["X-API-Key: secret-of-alice"];
        let reply = post_with(&server, &alice, &generate(&root(1), "1").to_string()).await;
        assert_eq!(reply.status, 200);
    }
}

#[tokio::test]
async fn a_configuration_of_no_use_is_told() {
    let bind = async |config| WorkServer::bind(config, tame_pool()).await.map(drop);
    assert!(matches!(bind(guarded(Vec::new())).await, Err(BindError::NobodyMayAsk)));
    for multipliers in [2.0..=1.0, 0.0..=0.0, 0.0..=f64::NAN] {
        let refused = bind(WorkServerConfig { multipliers, ..config() }).await;
        assert!(matches!(refused, Err(BindError::NoMultipliers { .. })));
    }
    let twice = vec![key("alice", CallerLimits::default()), key("alice", CallerLimits::default())];
    let again = bind(guarded(twice)).await.unwrap_err();
    assert!(matches!(again, BindError::SameKey { number: 2 }));
    assert!(!again.to_string().contains("alice"), "{again}");
    let server = serve(config()).await;
    let taken =
        bind(WorkServerConfig { listen: server.local_addr(), ..config() }).await.unwrap_err();
    assert!(taken.to_string().contains(&server.local_addr().to_string()));
}
