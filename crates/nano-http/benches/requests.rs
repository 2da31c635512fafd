//! Requests a second of a trivial router: `axum::serve` beside this server, in turn, in one run.
//!
//! `cargo bench -p nano-http`

#![allow(clippy::unwrap_used)]

use axum::{Router, routing::get};
use nano_http::{Cors, HttpConfig, HttpServer};
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

const ROUNDS: usize = 5;
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n";

fn router() -> Router {
    Router::new().route("/", get(async || r#"{"hello":"world"}"#))
}

async fn ask(stream: &mut TcpStream, answer: &mut [u8]) {
    stream.write_all(REQUEST).await.unwrap();
    let mut length = 0;
    while !answer[..length].ends_with(b"}") {
        length += stream.read(&mut answer[length..]).await.unwrap();
    }
}

/// So many requests over each of so many connections; how long one takes on average.
async fn requests(address: SocketAddr, connections: u32, each: u32) -> Duration {
    let started = Instant::now();
    let clients = (0..connections).map(|_| {
        tokio::spawn(async move {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.set_nodelay(true).unwrap();
            let mut answer = [0; 1024];
            for _ in 0..each {
                ask(&mut stream, &mut answer).await;
            }
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap();
    }
    started.elapsed() / (connections * each)
}

async fn plain() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async { axum::serve(listener, router()).await });
    address
}

async fn hardened(cors: Option<Cors>) -> HttpServer {
    let listen = vec!["127.0.0.1:0".parse().unwrap()];
    let config = HttpConfig { listen, cors, ..HttpConfig::default() };
    HttpServer::bind(config, router()).await.unwrap()
}

#[tokio::main]
async fn main() {
    let open = Cors::default();
    let servers = [hardened(None).await, hardened(Some(open)).await];
    let addresses = [plain().await, servers[0].local_addrs()[0], servers[1].local_addrs()[0]];
    for (connections, each) in [(1, 10_000), (32, 1000), (60, 1)] {
        let mut best = [Duration::MAX; 3];
        for _ in 0..ROUNDS {
            for (best, address) in best.iter_mut().zip(addresses) {
                *best = requests(address, connections, each).await.min(*best);
            }
        }
        let [plain, hardened, open] = best.map(|time| time.as_secs_f64() * 1e6);
        println!(
            "{connections} connections of {each} requests: axum::serve {plain:.1} us, \
             nano-http {hardened:.1} us ({:.2}), with CORS {open:.1} us ({:.2})",
            hardened / plain,
            open / plain,
        );
    }
}
