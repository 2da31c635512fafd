//! [`Payments`]: the payments that pages have asked for. Each is stored before it is begun, and made by the sender under
//! its key, so that asking again goes on with it.

mod message;
mod run;

use crate::{
    board::Board,
    desk::Desk,
    refusal::Refusal,
    told::Crier,
    view::{Asked, Course, View},
};
use nano_http::CancellationToken;
use nano_primitives::Amount;
use p2pow_client::Order;
use p2pow_store::{Entry, Records, Store, StoreError};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

pub(crate) use message::Message;

/// Payments under way at a time, at most.
const MOST_RUNNING: usize = 16;
/// Payments that are over and still shown.
const KEPT: usize = 200;
/// Orders of a payment, at most.
const MOST_ORDERS: usize = 1000;
/// Workers that are hired at once, at most.
const MOST_HIRED: usize = 32;
/// Characters of a key.
const KEY: std::ops::RangeInclusive<usize> = 8..=64;

/// All payments that are shown.
#[derive(Debug)]
pub(crate) struct Payments {
    desk: Desk,
    board: Arc<Board>,
    crier: Crier,
    records: Records<View>,
    known: Mutex<BTreeMap<String, Shown>>,
    closing: CancellationToken,
}

#[derive(Debug, Clone)]
struct Shown {
    view: View,
    /// What was said between this program and workers, while it is here.
    messages: Vec<Message>,
}

impl Shown {
    const fn new(view: View) -> Self {
        Self { view, messages: Vec::new() }
    }
}

