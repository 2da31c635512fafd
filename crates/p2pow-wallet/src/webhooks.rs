//! [`Outbox`]: who is told of every task that is over, until they say that they know.
//!
//! A delivery is in the store before its task is over, so none is lost: it is sent, signed, until a server answers with
//! a status of success or a day has gone by, and its record says which. It may be sent more than once; its id is the
//! same each time. Where several servers share the store, a delivery is sent by the one that wrote it, and by another one
//! once that is gone.

mod post;
mod record;
mod signature;

use crate::{
    clock,
    config::Webhook,
    metrics::Metrics,
    shown::Shown,
    task::{Standing, Task, TaskId},
};
use nano_http::CancellationToken;
use p2pow_store::{Owners, Records, Store, StoreError};
use post::Poster;
pub(crate) use record::Delivery;
use record::Status;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::{sync::Arc, time::Duration};
use tokio::sync::Semaphore;
use tracing::{info, warn};

/// Deliveries under way at the same time.
const AT_ONCE: usize = 16;
/// Between two tries, at first and at most.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(3600);
/// After so long nobody will answer any more.
const GIVE_UP_MS: u64 = 24 * 60 * 60 * 1000;

/// Deliveries to the configured webhooks.
#[derive(Debug, Clone)]
pub(crate) struct Outbox(Arc<Inside>);

#[derive(Debug)]
struct Inside {
    open: Records<Delivery>,
    done: Records<Delivery>,
    hooks: Vec<Hook>,
    poster: Poster,
    at_once: Semaphore,
    metrics: Arc<Metrics>,
    closing: CancellationToken,
    /// Who else sends what is in the store, where several servers share it.
    owners: Option<Arc<dyn Owners>>,
}

#[derive(Debug)]
struct Hook {
    /// A hash of its URL: the store keeps no URL, which may hold a secret.
    name: String,
    webhook: Webhook,
}

impl Hook {
    fn new(webhook: &Webhook) -> Self {
        let name = hex::encode(&Sha256::digest(webhook.url.as_bytes())[..8]);
        Self { name, webhook: webhook.clone() }
    }
}

/// Success also where it was done before.
fn once<T>(result: Result<T, StoreError>) -> Result<(), StoreError> {
    match result {
        Err(error) if !error.is_conflict() => Err(error),
        _ => Ok(()),
    }
}

impl Outbox {
    pub(crate) fn new(
        store: &Arc<dyn Store>,
        webhooks: &[Webhook],
        metrics: Arc<Metrics>,
        (closing, owners): (CancellationToken, Option<Arc<dyn Owners>>),
    ) -> Self {
        Self(Arc::new(Inside {
            open: Records::new(Arc::clone(store), "delivery-open"),
            done: Records::new(Arc::clone(store), "delivery-done"),
            hooks: webhooks.iter().map(Hook::new).collect(),
            poster: Poster::new(),
            at_once: Semaphore::new(AT_ONCE),
            metrics,
            closing,
            owners,
        }))
    }

    /// Goes on with what was not delivered when the process ended. What was written of a task that is not over after all
    /// is forgotten: its end writes it again, and may be another one.
    pub(crate) async fn resume(&self, is_open: impl Fn(&TaskId) -> bool) -> Result<(), StoreError> {
        for entry in self.0.open.all("").await? {
            let task = entry.key.split('.').next().and_then(TaskId::parse);
            match task {
                Some(task) if is_open(&task) => {
                    once(self.0.open.remove(&entry.key, entry.revision).await)?;
                }
                _ => self.send(entry.value),
            }
        }
        Ok(())
    }

    /// Writes the deliveries of a task that is about to be over. Doing it again does no harm.
    pub(crate) async fn write(&self, task: &Task) -> Result<Vec<Delivery>, StoreError> {
        let mut written = Vec::new();
        for hook in &self.0.hooks {
            let id = format!("{}.{}", task.id, hook.name);
            let shown = Shown::new(task, Standing::default());
            let body = json!({
                "id": id, "type": format!("{}.{}", shown.kind(), shown.state()), "payout": shown,
            });
            let delivery = Delivery::new(id, hook.name.clone(), body.to_string(), self.0.me());
            if self.0.is_anothers(&delivery).await? {
                continue;
            }
            written.push(delivery);
        }
        Ok(written)
    }

