//! HTTP as old clients speak it, and as nobody should.

#![allow(clippy::unwrap_used)]

mod common;

use common::{FEE, Scene, http, request};
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// Every answer may be read by every web page and is JSON.
fn assert_open(response: &http::Response) {
    assert_eq!(response.header("access-control-allow-origin"), Some("*".into()));
    assert_eq!(response.header("content-type"), Some("application/json".into()));
    response.json();
}

#[tokio::test]
async fn an_unknown_route_is_404_with_the_valid_ones() {
    let scene = Scene::new().await;
    for path in ["/", "/request", "/request_work/", "/request_info/x", "/%00", "/../etc/passwd"] {
        let response = http::get(scene.server.local_addr(), path).await;
        assert_eq!(response.refusal(), (404, "Invalid Route".into()), "{path}");
        let routes = serde_json::json!(["/request_info", "/request_work"]);
        assert_eq!(response.json()["validRoutes"], routes);
        assert!(response.json()["moreInfo"].is_string());
        assert_open(&response);
    }
}

#[tokio::test]
async fn another_method_is_405() {
    let scene = Scene::new().await;
    for method in ["DELETE", "PUT", "PATCH"] {
        let line = format!("{method} /request_work");
        let response = http::send(scene.server.local_addr(), &line, "", b"").await;
        assert_eq!(response.refusal(), (405, "Method not allowed".into()));
        assert_open(&response);
    }
}

#[tokio::test]
async fn a_preflight_echoes_the_origin() {
    let scene = Scene::new().await;
    let headers = "Origin: https://wallet.example\r\n\
        Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: content-type,prefer\r\n";
    for path in ["/request_info", "/request_work"] {
        let line = format!("OPTIONS {path}");
        let response = http::send(scene.server.local_addr(), &line, headers, b"").await;
        assert_eq!(response.status, 200);
        let header = |name| response.header(name).unwrap();
        assert_eq!(header("access-control-allow-origin"), "https://wallet.example");
        assert!(header("access-control-allow-methods").contains("post"));
        assert_eq!(header("access-control-allow-headers"), "content-type,prefer");
    }
    let response = http::send(scene.server.local_addr(), "OPTIONS /request_work", "", b"").await;
    assert_eq!(response.header("access-control-allow-origin"), Some("*".into()));
}

#[tokio::test]
async fn every_refusal_is_json_that_any_page_may_read() {
    let scene = Scene::new().await;
    let headers = "Origin: https://wallet.example\r\n";
    for body in [&b""[..], b"[]", b"\x00", b"<html>"] {
        let line = "POST /request_work";
        let response = http::send(scene.server.local_addr(), line, headers, body).await;
        assert_eq!(response.status, 400);
        assert_open(&response);
    }
}

#[tokio::test]
async fn the_info_is_given_to_every_way_of_asking() {
    let scene = Scene::new().await;
    let address = scene.server.local_addr();
    let json = "Content-Type: application/json\r\n";
    let text = "Content-Type: text/plain;charset=UTF-8\r\n";
    let asked = [
        http::get(address, "/request_info").await,
        http::get(address, "/request_info?x=1").await,
        http::send(address, "POST /request_info", json, b"").await,
        http::send(address, "POST /request_info", text, b"{\"any\": \"thing").await,
        http::send(address, "POST /request_info", "", b"\xff").await,
    ];
    for response in asked {
        assert_eq!(response.status, 200);
        assert_eq!(response.json()["version"], "2.0.0");
        assert_open(&response);
    }
}

#[tokio::test]
async fn work_is_asked_for_with_any_content_type_and_with_get() {
    let scene = Scene::new().await;
    let address = scene.server.local_addr();
    let types = [
        "text/plain",
        "application/x-www-form-urlencoded",
        "nonsense",
        "application/json; charset=utf-8",
    ];
    for kind in types {
        let headers = format!("Content-Type: {kind}\r\n");
        let body = request(&[scene.send(1)], FEE).to_json();
        let response = http::send(address, "POST /request_work", &headers, &body).await;
        assert_eq!(response.status, 201, "{kind}");
        assert_open(&response);
    }
    let body = request(&[scene.send(1)], FEE).to_json();
    assert_eq!(http::send(address, "GET /request_work", "", &body).await.status, 201);
    let response = http::get(address, "/request_work").await;
    assert_eq!(response.refusal(), (400, "Invalid JSON".into()));
}

#[tokio::test]
async fn a_chunked_body_is_read() {
    let scene = Scene::new().await;
    let body = request(&[scene.send(1)], FEE).to_json();
    let mut bytes = b"POST /request_work HTTP/1.1\r\nHost: w\r\nConnection: close\r\n\
        Transfer-Encoding: chunked\r\n\r\n"
        .to_vec();
    for chunk in body.chunks(100) {
        bytes.extend(format!("{:x}\r\n", chunk.len()).bytes());
        bytes.extend(chunk);
        bytes.extend(b"\r\n");
    }
    bytes.extend(b"0\r\n\r\n");
    let answer = http::exchange(scene.server.local_addr(), &bytes).await;
    assert!(answer.starts_with(b"HTTP/1.1 201"), "{}", String::from_utf8_lossy(&answer));
}

#[tokio::test]
async fn connection_close_is_honoured_and_said() {
    let scene = Scene::new().await;
    // `http::get` reads to the end, so the server did hang up.
    let response = http::get(scene.server.local_addr(), "/request_info").await;
    assert_eq!(response.header("connection"), Some("close".into()));
    let refused = http::get(scene.server.local_addr(), "/nowhere").await;
    assert_eq!(refused.header("connection"), Some("close".into()));
}

