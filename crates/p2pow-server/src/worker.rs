//! What all parts of a worker share.

use crate::{
    Config, JobEvent, limits::Buckets, network::NetworkView, node::Node, pulse::Pulses,
    status::Tally, table::Table,
};
use nano_pow::Pool;
use p2pow_protocol::Terms;
use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{
    sync::{Semaphore, broadcast, watch},
    task::JoinSet,
};

/// How many events a slow listener may fall behind.
const EVENTS: usize = 1024;

/// What all parts of a worker share.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) config: Config,
    pub(crate) node: Node,
    pub(crate) pool: Pool,
    pub(crate) table: Table,
    pub(crate) slots: Arc<Semaphore>,
    pub(crate) events: broadcast::Sender<JobEvent>,
    pub(crate) pulses: Pulses,
    pub(crate) network: watch::Sender<NetworkView>,
    pub(crate) buckets: Buckets,
    pub(crate) tally: Tally,
    closing: watch::Sender<bool>,
    tasks: Mutex<JoinSet<()>>,
}

impl Worker {
    pub(crate) fn new(config: Config, node: Node, pool: Pool) -> Self {
        Self {
            node,
            pool,
            table: Table::default(),
            slots: Arc::new(Semaphore::new(config.max_jobs)),
            events: broadcast::Sender::new(EVENTS),
            pulses: Pulses::new(&config),
            network: watch::Sender::new(NetworkView::of(config.network)),
            buckets: Buckets::new(&config.limits),
            tally: Tally::default(),
            closing: watch::Sender::new(false),
            tasks: Mutex::default(),
            config,
        }
    }

    pub(crate) const fn terms(&self) -> Terms {
        Terms { reward_account: self.config.reward_account, fee: self.config.fee }
    }

    /// Jobs that wait or are worked on.
    pub(crate) fn busy(&self) -> usize {
        self.config.max_jobs.saturating_sub(self.slots.available_permits())
    }

    /// Starts something that goes on whoever hangs up, and that a shutdown waits for.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task);
    }

    pub(crate) fn is_closing(&self) -> bool {
        *self.closing.borrow()
    }

    /// Waits for the shutdown.
    pub(crate) async fn closed(&self) {
        // The sender lives as long as the worker.
        let _ = self.closing.subscribe().wait_for(|closing| *closing).await;
    }

    pub(crate) fn close(&self) {
        self.closing.send_replace(true);
    }

    /// Everything that was started, to be waited for.
    pub(crate) fn take_tasks(&self) -> JoinSet<()> {
        std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
