//! A node that says it took blocks that it did not, while its gate is shut.

use super::http;
use axum::{Router, body::Bytes, extract::State, response::Response};
use nano_block::SignedBlock;
use nano_devnet::Devnet;
use nano_http::{HttpConfig, HttpServer, json};
use nano_rpc::Client;
use serde_json::{Value, json as object};
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// Stands in front of a network's node.
pub(crate) struct Pretender {
    server: HttpServer,
    pretends: Arc<AtomicBool>,
}

#[derive(Clone)]
struct Behind {
    node: SocketAddr,
    pretends: Arc<AtomicBool>,
}

impl Pretender {
    pub(crate) async fn start(net: &Devnet) -> Self {
        let pretends = Arc::new(AtomicBool::new(true));
        let behind = Behind { node: net.rpc_addr(), pretends: Arc::clone(&pretends) };
        let config =
            HttpConfig { listen: vec!["127.0.0.1:0".parse().unwrap()], ..HttpConfig::default() };
        let router = Router::new().fallback(answer).with_state(behind);
        Self { server: HttpServer::bind(config, router).await.unwrap(), pretends }
    }

    pub(crate) fn behave(&self) {
        self.pretends.store(false, Ordering::SeqCst);
    }

    pub(crate) fn client(&self) -> Client {
        let url = format!("http://{}", self.server.local_addrs()[0]);
        Client::builder(&url).retries(0).build().unwrap()
    }
}

async fn answer(State(behind): State<Behind>, body: Bytes) -> Response {
    let asked: Value = serde_json::from_slice(&body).unwrap();
    if asked["action"] == "process" && behind.pretends.load(Ordering::SeqCst) {
        let block: SignedBlock = serde_json::from_value(asked["block"].clone()).unwrap();
        return json(200.try_into().unwrap(), object!({ "hash": block.hash() }).to_string());
    }
    let response = http::post(behind.node, "/", &body).await;
    json(response.status.try_into().unwrap(), response.body)
}
