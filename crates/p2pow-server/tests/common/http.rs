//! HTTP by hand, so that a test sees every header and can be as rude as it likes.

use serde_json::Value;
use std::net::SocketAddr;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

#[derive(Debug, Clone)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn json(&self) -> Value {
        let text = String::from_utf8_lossy(&self.body);
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {text}"))
    }

    /// The value of a header, in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let lines = self.head.lines().filter_map(|line| line.split_once(':'));
        let mut found = lines.filter(|(key, _)| key.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.trim().to_lowercase())
    }

    /// Status and the key `error`.
    pub(crate) fn refusal(&self) -> (u16, String) {
        (self.status, self.json()["error"].as_str().unwrap_or("(none)").to_owned())
    }

    /// `None` if the head is not whole.
    fn parse(raw: &[u8]) -> Option<Self> {
        let end = raw.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
        let head = String::from_utf8(raw[..end].to_vec()).ok()?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some(Self { status, head, body: raw[end + 4..].to_vec() })
    }
}

/// Sends these bytes and reads until the server hangs up.
pub(crate) async fn exchange(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    timeout(super::PATIENCE, stream.read_to_end(&mut answer)).await.expect("no end").unwrap();
    answer
}

/// A request with these header lines, each ending in `\r\n`; the server is asked to hang up afterwards.
pub(crate) async fn send(address: SocketAddr, line: &str, headers: &str, body: &[u8]) -> Response {
    let length = body.len();
    let head = format!(
        "{line} HTTP/1.1\r\nHost: worker\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n"
    );
    Response::parse(&exchange(address, &[head.as_bytes(), body].concat()).await).expect("no answer")
}

/// What somebody answers who may also hang up without an answer.
pub(crate) async fn try_post(address: SocketAddr, path: &str, body: &[u8]) -> Option<Response> {
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: worker\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
    );
    let mut stream = TcpStream::connect(address).await.ok()?;
    stream.write_all(&[head.as_bytes(), body].concat()).await.ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.ok()?;
    Response::parse(&answer)
}

pub(crate) async fn post(address: SocketAddr, path: &str, body: &[u8]) -> Response {
    let headers = "Content-Type: application/json\r\n";
    send(address, &format!("POST {path}"), headers, body).await
}

pub(crate) async fn get(address: SocketAddr, path: &str) -> Response {
    send(address, &format!("GET {path}"), "", b"").await
}
