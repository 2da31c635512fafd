//! The WebSocket: subscriptions, their options, and the messages.
#![allow(clippy::unwrap_used)] // the helpers are tests too

mod common;

use common::{key, quick, raw, ready, state};
use futures_util::{SinkExt, StreamExt};
use nano_block::{Block, OpenBlock, SecretKey, SendBlock, SignedBlock};
use nano_devnet::{Devnet, Dialect};
use nano_primitives::{Account, BlockHash};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

struct Client {
    net: Devnet,
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Client {
    async fn new() -> Self {
        Self::of(quick().await).await
    }

    async fn of(net: Devnet) -> Self {
        let (socket, _) = tokio_tungstenite::connect_async(net.websocket_url()).await.unwrap();
        Self { net, socket }
    }

    async fn in_dialect(dialect: Dialect) -> Self {
        Self::of(Devnet::builder().dialect(dialect).start().await.unwrap()).await
    }

    async fn is_cut_off(&mut self) -> bool {
        let next = tokio::time::timeout(Duration::from_secs(10), self.socket.next()).await;
        next.unwrap().is_none_or(|message| message.is_err())
    }

    async fn say(&mut self, message: impl ToString) {
        self.socket.send(message.to_string().into()).await.unwrap();
    }

    async fn hear(&mut self) -> Value {
        let next = tokio::time::timeout(Duration::from_secs(10), self.socket.next()).await;
        serde_json::from_str(next.unwrap().unwrap().unwrap().to_text().unwrap()).unwrap()
    }

    async fn subscribe(&mut self, topic: &str, options: Value) {
        let message =
            json!({ "action": "subscribe", "topic": topic, "ack": true, "options": options });
        self.say(message).await;
        assert_eq!(self.hear().await["ack"], "subscribe");
    }

    /// What comes before the answer to a ping: everything that was on its way.
    async fn hear_all(&mut self) -> Vec<Value> {
        self.say(json!({ "action": "ping", "id": "end" })).await;
        let mut heard = Vec::new();
        loop {
            match self.hear().await {
                message if message["id"] == "end" => return heard,
                message => heard.push(message),
            }
        }
    }

    /// The genesis account sends a raw.
    fn send(&self, to: &Account) -> BlockHash {
        let block = state(&self.net, &self.net.genesis_account()).send(*to, raw(1)).unwrap();
        self.net.process(&ready(&self.net, block, &self.net.genesis_key())).unwrap()
    }
}

#[tokio::test]
async fn a_ping_is_answered_with_its_id() {
    let mut client = Client::new().await;
    client.say(json!({ "action": "ping", "id": 7 })).await;
    let pong = client.hear().await;
    assert_eq!((&pong["ack"], &pong["id"]), (&json!("pong"), &json!("7")));
    client.say(json!({ "action": "ping" })).await;
    assert_eq!(client.hear().await["id"], Value::Null);
}

#[tokio::test]
async fn what_is_not_understood_is_ignored() {
    let mut client = Client::new().await;
    for odd in [
        "hello".to_owned(),
        "[]".to_owned(),
        json!({ "action": "subscribe", "topic": "nonsense", "ack": true }).to_string(),
        json!({ "action": "nonsense", "ack": true }).to_string(),
        json!({ "action": "update", "topic": "confirmation", "ack": true }).to_string(),
    ] {
        client.say(odd).await;
    }
    assert_eq!(client.hear_all().await, [] as [Value; 0]);
}

/// RsNano deserializes a message into types, and ends the session where that fails.
#[tokio::test]
async fn rsnano_ends_the_session_over_a_message_of_other_types() {
    let subscribe = |topic: &str, options: Value| json!({ "action": "subscribe", "topic": topic, "ack": true, "id": "1", "options": options });
    let ends = [
        json!("hello"),
        json!([]),
        json!({ "action": "ping", "id": 7 }),
        json!({ "action": "subscribe", "topic": "confirmation", "ack": "true" }),
        json!({ "action": "subscribe", "topic": "confirmation", "ack": null }),
        subscribe("confirmation", json!({ "include_block": "true" })),
        subscribe("confirmation", json!({ "all_local_accounts": 1 })),
        subscribe("confirmation", json!({ "accounts": "nano_" })),
        subscribe("confirmation", json!({ "accounts": [7] })),
        subscribe("confirmation", json!({ "confirmation_type": true })),
        subscribe("confirmation", json!("include_block")),
        subscribe("vote", json!({ "include_replays": "true" })),
    ];
    for message in ends {
        let mut client = Client::in_dialect(Dialect::RsNano).await;
        client.say(&message).await;
        assert!(client.is_cut_off().await, "{message}");
        // The reference node reads it, or skips it.
        let mut client = Client::in_dialect(Dialect::Reference).await;
        client.say(&message).await;
        client.hear_all().await;
    }
    let stays = [
        subscribe("confirmation", json!({ "include_block": true, "accounts": ["nano_odd"] })),
        subscribe("confirmation", Value::Null),
        subscribe("new_unconfirmed_block", json!({ "include_block": "true" })),
        json!({ "action": "nonsense", "ack": true, "options": { "include_block": "true" } }),
    ];
    let mut client = Client::in_dialect(Dialect::RsNano).await;
    for message in stays {
        client.say(&message).await;
    }
    assert_eq!(client.hear_all().await.len(), 3);
}

#[tokio::test]
async fn nobody_hears_what_was_not_subscribed_to() {
    let mut client = Client::new().await;
    client.subscribe("vote", json!({})).await;
    client.send(&key(2).account());
    assert_eq!(client.hear_all().await, [] as [Value; 0]);
}

#[tokio::test]
async fn a_block_is_told_when_it_comes_and_when_it_is_confirmed() {
    let mut client = Client::new().await;
    client.subscribe("new_unconfirmed_block", json!({})).await;
    client.subscribe("confirmation", json!({})).await;
    let hash = client.send(&key(2).account());
    let arrived = client.hear().await;
    assert_eq!(arrived["topic"], "new_unconfirmed_block");
    assert_eq!((&arrived["hash"], &arrived["message"]["subtype"]), (&json!(hash), &json!("send")));
    let confirmed = client.hear().await;
    assert_eq!(confirmed["topic"], "confirmation");
    let message = &confirmed["message"];
    assert_eq!(message["hash"], json!(hash));
    assert_eq!(message["amount"], "1");
    assert_eq!(message["confirmation_type"], "active_quorum");
    let block: SignedBlock = serde_json::from_value(message["block"].clone()).unwrap();
    assert_eq!(block.hash(), hash);
    assert_eq!(message["election_info"], Value::Null);
}

#[tokio::test]
async fn options_add_and_leave_out() {
    let mut client = Client::new().await;
    let options = json!({
        "include_block": "false",
        "include_election_info": "true",
        "include_sideband_info": true,
    });
    client.subscribe("confirmation", options).await;
    client.send(&key(2).account());
    let message = client.hear().await["message"].clone();
    assert_eq!(message["block"], Value::Null);
    assert_eq!(message["election_info"]["blocks"], "1");
    assert_eq!(message["sideband"]["height"], "4");
    client.subscribe("confirmation", json!({ "include_linked_account": true })).await;
    client.send(&key(2).account());
    let block = client.hear().await["message"]["block"].clone();
    assert_eq!(block["linked_account"], json!(key(2).account()));
}

#[tokio::test]
async fn accounts_are_filtered_by_who_sends_and_who_is_sent_to() {
    let mut client = Client::new().await;
    let (bob, carol) = (key(2).account(), key(3).account());
    client.subscribe("confirmation", json!({ "accounts": [bob, "nonsense"] })).await;
    let to_bob = client.send(&bob);
    client.send(&carol);
    let heard = client.hear_all().await;
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert_eq!(heard[0]["message"]["hash"], json!(to_bob));
}

#[tokio::test]
async fn a_filter_is_updated() {
    let mut client = Client::new().await;
    let (bob, carol) = (key(2).account(), key(3).account());
    client.subscribe("confirmation", json!({ "accounts": [bob] })).await;
    let options = json!({ "accounts_add": [carol], "accounts_del": [bob] });
    let update =
        json!({ "action": "update", "topic": "confirmation", "ack": true, "options": options });
    client.say(update).await;
    assert_eq!(client.hear().await["ack"], "update");
    client.send(&bob);
    let to_carol = client.send(&carol);
    let heard = client.hear_all().await;
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert_eq!(heard[0]["message"]["hash"], json!(to_carol));
}

#[tokio::test]
async fn unsubscribed_it_is_silent() {
    let mut client = Client::new().await;
    client.subscribe("confirmation", json!({})).await;
    let message =
        json!({ "action": "unsubscribe", "topic": "confirmation", "ack": true, "id": "bye" });
    client.say(message).await;
    let ack = client.hear().await;
    assert_eq!((&ack["ack"], &ack["id"]), (&json!("unsubscribe"), &json!("bye")));
    client.send(&key(2).account());
    assert_eq!(client.hear_all().await, [] as [Value; 0]);
}

/// How each of three blocks was confirmed: seeded, by the election of a block above it, by its own.
#[tokio::test]
async fn confirmations_differ_in_how_they_came_about() {
    let types: [(Value, &[usize]); 5] = [
        (json!("all"), &[0, 1, 2]),
        (json!("active"), &[1, 2]),
        (json!("active_quorum"), &[2]),
        (json!("ACTIVE_CONFIRMATION_HEIGHT"), &[1]),
        (json!("inactive"), &[0]),
    ];
    for (kind, expected) in types {
        let mut client = Client::new().await;
        client.subscribe("confirmation", json!({ "confirmation_type": kind })).await;
        let bob = key(2).account();
        let seeded = client.net.fund(&bob, raw(1)).unwrap();
        client.net.faults().leave_unconfirmed(true);
        let hashes = [seeded, client.send(&bob), client.send(&bob)];
        client.net.confirm_now(&hashes[2]).unwrap();
        let heard: Vec<_> = client
            .hear_all()
            .await
            .into_iter()
            .map(|message| message["message"]["hash"].clone())
            .collect();
        let expected: Vec<_> = expected.iter().map(|place| json!(hashes[*place])).collect();
        assert_eq!(heard, expected, "{kind}");
    }
}

#[tokio::test]
async fn legacy_blocks_have_no_subtype() {
    let net = nano_devnet::Devnet::builder()
        .epoch_0()
        .confirmation_delay(Duration::ZERO)
        .start()
        .await
        .unwrap();
    let mut client = Client::of(net).await;
    client.subscribe("new_unconfirmed_block", json!({})).await;
    let (genesis, bob): (SecretKey, SecretKey) = (client.net.genesis_key(), key(2));
    let send = SendBlock {
        previous: client.net.account(&genesis.account()).unwrap().frontier,
        destination: bob.account(),
        balance: raw(u128::MAX - 5),
    };
    let source = client.net.seed(&Block::Send(send).sign(&genesis)).unwrap();
    let open = OpenBlock { source, representative: genesis.account(), account: bob.account() };
    client.net.seed(&Block::Open(open).sign(&bob)).unwrap();
    for kind in ["send", "open"] {
        let message = client.hear().await["message"].clone();
        assert_eq!((&message["type"], &message["subtype"]), (&json!(kind), &Value::Null));
    }
}

#[tokio::test]
async fn a_closing_network_says_goodbye() {
    let mut client = Client::new().await;
    client.net.shutdown().await;
    let next = tokio::time::timeout(Duration::from_secs(10), client.socket.next()).await.unwrap();
    assert!(matches!(next, Some(Ok(message)) if message.is_close()));
}
