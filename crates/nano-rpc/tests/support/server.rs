//! A server that misbehaves by script: each connection gets the next step, and the last step over and over.

#![allow(dead_code)] // every test file uses a part

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
};

/// What one connection gets after its request was read.
#[derive(Clone)]
pub(crate) enum Step {
    /// An answer of this HTTP status and body.
    Answer(u16, String),
    /// The same with one more header line.
    AnswerWith(u16, &'static str, String),
    /// These bytes and the end.
    Raw(Vec<u8>),
    /// The end, without an answer.
    Drop,
    /// Nothing, for ever.
    Hang,
    /// A good head, and then a body without end.
    Flood,
}

impl Step {
    /// A good answer.
    pub(crate) fn ok(body: impl ToString) -> Self {
        Self::Answer(200, body.to_string())
    }
}

/// A request as it came.
#[derive(Clone)]
pub(crate) struct Seen {
    /// The request line and headers.
    pub(crate) head: String,
    /// The body.
    pub(crate) body: String,
}

/// The server; it ends with the test's runtime.
pub(crate) struct Server {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    /// Starts to follow a script.
    pub(crate) async fn follow(steps: impl IntoIterator<Item = Step>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let steps: Vec<_> = steps.into_iter().collect();
        tokio::spawn(serve(listener, steps, Arc::clone(&seen)));
        Self { address, seen }
    }

    /// The server's URL.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Host and port.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The requests so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// The bodies of the requests so far, as JSON.
    pub(crate) fn asked(&self) -> Vec<serde_json::Value> {
        self.seen().iter().map(|seen| serde_json::from_str(&seen.body).unwrap()).collect()
    }
}

async fn serve(listener: TcpListener, steps: Vec<Step>, seen: Arc<Mutex<Vec<Seen>>>) {
    for number in 0.. {
        let (stream, _) = listener.accept().await.unwrap();
        let step = steps.get(number).or(steps.last()).unwrap().clone();
        tokio::spawn(answer(stream, step, Arc::clone(&seen)));
    }
}

/// Reads a request from any stream and does what the step says.
pub(crate) async fn answer<S>(mut stream: S, step: Step, seen: Arc<Mutex<Vec<Seen>>>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Some(request) = read_request(&mut stream).await else { return };
    seen.lock().unwrap().push(request);
    let reply = match step {
        Step::Answer(status, body) => reply(status, "", &body),
        Step::AnswerWith(status, header, body) => reply(status, &format!("{header}\r\n"), &body),
        Step::Raw(bytes) => bytes,
        Step::Drop => return,
        Step::Hang => return std::future::pending().await,
        Step::Flood => return flood(&mut stream).await,
    };
    stream.write_all(&reply).await.ok();
    stream.shutdown().await.ok();
}

fn reply(status: u16, header: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 {status} X\r\n{header}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
    .into_bytes()
}

async fn flood<S: AsyncWrite + Unpin>(stream: &mut S) {
    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n\"").await.ok();
    while stream.write_all(&[b'a'; 65536]).await.is_ok() {}
}

/// `None` if the client hung up instead.
async fn read_request<S: AsyncRead + Unpin>(stream: &mut S) -> Option<Seen> {
    let mut bytes = Vec::new();
    loop {
        if let Some(seen) = parse(&bytes) {
            return Some(seen);
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}

fn parse(bytes: &[u8]) -> Option<Seen> {
    let text = String::from_utf8(bytes.to_vec()).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.unwrap_or("0").parse().ok()?;
    (body.len() == length).then(|| Seen { head: head.to_owned(), body: body.to_owned() })
}
