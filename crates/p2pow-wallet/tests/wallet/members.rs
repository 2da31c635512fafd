//! Several servers on one store: who is there as the others see it, and a server that is stopped for a while.

use p2pow_store::{Around, BoxFuture, Call, Owners, Store, StoreError};
use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::sync::{Notify, watch};

/// Who is gone, by the others' word.
#[derive(Debug, Default)]
pub(crate) struct House {
    gone: Mutex<BTreeSet<String>>,
    changes: watch::Sender<u64>,
}

/// One of the house. It holds its own lease for good, as a process does that was stopped and does not know for how long.
#[derive(Debug)]
struct Member {
    name: &'static str,
    house: Arc<House>,
}

impl House {
    pub(crate) fn member(self: &Arc<Self>, name: &'static str) -> Arc<dyn Owners> {
        Arc::new(Member { name, house: Arc::clone(self) })
    }

    /// The others take it for gone from now on.
    pub(crate) fn is_rid_of(&self, name: &str) {
        self.gone.lock().unwrap().insert(name.to_owned());
        self.changes.send_modify(|changes| *changes += 1);
    }
}

impl Owners for Member {
    fn me(&self) -> Option<String> {
        Some(self.name.to_owned())
    }

    fn is_gone(&self, owner: &str) -> bool {
        self.house.gone.lock().unwrap().contains(owner)
    }

    fn lost<'a>(&'a self, _: &'a str) -> BoxFuture<'a, ()> {
        Box::pin(std::future::pending())
    }

    fn changed(&self, seen: u64) -> BoxFuture<'_, u64> {
        Box::pin(async move {
            let mut changes = self.house.changes.subscribe();
            changes.wait_for(|changes| *changes > seen).await.map_or(seen, |changes| *changes)
        })
    }
}

/// A store whose owner is stopped at one of its writes until it is let go: all of its calls are.
#[derive(Debug)]
pub(crate) struct Stopped {
    store: Arc<dyn Store>,
    at: usize,
    writes: AtomicUsize,
    is_stopped: watch::Sender<bool>,
    pub(crate) reached: Notify,
}

impl Stopped {
    /// Counted from 1.
    pub(crate) fn at(at: usize, store: &Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self {
            store: Arc::clone(store),
            at,
            writes: AtomicUsize::new(0),
            is_stopped: watch::Sender::new(false),
            reached: Notify::new(),
        })
    }

    pub(crate) fn go_on(&self) {
        self.is_stopped.send_replace(false);
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
            if call.is_write() && self.writes.fetch_add(1, Ordering::SeqCst) + 1 == self.at {
                self.is_stopped.send_replace(true);
                self.reached.notify_one();
            }
            let _ = self.is_stopped.subscribe().wait_for(|is_stopped| !is_stopped).await;
            answer.await
        })
    }

    fn is_one_call(&self) -> bool {
        false
    }
}
