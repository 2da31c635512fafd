//! One request over a connection of its own, and a stream of events.

use serde_json::Value;
use std::net::SocketAddr;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The value of a header, by its name in small letters.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.head.lines().filter_map(|line| line.split_once(": "));
        headers.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// What is asked: a method, a path, headers and a body.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ask<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) headers: &'a [(&'a str, &'a str)],
    pub(crate) body: Option<&'a Value>,
}

pub(crate) async fn ask(to: SocketAddr, asked: Ask<'_>) -> Reply {
    let mut stream = send(to, asked).await;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Reply { status, head: head.to_owned(), body: body.to_owned() }
}

async fn send(to: SocketAddr, asked: Ask<'_>) -> TcpStream {
    let body = asked.body.map(Value::to_string).unwrap_or_default();
    let method = if asked.method.is_empty() { "GET" } else { asked.method };
    let mut text = format!("{method} {} HTTP/1.1\r\nconnection: close\r\n", asked.path);
    if !asked.headers.iter().any(|(name, _)| *name == "host") {
        text.push_str(&format!("host: {to}\r\n"));
    }
    for (name, value) in asked.headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
    let mut stream = TcpStream::connect(to).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

/// Events as they come.
pub(crate) struct Events {
    stream: TcpStream,
    rest: String,
}

impl Events {
    /// Listens; the first event has come when this is answered.
    pub(crate) async fn listen(to: SocketAddr, token: &str) -> Self {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str())];
        let stream =
            send(to, Ask { path: "/api/events", headers: &headers, ..Ask::default() }).await;
        let mut events = Self { stream, rest: String::new() };
        events.until(|event, _| event == "hello").await;
        events
    }

    /// Reads until an event is like this.
    pub(crate) async fn until(&mut self, is: impl Fn(&str, &Value) -> bool) -> Value {
        loop {
            while let Some((part, rest)) = self.rest.split_once("\n\n") {
                let (part, rest) = (part.to_owned(), rest.to_owned());
                self.rest = rest;
                let field = |name: &str| {
                    part.lines()
                        .find_map(|line| line.strip_prefix(name))
                        .map(str::trim)
                        .map(str::to_owned)
                };
                if let (Some(event), Some(data)) = (field("event:"), field("data:")) {
                    let data = serde_json::from_str(&data).unwrap();
                    if is(&event, &data) {
                        return data;
                    }
                }
            }
            let mut bytes = vec![0; 64 * 1024];
            let read = self.stream.read(&mut bytes).await.unwrap();
            assert!(read > 0, "the stream has ended: {}", self.rest);
            // Lines that frame chunks stand between events and have no field's name.
            self.rest.push_str(&String::from_utf8_lossy(&bytes[..read]).replace("\r\n", "\n"));
        }
    }
}
