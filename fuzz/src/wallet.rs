//! What is asked of a wallet server, over real HTTP, and what its store may hold.

use crate::records::{Planted, watched};
use p2pow_client::{Config as SenderConfig, Patience, Sender};
use p2pow_store::{SqliteStore, Store};
use p2pow_wallet::{BindError, Config, Cost, Parts, Password, WalletServer};
use serde_json::Value;
use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::runtime::Runtime;

/// Nobody listens there.
const NODE: &str = "http://127.0.0.1:1";

/// A sender whose node is away.
pub(crate) fn sender() -> Sender {
    let patience = Patience { deal: Duration::from_millis(50), ..Patience::default() };
    let config = SenderConfig { patience, ..SenderConfig::default() };
    Sender::new(nano_rpc::Client::new(NODE).expect("it is a URL"), config)
}

async fn bind(store: Arc<dyn Store>) -> Result<WalletServer, BindError> {
    let config = Config {
        listen: vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0))],
        cost: Cost::new(8, 1, 1).expect("it is the least"),
        wait: Duration::ZERO,
        give_up: Duration::ZERO,
        most_waiting: 64,
        ..Config::default()
    };
    let parts = Parts {
        node: nano_rpc::Client::new(NODE).expect("it is a URL"),
        sender: sender(),
        store,
        owners: None,
        password: Password::new("correct horse").expect("it is long enough"),
    };
    WalletServer::bind(config, parts).await
}

/// A server for all inputs.
fn address() -> SocketAddr {
    static SERVER: OnceLock<(Runtime, WalletServer)> = OnceLock::new();
    let (_, server) = SERVER.get_or_init(|| {
        let runtime = Runtime::new().expect("there are threads");
        let store = SqliteStore::in_memory().expect("there is memory").shared();
        let server = runtime.block_on(bind(store)).expect("it can be bound");
        (runtime, server)
    });
    server.local_addrs()[0]
}

/// Posts the bytes: the status and the body of what comes back.
fn post(path: &str, bytes: &[u8]) -> (u16, Value) {
    let to = address();
    let mut stream = TcpStream::connect(to).expect("the server listens");
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {to}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        bytes.len()
    );
    // A body that is too long is refused before all of it is read.
    let _ = stream.write_all(&[head.as_bytes(), bytes].concat());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8(answer).expect("answers are text");
    let (head, body) = answer.split_once("\r\n\r\n").expect("every request is answered");
    let status =
        head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("it has a status");
    (status, serde_json::from_str(body).expect("answers are JSON"))
}

/// Whatever is posted to the wallet RPC is answered as a node answers: HTTP 200 and an object. What is no call is told so.
pub fn wallet_rpc(bytes: &[u8]) {
    let (status, answer) = watched(|| post("/", bytes));
    assert!(answer.is_object() && (status == 200 || status == 413), "{status} {answer}");
    let call: Option<Value> = serde_json::from_slice(bytes).ok();
    if !call.is_some_and(|call| call["action"].is_string()) {
        assert!(answer["error"].is_string(), "{answer}");
    }
}

/// Whatever is asked for as a payout is accepted under a name that it has, or refused with a reason.
pub fn payout_body(bytes: &[u8]) {
    let (status, answer) = watched(|| post("/payouts", bytes));
    match status {
        200 | 202 => {
            let all = [answer];
            let payouts = all[0]["payouts"].as_array().map_or(&all[..], Vec::as_slice);
            for payout in payouts {
                assert!(payout["error"].is_string() || payout["key"].is_string(), "{payout}");
            }
        }
        400..=599 => assert!(answer["error"].is_string(), "{status} {answer}"),
        _ => panic!("{status} {answer}"),
    }
}

/// Whatever stands in the records of a wallet server, it starts with it or says why not.
pub fn wallet_record(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    watched(|| {
        Runtime::new().expect("there are threads").block_on(async {
            if let Ok(server) = bind(Arc::new(Planted::new(text))).await {
                server.shutdown().await;
            }
        });
    });
}
