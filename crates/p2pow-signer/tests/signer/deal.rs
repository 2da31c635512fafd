//! Whole payments whose key is in another process, or what plays one.

use crate::{chain::xno, rude::Rude, town::Town};
use nano_block::SecretKey;
use nano_primitives::{Account, Amount};
use p2pow_client::{DealError, Order, SendError, Signer, SignerError};
use p2pow_signer::{Policy, RemoteError, RemoteSigner};
use serde_json::json;
use std::error::Error;

fn somebody() -> Account {
    SecretKey::generate().unwrap().account()
}

/// Why a payment was refused, in the signer's own words.
fn words(error: &SendError) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

#[tokio::test]
async fn a_payment_and_a_batch_are_signed_over_the_socket() {
    let town = Town::found().await;
    let server = town.signer(Policy::default());
    let (alice, bob) = (town.remote().await, somebody());
    assert_eq!(alice.account(), town.alice.account());
    let sender = town.sender();
    sender.send(&alice, bob, xno("1")).await.unwrap();
    let orders: Vec<Order> = (1..=5)
        .map(|number| Order::Send {
            destination: bob,
            amount: Amount::from_raw(xno("0.1").to_raw() * number),
        })
        .collect();
    sender.batch(&alice, &orders).await.unwrap();
    assert_eq!(town.waiting(bob), xno("2.5"));
    let paid = town.waiting(town.worker);
    assert_eq!(paid, xno("0.0004"), "0.0001 for the first, and 0.0003 for five");
    let standing = RemoteSigner::standing(town.socket()).await.unwrap();
    assert_eq!(standing.spent, xno("2.5004"));
    server.shutdown().await;
}

#[tokio::test]
async fn a_payment_that_the_policy_refuses_leaves_nothing_behind() {
    let town = Town::found().await;
    let _server = town.signer(Policy::default());
    let (alice, bob, sender) = (town.remote().await, somebody(), town.sender());
    let error = sender.send(&alice, bob, xno("3")).await.unwrap_err();
    assert!(
        matches!(error, SendError::Deal(DealError::Signer(SignerError::Refused(_)))),
        "{error}"
    );
    let told = words(&error);
    assert!(told.contains("3 XNO in one block is above the 1 XNO"), "{told}");
    // The place is free for another payment.
    sender.send(&alice, bob, xno("1")).await.unwrap();
    assert_eq!(town.waiting(bob), xno("1"));
}

#[tokio::test]
async fn a_payment_whose_reward_is_refused_goes_on_under_another_policy() {
    let town = Town::found().await;
    let mut strict = Policy::default();
    strict.max_fee = xno("0.00001");
    let server = town.signer(strict);
    let (alice, bob, sender) = (town.remote().await, somebody(), town.sender());
    let error = sender.send(&alice, bob, xno("1")).await.unwrap_err();
    assert!(matches!(error, SendError::Begun(_)), "{error}");
    let told = words(&error);
    assert!(told.contains("a fee of 0.0001 XNO is above the 0.00001 XNO"), "{told}");
    assert!(told.contains("the same payment again goes on with it"), "{told}");
    assert_eq!(town.waiting(bob), Amount::ZERO);
    let other = sender.send(&alice, bob, xno("0.5")).await.unwrap_err();
    assert!(matches!(other, SendError::AlreadySigned(_)), "{other}");
    server.shutdown().await;

    let _server = town.signer(Policy::default());
    sender.send(&alice, bob, xno("1")).await.unwrap();
    assert_eq!(town.waiting(bob), xno("1"));
    let standing = RemoteSigner::standing(town.socket()).await.unwrap();
    assert_eq!(standing.spent, xno("1.0001"), "the block was signed once");
}

#[tokio::test]
async fn two_senders_that_know_nothing_of_each_other_get_one_block() {
    let town = Town::found().await;
    let _server = town.signer(Policy::default());
    let (alice, bob, carol) = (town.remote().await, somebody(), somebody());
    // Each with a journal of its own, as on two machines.
    let (one, two) = (town.sender(), town.sender());
    let (first, second) =
        tokio::join!(one.send(&alice, bob, xno("1")), two.send(&alice, carol, xno("1")));
    let sum = town.waiting(bob).checked_add(town.waiting(carol)).unwrap();
    match (first, second) {
        (Ok(_), Ok(_)) => assert_eq!(sum, xno("2"), "one after the other"),
        (Ok(_), Err(error)) | (Err(error), Ok(_)) => {
            assert_eq!(sum, xno("1"));
            let told = words(&error);
            assert!(told.contains("is signed in this place of the account's chain"), "{told}");
        }
        (Err(one), Err(two)) => panic!("{one}; {two}"),
    }
    // Both at once on one journal wait for each other.
    let (first, second) =
        tokio::join!(one.send(&alice, bob, xno("0.2")), one.send(&alice, carol, xno("0.3")));
    first.unwrap();
    second.unwrap();
}

#[tokio::test]
async fn a_signer_that_lies_is_noticed() {
    let town = Town::found().await;
    let (sender, bob) = (town.sender(), somebody());
    let accounts = json!({ "version": 1, "accounts": [town.alice.account()] }).to_string();
    let signature = "AB".repeat(64);
    let of_another =
        json!({ "version": 1, "signed": { "hash": "00".repeat(32), "signature": signature } });
    type IsTold = fn(&SendError) -> bool;
    let cases: [(Rude, IsTold); 4] = [
        // The right hash, and a signature that is none.
        (Rude::signing_with("AB"), |error| {
            matches!(error, SendError::Deal(DealError::BadSignature(_)))
        }),
        (Rude::says(&of_another.to_string()), |error| matches!(error, SendError::Begun(_))),
        (Rude::says("{\"version\":1}"), |error| matches!(error, SendError::Begun(_))),
        (Rude::hangs_up(), |error| matches!(error, SendError::Begun(_))),
    ];
    for (rude, is_expected) in cases {
        let fake = rude.listen(&town.socket(), &accounts);
        let alice = town.remote().await;
        let error = sender.send(&alice, bob, xno("1")).await.unwrap_err();
        assert!(is_expected(&error), "{error:?}");
        fake.abort();
        std::fs::remove_file(town.socket()).unwrap();
    }
    assert_eq!(town.waiting(bob), Amount::ZERO);
    let _honest = town.signer(Policy::default());
    sender.send(&town.remote().await, bob, xno("1")).await.unwrap();
    assert_eq!(town.waiting(bob), xno("1"));
}

#[tokio::test]
async fn a_signer_that_is_away_is_told_and_nothing_is_kept() {
    let town = Town::found().await;
    let error = RemoteSigner::connect(town.socket(), None).await.unwrap_err();
    assert!(matches!(error, RemoteError::Away { .. }), "{error}");
    assert!(error.to_string().contains("start `p2pow signer serve`"), "{error}");
    let server = town.signer(Policy::default());
    let (alice, bob, sender) = (town.remote().await, somebody(), town.sender());
    server.shutdown().await;
    let error = sender.send(&alice, bob, xno("1")).await.unwrap_err();
    assert!(
        matches!(error, SendError::Deal(DealError::Signer(SignerError::Refused(_)))),
        "{error}"
    );
    let _server = town.signer(Policy::default());
    sender.send(&alice, bob, xno("0.5")).await.unwrap();
}
