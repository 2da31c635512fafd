//! A server on loopback, and HTTP by hand, so that a test sees every header and can be as rude as it likes.
#![allow(dead_code, clippy::unwrap_used)] // each test file uses its part

use axum::Router;
use nano_http::{HttpConfig, HttpLimits, HttpServer};
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// Longer than anything takes that is not stuck.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);
/// Long for a machine, short for a test.
pub(crate) const SHORT: Duration = Duration::from_millis(100);

pub(crate) fn config() -> HttpConfig {
    HttpConfig { listen: vec!["127.0.0.1:0".parse().unwrap()], ..HttpConfig::default() }
}

pub(crate) fn limited(limits: HttpLimits) -> HttpConfig {
    HttpConfig { limits, ..config() }
}

pub(crate) async fn serve(config: HttpConfig, router: Router) -> HttpServer {
    HttpServer::bind(config, router).await.unwrap()
}

pub(crate) fn address(server: &HttpServer) -> SocketAddr {
    server.local_addrs()[0]
}

pub(crate) async fn connect(server: &HttpServer) -> TcpStream {
    TcpStream::connect(address(server)).await.unwrap()
}

/// An answer over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{text:?}"));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self { status, head: head.to_owned(), body: body.to_owned() }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.filter(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    }

    /// The text of the key `error`.
    pub(crate) fn error(&self) -> String {
        assert_eq!(self.header("content-type"), Some("application/json"), "{}", self.head);
        let json: serde_json::Value = serde_json::from_str(&self.body).unwrap();
        json["error"].as_str().unwrap().to_owned()
    }
}

/// Everything that comes until the server hangs up.
pub(crate) async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A connection that is reset has ended too.
    let _ = timeout(DEADLINE, stream.read_to_end(&mut bytes)).await.expect("the server hangs up");
    String::from_utf8(bytes).unwrap()
}

/// Sends these bytes and reads until the server hangs up.
pub(crate) async fn exchange(server: &HttpServer, bytes: impl AsRef<[u8]>) -> Reply {
    let mut stream = connect(server).await;
    stream.write_all(bytes.as_ref()).await.unwrap();
    Reply::parse(&rest(&mut stream).await)
}

/// Sends a request with these further headers, each with its line break.
pub(crate) async fn ask(server: &HttpServer, line: &str, headers: &str, body: &str) -> Reply {
    let length = body.len();
    let head = format!("{line} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{headers}");
    exchange(server, format!("{head}Content-Length: {length}\r\n\r\n{body}")).await
}

pub(crate) async fn get(server: &HttpServer, path: &str) -> Reply {
    ask(server, &format!("GET {path}"), "", "").await
}

/// Reads one answer of a connection that goes on.
pub(crate) async fn next(stream: &mut TcpStream) -> Reply {
    let mut text = Vec::new();
    while !text.ends_with(b"\r\n\r\n") {
        text.push(timeout(DEADLINE, stream.read_u8()).await.unwrap().unwrap());
    }
    let mut reply = Reply::parse(str::from_utf8(&text).unwrap());
    let length = reply.header("content-length").unwrap().parse().unwrap();
    let mut body = vec![0; length];
    timeout(DEADLINE, stream.read_exact(&mut body)).await.unwrap().unwrap();
    reply.body = String::from_utf8(body).unwrap();
    reply
}

/// Tries until something is so.
pub(crate) async fn eventually<F: Future<Output = bool>>(mut is_so: impl FnMut() -> F) {
    let tried = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    timeout(DEADLINE, tried).await.expect("it comes to be in time");
}
