//! The subscription against a node that comes, goes and misbehaves.

#![allow(clippy::unwrap_used)]

#[path = "support/node.rs"]
mod node;
#[path = "support/server.rs"]
mod server;

use nano_block::Subtype;
use nano_rpc::websocket::{Event, SubscribeError, Subscription, Topics, read_event};
use node::{Node, Peer};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::{net::TcpListener, time::timeout};

const RECORDED: &str = include_str!("data/rsnano-websocket.jsonl");
const DEADLINE: Duration = Duration::from_secs(20);

/// The recorded confirmations.
fn confirmations() -> Vec<Value> {
    let lines = RECORDED.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|message| message["topic"] == "confirmation").collect()
}

fn hash_of(message: &Value) -> String {
    message["message"]["hash"].as_str().unwrap().to_owned()
}

async fn next(events: &mut Subscription) -> Event {
    timeout(DEADLINE, events.next()).await.expect("an event in time").expect("an event")
}

/// The hash of the next event, which must be a confirmation.
async fn next_hash(events: &mut Subscription) -> String {
    match next(events).await {
        Event::Confirmation { hash, .. } => hash.to_string(),
        other => panic!("wanted a confirmation, found {other:?}"),
    }
}

/// A subscription to all confirmations that pings often, and its connection.
async fn subscribe(node: &Node) -> (Subscription, Peer) {
    let builder = Subscription::builder(&node.url(), Topics::default().confirmations())
        .ping_every(Duration::from_millis(250));
    let (events, peer) = tokio::join!(builder.connect(), node.subscribed(1));
    (events.unwrap(), peer)
}

#[test]
fn every_recorded_message_is_read() {
    let (mut confirmed, mut unconfirmed) = (Vec::new(), Vec::new());
    for line in RECORDED.lines() {
        match read_event(line.as_bytes()).unwrap() {
            Some(Event::Confirmation {
                hash, subtype, block, amount, confirmation_type, ..
            }) => {
                assert_eq!(block.unwrap().hash(), hash);
                assert!(confirmation_type.unwrap().starts_with("active_"));
                assert_eq!(amount.is_zero(), subtype == Some(Subtype::Change));
                confirmed.push(hash);
            }
            Some(Event::NewUnconfirmed { hash, subtype, .. }) => {
                assert!(subtype.is_some());
                unconfirmed.push(hash);
            }
            other => assert_eq!(other, None, "{line}"),
        }
    }
    assert_eq!((confirmed.len(), unconfirmed.len()), (9, 8));
    assert_eq!(confirmed[0], confirmed[1], "the same hash came twice");
}

#[test]
fn a_message_whose_block_is_another_is_an_error() {
    let mut message = confirmations().remove(0);
    message["message"]["block"]["balance"] = json!("5");
    let error = read_event(message.to_string().as_bytes()).unwrap_err().to_string();
    assert!(error.contains("wanted a block of hash 90F172FC"), "{error}");
}

#[test]
fn a_message_without_hash_takes_it_from_the_block() {
    let line = RECORDED.lines().find(|line| line.contains("new_unconfirmed_block")).unwrap();
    let mut message: Value = serde_json::from_str(line).unwrap();
    let hash = message.as_object_mut().unwrap().remove("hash").unwrap();
    let Some(Event::NewUnconfirmed { hash: found, .. }) =
        read_event(message.to_string().as_bytes()).unwrap()
    else {
        panic!("wanted an event")
    };
    assert_eq!(found.to_string(), hash.as_str().unwrap());
}

#[tokio::test]
async fn topics_are_subscribed_to_with_their_options() {
    let account = "nano_3e3j5tkog48pnny9dmfzj1r16pg8t1e76dz5tmac6iq689wyjfpiij4txtdo";
    let topics = Topics::default().confirmations_of([account.parse().unwrap()]).new_unconfirmed();
    let node = Node::start().await;
    let url = node.url();
    let watch = async {
        let mut peer = node.accept().await;
        let requests = [peer.receive().await.unwrap(), peer.receive().await.unwrap()];
        for request in &requests {
            peer.acknowledge(request).await;
        }
        (peer, requests)
    };
    let (events, (_peer, [first, second])) =
        tokio::join!(Subscription::connect(&url, topics), watch);
    events.unwrap();
    assert_eq!((&first["topic"], &first["ack"]), (&json!("confirmation"), &json!(true)));
    // A boolean, not a text: the recorded client sent one, and RsNano drops the session over anything else.
    assert_eq!(first["options"], json!({ "include_block": true, "accounts": [account] }));
    assert!(first["id"].is_string() && second["id"].is_string(), "RsNano reads no other id");
    assert_eq!(second["topic"], "new_unconfirmed_block");
}

