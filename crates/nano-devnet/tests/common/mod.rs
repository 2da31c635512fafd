//! What the tests share: a client that is nothing but HTTP, and blocks that are made by hand.
#![allow(dead_code, unreachable_pub)] // every test file uses a part
#![allow(clippy::unwrap_used, clippy::missing_panics_doc)] // these are tests too

pub mod book;

use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use nano_block::{AccountState, SecretKey, SignedBlock, StateBlock};
use nano_devnet::Devnet;
use nano_primitives::{Account, Amount, Difficulty, Root, Work};
use serde_json::{Value, json};
use std::time::Duration;

/// Asks a network over real HTTP.
pub struct Http {
    client: Client<HttpConnector, Full<axum::body::Bytes>>,
    url: String,
}

impl Http {
    pub fn new(net: &Devnet) -> Self {
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { client, url: net.rpc_url() }
    }

    /// The status and the text that come back.
    pub async fn post(&self, body: impl Into<String>) -> Result<(u16, String), String> {
        let request = axum::http::Request::post(&self.url)
            .body(Full::from(body.into()))
            .map_err(|error| error.to_string())?;
        let response = self.client.request(request).await.map_err(|error| error.to_string())?;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.map_err(|error| error.to_string())?;
        let text =
            String::from_utf8(body.to_bytes().to_vec()).map_err(|error| error.to_string())?;
        Ok((status, text))
    }

    /// The JSON that comes back with status 200.
    pub async fn ask(&self, request: Value) -> Value {
        let (status, text) = self.post(request.to_string()).await.unwrap();
        assert_eq!(status, 200, "{request} -> {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// The text of the error that comes back.
    pub async fn refusal(&self, request: Value) -> String {
        let answer = self.ask(request.clone()).await;
        let text = answer["error"].as_str();
        text.unwrap_or_else(|| panic!("{request} -> {answer}, wanted an error")).to_owned()
    }

    pub async fn process(&self, block: &SignedBlock) -> Value {
        self.ask(json!({ "action": "process", "json_block": "true", "block": block })).await
    }
}

/// The request with more fields.
pub fn with(mut request: Value, more: &Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        request[name] = value.clone();
    }
    request
}

pub fn key(number: u8) -> SecretKey {
    SecretKey::from_bytes([number; 32])
}

pub fn raw(amount: u128) -> Amount {
    Amount::from_raw(amount)
}

/// The first work from zero whose value is in the range.
pub fn work_between(root: &Root, from: Difficulty, below: Difficulty) -> Work {
    (0..=u64::MAX)
        .map(Work::from_u64)
        .find(|work| (from..below).contains(&work.value(root)))
        .unwrap()
}

pub fn work(root: &Root, threshold: Difficulty) -> Work {
    work_between(root, threshold, Difficulty::MAX)
}

/// What the next block of an opened account is built from.
pub fn state(net: &Devnet, account: &Account) -> AccountState {
    net.account(account).unwrap().state()
}

/// Signs a block and gives it the most work that the network asks of any.
pub fn ready(net: &Devnet, block: StateBlock, key: &SecretKey) -> SignedBlock {
    let work = work(&block.root(), net.network().thresholds().base());
    block.sign(key).with_work(work).into()
}

/// A network that confirms at once.
pub async fn quick() -> Devnet {
    Devnet::builder().confirmation_delay(Duration::ZERO).start().await.unwrap()
}

/// Waits until the condition holds, at most ten seconds.
pub async fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    while !condition() {
        assert!(tokio::time::Instant::now() < deadline, "{what}: not within 10 seconds");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
