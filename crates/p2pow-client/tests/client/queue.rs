//! Payments that one account is asked for at once: each waits for its turn, and each is made.

use crate::town::{Town, xno};
use futures_util::{FutureExt, future::BoxFuture};
use p2pow_client::{Event, Journal};
use p2pow_store::{Expect, Page, Record, Revision, SqliteStore, Store, StoreError};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::mpsc::unbounded_channel,
    time::{sleep, timeout},
};

/// A store that takes its time to write that somebody was told of the end of his payment.
#[derive(Debug)]
struct SlowToTell(Arc<dyn Store>);

impl Store for SlowToTell {
    fn get<'a>(
        &'a self,
        bucket: &'a str,
        key: &'a str,
    ) -> BoxFuture<'a, Result<Option<Record>, StoreError>> {
        self.0.get(bucket, key)
    }

    fn put<'a>(
        &'a self,
        bucket: &'a str,
        key: &'a str,
        value: String,
        expect: Expect,
    ) -> BoxFuture<'a, Result<Revision, StoreError>> {
        Box::pin(async move {
            if value.contains(r#""is_told":true"#) {
                sleep(Duration::from_millis(300)).await;
            }
            self.0.put(bucket, key, value, expect).await
        })
    }

    fn remove<'a>(
        &'a self,
        bucket: &'a str,
        key: &'a str,
        revision: Revision,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        self.0.remove(bucket, key, revision)
    }

    fn list<'a>(
        &'a self,
        bucket: &'a str,
        page: Page<'a>,
    ) -> BoxFuture<'a, Result<Vec<Record>, StoreError>> {
        self.0.list(bucket, page)
    }
}

#[tokio::test]
async fn sends_at_once_are_as_many_sends_also_if_they_are_equal() {
    let town = Town::found().await;
    let worker = town.worker(1, 0).await;
    let store = SlowToTell(SqliteStore::in_memory().unwrap().shared());
    let sender = town.sender(worker.port).with_journal(Journal::new(store));
    let send = |amount| sender.send(&town.alice, town.bob.account(), xno(amount));
    let (first, second, third) = tokio::join!(send("1"), send("1"), send("2"));
    let receipts = [first, second, third].map(Result::unwrap);
    assert!(receipts.iter().all(|receipt| !receipt.is_earlier), "{receipts:?}");
    assert_eq!(town.waiting(town.bob.account()), xno("4"));
    // In the order in which they were asked for.
    assert_eq!(receipts[2].users[0].block.previous, receipts[1].rewards[0].block.hash());
}

#[tokio::test]
async fn a_payment_that_is_dropped_gives_its_place_back() {
    let town = Town::found().await;
    let worker = town.worker(1, 0).await;
    let (listener, mut events) = unbounded_channel();
    let sender = town.sender(worker.port).with_events(listener);
    let send = |amount| sender.send(&town.alice, town.bob.account(), xno(amount));

    let mut waits = Box::pin(send("2"));
    let mut last = Box::pin(send("4"));
    {
        // This one has the turn, and two wait for it.
        let mut has_turn = Box::pin(send("1"));
        let is_found =
            async { while !matches!(events.recv().await, Some(Event::WorkersFound { .. })) {} };
        tokio::select! {
            _ = &mut has_turn => panic!("it was to be dropped before anybody is hired"),
            () = is_found => {}
        }
        assert!((&mut waits).now_or_never().is_none());
        assert!((&mut last).now_or_never().is_none());
    }
    drop(waits);
    timeout(Duration::from_secs(60), last).await.expect("its turn has come").unwrap();
    assert_eq!(town.waiting(town.bob.account()), xno("4"));
}
