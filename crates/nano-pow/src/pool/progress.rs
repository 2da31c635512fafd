//! [`ProgressHandle`]: how far the search for a request is, and [`Tally`]: what it is counted by.

use crate::backend::per_second;
use futures_util::{Stream, stream};
use nano_primitives::Difficulty;
use std::{
    pin::pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{sync::Notify, time::timeout};

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum SearchPhase {
    /// It waits for its turn.
    Queued,
    /// The devices are on it.
    Running,
    /// It has its answer, or was cancelled.
    Done,
}

/// A look at a request.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Progress {
    /// Where the request stands.
    pub phase: SearchPhase,
    /// The nonces tried for its root.
    pub hashes: u64,
    /// The share of each device in these, in the order of the pool.
    pub hashes_by_device: Vec<u64>,
    /// How long the root has been searched.
    pub elapsed: Duration,
    /// Hashes per second.
    pub rate: f64,
    /// The seconds that are to be expected still, once the rate is known. A search has no memory:
    /// while it runs, this depends on the rate alone.
    pub expected_seconds_left: Option<f64>,
}

/// A view of a request's progress that can be looked at from anywhere, also after it is done.
#[derive(Debug, Clone)]
pub struct ProgressHandle(Arc<Watched>);

/// One request of a search.
#[derive(Debug)]
struct Watched {
    tally: Arc<Tally>,
    threshold: Difficulty,
    /// How long the root had been searched when the request was done.
    done: OnceLock<Duration>,
    finished: Notify,
}

impl ProgressHandle {
    pub(super) fn new(tally: Arc<Tally>, threshold: Difficulty) -> Self {
        let (done, finished) = (OnceLock::new(), Notify::new());
        Self(Arc::new(Watched { tally, threshold, done, finished }))
    }

    /// How the request stands now.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let hashes_by_device = self.0.tally.by_device();
        let hashes = hashes_by_device.iter().sum();
        let elapsed = self.0.done.get().copied().unwrap_or_else(|| self.0.tally.elapsed());
        let (phase, rate) = (self.phase(), per_second(hashes, elapsed));
        let expected_seconds_left = match phase {
            SearchPhase::Running if rate > 0.0 => Some(self.0.threshold.expected_hashes() / rate),
            SearchPhase::Queued | SearchPhase::Running => None,
            SearchPhase::Done => Some(0.0),
        };
        Progress { phase, hashes, hashes_by_device, elapsed, rate, expected_seconds_left }
    }

    /// How the request stands, at once and then after each `period`; the last item is of the request
    /// that is done, as soon as it is.
    ///
    /// # Panics
    /// Polled outside of a Tokio runtime with time enabled.
    pub fn updates(&self, period: Duration) -> impl Stream<Item = Progress> + Send + use<> {
        stream::unfold((Some(self.clone()), Duration::ZERO), move |(handle, wait)| async move {
            let handle = handle?;
            // Whether the request is done or the time is over makes no difference here.
            let _ = timeout(wait, handle.finished()).await;
            let progress = handle.progress();
            let next = (progress.phase != SearchPhase::Done).then_some(handle);
            Some((progress, (next, period)))
        })
    }

    /// Waits until the request is done.
    pub async fn finished(&self) {
        let mut finished = pin!(self.0.finished.notified());
        finished.as_mut().enable();
        if !self.is_done() {
            finished.await;
        }
    }

    fn phase(&self) -> SearchPhase {
        match (self.0.done.get(), self.0.tally.started.get()) {
            (Some(_), _) => SearchPhase::Done,
            (None, Some(_)) => SearchPhase::Running,
            (None, None) => SearchPhase::Queued,
        }
    }

    pub(super) fn is_done(&self) -> bool {
        self.0.done.get().is_some()
    }

    pub(super) fn finish(&self) {
        self.0.done.get_or_init(|| self.0.tally.elapsed());
        self.0.finished.notify_waiters();
    }
}

/// What was done for a root, counted by the devices.
#[derive(Debug)]
pub(super) struct Tally {
    started: OnceLock<Instant>,
    devices: Box<[AtomicU64]>,
}

impl Tally {
    pub(super) fn new(devices: usize) -> Self {
        let devices = (0..devices).map(|_| AtomicU64::new(0)).collect();
        Self { started: OnceLock::new(), devices }
    }

    /// The first devices set out.
    pub(super) fn start(&self, now: Instant) {
        self.started.get_or_init(|| now);
    }

    pub(super) fn device(&self, index: usize) -> &AtomicU64 {
        &self.devices[index]
    }

    fn elapsed(&self) -> Duration {
        self.started.get().map_or(Duration::ZERO, Instant::elapsed)
    }

    fn by_device(&self) -> Vec<u64> {
        self.devices.iter().map(|hashes| hashes.load(Ordering::Relaxed)).collect()
    }
}
