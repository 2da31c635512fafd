//! Exchanges that were recorded from a real node, replayed over real HTTP and a real WebSocket.
//!
//! The node was RsNano 2.0, the second implementation, on a private dev network with the public
//! genesis block and key. `happy-path.jsonl` began with a fresh ledger at epoch 0.
//! `process-answers.jsonl` began with a ledger whose genesis account had been lifted to epoch 2;
//! the two epoch blocks are not in the recording, but the first recorded block names the second
//! one's hash as its predecessor, and the blocks that a network here starts with have that hash. So
//! every recorded block is replayed as it is, with its recorded work and signature. The two blocks
//! that the recorded node's wallet made are in `websocket.jsonl` and are handed in where the wallet
//! was asked.
//!
//! Answers must have the same status, fields and values. Times count by their shape. Every other
//! difference is listed, with its reason, in `differences.rs`; one that is listed and does not
//! differ fails the test too.
#![allow(clippy::unwrap_used)] // the helpers are tests too

#[path = "../common/mod.rs"]
mod common;
mod compare;
mod differences;
mod recording;

use common::{Http, eventually};
use compare::differences as differing_paths;
use differences::{Difference, HAPPY_PATH, PROCESS_ANSWERS};
use futures_util::{SinkExt, StreamExt};
use nano_block::SignedBlock;
use nano_devnet::{Builder, Devnet, Dialect};
use recording::{Exchange, Kept, exchanges, messages_of_node};
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};

const HAPPY_PATH_LINES: &str = include_str!("../data/happy-path.jsonl");
const PROCESS_ANSWERS_LINES: &str = include_str!("../data/process-answers.jsonl");
const WEBSOCKET_LINES: &str = include_str!("../data/websocket.jsonl");

/// A network with the recorded node's shapes, which confirms at once so that nothing depends on a
/// clock.
fn recorded_node() -> Builder {
    Devnet::builder().dialect(Dialect::RsNano).confirmation_delay(Duration::ZERO).work_threads(1)
}

#[tokio::test]
async fn happy_path_replays() {
    let net = recorded_node().epoch_0().start().await.unwrap();
    let found = replay(&net, &exchanges(HAPPY_PATH_LINES)).await;
    check(&found, HAPPY_PATH);
}

#[tokio::test]
async fn process_answers_replay() {
    let net = recorded_node().start().await.unwrap();
    let found = replay(&net, &exchanges(PROCESS_ANSWERS_LINES)).await;
    check(&found, PROCESS_ANSWERS);
}

/// A path of an exchange at which the answers differ, and what is there in ours.
type Found = BTreeMap<(String, String), Value>;

async fn replay(net: &Devnet, exchanges: &[Exchange]) -> Found {
    let http = Http::new(net);
    let mut found = Found::new();
    for exchange in exchanges {
        let (status, text) = http.post(exchange.body()).await.unwrap();
        assert_eq!(status, 200, "{}: {text}", exchange.title);
        let ours: Value = serde_json::from_str(&text).unwrap();
        let paths = match exchange.json() {
            Some((recorded, kept)) => differing_paths(&recorded, &ours, kept),
            None => [String::new()].into(),
        };
        for path in paths {
            let value = at(&ours, &path).clone();
            found.insert((exchange.title.clone(), path), value);
        }
        play_the_wallet(net, exchange);
    }
    found
}

/// Hands in the block that the recorded node's wallet made at this point.
fn play_the_wallet(net: &Devnet, exchange: &Exchange) {
    let made = exchange.answer["block"].as_str();
    let Some(hash) = made.filter(|_| exchange.body().contains("\"wallet\"")) else { return };
    let block = recorded_blocks().into_iter().find(|block| block.hash().to_string() == hash);
    let block = block.unwrap_or_else(|| panic!("block {hash} was not recorded"));
    if net.block(&block.hash()).is_none() {
        net.process(&block).unwrap();
    }
}

