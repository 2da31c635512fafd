//! A worker that says whatever it is told to say.

use crate::town::at;
use nano_primitives::{Account, Amount};
use p2pow_protocol::fees::fee_receive;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// What it does with a request.
pub(crate) enum Reply {
    /// Answers these bytes and closes.
    Bytes(Vec<u8>),
    /// Keeps the connection and says nothing.
    Silence,
    /// Never stops talking.
    Endless,
    /// Says for ever that it is about to answer.
    Interim,
    /// Answers a byte now and then.
    Drip,
}

/// What it was asked.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) body: Value,
}

/// A listening worker; it stops when dropped.
pub(crate) struct Fake {
    pub(crate) port: u16,
    pub(crate) asked: Arc<Mutex<Vec<Asked>>>,
    task: JoinHandle<()>,
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Fake {
    /// Listens at 127.0.0.`last`; port 0 takes a free one.
    pub(crate) async fn start(
        last: u8,
        port: u16,
        answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(at(last, port)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (answer, log) = (Arc::new(answer), Arc::clone(&asked));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (answer, log) = (Arc::clone(&answer), Arc::clone(&log));
                tokio::spawn(async move {
                    // A client that hangs up is part of many tests.
                    let _ = serve(stream, &*answer, &log).await;
                });
            }
        });
        Self { port, asked, task }
    }

    /// How often a path was asked for.
    pub(crate) fn count(&self, path: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|asked| asked.path == path).count()
    }
}

async fn serve(
    mut stream: TcpStream,
    answer: &(dyn Fn(&Asked) -> Reply + Send + Sync),
    log: &Mutex<Vec<Asked>>,
) -> std::io::Result<()> {
    let asked = read(&mut stream).await?;
    log.lock().unwrap().push(asked.clone());
    match answer(&asked) {
        Reply::Bytes(bytes) => stream.write_all(&bytes).await,
        Reply::Drip => loop {
            stream.write_all(b"H").await?;
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        },
        Reply::Silence => std::future::pending().await,
        Reply::Interim => loop {
            stream.write_all(&b"HTTP/1.1 100 Continue\r\n\r\n".repeat(64)).await?;
        },
        Reply::Endless => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{").await?;
            loop {
                stream.write_all(&[b' '; 4096]).await?;
            }
        }
    }
}

/// Reads one request: the head, then as many bytes as it announces.
pub(crate) async fn read(stream: &mut TcpStream) -> std::io::Result<Asked> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        more(stream, &mut bytes).await?;
    };
    let text = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
    let length = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))
        .map_or(0, |length| length.trim().parse().unwrap());
    while bytes.len() < head + length {
        more(stream, &mut bytes).await?;
    }
    let path = text.split(' ').nth(1).unwrap_or_default().to_owned();
    let body = serde_json::from_slice(&bytes[head..]).unwrap_or(Value::Null);
    Ok(Asked { path, body })
}

async fn more(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> std::io::Result<()> {
    let mut part = [0; 4096];
    match stream.read(&mut part).await? {
        0 => Err(std::io::ErrorKind::UnexpectedEof.into()),
        count => {
            bytes.extend_from_slice(&part[..count]);
            Ok(())
        }
    }
}

/// A complete HTTP answer.
pub(crate) fn http(status: u16, head: &str, body: &str) -> Reply {
    let length = body.len();
    Reply::Bytes(
        format!(
            "HTTP/1.1 {status} X\r\n{head}connection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        )
        .into_bytes(),
    )
}

pub(crate) fn json(status: u16, body: &Value) -> Reply {
    http(status, "content-type: application/json\r\n", &body.to_string())
}

/// A good offer, to be spoiled.
pub(crate) fn info(account: Account, fee: Amount) -> Value {
    json!({
        "version": "2.0.0", "status": "available", "reward_account": account,
        "fee": fee, "fee_receive": fee_receive(fee), "dynamic_fee": false,
        "min_multiplier": 1.0, "max_multiplier": 30.0,
    })
}
