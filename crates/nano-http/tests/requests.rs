//! What a handler learns of a request, and what every answer carries.

#![allow(clippy::unwrap_used)]

mod common;

use axum::{
    Router,
    body::{Body, Bytes, HttpBody},
    http::{Method, StatusCode, header::CONTENT_TYPE},
    routing::get,
};
use common::{ask, config, connect, get as fetch, next, serve};
use hyper::body::Frame;
use nano_http::{Cors, HttpConfig, HttpServer, ListenError, Peer};
use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::io::AsyncWriteExt;

fn who() -> Router {
    Router::new().route("/", get(async |peer: Peer| peer.address.to_string()))
}

fn proxied() -> HttpConfig {
    HttpConfig { trusted_proxies: vec!["127.0.0.1/32".parse().unwrap()], ..config() }
}

fn open() -> HttpConfig {
    let cors = Cors {
        methods: vec![Method::GET, Method::POST],
        headers: vec![CONTENT_TYPE],
        max_age: Some(Duration::from_secs(60)),
    };
    HttpConfig { cors: Some(cors), ..config() }
}

#[tokio::test]
async fn a_client_is_known_by_its_connection_unless_a_trusted_proxy_names_it() {
    let forwarded = "X-Forwarded-For: 203.0.113.9, 198.51.100.1\r\n";
    let server = serve(config(), who()).await;
    assert_eq!(ask(&server, "GET /", forwarded, "").await.body, "127.0.0.1");
    let server = serve(proxied(), who()).await;
    assert_eq!(ask(&server, "GET /", forwarded, "").await.body, "198.51.100.1");
    assert_eq!(fetch(&server, "/").await.body, "127.0.0.1");
}

