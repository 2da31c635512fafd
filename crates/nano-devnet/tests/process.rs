//! The `process` action: what is checked before the ledger, and what waits, is forced or goes on in
//! the background.

#![allow(clippy::unwrap_used)] // the helpers are tests too

mod common;

use common::{Http, book::unknown, key, quick, raw, ready, state, with, work, work_between};
use nano_block::{Block, Epoch, Network, SecretKey, SendBlock, SignedBlock, StateBlock};
use nano_devnet::{Devnet, Dialect};
use nano_primitives::{Amount, BlockHash, Difficulty, Link};
use serde_json::{Value, json};

/// Alice has 100 raw.
async fn scene() -> (Devnet, Http, SecretKey) {
    let net = quick().await;
    let alice = key(1);
    net.open(&alice, raw(100)).unwrap();
    let http = Http::new(&net);
    (net, http, alice)
}

fn request(block: &SignedBlock, more: &Value) -> Value {
    with(json!({ "action": "process", "json_block": "true", "block": block }), more)
}

fn next(net: &Devnet, key: &SecretKey, balance: u128, link: impl Into<Link>) -> StateBlock {
    let state = state(net, &key.account());
    StateBlock {
        account: state.account,
        previous: state.frontier.unwrap(),
        representative: state.representative,
        balance: raw(balance),
        link: link.into(),
    }
}

#[tokio::test]
async fn a_block_is_answered_with_its_hash() {
    let (net, http, alice) = scene().await;
    let block = ready(&net, next(&net, &alice, 60, key(2).account()), &alice);
    assert_eq!(http.process(&block).await, json!({ "hash": block.hash() }));
    assert!(net.block(&block.hash()).unwrap().confirmed);
    assert_eq!(http.process(&block).await, json!({ "error": "Old block" }));
}

#[tokio::test]
async fn a_block_may_come_as_text() {
    let (net, http, alice) = scene().await;
    let block = ready(&net, next(&net, &alice, 60, key(2).account()), &alice);
    let text = serde_json::to_string(&block).unwrap();
    let answer = http.ask(json!({ "action": "process", "block": text })).await;
    assert_eq!(answer, json!({ "hash": block.hash() }));
    let no_json = json!({ "action": "process", "block": "{" });
    assert_eq!(http.refusal(no_json).await, "Block is invalid");
    let no_block = json!({ "action": "process" });
    assert_eq!(http.refusal(no_block).await, "Unable to parse JSON");
}

#[tokio::test]
async fn a_block_without_work_is_invalid() {
    let (net, http, alice) = scene().await;
    let block: SignedBlock = next(&net, &alice, 60, key(2).account()).sign(&alice).into();
    assert_eq!(http.refusal(request(&block, &json!({}))).await, "Block is invalid");
}

/// There is one threshold for legacy blocks, so the first check refuses all that is below it, in either node.
#[tokio::test]
async fn work_of_a_legacy_block_is_checked_once() {
    for dialect in [Dialect::Reference, Dialect::RsNano] {
        let net = Devnet::builder().dialect(dialect).epoch_0().start().await.unwrap();
        let thresholds = net.network().thresholds();
        let previous = net.account(&net.genesis_account()).unwrap().frontier;
        let (destination, balance) = (key(2).account(), Amount::ZERO);
        let send = Block::Send(SendBlock { previous, destination, balance });
        let send = send.sign(&net.genesis_key());
        let with = |from, below| send.with_work(work_between(&send.root(), from, below));
        let http = Http::new(&net);
        for (from, below) in
            [(Difficulty::MIN, thresholds.entry()), (thresholds.entry(), thresholds.epoch_1)]
        {
            let answer = http.process(&with(from, below)).await;
            assert_eq!(answer, json!({ "error": "Block work is less than threshold" }));
        }
        let enough = with(thresholds.epoch_1, Difficulty::MAX);
        assert_eq!(http.process(&enough).await, json!({ "hash": enough.hash() }));
    }
}

