//! A device that does as it is told, a plain HTTP client, and waiting with a deadline.
#![allow(dead_code, clippy::unwrap_used)] // each test file uses its part

pub(crate) mod fake;

use nano_block::Network;
use nano_pow::{Backend, Pool, backend_fn};
use nano_primitives::{Difficulty, Root};
use nano_work::{WorkServer, WorkServerConfig};
use serde_json::{Value, json};
use std::{
    net::SocketAddr,
    thread,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Longer than anything takes that is not stuck.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);
/// A difficulty that [`tame`] never reaches, though it is below [`Difficulty::MAX`].
pub(crate) const NEVER: &str = "ffffffffffffff00";
/// A root with published work.
pub(crate) const ROOT: &str = "718CC2121C3E641059BC1C2CFC45666C99E8AE922F7A807B7D07B62C995D79E2";

/// A device that searches by the plain definition, and finds nothing where that would take long.
pub(crate) fn tame() -> Box<dyn Backend> {
    Box::new(backend_fn("tame", |task| {
        let never = task.puzzle().threshold >= NEVER.parse().unwrap();
        while never && !task.is_stopped() {
            thread::sleep(Duration::from_micros(200));
        }
        for work in task.nonces().iter().take_while(|_| !task.is_stopped()) {
            task.count(1);
            if task.puzzle().check(work).is_ok() {
                task.found(work);
            }
        }
        Ok(())
    }))
}

pub(crate) fn tame_pool() -> Pool {
    Pool::new(vec![tame()])
}

pub(crate) fn root(byte: u8) -> Root {
    Root::from_bytes([byte; 32])
}

/// A configuration for light work, without a limit of difficulty.
pub(crate) fn config() -> WorkServerConfig {
    WorkServerConfig {
        listen: "127.0.0.1:0".parse().unwrap(),
        network: Network::Dev,
        multipliers: 0.0..=f64::INFINITY,
        ..WorkServerConfig::default()
    }
}

pub(crate) fn dev_base() -> Difficulty {
    Network::Dev.thresholds().base()
}

/// A server of a [`tame_pool`].
pub(crate) async fn serve(config: WorkServerConfig) -> WorkServer {
    WorkServer::bind(config, tame_pool()).await.unwrap()
}

/// An answer over HTTP.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Reply {
    fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").expect("an answer has a head");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        Self { status: status.expect("a status"), head: head.to_owned(), body: body.to_owned() }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("an answer is JSON")
    }

    /// The text of a field.
    pub(crate) fn text(&self, field: &str) -> String {
        let json = self.json();
        json[field].as_str().unwrap_or_else(|| panic!("no {field} in {json}")).to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.filter(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    }
}

/// Sends a request as a node does and keeps the connection for its answer.
pub(crate) async fn send(server: &WorkServer, head: &str, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.local_addr()).await.unwrap();
    let length = body.len();
    let request = format!(
        "{head}\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

pub(crate) async fn receive(mut stream: TcpStream) -> Reply {
    let mut text = String::new();
    tokio::time::timeout(DEADLINE, stream.read_to_string(&mut text)).await.unwrap().unwrap();
    Reply::parse(&text)
}

/// Posts with further headers.
pub(crate) async fn post_with(server: &WorkServer, headers: &[&str], body: &str) -> Reply {
    let head = ["POST / HTTP/1.1"].iter().chain(headers).copied().collect::<Vec<_>>().join("\r\n");
    receive(send(server, &head, body).await).await
}

pub(crate) async fn post(server: &WorkServer, body: &Value) -> Reply {
    post_with(server, &[], &body.to_string()).await
}

/// Posts and leaves the connection waiting for its answer.
pub(crate) async fn ask(server: &WorkServer, body: &Value) -> TcpStream {
    send(server, "POST / HTTP/1.1", &body.to_string()).await
}

pub(crate) fn generate(root: &Root, difficulty: &str) -> Value {
    json!({ "action": "work_generate", "hash": root, "difficulty": difficulty })
}

/// Waits until something is so.
pub(crate) async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < DEADLINE, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Waits until the server says so many jobs are in hand.
pub(crate) async fn until_jobs(server: &WorkServer, jobs: &str) {
    let started = Instant::now();
    while post(server, &json!({ "action": "status" })).await.text("jobs") != jobs {
        assert!(started.elapsed() < DEADLINE, "waited in vain for {jobs} jobs");
    }
}

/// An address that nobody listens on.
pub(crate) async fn nobody() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap()
}