    /// Goes on with the deliveries of servers that are gone.
    pub(crate) async fn take_over(&self) -> Result<(), StoreError> {
        let (Some(owners), Some(me)) = (&self.0.owners, self.0.me()) else { return Ok(()) };
        for entry in self.0.open.all("").await? {
            let mut delivery = entry.value;
            let is_free = delivery.owner.as_ref().is_none_or(|owner| owners.is_gone(owner));
            if !is_free || self.0.hook(&delivery).is_none() {
                continue;
            }
            delivery.owner = Some(me.clone());
            match self.0.open.update(&entry.key, &delivery, entry.revision).await {
                Ok(_) => self.send(delivery),
                Err(error) if error.is_conflict() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Sends a delivery until it is known, or it is too late.
    pub(crate) fn send(&self, delivery: Delivery) {
        let inside = Arc::clone(&self.0);
        tokio::spawn(async move { inside.deliver(delivery).await });
    }

    /// Deliveries in the order of their tasks, those that are over and those that are not.
    pub(crate) async fn page(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        let page = p2pow_store::Page { prefix: "", after, limit };
        let mut all = self.0.done.page(page).await?;
        let mut open = self.0.open.page(page).await?;
        open.retain(|entry| all.iter().all(|done| done.key != entry.key));
        all.append(&mut open);
        all.sort_by(|one, other| one.key.cmp(&other.key));
        all.truncate(limit);
        Ok(all.into_iter().map(|entry| entry.value).collect())
    }
}

impl Inside {
    /// The name under which this server sends, where several do.
    fn me(&self) -> Option<String> {
        self.owners.as_ref().and_then(|owners| owners.me())
    }

    fn hook(&self, delivery: &Delivery) -> Option<&Hook> {
        self.hooks.iter().find(|hook| hook.name == delivery.hook)
    }

    /// Writes a delivery; whether another server has it, or has had it.
    async fn is_anothers(&self, delivery: &Delivery) -> Result<bool, StoreError> {
        let is_shared = self.owners.is_some();
        if is_shared && self.done.get(&delivery.id).await?.is_some() {
            return Ok(true);
        }
        match self.open.create(&delivery.id, delivery).await {
            Err(error) if error.is_conflict() => Ok(is_shared),
            written => written.map(|_| false),
        }
    }

    /// Whether this server is still the one that sends it.
    fn is_mine(&self, delivery: &Delivery) -> bool {
        self.owners.is_none() || self.me() == delivery.owner
    }

    async fn deliver(&self, mut delivery: Delivery) {
        let Some(hook) = self.hook(&delivery) else {
            // It is kept for the case that the webhook comes back.
            return;
        };
        let mut wait = FIRST_WAIT;
        while self.is_mine(&delivery) {
            let outcome = self.attempt(hook, &delivery).await;
            delivery.attempts += 1;
            match outcome {
                Ok(()) => return self.over(delivery, Status::Delivered).await,
                Err(reason) => {
                    warn!(id = delivery.id, attempt = delivery.attempts, reason, "not delivered");
                    delivery.last_error = Some(reason);
                }
            }
            if clock::now_ms().saturating_sub(delivery.created_ms) >= GIVE_UP_MS {
                return self.over(delivery, Status::GivenUp).await;
            }
            self.note(&delivery).await;
            tokio::select! {
                () = tokio::time::sleep(wait) => wait = (wait * 2).min(LONGEST_WAIT),
                () = self.closing.cancelled() => return,
            }
        }
    }

    async fn attempt(&self, hook: &Hook, delivery: &Delivery) -> Result<(), String> {
        let permit = self.at_once.acquire().await.map_err(|_| "closed".to_owned())?;
        let sent = self.poster.post(&hook.webhook, &delivery.id, &delivery.body);
        let outcome = tokio::select! {
            outcome = sent => outcome,
            () = self.closing.cancelled() => Err("shutting down".to_owned()),
        };
        drop(permit);
        outcome
    }

    /// Keeps count of the tries. That it fails does no harm.
    async fn note(&self, delivery: &Delivery) {
        let written = match self.open.get(&delivery.id).await {
            Ok(Some(entry)) if entry.value.owner == delivery.owner => {
                self.open.update(&delivery.id, delivery, entry.revision).await
            }
            Ok(_) => return,
            Err(error) => Err(error),
        };
        if let Err(error) = written {
            warn!(error = &error as &dyn std::error::Error, "cannot write of a delivery");
        }
    }

    async fn over(&self, mut delivery: Delivery, status: Status) {
        delivery.status = status;
        self.metrics.delivered(if status == Status::Delivered { "delivered" } else { "given_up" });
        delivery.ended_ms = Some(clock::now_ms());
        info!(id = delivery.id, attempts = delivery.attempts, ?status, "delivery over");
        let written = async {
            once(self.done.create(&delivery.id, &delivery).await)?;
            if let Some(entry) = self.open.get(&delivery.id).await? {
                once(self.open.remove(&delivery.id, entry.revision).await)?;
            }
            Ok::<_, StoreError>(())
        };
        if let Err(error) = written.await {
            // It stays open, and is delivered once more at the next start.
            warn!(error = &error as &dyn std::error::Error, "cannot write of a delivery");
        }
    }
}