async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let byte = timeout(common::PATIENCE, stream.read_u8()).await.unwrap().unwrap();
        head.push(byte);
    }
    String::from_utf8(head).unwrap()
}

#[tokio::test]
async fn a_connection_serves_many_requests() {
    let scene = Scene::new().await;
    let mut stream = TcpStream::connect(scene.server.local_addr()).await.unwrap();
    for _ in 0..3 {
        stream.write_all(b"GET /request_info HTTP/1.1\r\nHost: w\r\n\r\n").await.unwrap();
        let head = read_head(&mut stream).await.to_lowercase();
        assert!(head.starts_with("http/1.1 200"), "{head}");
        assert!(!head.contains("connection: close"));
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        let mut body = vec![0; length.parse().unwrap()];
        stream.read_exact(&mut body).await.unwrap();
    }
}

#[tokio::test]
async fn http_1_0_is_spoken() {
    let scene = Scene::new().await;
    let answer =
        http::exchange(scene.server.local_addr(), b"GET /request_info HTTP/1.0\r\n\r\n").await;
    assert!(answer.starts_with(b"HTTP/1.0 200"), "{}", String::from_utf8_lossy(&answer));
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_in_words() {
    let scene = Scene::with(|config, _| config.max_user_blocks = 1).await;
    let address = scene.server.local_addr();
    let expected = (413, "Request is larger than 16384 bytes".to_owned());
    let large = vec![b' '; 16 * 1024 + 1];
    assert_eq!(http::post(address, "/request_work", &large).await.refusal(), expected);
    let huge = vec![b'['; 4 * 1024 * 1024];
    assert_eq!(http::post(address, "/request_work", &huge).await.refusal(), expected);
    let fits = vec![b' '; 16 * 1024];
    assert_eq!(http::post(address, "/request_work", &fits).await.status, 400);
}

#[tokio::test]
async fn a_slow_body_is_refused() {
    let body_within = Duration::from_millis(100);
    let scene = Scene::with(|config, _| config.http.body.within = body_within).await;
    let bytes = b"POST /request_work HTTP/1.1\r\nHost: w\r\nContent-Length: 100\r\n\r\n{";
    let answer = http::exchange(scene.server.local_addr(), bytes).await;
    let text = String::from_utf8(answer).unwrap();
    assert!(text.starts_with("HTTP/1.1 408"), "{text}");
    assert!(text.contains("Request took too long to arrive"));
}

#[tokio::test]
async fn a_slow_head_and_an_idle_connection_are_cut() {
    let within = Duration::from_millis(100);
    let scene = Scene::with(|config, _| {
        (config.http.head_within, config.http.idle_within) = (within, within);
    })
    .await;
    for bytes in [&b""[..], b"GET /request_info HT", b"GET / HTTP/1.1\r\nHost: w\r\n"] {
        // Reads until the server hangs up.
        http::exchange(scene.server.local_addr(), bytes).await;
    }
    let idle = b"GET /request_info HTTP/1.1\r\nHost: w\r\n\r\n";
    let answer = http::exchange(scene.server.local_addr(), idle).await;
    assert!(answer.starts_with(b"HTTP/1.1 200"));
}

#[tokio::test]
async fn rubbish_in_place_of_http_harms_nobody() {
    let scene = Scene::new().await;
    let address = scene.server.local_addr();
    let long_header = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(100_000));
    let many_headers = format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(1000));
    let rubbish: [&[u8]; 6] = [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\r\n\r\n\r\n",
        b"POST /request_work HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /request_work HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcde",
        long_header.as_bytes(),
        many_headers.as_bytes(),
    ];
    for bytes in rubbish {
        let mut stream = TcpStream::connect(address).await.unwrap();
        // The server may hang up while it is still spoken to.
        let _ = stream.write_all(bytes).await;
        let _ = stream.shutdown().await;
        let _ = timeout(common::PATIENCE, stream.read_to_end(&mut Vec::new())).await.unwrap();
    }
    assert_eq!(http::get(address, "/request_info").await.status, 200);
}

/// Whether a new connection is served.
async fn is_served(address: SocketAddr) -> bool {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let _ = stream.write_all(b"GET /request_info HTTP/1.0\r\n\r\n").await;
    let mut answer = Vec::new();
    let _ = timeout(common::PATIENCE, stream.read_to_end(&mut answer)).await.unwrap();
    answer.starts_with(b"HTTP/1.0 200")
}

#[tokio::test]
async fn an_address_gets_so_many_connections_and_no_more() {
    let scene = Scene::with(|config, _| config.http.connections_per_address = 3).await;
    let address = scene.server.local_addr();
    let mut open = Vec::new();
    for _ in 0..3 {
        open.push(TcpStream::connect(address).await.unwrap());
    }
    assert!(!is_served(address).await);
    drop(open);
    let again = async {
        while !is_served(address).await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(common::PATIENCE, again).await.unwrap();
}

#[tokio::test]
async fn a_worker_listens_on_all_its_addresses() {
    let scene = Scene::with(|config, _| {
        let any = |text: &str| text.parse::<SocketAddr>().unwrap();
        config.listen = vec![any("127.0.0.1:0"), any("127.0.0.1:0")];
    })
    .await;
    let addresses = scene.server.local_addrs();
    assert_eq!(addresses.len(), 2);
    for address in addresses {
        assert_eq!(http::get(*address, "/request_info").await.status, 200);
    }
}