/// Below the lowest threshold of all the ledger is not asked; above it, what the block does
/// decides.
#[tokio::test]
async fn work_is_checked_twice() {
    let (net, http, alice) = scene().await;
    let thresholds = Network::Dev.thresholds();
    let block = next(&net, &alice, 60, key(2).account());
    let signed: SignedBlock = block.sign(&alice).into();
    for (from, below, words) in [
        (Difficulty::MIN, thresholds.entry(), "Block work is less than threshold"),
        (thresholds.entry(), thresholds.epoch_2, "Block work is insufficient"),
    ] {
        let block = signed.with_work(work_between(&block.root(), from, below));
        assert_eq!(http.refusal(request(&block, &json!({}))).await, words);
    }
}

/// The subtype is checked first, as in the reference node: before the work.
#[tokio::test]
async fn the_named_subtype_must_fit_the_accounts_balance() {
    let (net, http, alice) = scene().await;
    let account = key(2).account();
    let balance = "Invalid block balance for given subtype";
    let previous = "Invalid previous block for given subtype";
    let epoch = Epoch::Epoch1.link().unwrap();
    for (amount, link, subtype, words) in [
        (100, Link::from(account), "send", balance),
        (101, account.into(), "send", balance),
        (99, account.into(), "receive", balance),
        (99, account.into(), "open", previous),
        (99, account.into(), "change", balance),
        (99, epoch, "epoch", balance),
        (100, Link::ZERO, "epoch", "Invalid epoch link"),
        (99, account.into(), "nonsense", "Invalid block subtype"),
    ] {
        let block: SignedBlock = next(&net, &alice, amount, link).sign(&alice).into();
        let block = block.with_work(nano_primitives::Work::from_u64(0));
        let asked = request(&block, &json!({ "subtype": subtype }));
        assert_eq!(http.refusal(asked).await, words, "{subtype}");
    }
    let first = StateBlock {
        previous: BlockHash::ZERO,
        account: key(7).account(),
        ..next(&net, &alice, 0, account)
    };
    let first = ready(&net, first, &key(7));
    assert_eq!(http.refusal(request(&first, &json!({ "subtype": "change" }))).await, previous);
    let gap = StateBlock { previous: unknown(), ..next(&net, &alice, 60, account) };
    let gap = ready(&net, gap, &alice);
    let words = http.refusal(request(&gap, &json!({ "subtype": "send" }))).await;
    assert_eq!(words, "Gap previous block");
}

#[tokio::test]
async fn a_fitting_subtype_is_accepted() {
    let (net, http, alice) = scene().await;
    let send = ready(&net, next(&net, &alice, 60, key(2).account()), &alice);
    let sent = http.ask(request(&send, &json!({ "subtype": "send" }))).await;
    assert_eq!(sent, json!({ "hash": send.hash() }));
    let again = http.refusal(request(&send, &json!({ "subtype": "send" }))).await;
    assert_eq!(again, "Invalid block balance for given subtype");
    let unopened = nano_block::AccountState::unopened(key(2).account(), net.genesis_account());
    let open = ready(&net, unopened.receive(send.hash(), raw(40)).unwrap(), &key(2));
    let opened = http.ask(request(&open, &json!({ "subtype": "open" }))).await;
    assert_eq!(opened, json!({ "hash": open.hash() }));
}

#[tokio::test]
async fn a_block_waits_for_its_predecessor() {
    let (net, http, alice) = scene().await;
    let mut state = state(&net, &alice.account());
    let chain: Vec<_> = (0..3)
        .map(|_| {
            let block = state.send(key(2).account(), raw(1)).unwrap();
            state = state.after(&block);
            ready(&net, block, &alice)
        })
        .collect();
    for block in chain[1..].iter().rev() {
        assert_eq!(http.process(block).await, json!({ "error": "Gap previous block" }));
    }
    let count = http.ask(json!({ "action": "block_count" })).await;
    assert_eq!(count["unchecked"], "2");
    let waiting = http.ask(json!({ "action": "unchecked", "json_block": "true" })).await;
    assert_eq!(waiting["blocks"][chain[2].hash().to_string()], json!(chain[2]));
    http.process(&chain[0]).await;
    for block in &chain {
        assert!(net.block(&block.hash()).is_some_and(|block| block.confirmed));
    }
    let count = http.ask(json!({ "action": "block_count" })).await;
    assert_eq!(count["unchecked"], "0");
}

