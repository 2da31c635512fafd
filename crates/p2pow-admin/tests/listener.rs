//! The listener as programs meet it, and as attackers do.

#![allow(clippy::unwrap_used)]

mod common;

use common::{busy, listener};
use p2pow_admin::{
    AdminClient, AdminConfig, AdminServer, BindError, ClientError, Feed, Node, Range, Sockets,
    Status, Token,
};
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

struct Answer {
    status: u16,
    head: String,
    body: String,
}

/// Sends a request with these lines of the head.
async fn send(address: SocketAddr, request: &str, lines: &[&str]) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
    let text = format!("{request} HTTP/1.1\r\n{lines}Connection: close\r\n\r\n");
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_lowercase(), body: body.to_owned() }
}

async fn get(server: &AdminServer, path: &str, token: Option<&str>) -> Answer {
    let host = format!("Host: {}", server.local_addr());
    let shown = token.map(|token| format!("Authorization: Bearer {token}"));
    let lines: Vec<&str> = [host.as_str()].into_iter().chain(shown.as_deref()).collect();
    send(server.local_addr(), &format!("GET {path}"), &lines).await
}

const SECRET: [&str; 3] = ["/metrics", "/status", "/history"];

#[tokio::test]
async fn who_shows_the_token_is_told_everything() {
    let (server, token) = listener(busy(10)).await;
    for path in SECRET {
        let answer = get(&server, path, Some(token.expose())).await;
        assert_eq!(answer.status, 200, "{path}");
    }
    let metrics = get(&server, "/metrics", Some(token.expose())).await;
    assert!(metrics.head.contains("text/plain; version=0.0.4"), "{}", metrics.head);
    assert!(metrics.body.contains("p2pow_worker_ready 1"), "{}", metrics.body);
    let status: Status =
        serde_json::from_str(&get(&server, "/status", Some(token.expose())).await.body).unwrap();
    assert_eq!((status.network.as_str(), status.queue.max_jobs), ("live", 16));
}

#[tokio::test]
async fn who_does_not_is_told_nothing() {
    let (server, _) = listener(busy(10)).await;
    let other = Token::generate().unwrap();
    for path in SECRET {
        for shown in [None, Some(""), Some("x"), Some(other.expose())] {
            let answer = get(&server, path, shown).await;
            assert_eq!(answer.status, 401, "{path} {shown:?}");
            assert!(!answer.body.contains("live"), "{}", answer.body);
        }
        let query = format!("{path}?token={}", other.expose());
        assert_eq!(get(&server, &query, None).await.status, 401);
    }
}

#[tokio::test]
async fn a_name_that_is_not_this_machine_s_is_refused_even_with_the_token() {
    let (server, token) = listener(busy(10)).await;
    let shown = format!("Authorization: Bearer {}", token.expose());
    let address = server.local_addr();
    for host in ["evil.example", "evil.example:80", "localhost.evil.example", "192.0.2.1", ""] {
        for path in ["/", "/status", "/healthz", "/main.js", "/nothing"] {
            let host = format!("Host: {host}");
            let answer = send(address, &format!("GET {path}"), &[&host, &shown]).await;
            assert_eq!(answer.status, 403, "{host} {path}");
        }
    }
    let two =
        send(address, "GET /status", &["Host: localhost", "Host: evil.example", &shown]).await;
    assert_ne!(two.status, 200);
    for host in ["localhost", "LOCALHOST:7091", "127.0.0.1:1", "[::1]:7091"] {
        let host = format!("Host: {host}");
        assert_eq!(send(address, "GET /status", &[&host, &shown]).await.status, 200, "{host}");
    }
}

#[tokio::test]
async fn pages_of_other_origins_are_given_no_leave() {
    let (server, token) = listener(busy(10)).await;
    let lines = ["Host: localhost", "Origin: https://evil.example"];
    let asked = send(server.local_addr(), "OPTIONS /status", &lines).await;
    let shown = format!("Authorization: Bearer {}", token.expose());
    let read = send(server.local_addr(), "GET /status", &[&lines[..], &[&shown]].concat()).await;
    for answer in [asked, read] {
        assert!(!answer.head.contains("access-control"), "{}", answer.head);
        assert!(answer.head.contains("cross-origin-resource-policy: same-origin"));
    }
}

#[tokio::test]
async fn the_page_is_in_the_binary_and_may_ask_nobody_else() {
    let (server, token) = listener(busy(10)).await;
    let page = get(&server, "/", None).await;
    assert_eq!(page.status, 200);
    assert!(page.head.contains("default-src 'none'") && page.head.contains("script-src 'self'"));
    assert!(!page.head.contains("unsafe-inline") && !page.head.contains("set-cookie"));
    assert!(!page.body.contains(token.expose()));
    for line in page.body.lines().filter(|line| line.contains("src=") || line.contains("href=")) {
        assert!(line.contains("=\"/"), "not of this listener: {line}");
    }
    assert!(server.link(&token).ends_with(&format!("/#token={}", token.expose())));
}