fn recorded_blocks() -> Vec<SignedBlock> {
    messages_of_node(WEBSOCKET_LINES)
        .into_iter()
        .filter(|message| message["topic"] == "new_unconfirmed_block")
        .map(|message| serde_json::from_value(message["message"].clone()).unwrap())
        .collect()
}

fn at<'a>(answer: &'a Value, path: &str) -> &'a Value {
    path.split('.').filter(|name| !name.is_empty()).fold(answer, |value, name| {
        value.get(name).or_else(|| value.get(name.parse::<usize>().ok()?)).unwrap_or(&Value::Null)
    })
}

/// What was found is what is listed: nothing more, nothing less, and with the values that are
/// listed.
fn check(found: &Found, listed: &[Difference]) {
    let mut unlisted = found.clone();
    let mut problems = Vec::new();
    for difference in listed {
        for (title, path, wanted) in difference.places() {
            match unlisted.remove(&(title.clone(), path.clone())) {
                None => problems
                    .push(format!("{title} [{path}] does not differ, though {}", difference.why)),
                Some(ours) if !difference.fits(&wanted, &ours) => {
                    problems.push(format!("{title} [{path}] is {ours}, wanted {wanted}"));
                }
                Some(_) => {}
            }
        }
    }
    let unlisted = unlisted.iter().map(|((title, path), ours)| format!("{title} [{path}]: {ours}"));
    problems.extend(unlisted);
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

/// The recorded node told of the first confirmation twice, so a message counts once here.
#[tokio::test]
async fn websocket_messages_replay() {
    let net = recorded_node().epoch_0().start().await.unwrap();
    let (mut socket, _) = tokio_tungstenite::connect_async(net.websocket_url()).await.unwrap();
    for line in WEBSOCKET_LINES.lines().filter(|line| line.contains("\"from\": \"client\"")) {
        let message: Value = serde_json::from_str(line).unwrap();
        socket.send(message["message"].to_string().into()).await.unwrap();
    }
    let recorded = messages_of_node(WEBSOCKET_LINES);
    let acknowledgements = recorded.iter().filter(|message| message["ack"].is_string()).count();
    let mut ours = Vec::new();
    while ours.len() < acknowledgements {
        ours.push(next_json(&mut socket).await);
    }
    for block in recorded_blocks() {
        net.process(&block).unwrap();
    }
    while ours.len() < acknowledgements + 2 * recorded_blocks().len() {
        ours.push(next_json(&mut socket).await);
    }
    for message in &ours {
        let twin = recorded.iter().find(|recorded| name_of(recorded) == name_of(message));
        let twin = twin.unwrap_or_else(|| panic!("{message} was not recorded"));
        let paths: Vec<_> = differing_paths(twin, message, Kept::All).into_iter().collect();
        let expected: &[&str] = if message["topic"] == "confirmation" { &VOTES } else { &[] };
        assert!(paths.iter().all(|path| expected.contains(&path.as_str())), "{paths:?}");
    }
    eventually("every block is confirmed", || net.block_count() == (9, 9)).await;
}

/// The recorded node counted its own vote twice, and the weight at another moment.
const VOTES: [&str; 3] =
    ["message.election_info.voters", "message.election_info.tally", "message.election_info.final"];

/// What tells one message from another.
fn name_of(message: &Value) -> Value {
    json!([message["id"], message["topic"], message["hash"], message["message"]["hash"]])
}

async fn next_json<S>(socket: &mut S) -> Value
where
    S: StreamExt<
            Item = Result<
                tokio_tungstenite::tungstenite::Message,
                tokio_tungstenite::tungstenite::Error,
            >,
        > + Unpin,
{
    let next = tokio::time::timeout(Duration::from_secs(10), socket.next()).await;
    serde_json::from_str(next.unwrap().unwrap().unwrap().to_text().unwrap()).unwrap()
}
