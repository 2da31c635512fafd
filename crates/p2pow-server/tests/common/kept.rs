//! A network where Alice is rich, stores, and the books in them.

use super::{PATIENCE, RICHES, alice, amount};
use nano_devnet::Devnet;
use p2pow_server::{EndedJob, books};
use p2pow_store::{SqliteStore, Store};
use std::{sync::Arc, time::Duration};
use tokio::time::{sleep, timeout};

pub(crate) async fn net() -> Devnet {
    let net = Devnet::builder().confirmation_delay(Duration::ZERO).start().await.unwrap();
    net.open(&alice(), amount(RICHES)).unwrap();
    net
}

pub(crate) fn memory() -> Arc<dyn Store> {
    SqliteStore::in_memory().unwrap().shared()
}

pub(crate) async fn booked(store: &Arc<dyn Store>) -> Vec<EndedJob> {
    books::all(Arc::clone(store)).await.unwrap()
}

/// Waits until so many jobs are in the books.
pub(crate) async fn books_have(store: &Arc<dyn Store>, jobs: usize) -> Vec<EndedJob> {
    let look = async {
        loop {
            let found = booked(store).await;
            if found.len() >= jobs {
                return found;
            }
            sleep(Duration::from_millis(2)).await;
        }
    };
    timeout(PATIENCE, look).await.expect("the books are written")
}