#[tokio::test]
async fn two_clients_of_one_proxied_connection_are_two() {
    let server = serve(proxied(), who()).await;
    let mut stream = connect(&server).await;
    for client in ["198.51.100.1", "198.51.100.2"] {
        let request = format!("GET / HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: {client}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        assert_eq!(next(&mut stream).await.body, client);
    }
}

#[tokio::test]
async fn a_router_without_a_server_has_no_peer() {
    use axum::extract::FromRequestParts;
    let (mut parts, ()) = axum::http::Request::new(()).into_parts();
    let peer = Peer::from_request_parts(&mut parts, &()).await;
    assert_eq!(peer, Err(StatusCode::INTERNAL_SERVER_ERROR));
}

#[tokio::test]
async fn every_answer_has_an_id_and_a_proxys_is_kept() {
    let server = serve(config(), who()).await;
    let (first, second) = (fetch(&server, "/").await, fetch(&server, "/nowhere").await);
    let ids = [&first, &second].map(|reply| reply.header("x-request-id").unwrap().to_owned());
    assert_ne!(ids[0], ids[1]);
    let forged = ask(&server, "GET /", "X-Request-Id: forged\r\n", "").await;
    assert_ne!(forged.header("x-request-id"), Some("forged"));
    let server = serve(proxied(), who()).await;
    let kept = ask(&server, "GET /", "X-Request-Id: abc\r\n", "").await;
    assert_eq!(kept.header("x-request-id"), Some("abc"));
    let long = ask(&server, "GET /", &format!("X-Request-Id: {}\r\n", "a".repeat(65)), "").await;
    assert!(long.header("x-request-id").unwrap().len() <= 20);
}

#[tokio::test]
async fn a_preflight_is_200_with_the_origin_echoed() {
    let server = serve(open(), who()).await;
    let headers = "Origin: https://wallet.example\r\nAccess-Control-Request-Method: POST\r\n\
        Access-Control-Request-Headers: content-type\r\n";
    for path in ["/", "/nowhere"] {
        let reply = ask(&server, &format!("OPTIONS {path}"), headers, "").await;
        assert_eq!(reply.status, 200);
        assert_eq!(reply.header("access-control-allow-origin"), Some("https://wallet.example"));
        assert_eq!(reply.header("access-control-allow-methods"), Some("GET,POST"));
        assert_eq!(reply.header("access-control-allow-headers"), Some("content-type"));
        assert_eq!(reply.header("access-control-max-age"), Some("60"));
        assert!(reply.header("vary").unwrap().contains("origin"));
    }
    let reply = ask(&server, "OPTIONS /", "", "").await;
    assert_eq!((reply.status, reply.header("access-control-allow-origin")), (200, Some("*")));
}

#[tokio::test]
async fn every_answer_may_be_read_by_every_page_also_those_of_no_route() {
    let server = serve(open(), who()).await;
    let page = "Origin: https://wallet.example\r\n";
    for (line, status) in
        [("GET /", 200), ("GET /nowhere", 404), ("DELETE /", 405), ("HEAD /", 200)]
    {
        for headers in ["", page] {
            let reply = ask(&server, line, headers, "").await;
            assert_eq!(reply.status, status);
            assert_eq!(reply.header("access-control-allow-origin"), Some("*"), "{line}");
            assert_eq!(reply.header("access-control-expose-headers"), Some("retry-after,location"));
        }
    }
    let rubbish = common::exchange(&server, "rubbish\r\n\r\n").await;
    assert_eq!((rubbish.status, rubbish.header("access-control-allow-origin")), (400, Some("*")));
}

#[tokio::test]
async fn without_cors_pages_are_told_nothing() {
    let server = serve(config(), who()).await;
    for line in ["GET /", "OPTIONS /"] {
        let reply = ask(&server, line, "Origin: https://wallet.example\r\n", "").await;
        assert!(!reply.head.to_lowercase().contains("access-control"), "{}", reply.head);
    }
}

#[tokio::test]
async fn an_answer_of_the_routers_own_is_left_as_it_is() {
    let bare = get(async || (StatusCode::BAD_REQUEST, [("x-own", "1")]));
    let server = serve(config(), Router::new().route("/", bare)).await;
    let reply = fetch(&server, "/").await;
    assert_eq!((reply.status, reply.header("x-own"), reply.body.as_str()), (400, Some("1"), ""));
}

/// Whatever a handler says, it is not taken for hyper's own refusal.
#[tokio::test]
async fn a_body_that_looks_like_a_refusal_is_left_as_it_is() {
    const REFUSAL: &str = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n";
    let parts = get(async || Body::new(Late { looks: 0, text: REFUSAL }));
    let server = serve(config(), Router::new().route("/", parts)).await;
    let request = "GET / HTTP/1.0\r\n\r\n";
    assert_eq!(common::exchange(&server, request).await.body, REFUSAL);
    let whole = get(async || REFUSAL);
    let server = serve(config(), Router::new().route("/", whole)).await;
    assert_eq!(common::exchange(&server, request).await.body, REFUSAL);
}

/// A body of one frame, which comes when the head has been written and flushed.
struct Late {
    looks: usize,
    text: &'static str,
}

impl HttpBody for Late {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.looks += 1;
        cx.waker().wake_by_ref();
        match self.looks {
            20 => Poll::Ready(Some(Ok(Frame::data(Bytes::from(self.text))))),
            ..20 => Poll::Pending,
            _ => Poll::Ready(None),
        }
    }
}

#[tokio::test]
async fn http_1_0_is_spoken_and_connections_go_on() {
    let server = serve(config(), who()).await;
    let reply = common::exchange(&server, "GET / HTTP/1.0\r\n\r\n").await;
    assert!(reply.head.starts_with("HTTP/1.0 200"), "{}", reply.head);
    let mut stream = connect(&server).await;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n".repeat(3).as_slice()).await.unwrap();
    for _ in 0..3 {
        assert_eq!(next(&mut stream).await.body, "127.0.0.1");
    }
}

#[tokio::test]
async fn a_server_listens_on_all_its_addresses_and_says_which_it_cannot_have() {
    let any = "127.0.0.1:0".parse().unwrap();
    let server = serve(HttpConfig { listen: vec![any, any], ..config() }, who()).await;
    let taken = server.local_addrs().to_vec();
    assert_eq!(taken.len(), 2);
    for address in &taken {
        assert!(tokio::net::TcpStream::connect(address).await.is_ok());
    }
    let again = HttpConfig { listen: vec![any, taken[1]], ..config() };
    let error = HttpServer::bind(again, who()).await.unwrap_err();
    assert_eq!(error.to_string(), format!("cannot listen on {}", taken[1]));
    let nowhere = HttpServer::bind(HttpConfig::default(), who()).await;
    assert!(matches!(nowhere, Err(ListenError::NoAddress)));
}
