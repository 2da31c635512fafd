use super::Lease;
use crate::Name;
use p2pow_store::{Around, BoxFuture, Call, Expect, SqliteStore, Store, StoreError};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::time::timeout;

/// Long enough that a busy computer renews in time.
const TIME: Duration = Duration::from_secs(2);
const SOON: Duration = Duration::from_secs(60);

/// A store that does not answer any more once it is told so, as behind a network that broke.
#[derive(Debug)]
struct Breaking {
    store: Arc<dyn Store>,
    is_broken: AtomicBool,
}

impl Breaking {
    fn new(store: &Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self { store: Arc::clone(store), is_broken: AtomicBool::new(false) })
    }
}

impl Around for Breaking {
    fn store(&self) -> &dyn Store {
        &*self.store
    }

    fn call<'a, T: Send + 'a>(
        &'a self,
        _: Call<'a>,
        answer: BoxFuture<'a, Result<T, StoreError>>,
    ) -> BoxFuture<'a, Result<T, StoreError>> {
        Box::pin(async move {
            if self.is_broken.load(Ordering::SeqCst) {
                std::future::pending::<()>().await;
            }
            answer.await
        })
    }
}

fn store() -> Arc<dyn Store> {
    SqliteStore::in_memory().unwrap().shared()
}

async fn acquire(store: &Arc<dyn Store>) -> Lease {
    let lease = Lease::acquire(Arc::clone(store), "worker", Name::random("front"), TIME);
    timeout(SOON, lease).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_has_it_at_a_time_and_what_is_given_back_is_taken_at_once() {
    let (store, holders, done) =
        (store(), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let each = (0..8).map(|_| {
        let (store, holders, done) = (Arc::clone(&store), Arc::clone(&holders), Arc::clone(&done));
        tokio::spawn(async move {
            let lease = acquire(&store).await;
            assert_eq!(holders.fetch_add(1, Ordering::SeqCst), 0, "somebody has it");
            tokio::task::yield_now().await;
            holders.fetch_sub(1, Ordering::SeqCst);
            done.fetch_add(1, Ordering::SeqCst);
            let term = lease.term();
            lease.release().await;
            term
        })
    });
    let mut terms = Vec::new();
    for task in each.collect::<Vec<_>>() {
        terms.push(timeout(SOON, task).await.unwrap().unwrap());
    }
    terms.sort_unstable();
    assert_eq!(terms, [1, 2, 3, 4, 5, 6, 7, 8]);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_passes_on_when_its_holder_dies_and_not_before() {
    let store = store();
    let first = acquire(&store).await;
    let mut second = tokio::spawn({
        let store = Arc::clone(&store);
        async move { acquire(&store).await }
    });
    assert!(timeout(2 * TIME, &mut second).await.is_err(), "the first renews it");
    let died = Instant::now();
    drop(first);
    let second = timeout(SOON, second).await.unwrap().unwrap();
    assert_eq!(second.term(), 2);
    assert!(died.elapsed() > TIME / 2, "it was heard a moment ago: {:?}", died.elapsed());
}

/// Cut off from the store it can do no harm, and knows that before another begins.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_cut_off_gives_up_before_another_takes_over() {
    let store = store();
    let broken = Breaking::new(&store);
    let first = acquire(&(Arc::clone(&broken) as Arc<dyn Store>)).await;
    let second = tokio::spawn({
        let store = Arc::clone(&store);
        async move { (acquire(&store).await, Instant::now()) }
    });
    broken.is_broken.store(true, Ordering::SeqCst);
    timeout(SOON, first.lost()).await.unwrap();
    let lost = Instant::now();
    let (_second, taken) = timeout(SOON, second).await.unwrap().unwrap();
    assert!(lost < taken);
}

/// As a process that was stopped, and goes on when another has it.
#[tokio::test(flavor = "multi_thread")]
async fn who_comes_late_finds_it_taken() {
    let store = store();
    let first = acquire(&store).await;
    let entry = store.get("lease", "worker").await.unwrap().unwrap();
    let other = r#"{"holder":"other","term":2,"is_over":false}"#.to_owned();
    store.put("lease", "worker", other, Expect::At(entry.revision)).await.unwrap();
    timeout(SOON, first.lost()).await.unwrap();
    first.release().await;
    let entry = store.get("lease", "worker").await.unwrap().unwrap();
    assert!(entry.value.contains("other"), "{}", entry.value);
}
