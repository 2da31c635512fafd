//! What a signer is told, and what is said and kept when it does not sign, or not everything.

use crate::town::{Town, fee, xno};
use futures_util::future::ready;
use nano_block::SecretKey;
use nano_primitives::{Account, BlockHash, Signature};
use p2pow_client::{
    BoxFuture, DealError, Journal, Meaning, Order, Role, SendError, Signer, SignerError,
    SigningRequest,
};
use p2pow_store::LogStore;
use std::sync::{Arc, Mutex};

/// Signs, or not, and keeps what it was asked.
struct Clerk {
    key: SecretKey,
    answer: fn(&SigningRequest) -> Result<(), SignerError>,
    asked: Mutex<Vec<SigningRequest>>,
}

impl Clerk {
    fn new(key: &SecretKey, answer: fn(&SigningRequest) -> Result<(), SignerError>) -> Self {
        Self { key: key.clone(), answer, asked: Mutex::default() }
    }

    fn willing(key: &SecretKey) -> Self {
        Self::new(key, |_| Ok(()))
    }

    fn asked(&self) -> Vec<SigningRequest> {
        self.asked.lock().unwrap().clone()
    }

    /// The hashes of the user blocks it was asked to sign.
    fn users(&self) -> Vec<BlockHash> {
        let users = self.asked().into_iter().filter(|request| request.role == Role::User);
        users.map(|request| request.block.hash()).collect()
    }
}

impl Signer for Clerk {
    fn account(&self) -> Account {
        self.key.account()
    }

    fn sign<'a>(
        &'a self,
        request: &'a SigningRequest,
    ) -> BoxFuture<'a, Result<Signature, SignerError>> {
        self.asked.lock().unwrap().push(*request);
        let signed = || request.block.sign(&self.key).signature;
        Box::pin(ready((self.answer)(request).map(|()| signed())))
    }
}

#[tokio::test]
async fn a_signer_is_told_what_each_block_does_and_can_prove_it() {
    let town = Town::found().await;
    let worker = town.worker(1, 0).await;
    let clerk = Clerk::willing(&town.alice);
    let bob = town.bob.account();
    let orders = [
        Order::Send { destination: bob, amount: xno("1") },
        Order::Send { destination: bob, amount: xno("2") },
        Order::Change { representative: bob },
    ];
    town.sender(worker.port).batch(&clerk, &orders).await.unwrap();
    let asked = clerk.asked();
    let meanings: Vec<Meaning> = asked.iter().map(|request| request.meaning).collect();
    let price = p2pow_price(&orders);
    assert_eq!(
        meanings,
        [
            Meaning::Send { destination: bob, amount: xno("1") },
            Meaning::Send { destination: bob, amount: xno("2") },
            Meaning::Change { representative: bob },
            Meaning::Reward { worker: worker.account, fee: price },
        ]
    );
    for request in asked {
        let proven = SigningRequest::proven(request.role, request.block, request.below);
        assert_eq!(proven, Ok(request), "what is told is what the blocks prove");
    }
}

/// What a worker that asks the usual fee takes for a job of so many sends and changes.
fn p2pow_price(orders: &[Order]) -> nano_primitives::Amount {
    let half = fee().to_raw() / 2;
    nano_primitives::Amount::from_raw(half + half * orders.len() as u128)
}

#[tokio::test]
async fn an_account_is_opened_by_a_signer_that_is_shown_nothing_below() {
    let town = Town::found().await;
    let worker = town.worker(1, 0).await;
    let sender = town.sender(worker.port);
    sender.send(&town.alice, town.bob.account(), xno("3")).await.unwrap();
    let waiting = sender.receivable(&town.bob.account(), xno("1"), 1).await.unwrap();
    let clerk = Clerk::willing(&town.bob);
    sender.receive(&clerk, &waiting[0]).await.unwrap();
    let asked = clerk.asked();
    let meaning = Meaning::Open { source: waiting[0].hash, amount: xno("3") };
    assert_eq!((asked[0].meaning, asked[0].below), (meaning, None));
    assert_eq!(SigningRequest::proven(Role::User, asked[0].block, None), Ok(asked[0]));
    assert!(matches!(asked[1].meaning, Meaning::Reward { .. }), "{asked:?}");
}