#[tokio::test]
async fn a_receive_waits_for_its_send() {
    let (net, http, alice) = scene().await;
    let send = ready(&net, next(&net, &alice, 60, key(2).account()), &alice);
    let unopened = nano_block::AccountState::unopened(key(2).account(), net.genesis_account());
    let open = ready(&net, unopened.receive(send.hash(), raw(40)).unwrap(), &key(2));
    assert_eq!(http.process(&open).await, json!({ "error": "Gap source block" }));
    http.process(&send).await;
    assert_eq!(net.balance(&key(2).account()), raw(40));
}

#[tokio::test]
async fn an_epoch_open_waits_for_a_send() {
    let (net, http, alice) = scene().await;
    let bob = key(2).account();
    let open = StateBlock {
        account: bob,
        previous: BlockHash::ZERO,
        representative: nano_primitives::Account::ZERO,
        balance: raw(0),
        link: Epoch::Epoch2.link().unwrap(),
    };
    let open = ready(&net, open, &net.genesis_key());
    assert_eq!(http.process(&open).await, json!({ "error": "Gap pending for open epoch block" }));
    http.process(&ready(&net, next(&net, &alice, 60, bob), &alice)).await;
    assert_eq!(net.account(&bob).unwrap().epoch, Epoch::Epoch2);
}

#[tokio::test]
async fn a_fork_is_refused_and_by_force_takes_the_place() {
    let (net, http, alice) = scene().await;
    net.faults().leave_unconfirmed(true);
    let first = ready(&net, next(&net, &alice, 60, key(2).account()), &alice);
    let rival = ready(&net, next(&net, &alice, 60, key(3).account()), &alice);
    http.process(&first).await;
    assert_eq!(http.process(&rival).await, json!({ "error": "Fork" }));
    let forced = http.ask(request(&rival, &json!({ "force": "true" }))).await;
    assert_eq!(forced, json!({ "hash": rival.hash() }));
    assert_eq!(net.block(&first.hash()), None);
    assert_eq!(net.account(&alice.account()).unwrap().frontier, rival.hash());
}

/// Nobody is paid twice: of two sends on the same predecessor one stays, and the other one's
/// receiver gets nothing.
#[tokio::test]
async fn a_double_spend_pays_once() {
    let (net, http, alice) = scene().await;
    let to_bob = ready(&net, next(&net, &alice, 0, key(2).account()), &alice);
    let to_carol = ready(&net, next(&net, &alice, 0, key(3).account()), &alice);
    http.process(&to_bob).await;
    assert_eq!(http.process(&to_carol).await, json!({ "error": "Fork" }));
    let forced = http.ask(request(&to_carol, &json!({ "force": "true" }))).await;
    assert_eq!(forced, json!({ "hash": to_carol.hash() }), "the answer is the same, but");
    assert_eq!(net.block(&to_carol.hash()), None);
    assert_eq!(net.receivable_total(&key(2).account()), raw(100));
    assert_eq!(net.receivable_total(&key(3).account()), raw(0));
}

#[tokio::test]
async fn in_the_background_every_state_block_is_started() {
    let (net, http, alice) = scene().await;
    let in_background = json!({ "async": "true" });
    let send = ready(&net, next(&net, &alice, 60, key(2).account()), &alice);
    assert_eq!(http.ask(request(&send, &in_background)).await, json!({ "started": "1" }));
    assert_eq!(net.balance(&alice.account()), raw(60));
    let bad = ready(&net, next(&net, &alice, 900, key(2).account()), &alice);
    assert_eq!(http.ask(request(&bad, &in_background)).await, json!({ "started": "1" }));
    let destination = key(2).account();
    let legacy = SendBlock { previous: send.hash(), destination, balance: raw(1) };
    let legacy = Block::Send(legacy).sign(&alice);
    let base = Network::Dev.thresholds().base();
    let legacy = legacy.with_work(work(&legacy.root(), base));
    assert_eq!(http.refusal(request(&legacy, &in_background)).await, "Must be a state block");
}

#[tokio::test]
async fn the_reference_node_has_no_words_for_an_epochs_representative() {
    let (net, http, alice) = scene().await;
    let lift = StateBlock {
        representative: alice.account(),
        ..next(&net, &alice, 100, Epoch::Epoch2.link().unwrap())
    };
    let lift = ready(&net, lift, &net.genesis_key());
    assert_eq!(http.process(&lift).await, json!({ "error": "Error processing block" }));
}