#[tokio::test]
async fn health_is_told_to_service_managers() {
    let (server, _) = listener(busy(10)).await;
    assert_eq!(get(&server, "/healthz", None).await.status, 200);
    assert_eq!(get(&server, "/readyz", None).await.status, 200);
    let refusing = || Status { refusing: Some("the node is away".into()), ..Status::default() };
    let (server, _) = listener(refusing).await;
    assert_eq!(get(&server, "/healthz", None).await.status, 200);
    let ready = get(&server, "/readyz", None).await;
    assert_eq!((ready.status, ready.body.contains("the node is away")), (503, true));
}

#[tokio::test]
async fn health_names_every_node_that_is_not_well_and_a_journal_that_cannot_be_written() {
    let node = |name: &str| Node { name: name.into(), ..Node::default() };
    let source = move || Status {
        refusing: Some("the journal cannot be written".into()),
        journal_error: Some("the disk is full".into()),
        nodes: vec![
            node("http://a"),
            Node { error: Some("does not answer".into()), ..node("http://b") },
            Node { behind: Some(5000), ..node("http://c") },
            Node { websocket: Some(Feed { error: Some("refused".into()) }), ..node("http://d") },
            Node { behind: Some(3), websocket: Some(Feed::default()), ..node("http://e") },
        ],
        ..Status::default()
    };
    let (server, _) = listener(source).await;
    let told = get(&server, "/readyz", None).await;
    let wanted = "the journal cannot be written\njournal: the disk is full\nnode http://b: does not answer\n\
                  node http://c: 5000 blocks behind\nnode http://d: its WebSocket is silent: refused\n";
    assert_eq!((told.status, told.body.as_str()), (503, wanted));
}

#[tokio::test]
async fn a_listener_that_is_there_already_is_taken_over() {
    let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = held.local_addr().unwrap();
    let mut config = AdminConfig::new(address, Token::generate().unwrap());
    config.sockets = Sockets::new(vec![held.try_clone().unwrap()]);
    let server = AdminServer::bind(config, Status::default).await.unwrap();
    assert_eq!(server.local_addr(), address);
    assert_eq!(get(&server, "/healthz", None).await.status, 200);
}

#[tokio::test]
async fn nothing_can_be_changed() {
    let (server, token) = listener(busy(10)).await;
    let shown = format!("Authorization: Bearer {}", token.expose());
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        for path in ["/", "/status", "/metrics", "/history"] {
            let lines = ["Host: localhost", &shown, "Content-Length: 0"];
            let answer = send(server.local_addr(), &format!("{method} {path}"), &lines).await;
            assert_eq!(answer.status, 405, "{method} {path}");
        }
    }
    assert_eq!(get(&server, "/nothing", Some(token.expose())).await.status, 404);
    assert_eq!(get(&server, "/history?range=year", Some(token.expose())).await.status, 400);
}

#[tokio::test]
async fn only_loopback_is_listened_on() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let token = Token::generate().unwrap();
        let config = AdminConfig::new(address.parse().unwrap(), token);
        let bound = AdminServer::bind(config, Status::default).await;
        assert!(matches!(bound, Err(BindError::NotLoopback { .. })), "{address}");
    }
}

#[tokio::test(start_paused = true)]
async fn looks_are_kept_and_read_by_a_client() {
    let (server, token) = listener(busy(10)).await;
    let client = AdminClient::new(server.local_addr(), token);
    let mut samples = client.history(Range::Hour).await.unwrap();
    while samples.len() < 5 {
        tokio::time::advance(Duration::from_secs(2)).await;
        samples = client.history(Range::Hour).await.unwrap();
    }
    assert!(samples.is_sorted_by_key(|sample| sample.at_ms));
    assert!(samples[0].hashes < samples[4].hashes);
    let status = client.status().await.unwrap();
    assert!(status.now_ms > samples[4].at_ms);
}

#[tokio::test]
async fn a_client_says_what_is_wrong() {
    let (server, _) = listener(busy(10)).await;
    let address = server.local_addr();
    let wrong = AdminClient::new(address, Token::generate().unwrap()).status().await.unwrap_err();
    assert!(matches!(wrong, ClientError::WrongToken { .. }), "{wrong}");
    server.shutdown().await;
    let away = AdminClient::new(address, Token::generate().unwrap()).status().await.unwrap_err();
    assert!(matches!(away, ClientError::Away { .. }), "{away}");
}
