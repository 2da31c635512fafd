//! What a store may hold: the sender's journal and sealed keys.

use crate::wallet::sender;
use nano_block::Seed;
use nano_primitives::{Account, Amount};
use p2pow_client::{Journal, Order, OrderKey};
use p2pow_keystore::{Password, Sealed};
use p2pow_store::{BoxFuture, Claim, Expect, Page, Record, Revision, Store, StoreError};
use std::sync::{
    Once,
    atomic::{AtomicUsize, Ordering},
};
use tokio::runtime::Runtime;

static PANICS: AtomicUsize = AtomicUsize::new(0);

/// Does it, and fails if anything panicked meanwhile, on whichever thread.
pub(crate) fn watched<T>(property: impl FnOnce() -> T) -> T {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            PANICS.fetch_add(1, Ordering::SeqCst);
            hook(panic);
        }));
    });
    let before = PANICS.load(Ordering::SeqCst);
    let result = property();
    assert_eq!(PANICS.load(Ordering::SeqCst), before, "something panicked");
    result
}

/// Holds the same text under every key, but no password yet; what is written to it is forgotten.
#[derive(Debug)]
pub(crate) struct Planted(String);

impl Planted {
    pub(crate) fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    fn record(&self, key: &str) -> Record {
        Record { key: key.to_owned(), revision: Revision::from_number(1), value: self.0.clone() }
    }

    /// A key of the form that the bucket's have.
    fn key(bucket: &str) -> String {
        let wallet = "AB".repeat(32);
        match bucket {
            "wallet" => wallet,
            "account" => format!("{wallet}/{}", "CD".repeat(32)),
            _ => "0".repeat(28),
        }
    }
}

impl Store for Planted {
    fn get<'a>(
        &'a self,
        bucket: &'a str,
        key: &'a str,
    ) -> BoxFuture<'a, Result<Option<Record>, StoreError>> {
        let record = (bucket != "vault" && bucket != "task-done").then(|| self.record(key));
        Box::pin(async { Ok(record) })
    }

    fn put<'a>(
        &'a self,
        _: &'a str,
        _: &'a str,
        _: String,
        _: Expect,
    ) -> BoxFuture<'a, Result<Revision, StoreError>> {
        Box::pin(async { Ok(Revision::from_number(2)) })
    }

    fn remove<'a>(
        &'a self,
        _: &'a str,
        _: &'a str,
        _: Revision,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async { Ok(()) })
    }

    fn list<'a>(
        &'a self,
        bucket: &'a str,
        page: Page<'a>,
    ) -> BoxFuture<'a, Result<Vec<Record>, StoreError>> {
        let key = Self::key(bucket);
        let is_asked = page.after.is_none() && key.starts_with(page.prefix);
        Box::pin(async move { Ok(is_asked.then(|| self.record(&key)).into_iter().collect()) })
    }

    fn claim(&self) -> Result<Claim, StoreError> {
        Ok(Claim::new(()))
    }
}

/// Whatever stands in the sender's journal is told, gone on with, or refused.
pub fn journal_record(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let alice = Seed::from_bytes([1; 32]).derive(0);
    let order = Order::Send { destination: Account::ZERO, amount: Amount::from_raw(1) };
    watched(|| {
        Runtime::new().expect("there are threads").block_on(async {
            let sender = sender().with_journal(Journal::new(Planted::new(text)));
            let key = OrderKey::new("a").expect("it is a key");
            let _ = sender.deals(None).await;
            let _ = sender.refresh(alice.account()).await;
            let _ = sender.pay(&alice, &key, &[order]).await;
        });
    });
}

/// What reads as a sealed secret is written and read as the same, asks for no more than its limits, and opens by no other
/// password.
pub fn sealed_key(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(sealed) = Sealed::from_json(text) else { return };
    assert_eq!(Sealed::from_json(&sealed.to_json()).as_ref(), Ok(&sealed));
    let cost = sealed.cost();
    assert!(cost.memory_kib() <= 4 * 1024 * 1024, "{cost:?}");
    if cost.memory_kib() <= 64 && cost.passes() == 1 {
        let wrong = Password::new("not this one, surely").expect("it is long enough");
        assert!(sealed.open(&wrong).is_err());
    }
}
