//! A sender with several nodes, some of which are away, behind or lie.

use crate::{
    nodes::LyingNode,
    town::{Town, unsettled, xno},
};
use nano_block::{SignedBlock, StateBlock};
use nano_primitives::{Account, BlockHash};
use nano_rpc::Client;
use p2pow_client::{Config, Event, Fate, Nodes, Patience, Receipt, SendError, Sender, StateError};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// Nobody listens there.
fn away() -> Client {
    Client::new("http://127.0.0.1:1").unwrap()
}

fn is(question: &Value, action: &str) -> bool {
    question["action"] == action
}

/// A sender with these nodes that gives the others little time to catch up.
fn sender(town: &Town, port: u16, nodes: Nodes) -> (Sender, UnboundedReceiver<Event>) {
    let (listener, events) = unbounded_channel();
    let config = town.config(port);
    let patience = Patience { frontier: Duration::from_millis(200), ..config.patience };
    let config = Config { patience, ..config };
    (Sender::new(nodes, config).with_events(listener), events)
}

/// Which nodes were set aside, and why.
fn aside(mut events: UnboundedReceiver<Event>) -> Vec<(String, String)> {
    let mut told = Vec::new();
    while let Ok(event) = events.try_recv() {
        if let Event::NodeSetAside { url, reason } = event {
            told.push((url, reason));
        }
    }
    told
}

/// A node that says this of every account instead of the truth.
async fn says(town: &Town, info: impl Fn(&mut Value) + Send + Sync + 'static) -> LyingNode {
    LyingNode::start(town, move |question, answer| {
        if is(question, "account_info") && answer.get("frontier").is_some() {
            info(answer);
        }
    })
    .await
}

#[tokio::test]
async fn nodes_that_agree_are_as_one_and_one_that_is_away_is_not_missed() {
    let town = Town::found().await;
    let worker = town.worker(1, 0).await;
    for nodes in [
        Nodes::new(town.node(), [town.node()]),
        Nodes::new(away(), [town.node()]),
        Nodes::new(town.node(), [away(), town.node()]),
    ] {
        let (sender, events) = sender(&town, worker.port, nodes);
        sender.send(&town.alice, town.bob.account(), xno("1")).await.unwrap();
        assert_eq!(aside(events), []);
    }
    let (sender, _) = sender(&town, worker.port, Nodes::new(away(), [away()]));
    let error = sender.send(&town.alice, town.bob.account(), xno("1")).await.unwrap_err();
    assert!(error.to_string().contains("cannot ask"), "{error}");
    assert_eq!(town.waiting(town.bob.account()), xno("3"));
}

#[tokio::test]
async fn a_main_node_that_lies_about_the_balance_is_set_aside_for_one_that_does_not() {
    let town = Town::found().await;
    let worker = town.worker(1, 0).await;
    let liar = says(&town, |info| info["balance"] = json!(xno("2"))).await;
    let url = liar.client().url().to_owned();
    let (sender, events) = sender(&town, worker.port, Nodes::new(liar.client(), [town.node()]));
    sender.send(&town.alice, town.bob.account(), xno("1")).await.unwrap();
    let told = aside(events);
    assert!(told[0].0 == url && told[0].1.contains("but block"), "{told:?}");
    assert_eq!(town.waiting(town.bob.account()), xno("1"));
}

/// Alice makes a block that the network confirms, and a node that does not know of it.
async fn behind(town: &Town) -> (LyingNode, BlockHash) {
    let before = town.net.account(&town.alice.account()).unwrap();
    let block = before.state().change(town.bob.account()).unwrap().sign(&town.alice);
    town.net.seed(&block.into()).unwrap();
    let (old, balance, last) = (before.frontier, before.balance, block.hash());
    let node = LyingNode::start(town, move |question, answer| match question["action"].as_str() {
        Some("account_info") if answer["frontier"] == json!(last) => {
            answer["frontier"] = json!(old);
            answer["confirmed_frontier"] = json!(old);
            answer["balance"] = json!(balance);
            let count: u64 = answer["block_count"].as_str().unwrap().parse().unwrap();
            answer["block_count"] = json!((count - 1).to_string());
        }
        Some("block_info") if question["hash"] == json!(last) => {
            *answer = json!({ "error": "Block not found" });
        }
        _ => {}
    })
    .await;
    (node, last)
}

#[tokio::test]
async fn a_node_that_is_behind_does_not_make_a_fork() {
    let town = Town::found().await;
    let worker = town.worker(1, 0).await;
    let (node, last) = behind(&town).await;
    let (sender, events) = sender(&town, worker.port, Nodes::new(node.client(), [town.node()]));
    let receipt = sender.send(&town.alice, town.bob.account(), xno("1")).await.unwrap();
    assert_eq!(receipt.users[0].block.previous, last);
    let told = aside(events);
    assert!(told[0].0 == node.client().url() && told[0].1.contains("behind"), "{told:?}");
}

