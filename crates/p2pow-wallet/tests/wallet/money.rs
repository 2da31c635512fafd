//! What is asked for twice, at once, in vain or across a restart is paid once.

use crate::town::{Town, block, xno};
use futures_util::future::join_all;
use nano_block::SecretKey;
use serde_json::{Value, json};

fn send(wallet: &str, source: impl serde::Serialize, to: &SecretKey, raw: &str) -> Value {
    json!({
        "action": "send", "wallet": wallet, "source": source, "destination": to.account(), "amount": raw,
    })
}

fn with_id(mut call: Value, id: &str) -> Value {
    call["id"] = json!(id);
    call
}

#[tokio::test]
async fn the_same_id_pays_once_however_many_ask_at_once() {
    let town = Town::with_worker().await;
    let served = town.serve().await;
    let (wallet, alice) = served.rich(&town, "10").await;
    let bob = SecretKey::generate().unwrap();
    let call = with_id(send(&wallet, alice, &bob, "7"), "invoice 1");
    let answers = join_all((0..20).map(|_| served.call(call.clone()))).await;
    let first = block(&answers[0]);
    assert!(answers.iter().all(|answer| block(answer) == first), "{answers:?}");
    assert_eq!(town.net.receivable(&bob.account()).len(), 1);
    assert_eq!(town.net.receivable_total(&bob.account()).to_raw(), 7);
}

#[tokio::test]
async fn an_id_stands_for_one_payment_and_no_other() {
    let town = Town::with_worker().await;
    let served = town.serve().await;
    let (wallet, alice) = served.rich(&town, "10").await;
    let (bob, carol) = (SecretKey::generate().unwrap(), SecretKey::generate().unwrap());
    block(&served.call(with_id(send(&wallet, alice, &bob, "7"), "a")).await);
    for other in [send(&wallet, alice, &bob, "8"), send(&wallet, alice, &carol, "7")] {
        let answer = served.call(with_id(other, "a")).await;
        let words = answer["error"].as_str().unwrap_or_else(|| panic!("{answer}"));
        assert!(words.contains("id \"a\"") && words.contains("nothing was sent"), "{words}");
    }
    assert_eq!(town.net.receivable_total(&bob.account()).to_raw(), 7);
    assert_eq!(town.net.receivable(&carol.account()).len(), 0);
}

#[tokio::test]
async fn without_an_id_each_call_is_a_payment() {
    let town = Town::with_worker().await;
    let served = town.serve().await;
    let (wallet, alice) = served.rich(&town, "10").await;
    let bob = SecretKey::generate().unwrap();
    let calls = (0..3).map(|_| served.call(send(&wallet, alice, &bob, "7")));
    let mut blocks: Vec<_> = join_all(calls).await.iter().map(block).collect();
    blocks.sort_unstable();
    blocks.dedup();
    assert_eq!(blocks.len(), 3);
    assert_eq!(town.net.receivable_total(&bob.account()).to_raw(), 21);
}

#[tokio::test]
async fn a_payment_that_cannot_be_made_fails_alone_and_its_id_may_be_used_again() {
    let town = Town::with_worker().await;
    let served = town.serve().await;
    let (wallet, alice) = served.rich(&town, "1").await;
    let bob = SecretKey::generate().unwrap();
    let two = xno("2").to_string();
    let calls = [
        with_id(send(&wallet, alice, &bob, "5"), "first"),
        with_id(send(&wallet, alice, &bob, &two), "too much"),
        with_id(send(&wallet, alice, &bob, "6"), "last"),
    ];
    let answers = join_all(calls.iter().map(|call| served.call(call.clone()))).await;
    block(&answers[0]);
    assert_eq!(answers[1], json!({ "error": "Insufficient balance" }));
    block(&answers[2]);
    assert_eq!(town.net.receivable_total(&bob.account()).to_raw(), 11);

    let more = town.net.fund(&alice, xno("5")).unwrap();
    let receive = json!({ "action": "receive", "wallet": wallet, "account": alice, "block": more });
    let received = block(&served.call(receive.clone()).await);
    assert_eq!(block(&served.call(receive).await), received, "once");
    block(&served.call(calls[1].clone()).await);
    assert_eq!(
        town.net.receivable_total(&bob.account()),
        xno("2").checked_add(11_u128.into_amount()).unwrap()
    );
}