#[tokio::test]
async fn events_arrive_in_order_and_twice_if_they_come_twice() {
    let node = Node::start().await;
    let (mut events, mut peer) = subscribe(&node).await;
    for message in confirmations() {
        peer.send(&message).await;
    }
    for message in confirmations() {
        assert_eq!(next_hash(&mut events).await, hash_of(&message));
    }
}

#[tokio::test]
async fn a_broken_connection_is_mended_and_said_so() {
    let node = Node::start().await;
    let (mut events, peer) = subscribe(&node).await;
    let message = confirmations().remove(0);
    drop(peer);
    for _ in 0..2 {
        assert!(matches!(next(&mut events).await, Event::Disconnected { .. }));
        let mut peer = node.subscribed(1).await;
        peer.send(&message).await;
        assert_eq!(next(&mut events).await, Event::Reconnected);
        assert_eq!(next_hash(&mut events).await, hash_of(&message));
    }
}

/// Otherwise a consumer would poll before the subscription is active, and miss what comes in between.
#[tokio::test]
async fn reconnected_comes_after_the_acknowledgement() {
    let node = Node::start().await;
    let (mut events, peer) = subscribe(&node).await;
    drop(peer);
    let mut peer = node.accept().await;
    let request = peer.receive().await.unwrap();
    peer.send(&confirmations()[0]).await;
    peer.acknowledge(&request).await;
    peer.send(&confirmations()[2]).await;
    assert!(matches!(next(&mut events).await, Event::Disconnected { .. }));
    assert_eq!(next(&mut events).await, Event::Reconnected);
    assert_eq!(next_hash(&mut events).await, hash_of(&confirmations()[2]));
}

#[tokio::test]
async fn a_dead_connection_is_noticed_and_replaced() {
    let node = Node::start().await;
    // The peer stays connected but never reads, so it never answers a ping.
    let (mut events, _peer) = subscribe(&node).await;
    let Event::Disconnected { reason } = next(&mut events).await else { panic!("wanted the end") };
    assert!(reason.ends_with("is dead: no answer to a ping within 250ms"), "{reason}");
    let _second = node.subscribed(1).await;
    assert_eq!(next(&mut events).await, Event::Reconnected);
}

#[tokio::test]
async fn a_quiet_connection_that_answers_pings_is_kept() {
    let node = Node::start().await;
    let (mut events, mut peer) = subscribe(&node).await;
    for _ in 0..5 {
        assert_eq!(peer.receive().await.unwrap(), json!({ "action": "ping" }));
        peer.send(json!({ "ack": "pong", "time": "1" })).await;
    }
    peer.send(&confirmations()[0]).await;
    assert_eq!(next_hash(&mut events).await, hash_of(&confirmations()[0]));
}

#[tokio::test]
async fn nonsense_is_skipped() {
    let node = Node::start().await;
    let (mut events, mut peer) = subscribe(&node).await;
    for nonsense in ["", "{", "[]", "7", r#"{"topic":"confirmation"}"#, r#"{"topic":"vote"}"#] {
        peer.send(nonsense).await;
    }
    peer.send(&confirmations()[0]).await;
    assert_eq!(next_hash(&mut events).await, hash_of(&confirmations()[0]));
}

#[tokio::test]
async fn a_slow_consumer_loses_nothing() {
    const MANY: usize = 3000;
    let node = Node::start().await;
    let builder = Subscription::builder(&node.url(), Topics::default().confirmations());
    let (events, mut peer) = tokio::join!(builder.connect(), node.subscribed(1));
    let mut events = events.unwrap();
    let message = confirmations().remove(0).to_string();
    let sender = tokio::spawn(async move {
        for _ in 0..MANY {
            peer.send(&message).await;
        }
        peer
    });
    for _ in 0..MANY {
        next_hash(&mut events).await;
    }
    sender.await.unwrap();
}