/// What a node says that has another confirmed block of Alice's in the place of the network's last one.
async fn forked(town: &Town) -> LyingNode {
    let before = town.net.account(&town.alice.account()).unwrap();
    let ours = before.state().change(town.bob.account()).unwrap().sign(&town.alice);
    town.net.seed(&ours.into()).unwrap();
    let theirs = before.state().change(Account::ZERO).unwrap();
    let signed: SignedBlock = theirs.sign(&town.alice).into();
    let (own, hash) = (ours.hash(), signed.hash());
    LyingNode::start(town, move |question, answer| match question["action"].as_str() {
        Some("account_info") if answer["frontier"] == json!(own) => {
            answer["frontier"] = json!(hash);
            answer["confirmed_frontier"] = json!(hash);
        }
        Some("block_info") if question["hash"] == json!(hash) => *answer = told(&theirs, &signed),
        _ => {}
    })
    .await
}

fn told(block: &StateBlock, signed: &SignedBlock) -> Value {
    json!({
        "block_account": block.account, "amount": "0", "balance": block.balance, "height": "2",
        "local_timestamp": "0", "confirmed": "true", "subtype": "change", "contents": signed,
    })
}

#[tokio::test]
async fn nodes_with_different_proven_blocks_are_refused_and_it_is_told_who_said_what() {
    let town = Town::found().await;
    let worker = town.worker(1, 0).await;
    let node = forked(&town).await;
    for nodes in
        [Nodes::new(node.client(), [town.node()]), Nodes::new(town.node(), [node.client()])]
    {
        let (sender, _) = sender(&town, worker.port, nodes);
        let error = sender.send(&town.alice, town.bob.account(), xno("1")).await.unwrap_err();
        let told = error.to_string();
        assert!(matches!(error, SendError::State(StateError::Disagreement { .. })), "{told}");
        for part in [node.client().url(), town.node().url(), "(number 2)"] {
            assert!(told.contains(part), "{part}: {told}");
        }
    }
    assert_eq!(worker.server.status().busy, 0);
    assert_eq!(town.net.balance(&town.alice.account()), xno("100"));
}

#[tokio::test]
async fn a_frontier_is_confirmed_only_if_most_nodes_say_so() {
    let town = Town::found().await;
    let worker = town.worker(1, 0).await;
    let doubts = says(&town, |info| info["confirmed_frontier"] = json!("AB".repeat(32))).await;
    let (pair, _) = sender(&town, worker.port, Nodes::new(town.node(), [doubts.client()]));
    let error = pair.send(&town.alice, town.bob.account(), xno("1")).await.unwrap_err();
    assert!(matches!(error, SendError::State(StateError::Unconfirmed { .. })), "{error}");
    let three = Nodes::new(doubts.client(), [town.node(), town.node()]);
    let (three, _) = sender(&town, worker.port, three);
    three.send(&town.alice, town.bob.account(), xno("1")).await.unwrap();
}

/// What becomes of a payment that the network never confirms, where one node says that it is, beside an honest one or not.
async fn unconfirmed(is_alone: bool) -> Result<Receipt, SendError> {
    let town = Town::found().await;
    let worker = town.worker(1, 0).await;
    let liar = LyingNode::start(&town, |question, answer| {
        if is(question, "block_info") && answer.get("confirmed").is_some() {
            answer["confirmed"] = json!("true");
        }
    })
    .await;
    let others = if is_alone { vec![] } else { vec![town.node()] };
    let config = town.config(worker.port);
    let patience = Patience { deal: Duration::from_secs(4), ..config.patience };
    let sender = Sender::new(Nodes::new(liar.client(), others), Config { patience, ..config });
    town.net.faults().leave_unconfirmed(true);
    sender.send(&town.alice, town.bob.account(), xno("1")).await
}

#[tokio::test]
async fn one_of_two_nodes_cannot_make_a_payment_confirmed() {
    let error = unconfirmed(false).await.unwrap_err();
    assert_eq!(unsettled(error).items[0].fate, Fate::OnLedger);
    // The same node alone is believed: that is what a second one is for.
    unconfirmed(true).await.unwrap();
}

#[tokio::test]
async fn what_is_published_goes_to_every_node() {
    let town = Town::found().await;
    let worker = town.worker(1, 0).await;
    let given: [Arc<std::sync::Mutex<Vec<Value>>>; 2] = Default::default();
    let mut nodes = Vec::new();
    for seen in given.clone() {
        let note = move |question: &Value, _: &mut Value| {
            if is(question, "process") {
                seen.lock().unwrap().push(question["block"].clone());
            }
        };
        nodes.push(LyingNode::start(&town, note).await);
    }
    let all = Nodes::new(nodes[0].client(), [nodes[1].client()]);
    let (sender, _) = sender(&town, worker.port, all);
    sender.send(&town.alice, town.bob.account(), xno("1")).await.unwrap();
    for seen in &given {
        assert!(seen.lock().unwrap().len() >= 2, "user block and reward");
    }
}