impl Payments {
    /// Reads what was asked for before. What was being made when the program ended is interrupted.
    pub(crate) async fn open(
        store: &Arc<dyn Store>,
        desk: Desk,
        board: Arc<Board>,
        crier: Crier,
        closing: CancellationToken,
    ) -> Result<Arc<Self>, StoreError> {
        let records = Records::<View>::new(Arc::clone(store), "web-payment");
        let mut entries = records.all("").await?;
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.value.started_ms));
        forget(&records, entries.iter().skip(KEPT)).await?;
        entries.truncate(KEPT);
        let known = entries.into_iter().map(|entry| {
            let mut view = entry.value;
            if view.state == Course::Running {
                view.state = Course::Interrupted;
            }
            (entry.key, Shown::new(view))
        });
        let known = Mutex::new(known.collect());
        Ok(Arc::new(Self { desk, board, crier, records, known, closing }))
    }

    /// All of them, the newest first.
    pub(crate) fn all(&self) -> Vec<View> {
        let mut views: Vec<View> = self.lock().values().map(|known| known.view.clone()).collect();
        views.sort_by_key(|view| std::cmp::Reverse(view.started_ms));
        views
    }

    pub(crate) fn one(&self, key: &str) -> Option<View> {
        self.lock().get(key).map(|known| known.view.clone())
    }

    pub(crate) fn messages(&self, key: &str) -> Option<Vec<Message>> {
        self.lock().get(key).map(|known| known.messages.clone())
    }

    /// Begins a payment; one of this key that is there already is answered as it is.
    pub(crate) async fn begin(self: &Arc<Self>, asked: Asked) -> Result<View, Refusal> {
        check(&asked)?;
        if self.desk.signer.is_none() {
            return Err(Refusal::NoKey);
        }
        if let Some(known) = self.one(&asked.key) {
            return if known.asked == asked { Ok(known) } else { Err(Refusal::OtherPayment) };
        }
        let key = asked.key.clone();
        let view = View::new(asked);
        self.take_place(&view)?;
        match self.records.create(&key, &view).await {
            Ok(_) => {}
            Err(error) => {
                self.lock().remove(&key);
                let is_other = error.is_conflict();
                return Err(if is_other { Refusal::OtherPayment } else { error.into() });
            }
        }
        self.spawn(key);
        Ok(view)
    }

    /// Goes on with a payment that is not over, or of which nothing was signed.
    pub(crate) async fn resume(self: &Arc<Self>, key: &str) -> Result<View, Refusal> {
        if self.desk.signer.is_none() {
            return Err(Refusal::NoKey);
        }
        let view = self.one(key).ok_or(Refusal::NoPayment)?;
        if matches!(view.state, Course::Running | Course::Done) {
            return Ok(view);
        }
        let view = view.again();
        self.take_place(&view)?;
        self.write(&view).await?;
        self.spawn(key.to_owned());
        Ok(view)
    }

    /// Makes it one of those that run, if it does not yet and there is room.
    fn take_place(&self, view: &View) -> Result<(), Refusal> {
        let mut known = self.lock();
        let running = known.values().filter(|known| known.view.state == Course::Running).count();
        let before = known.get(&view.asked.key);
        if before.is_some_and(|before| before.view.state == Course::Running) {
            return Err(Refusal::OtherPayment);
        }
        if running >= MOST_RUNNING {
            return Err(Refusal::TooMany(MOST_RUNNING));
        }
        known.insert(view.asked.key.clone(), Shown::new(view.clone()));
        Ok(())
    }

    fn spawn(self: &Arc<Self>, key: String) {
        let payments = Arc::clone(self);
        tokio::spawn(async move {
            let closing = payments.closing.clone();
            closing.run_until_cancelled(payments.run(&key)).await;
        });
    }

    /// Writes it as it is now.
    async fn write(&self, view: &View) -> Result<(), StoreError> {
        let key = &view.asked.key;
        match self.records.get(key).await? {
            Some(Entry { revision, .. }) => self.records.update(key, view, revision).await,
            None => self.records.create(key, view).await,
        }
        .map(drop)
    }

    /// Changes a payment that is shown; what is to be told of it is told.
    fn alter(&self, key: &str, alter: impl FnOnce(&mut Shown) -> bool) {
        let mut known = self.lock();
        let Some(known) = known.get_mut(key) else { return };
        if alter(known) {
            self.crier.tell("payment", &known.view);
        }
    }

    /// Held for a moment only, never across an await.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Shown>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn forget(
    records: &Records<View>,
    old: impl Iterator<Item = &Entry<View>>,
) -> Result<(), StoreError> {
    for entry in old.filter(|entry| entry.value.is_over()) {
        match records.remove(&entry.key, entry.revision).await {
            Err(error) if !error.is_conflict() => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Whether it can be asked for at all.
pub(crate) fn check(asked: &Asked) -> Result<(), Refusal> {
    let wrong = |text: String| Err(Refusal::Invalid(text));
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !KEY.contains(&asked.key.len()) || !asked.key.bytes().all(is_plain) {
        return wrong(format!(
            "key: wanted {} to {} letters, digits, - or _, found {}",
            KEY.start(),
            KEY.end(),
            asked.key.len()
        ));
    }
    if !(1..=MOST_ORDERS).contains(&asked.orders.len()) {
        let found = asked.orders.len();
        return wrong(format!("orders: wanted 1 to {MOST_ORDERS}, found {found}"));
    }
    let is_nothing =
        |order: &Order| matches!(order, Order::Send { amount, .. } if amount.is_zero());
    if let Some(place) = asked.orders.iter().position(is_nothing) {
        return wrong(format!("orders: number {} sends nothing, wanted at least 1 raw", place + 1));
    }
    let sum = |sum: Amount, order: &Order| match order {
        Order::Send { amount, .. } => sum.checked_add(*amount),
        _ => Some(sum),
    };
    if asked.orders.iter().try_fold(Amount::ZERO, sum).is_none() {
        return wrong("orders: they send more in all than there is money".to_owned());
    }
    if !(1..=MOST_HIRED).contains(&asked.hire) || asked.workers.len() > MOST_HIRED {
        return wrong(format!("workers: wanted 1 to {MOST_HIRED} at once"));
    }
    Ok(())
}