#[tokio::test]
async fn dropping_it_closes_the_connection() {
    let node = Node::start().await;
    let (events, mut peer) = subscribe(&node).await;
    drop(events);
    let gone = async { while peer.receive().await.is_some() {} };
    timeout(DEADLINE, gone).await.expect("the connection ends");
}

#[tokio::test]
async fn it_can_be_started_before_the_node() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let topics = Topics::default().confirmations();
    let mut events = Subscription::start(&format!("ws://{address}").parse().unwrap(), topics);
    let node = Node::at(address).await;
    let mut peer = node.subscribed(1).await;
    loop {
        match next(&mut events).await {
            Event::Disconnected { reason } => assert!(reason.contains("refused"), "{reason}"),
            event => break assert_eq!(event, Event::Reconnected),
        }
    }
    peer.send(&confirmations()[0]).await;
    assert_eq!(next_hash(&mut events).await, hash_of(&confirmations()[0]));
}

/// So that a program can say that it polls, and why; and not again with every try.
#[tokio::test]
async fn a_start_that_fails_is_told_once() {
    let node = Node::start().await;
    let topics = Topics::default().confirmations();
    let mut events = Subscription::start(&node.url().parse().unwrap(), topics);
    for _ in 0..2 {
        let mut refused = node.accept().await;
        refused.receive().await.unwrap();
    }
    let Event::Disconnected { reason } = next(&mut events).await else { panic!("wanted why") };
    assert!(reason.starts_with(&format!("connection to {} broke: ", node.url())), "{reason}");
    let mut peer = node.subscribed(1).await;
    peer.send(&confirmations()[0]).await;
    assert_eq!(next(&mut events).await, Event::Reconnected);
    assert_eq!(next_hash(&mut events).await, hash_of(&confirmations()[0]));
}

#[tokio::test]
async fn nobody_at_the_address_is_an_error() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = Subscription::connect(&url, Topics::default()).await.unwrap_err();
    assert!(error.to_string().starts_with(&format!("cannot subscribe at {url}: ")), "{error}");
    assert!(error.to_string().contains("refused"), "{error}");
}

#[tokio::test]
async fn a_web_server_without_websocket_is_an_error() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    tokio::spawn(answer_plainly(listener));
    let error = Subscription::connect(&url, Topics::default()).await.unwrap_err();
    assert!(error.to_string().contains("404"), "{error}");
    let secure = url.replace("ws://", "wss://");
    let error = Subscription::connect(&secure, Topics::default()).await.unwrap_err();
    assert!(error.to_string().contains("does not speak TLS"), "{error}");
}

async fn answer_plainly(listener: TcpListener) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.read_u8().await.unwrap();
        stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        // Read on: closing with unread bytes would reset the connection before the answer is read.
        tokio::spawn(async move { while stream.read_u8().await.is_ok() {} });
    }
}

#[tokio::test]
async fn a_node_that_acknowledges_nothing_is_given_up() {
    let node = Node::start().await;
    let builder = Subscription::builder(&node.url(), Topics::default().confirmations())
        .connect_timeout(Duration::from_millis(200));
    let (result, _peer) = tokio::join!(builder.connect(), node.accept());
    let error = result.unwrap_err();
    assert!(matches!(error, SubscribeError::TimedOut { .. }), "{error}");
}

#[tokio::test]
async fn headers_are_sent_and_not_shown() {
    let server = server::Server::follow([server::Step::Answer(401, String::new())]).await;
    let url = format!("ws://alice:hush@{}/?key=hush", server.address());
    let builder = Subscription::builder(&url, Topics::default()).header("x-api-key", "hush-hush");
    assert!(!format!("{builder:?}").contains("hush"));
    let error = builder.connect().await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hush"), "{error:?}");
    assert!(error.to_string().contains("401"), "{error}");
    let head = &server.seen()[0].head;
    assert!(head.contains("x-api-key: hush-hush") && head.contains("authorization: Basic "));
}
