//! Two processes that share the records and have no lock in common, one of them paused at a write while the other does
//! all there is to do.

use crate::{
    notary::Notary,
    town::{Town, Worker, xno},
};
use nano_block::SecretKey;
use nano_primitives::Account;
use p2pow_client::{Journal, JournalError, Order, OrderKey, Receipt, SendError, Sender};
use p2pow_store::{Around, BoxFuture, Call, SqliteStore, Store, StoreError};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use tokio::sync::Notify;

/// Holds the first write to one bucket until it is let go.
#[derive(Debug)]
struct Gate {
    store: Arc<dyn Store>,
    bucket: &'static str,
    is_shut: AtomicBool,
    reached: Notify,
    go: Notify,
}

impl Gate {
    fn before(bucket: &'static str, store: &Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self {
            store: Arc::clone(store),
            bucket,
            is_shut: AtomicBool::new(true),
            reached: Notify::new(),
            go: Notify::new(),
        })
    }

    async fn pass(&self, call: Call<'_>) {
        if call.is_write()
            && call.bucket == self.bucket
            && self.is_shut.swap(false, Ordering::SeqCst)
        {
            self.reached.notify_one();
            self.go.notified().await;
        }
    }
}

impl Around for Gate {
    fn store(&self) -> &dyn Store {
        &*self.store
    }

    fn call<'a, T: Send + 'a>(
        &'a self,
        call: Call<'a>,
        answer: BoxFuture<'a, Result<T, StoreError>>,
    ) -> BoxFuture<'a, Result<T, StoreError>> {
        Box::pin(async move {
            self.pass(call).await;
            answer.await
        })
    }

    fn is_one_call(&self) -> bool {
        false
    }
}

struct Pair {
    town: Town,
    worker: Worker,
    alice: Notary,
    bob: Account,
    store: Arc<dyn Store>,
}

impl Pair {
    async fn meet() -> Self {
        let town = Town::found().await;
        let worker = town.worker(1, 0).await;
        let (alice, store) = (Notary::new(&town.alice), SqliteStore::in_memory().unwrap().shared());
        let bob = SecretKey::generate().unwrap().account();
        Self { town, worker, alice, bob, store }
    }

    fn process(&self, store: Arc<dyn Store>) -> Sender {
        self.town.sender(self.worker.port).with_journal(Journal::new(store))
    }

    async fn pay(&self, sender: &Sender) -> Result<Receipt, SendError> {
        let order = Order::Send { destination: self.bob, amount: xno("1") };
        sender.pay(&self.alice, &OrderKey::new("rent").unwrap(), &[order]).await
    }

    /// A wallet elsewhere moves the account on.
    fn move_on(&self) {
        let state = self.town.net.account(&self.alice.key.account()).unwrap().state();
        let block = state.change(self.bob).unwrap().sign(&self.alice.key);
        self.town.net.seed(&block.into()).unwrap();
    }

    /// What the slow process comes to that is held before its first write to this bucket.
    async fn race(&self, bucket: &'static str, is_moved: bool) -> Result<Receipt, SendError> {
        let gate = Gate::before(bucket, &self.store);
        let slow = self.process(Arc::clone(&gate) as Arc<dyn Store>);
        let quick = async {
            gate.reached.notified().await;
            if is_moved {
                self.move_on();
            }
            let paid = self.pay(&self.process(Arc::clone(&self.store))).await;
            gate.go.notify_one();
            paid.unwrap();
        };
        tokio::join!(self.pay(&slow), quick).0
    }
}

#[tokio::test]
async fn a_process_that_was_overtaken_signs_nothing() {
    for bucket in ["order", "deal"] {
        for is_moved in [false, true] {
            let pair = Pair::meet().await;
            let outcome = pair.race(bucket, is_moved).await;
            // The root may be taken, or the order: in any case it is the other one's.
            assert!(
                matches!(
                    outcome,
                    Err(SendError::Journal(JournalError::Busy { .. }) | SendError::AlreadySigned(_))
                ),
                "{bucket} {is_moved}: {outcome:?}"
            );
            assert_eq!(pair.town.waiting(pair.bob), xno("1"), "{bucket} {is_moved}");
            assert_eq!(
                pair.alice.count(pair.bob),
                1,
                "{bucket} {is_moved}: nothing else is signed"
            );
            let again = pair.process(Arc::clone(&pair.store));
            assert!(pair.pay(&again).await.unwrap().is_earlier);
        }
    }
}
