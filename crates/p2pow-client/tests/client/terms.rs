//! A holder of an account that is stopped before any of its writes, and goes on after the next holder has paid: from the
//! moment at which the next one begins, nothing leaves any more that the first one signs.

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
    atomic::{AtomicBool, AtomicUsize, Ordering},
};
use tokio::sync::Notify;

/// More writes than a payment takes, by far.
const FAR: usize = 100;
/// The records that must be written before a signature leaves, or is made for a new deal.
const GUARDED: [&str; 2] = ["deal", "open"];

/// Stops before one of its writes until it is let go; from there on it counts the guarded writes that are made.
#[derive(Debug)]
struct Stopped {
    store: Arc<dyn Store>,
    at: usize,
    writes: AtomicUsize,
    late: AtomicUsize,
    was_stopped: AtomicBool,
    reached: Notify,
    go: Notify,
}

impl Stopped {
    fn at(at: usize, store: &Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self {
            store: Arc::clone(store),
            at,
            writes: AtomicUsize::new(0),
            late: AtomicUsize::new(0),
            was_stopped: AtomicBool::new(false),
            reached: Notify::new(),
            go: Notify::new(),
        })
    }

    async fn write<T>(
        &self,
        bucket: &str,
        write: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        if self.writes.fetch_add(1, Ordering::SeqCst) + 1 == self.at {
            self.was_stopped.store(true, Ordering::SeqCst);
            self.reached.notify_one();
            self.go.notified().await;
        }
        let written = write.await;
        if self.was_stopped.load(Ordering::SeqCst) && written.is_ok() && GUARDED.contains(&bucket) {
            self.late.fetch_add(1, Ordering::SeqCst);
        }
        written
    }
}

impl Around for Stopped {
    fn store(&self) -> &dyn Store {
        &*self.store
    }

    fn call<'a, T: Send + 'a>(
        &'a self,
        call: Call<'a>,
        answer: BoxFuture<'a, Result<T, StoreError>>,
    ) -> BoxFuture<'a, Result<T, StoreError>> {
        Box::pin(async move {
            if call.is_write() { self.write(call.bucket, answer).await } else { answer.await }
        })
    }

    fn is_one_call(&self) -> bool {
        false
    }
}

struct Case<'a> {
    town: &'a Town,
    worker: &'a Worker,
    alice: Notary,
    bob: Account,
    store: Arc<dyn Store>,
}

impl<'a> Case<'a> {
    fn new(town: &'a Town, worker: &'a Worker) -> Self {
        let key = SecretKey::generate().unwrap();
        town.net.open(&key, xno("10")).unwrap();
        let store = SqliteStore::in_memory().unwrap().shared();
        let bob = SecretKey::generate().unwrap().account();
        Self { town, worker, alice: Notary::new(&key), bob, store }
    }

    fn holder(&self, store: Arc<dyn Store>, term: u64) -> Sender {
        self.town.sender(self.worker.port).with_journal(Journal::new(store)).in_term(term)
    }

    async fn pay(&self, sender: &Sender) -> Result<Receipt, SendError> {
        let order = Order::Send { destination: self.bob, amount: xno("1") };
        sender.pay(&self.alice, &OrderKey::new("rent").unwrap(), &[order]).await
    }

    /// Whether the first holder writes so often, and was stopped there.
    async fn stop_at(&self, write: usize) -> bool {
        let stopped = Stopped::at(write, &self.store);
        let first = self.holder(Arc::clone(&stopped) as Arc<dyn Store>, 1);
        let next = self.holder(Arc::clone(&self.store), 2);
        let mut paying = Box::pin(self.pay(&first));
        tokio::select! {
            paid = &mut paying => {
                paid.unwrap();
                return false;
            }
            () = stopped.reached.notified() => {}
        }
        self.pay(&next).await.unwrap();
        stopped.go.notify_one();
        // Whatever it is told, it has not paid.
        let told = paying.await;
        let late = stopped.late.load(Ordering::SeqCst);
        assert_eq!(late, 0, "write {write}: the first holder writes on: {told:?}");
        assert_eq!(self.town.waiting(self.bob), xno("1"), "write {write}: {told:?}");
        self.alice.check(|account| account == self.worker.account);
        assert!(self.pay(&next).await.unwrap().is_earlier, "write {write}");
        true
    }
}

#[tokio::test]
async fn nothing_is_written_by_who_held_the_account_before_wherever_it_was_stopped() {
    let town = Town::found().await;
    let worker = town.worker(1, 0).await;
    let mut stops = 0;
    for write in 1..FAR {
        if !Case::new(&town, &worker).stop_at(write).await {
            break;
        }
        stops += 1;
    }
    println!("stopped {stops} times");
    assert!(stops >= 8, "only {stops} stops");
}

#[tokio::test]
async fn an_earlier_term_and_none_are_refused_before_anything_is_signed() {
    let town = Town::found().await;
    let worker = town.worker(1, 0).await;
    let case = Case::new(&town, &worker);
    case.pay(&case.holder(Arc::clone(&case.store), 2)).await.unwrap();
    let signed = case.alice.count(case.bob);
    for term in [0, 1] {
        let sender = case.holder(Arc::clone(&case.store), term);
        let order = Order::Send { destination: case.bob, amount: xno("2") };
        let key = OrderKey::new("more rent").unwrap();
        let refused = sender.pay(&case.alice, &key, &[order]).await.unwrap_err();
        let is_it = matches!(
            refused,
            SendError::Journal(JournalError::Store(StoreError::Superseded { found: 2, .. }))
        );
        assert!(is_it, "term {term}: {refused:?}");
    }
    assert_eq!(case.alice.count(case.bob), signed);
    assert_eq!(town.waiting(case.bob), xno("1"));
}
