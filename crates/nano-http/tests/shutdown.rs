//! How a server ends: what was asked is answered, within bounds.

#![allow(clippy::unwrap_used)]

mod common;

use axum::{Router, routing::get};
use common::{DEADLINE, Reply, SHORT, address, config, connect, eventually, next, rest, serve};
use nano_http::{CancellationToken, HttpConfig, HttpServer};
use std::{sync::Arc, time::Duration};
use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    sync::{Notify, Semaphore},
    time::timeout,
};

const ASK: &[u8] = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n";

/// A route that answers when it is let; it says when it is asked.
fn gated() -> (Router, Arc<Notify>, Arc<Semaphore>) {
    let (asked, gate) = (Arc::new(Notify::new()), Arc::new(Semaphore::new(0)));
    let (told, open) = (Arc::clone(&asked), Arc::clone(&gate));
    let route = get(async move || {
        told.notify_one();
        open.acquire().await.unwrap().forget();
        "done"
    });
    (Router::new().route("/", route), asked, gate)
}

#[tokio::test]
async fn what_was_asked_is_answered_and_nothing_new_is_taken() {
    let (router, asked, gate) = gated();
    let server = serve(config(), router).await;
    let listening = address(&server);
    let mut stream = connect(&server).await;
    stream.write_all(ASK).await.unwrap();
    asked.notified().await;
    let ended = tokio::spawn(server.shutdown(DEADLINE));
    eventually(async || TcpStream::connect(listening).await.is_err()).await;
    assert!(!ended.is_finished());
    gate.add_permits(1);
    let reply = Reply::parse(&rest(&mut stream).await);
    assert_eq!((reply.status, reply.header("connection")), (200, Some("close")));
    assert_eq!(ended.await.unwrap(), 0);
}

#[tokio::test]
async fn an_idle_connection_does_not_keep_a_server_up() {
    let server = serve(config(), Router::new().route("/", get(async || "hello"))).await;
    let mut stream = connect(&server).await;
    stream.write_all(ASK).await.unwrap();
    assert_eq!(next(&mut stream).await.status, 200);
    assert_eq!(timeout(DEADLINE, server.shutdown(2 * DEADLINE)).await, Ok(0));
    assert_eq!(rest(&mut stream).await, "");
}

#[tokio::test]
async fn who_does_not_end_in_time_is_cut_off_and_counted() {
    let (router, asked, _gate) = gated();
    let server = serve(config(), router).await;
    let mut stream = connect(&server).await;
    stream.write_all(ASK).await.unwrap();
    asked.notified().await;
    assert_eq!(timeout(DEADLINE, server.shutdown(SHORT)).await, Ok(1));
    assert_eq!(rest(&mut stream).await, "");
}

#[tokio::test]
async fn a_handler_may_wait_for_the_end() {
    let closing = CancellationToken::new();
    let (seen, asked) = (closing.clone(), Arc::new(Notify::new()));
    let told = Arc::clone(&asked);
    let route = get(async move || {
        told.notify_one();
        seen.cancelled().await;
        "closing"
    });
    let config = HttpConfig { closing: closing.clone(), ..config() };
    let server = serve(config, Router::new().route("/", route)).await;
    let mut stream = connect(&server).await;
    stream.write_all(ASK).await.unwrap();
    asked.notified().await;
    closing.cancel();
    assert_eq!(next(&mut stream).await.body, "closing");
    assert_eq!(server.shutdown(DEADLINE).await, 0);
}

#[tokio::test]
async fn a_server_that_is_dropped_takes_nothing_new() {
    let (router, asked, gate) = gated();
    let server = serve(config(), router).await;
    let listening = address(&server);
    let mut stream = connect(&server).await;
    stream.write_all(ASK).await.unwrap();
    asked.notified().await;
    drop(server);
    eventually(async || TcpStream::connect(listening).await.is_err()).await;
    gate.add_permits(1);
    assert_eq!(Reply::parse(&rest(&mut stream).await).body, "done");
}

/// A client that hangs up is not worked for.
#[tokio::test]
async fn when_a_client_hangs_up_its_handler_is_dropped() {
    let (started, dropped) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (start, end) = (Arc::clone(&started), Arc::clone(&dropped));
    let route = get(async move || {
        struct Told(Arc<Notify>);
        impl Drop for Told {
            fn drop(&mut self) {
                self.0.notify_one();
            }
        }
        let _told = Told(Arc::clone(&end));
        start.notify_one();
        std::future::pending::<()>().await;
    });
    let server = serve(config(), Router::new().route("/", route)).await;
    let mut stream = connect(&server).await;
    stream.write_all(ASK).await.unwrap();
    started.notified().await;
    drop(stream);
    timeout(DEADLINE, dropped.notified()).await.unwrap();
}

/// An upgraded connection speaks when it likes, keeps its place, and is not waited for.
#[tokio::test]
async fn a_websocket_may_be_silent_and_counts_as_a_connection() {
    let limits = nano_http::HttpLimits {
        idle_within: SHORT,
        head_within: SHORT,
        connections: 1,
        ..nano_http::HttpLimits::default()
    };
    let echo = get(async |upgrade: axum::extract::ws::WebSocketUpgrade| {
        upgrade.on_upgrade(async |mut socket| {
            while let Some(Ok(message)) = socket.recv().await {
                if socket.send(message).await.is_err() {
                    break;
                }
            }
        })
    });
    let server = HttpServer::bind(common::limited(limits), Router::new().route("/", echo));
    let server = server.await.unwrap();
    let mut stream = connect(&server).await;
    let ask = "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(ask.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(tokio::io::AsyncReadExt::read_u8(&mut stream).await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 101"));
    tokio::time::sleep(4 * SHORT).await; // the silence is what is tested
    stream.write_all(&[0x81, 0x82, 0, 0, 0, 0, b'h', b'i']).await.unwrap();
    let mut echoed = [0; 4];
    tokio::io::AsyncReadExt::read_exact(&mut stream, &mut echoed).await.unwrap();
    assert_eq!(&echoed, b"\x81\x02hi");
    assert_eq!(common::get(&server, "/").await.status, 503);
    assert_eq!(timeout(DEADLINE, server.shutdown(Duration::from_secs(60))).await, Ok(0));
}