/// Whether it was the signer that stopped a payment which is begun.
fn is_begun(error: &SendError) -> bool {
    let SendError::Begun(cause) = error else { return false };
    matches!(**cause, SendError::Deal(DealError::Signer(_)))
}

#[tokio::test]
async fn a_payment_whose_reward_was_refused_goes_on_with_the_same_block() {
    let town = Town::found().await;
    let worker = town.worker(1, 0).await;
    let sender = town.sender(worker.port);
    let bob = town.bob.account();
    let stingy = Clerk::new(&town.alice, |request| match request.fee() {
        Some(_) => Err(SignerError::new("too dear")),
        None => Ok(()),
    });
    let error = sender.send(&stingy, bob, xno("1")).await.unwrap_err();
    assert!(is_begun(&error), "{error}");
    assert!(error.to_string().contains("the same payment again goes on"), "{error}");
    assert_eq!(town.waiting(bob), xno("0"), "nothing has left");
    // Refused again, in the same words, and not as if its place were free.
    let error = sender.send(&stingy, bob, xno("1")).await.unwrap_err();
    assert!(is_begun(&error), "{error}");

    // Somebody has had a signature over that block: its place is nobody else's.
    let other = sender.send(&Clerk::willing(&town.alice), bob, xno("2")).await.unwrap_err();
    assert!(matches!(other, SendError::AlreadySigned(_)), "{other}");
    let clerk = Clerk::willing(&town.alice);
    let receipt = sender.send(&clerk, bob, xno("1")).await.unwrap();
    assert_eq!(stingy.users(), [clerk.users()[0]; 2]);
    assert_eq!(receipt.users[0].hash(), clerk.users()[0]);
    assert_eq!(town.waiting(bob), xno("1"));
}

#[tokio::test]
async fn a_place_that_may_be_signed_for_is_not_given_to_another_payment() {
    let town = Town::found().await;
    let worker = town.worker(1, 0).await;
    let sender = town.sender(worker.port);
    let bob = town.bob.account();
    let silent = Clerk::new(&town.alice, |_| Err(SignerError::unanswered("it was switched off")));
    let error = sender.send(&silent, bob, xno("1")).await.unwrap_err();
    assert!(matches!(error, SendError::Begun(_)), "{error}");
    assert!(error.to_string().contains("may have signed"), "{error}");
    let clerk = Clerk::willing(&town.alice);
    let other = sender.send(&clerk, bob, xno("2")).await.unwrap_err();
    assert!(matches!(other, SendError::AlreadySigned(_)), "{other}");
    assert_eq!(clerk.asked(), [], "it was not even asked");
    sender.send(&clerk, bob, xno("1")).await.unwrap();
    assert_eq!(silent.users(), clerk.users());

    // A signer that surely has not signed leaves the place free.
    let unwilling = Clerk::new(&town.alice, |_| Err(SignerError::new("no")));
    sender.send(&unwilling, bob, xno("3")).await.unwrap_err();
    sender.send(&clerk, bob, xno("4")).await.unwrap();
    assert_eq!(town.waiting(bob), xno("5"));
}

#[tokio::test]
async fn what_a_signer_may_have_signed_is_not_forgotten_when_something_else_fails() {
    let town = Town::found().await;
    let worker = town.worker(1, 0).await;
    let store = LogStore::in_memory().shared();
    let process = |port| town.sender(port).with_journal(Journal::new(Arc::clone(&store)));
    let bob = town.bob.account();
    let silent = Clerk::new(&town.alice, |_| Err(SignerError::unanswered("it was switched off")));
    let error = process(worker.port).send(&silent, bob, xno("1")).await.unwrap_err();
    assert!(is_begun(&error) && !error.nothing_left(), "{error}");

    // Nobody is there to be hired now.
    let clerk = Clerk::willing(&town.alice);
    let error = process(1).send(&clerk, bob, xno("1")).await.unwrap_err();
    let SendError::Begun(cause) = &error else { panic!("wanted that it is begun: {error}") };
    assert!(matches!(**cause, SendError::Quotes(_)), "{cause}");
    assert!(!error.nothing_left() && error.signed().is_empty(), "{error}");

    process(worker.port).send(&clerk, bob, xno("1")).await.unwrap();
    assert_eq!(silent.users(), clerk.users());
    assert_eq!(town.waiting(bob), xno("1"));
}
