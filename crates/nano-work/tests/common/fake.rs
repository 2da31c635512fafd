//! A work server that misbehaves as it is told, and tells what it was asked.

use serde_json::Value;
use std::{net::SocketAddr, sync::Arc};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc::{self, UnboundedReceiver, UnboundedSender},
    task::JoinHandle,
};

/// What the server does with a request.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    Answer(u16, String),
    /// Says nothing, and keeps the connection.
    Hang,
    HangUp,
}

impl Act {
    pub(crate) fn json(answer: &Value) -> Self {
        Self::Answer(200, answer.to_string())
    }
}

type Behaviour = dyn Fn(&Value) -> Act + Send + Sync;

/// A running server; it stops when dropped.
pub(crate) struct Fake {
    pub(crate) address: SocketAddr,
    asked: UnboundedReceiver<(String, Value)>,
    task: JoinHandle<()>,
}

impl Fake {
    pub(crate) async fn start(behaviour: impl Fn(&Value) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, asked) = mpsc::unbounded_channel();
        let task = tokio::spawn(accept(listener, Arc::new(behaviour), sender));
        Self { address, asked, task }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The head and the body of the next request.
    pub(crate) async fn next(&mut self) -> (String, Value) {
        let next = tokio::time::timeout(super::DEADLINE, self.asked.recv()).await;
        next.expect("a request comes in time").expect("the server runs")
    }

    /// The action of the next request.
    pub(crate) async fn next_action(&mut self) -> String {
        self.next().await.1["action"].as_str().unwrap().to_owned()
    }

    /// The requests that have come already.
    pub(crate) fn so_far(&mut self) -> usize {
        std::iter::from_fn(|| self.asked.try_recv().ok()).count()
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(
    listener: TcpListener,
    behaviour: Arc<Behaviour>,
    asked: UnboundedSender<(String, Value)>,
) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(converse(stream, Arc::clone(&behaviour), asked.clone()));
    }
}

/// Answers the requests of a connection until one is not answered or the client hangs up.
async fn converse(
    mut stream: TcpStream,
    behaviour: Arc<Behaviour>,
    asked: UnboundedSender<(String, Value)>,
) -> Option<()> {
    loop {
        let (head, body) = read(&mut stream).await?;
        let act = behaviour(&body);
        // The test may be over.
        let _ = asked.send((head, body));
        match act {
            Act::Answer(status, text) => {
                let length = text.len();
                let answer =
                    format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\n\r\n{text}");
                stream.write_all(answer.as_bytes()).await.ok()?;
            }
            Act::HangUp => return None,
            Act::Hang => drop(stream.read_to_end(&mut Vec::new()).await),
        }
    }
}

async fn read(stream: &mut TcpStream) -> Option<(String, Value)> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?.to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?;
    let mut body = vec![0; length.trim().parse().ok()?];
    stream.read_exact(&mut body).await.ok()?;
    Some((head, serde_json::from_slice(&body).ok()?))
}
