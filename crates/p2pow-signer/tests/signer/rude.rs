//! A signer that is none.

use nano_block::StateBlock;
use serde_json::{Value, json};
use std::{path::Path, sync::Arc};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{UnixListener, UnixStream},
    task::JoinHandle,
};

/// What it answers when it is asked to sign; nothing, if it hangs up.
type Reply = dyn Fn(&Value) -> Option<String> + Send + Sync;

pub(crate) struct Rude(Arc<Reply>);

impl Rude {
    /// The same line, whatever it is asked to sign.
    pub(crate) fn says(line: &str) -> Self {
        let line = line.to_owned();
        Self(Arc::new(move |_| Some(line.clone())))
    }

    pub(crate) fn hangs_up() -> Self {
        Self(Arc::new(|_| None))
    }

    /// The hash that was asked for, and these digits for a signature.
    pub(crate) fn signing_with(digits: &'static str) -> Self {
        Self(Arc::new(move |asked| {
            let block: StateBlock = serde_json::from_value(asked["block"].clone()).unwrap();
            let signed = json!({ "hash": block.hash(), "signature": digits.repeat(64) });
            Some(json!({ "version": 1, "signed": signed }).to_string())
        }))
    }

    /// Listens at the path until it is aborted.
    pub(crate) fn listen(self, path: &Path, accounts: &str) -> JoinHandle<()> {
        let listener = UnixListener::bind(path).unwrap();
        let accounts = accounts.to_owned();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                self.serve(stream, &accounts).await;
            }
        })
    }

    async fn serve(&self, mut stream: UnixStream, accounts: &str) {
        let (from, mut to) = stream.split();
        let mut line = String::new();
        BufReader::new(from).read_line(&mut line).await.unwrap();
        let asked: Value = serde_json::from_str(&line).unwrap();
        let reply = match asked["action"].as_str() {
            Some("accounts") => Some(accounts.to_owned()),
            _ => (self.0)(&asked),
        };
        if let Some(reply) = reply {
            to.write_all(format!("{reply}\n").as_bytes()).await.unwrap();
        }
    }
}