trait IntoAmount {
    fn into_amount(self) -> nano_primitives::Amount;
}

impl IntoAmount for u128 {
    fn into_amount(self) -> nano_primitives::Amount {
        nano_primitives::Amount::from_raw(self)
    }
}

#[tokio::test]
async fn what_is_paid_is_remembered_across_a_restart() {
    let town = Town::with_worker().await;
    let served = town.serve().await;
    let (wallet, alice) = served.rich(&town, "10").await;
    let bob = SecretKey::generate().unwrap();
    let call = with_id(send(&wallet, alice, &bob, "7"), "invoice 1");
    let first = block(&served.call(call.clone()).await);
    served.server.shutdown().await;
    let served = town.serve().await;
    assert_eq!(block(&served.call(call).await), first);
    assert_eq!(town.net.receivable(&bob.account()).len(), 1);
}

#[tokio::test]
async fn nobody_spends_from_what_is_locked_or_elsewhere() {
    let town = Town::with_worker().await;
    let served = town.serve().await;
    let (wallet, alice) = served.rich(&town, "10").await;
    let bob = SecretKey::generate().unwrap();
    let other = served.wallet().await;
    let answer = served.call(send(&other, alice, &bob, "7")).await;
    assert_eq!(answer, json!({ "error": "Account not found in wallet" }));
    served.call(json!({ "action": "wallet_lock", "wallet": wallet })).await;
    let locked = json!({ "error": "Wallet is locked" });
    assert_eq!(served.call(send(&wallet, alice, &bob, "7")).await, locked);
    for (field, value, words) in [
        ("amount", "0", "Invalid amount number"),
        ("amount", "1.5", "Invalid amount number"),
        ("source", "x", "Bad source"),
        ("destination", "x", "Bad destination account"),
    ] {
        let mut call = send(&wallet, alice, &bob, "7");
        call[field] = json!(value);
        assert_eq!(served.call(call).await, json!({ "error": words }));
    }
    assert_eq!(town.net.receivable(&bob.account()).len(), 0);
}

#[tokio::test]
async fn without_a_worker_a_payment_is_given_up_and_certainly_not_made() {
    let town = Town::found().await;
    let served = town.serve().await;
    let (wallet, alice) = served.rich(&town, "10").await;
    let bob = SecretKey::generate().unwrap();
    let answer = served.call(with_id(send(&wallet, alice, &bob, "7"), "a")).await;
    let words = answer["error"].as_str().unwrap_or_else(|| panic!("{answer}"));
    assert!(
        words.starts_with("Error generating block: ") && words.ends_with("(nothing was sent)"),
        "{words}"
    );
    assert_eq!(served.server.open_payments(), 0);
}

#[tokio::test]
async fn what_cannot_be_received_is_told_in_a_nodes_words() {
    let town = Town::with_worker().await;
    let served = town.serve().await;
    let (wallet, alice) = served.rich(&town, "10").await;
    let receive = |hash: &str| json!({ "action": "receive", "wallet": wallet, "account": alice, "block": hash });
    let unknown = served.call(receive(&"00".repeat(32))).await;
    assert_eq!(unknown, json!({ "error": "Block not found" }));
    let bob = SecretKey::generate().unwrap();
    let foreign = town.net.fund(&bob.account(), xno("1")).unwrap().to_string();
    assert_eq!(served.call(receive(&foreign)).await, json!({ "error": "Unreceivable" }));
    let own = town.net.account(&alice).unwrap().frontier.to_string();
    assert_eq!(served.call(receive(&own)).await, json!({ "error": "Unreceivable" }));
}
