//! RPC in the reference node's shapes: the HTTP around it, how requests are read, and what the
//! actions answer.
#![allow(clippy::unwrap_used)] // the helpers are tests too

#[path = "../common/mod.rs"]
mod common;
mod http;
mod keys;
mod ledger;
mod odd;
mod shapes;

use common::{Http, key, quick, raw, ready, state};
use nano_devnet::Devnet;
use nano_primitives::{Account, BlockHash};
use serde_json::Value;

/// Alice was opened with 100 raw, sent 40 of them to Bob, and 7 wait for her.
struct Scene {
    net: Devnet,
    http: Http,
    alice: Account,
    bob: Account,
    open: BlockHash,
    send: BlockHash,
    waiting: BlockHash,
}

async fn scene() -> Scene {
    let net = quick().await;
    let (alice, bob) = (key(1), key(2).account());
    let open = net.open(&alice, raw(100)).unwrap();
    let send = state(&net, &alice.account()).send(bob, raw(40)).unwrap();
    let send = net.process(&ready(&net, send, &alice)).unwrap();
    let waiting = net.fund(&alice.account(), raw(7)).unwrap();
    Scene { http: Http::new(&net), alice: alice.account(), bob, open, send, waiting, net }
}

impl Scene {
    async fn ask(&self, request: Value) -> Value {
        self.http.ask(request).await
    }

    async fn refusal(&self, request: Value) -> String {
        self.http.refusal(request).await
    }
}
