//! [`Pool`]: all devices together, on one root at a time.
//!
//! Requests queue in the order they come. The root at the head of the queue gets every device, each
//! with nonces of its own, until one finds work; the throughput is the same as with a device for
//! each root, the latency is the best there is. Only a device that would be done with it in a
//! moment, as a graphics card is, takes the small ones behind it along. Requests for the same root
//! share one search. A device that fails sits out for a while and the others go on.
//!
//! Each device has a thread here, which sleeps while there is nothing to search.
//!
//! # The way of a nonce
//!
//! 1. `pool.rs`: [`Pool::submit`] takes a [`SearchRequest`] to the `Queue` and gives a [`Ticket`].
//! 2. `pool/queue.rs`: the request joins the `Search` for its root. When the root's turn comes, the
//!    thread of each device (`pool/shared.rs`) is assigned a `Lot`.
//! 3. `pool/search.rs`: a lot is a race for the root and a range of nonces from the root's `Supply`.
//! 4. `pool/device.rs`: the lots become the [`Task`](crate::Task)s of one [`Backend::search`]. A
//!    nonce that the backend proposes is checked there by [`Puzzle::check`](crate::Puzzle::check).
//!
//! The solution goes to the queue on the thread that found it. There it ends the requests that it
//! is good enough for, the race is stopped where nobody is left, and the answers are delivered once
//! the queue's lock is free.
//!
//! # Locks
//!
//! The queue's lock is the only one that is taken while a search is on, and nothing foreign runs
//! under it. The list of threads has another, which is taken when the pool closes: after the queue's
//! lock, never with it.

mod cache;
mod device;
mod progress;
mod queue;
mod request;
mod search;
mod shared;
mod status;
mod ticket;

pub use progress::{Progress, ProgressHandle, SearchPhase};
pub use queue::QueueOrder;
pub use request::{PoolError, Priority, SearchRequest};
pub use status::{DeviceStatus, PoolStatus, RequestCounts, RunningSearch};
pub use ticket::Ticket;

#[cfg(feature = "cpu")]
use crate::CpuBackend;
use crate::{Backend, backend::total};
use device::Device;
use nano_primitives::Root;
use queue::{Queue, QueueSettings};
use shared::Shared;
use std::{
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
    time::Duration,
};

/// Devices and a queue for them. Clones share both; the last one that goes closes the pool.
#[derive(Debug, Clone)]
pub struct Pool(Arc<Owner>);

/// Closes the pool when it is dropped.
#[derive(Debug)]
struct Owner {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Pool {
    /// A pool of devices.
    ///
    /// # Panics
    /// The system gives no more threads.
    #[must_use]
    pub fn new(backends: Vec<Box<dyn Backend>>) -> Self {
        Self::builder(backends).build()
    }

    /// A pool of devices with other settings.
    pub fn builder(backends: Vec<Box<dyn Backend>>) -> PoolBuilder {
        PoolBuilder { backends, settings: QueueSettings::default() }
    }

    /// A pool of the processor alone, with so many threads or one for each core.
    ///
    /// # Panics
    /// The system gives no more threads.
    #[cfg(feature = "cpu")]
    #[must_use]
    pub fn cpu(threads: Option<usize>) -> Self {
        Self::new(vec![Box::new(threads.map_or_else(CpuBackend::all_cores, CpuBackend::new))])
    }

    /// Puts a request at the end of the queue, or beside those that are there for the same root.
    /// Less urgent ones wait for more urgent ones.
    ///
    /// Work found for a root answers every request whose threshold it reaches, later ones too.
    pub fn submit(&self, request: impl Into<SearchRequest>) -> Ticket {
        let (shared, request) = (&self.0.shared, request.into());
        Ticket::new(shared.update(|queue, _| queue.submit(request)), Arc::clone(shared))
    }

    /// Cancels the requests for a root and says how many these were.
    #[allow(clippy::must_use_candidate)] // the number is a courtesy
    pub fn cancel(&self, root: &Root) -> usize {
        self.0.shared.update(|queue, _| queue.cancel(root))
    }

    /// What the pool is doing.
    #[must_use]
    pub fn status(&self) -> PoolStatus {
        self.0.shared.status()
    }

    /// Measures the hashes per second of all devices together, by letting them search in vain for
    /// `time`.
    ///
    /// Blocks the calling thread and passes the queue by: measure a pool that is idle. A device
    /// that fails counts nothing.
    #[must_use]
    pub fn measure(&self, time: Duration) -> f64 {
        total(self.measure_each(time).into_iter().map(|(_, rate)| rate))
    }

    /// Measures like [`measure`](Self::measure), and returns the name and the hashes per second of
    /// each device.
    #[must_use]
    pub fn measure_each(&self, time: Duration) -> Vec<(String, f64)> {
        let devices = self.0.shared.devices();
        thread::scope(|scope| {
            let run = |device: &'_ Device| (device.name.clone(), device.measure(time));
            let runs: Vec<_> =
                devices.iter().map(|device| scope.spawn(move || run(device))).collect();
            runs.into_iter().filter_map(|run| run.join().ok()).collect()
        })
    }

    /// Ends the pool for all its clones: every request left is answered with [`PoolError::Closed`],
    /// and the devices are waited for. A device that hangs holds this up. Whoever calls this while
    /// it is woken by an answer does not wait.
    pub fn close(&self) {
        self.0.close();
    }
}

/// The settings of a [`Pool`] to be.
#[derive(Debug)]
#[must_use = "a builder does nothing until it builds"]
pub struct PoolBuilder {
    backends: Vec<Box<dyn Backend>>,
    settings: QueueSettings,
}

impl PoolBuilder {
    /// Which of the roots of the same priority comes next; first come, first served, if not said.
    pub const fn order(mut self, order: QueueOrder) -> Self {
        self.settings.order = order;
        self
    }

    /// For how many roots the work found is remembered: 256, if not said. Zero for none.
    pub const fn cached_works(mut self, roots: usize) -> Self {
        self.settings.cached_works = roots;
        self
    }

    /// Lets the search of each root begin at a place that follows from this number and the root,
    /// for tests and measurements that are to be the same again. If not said, it begins at random,
    /// so that programs that race for one root do not try the same nonces.
    pub const fn seed(mut self, seed: u64) -> Self {
        self.settings.seed = Some(seed);
        self
    }

    /// Starts the pool.
    ///
    /// # Panics
    /// The system gives no more threads.
    #[must_use]
    pub fn build(self) -> Pool {
        let shared = Arc::new(Shared::new(self.backends, self.settings));
        let threads = (0..shared.devices().len()).map(|device| start(&shared, device)).collect();
        Pool(Arc::new(Owner { shared, threads: Mutex::new(threads) }))
    }
}

fn start(shared: &Arc<Shared>, device: usize) -> JoinHandle<()> {
    let shared = Arc::clone(shared);
    thread::Builder::new()
        .name(format!("nano-pow-device-{device}"))
        .spawn(move || shared.serve(device))
        .expect("the system starts a thread for each device")
}

impl Owner {
    fn close(&self) {
        self.shared.update(|queue: &mut Queue, _| queue.close());
        if Shared::is_delivering() {
            return; // to whoever dropped the pool while it was woken
        }
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        for handle in threads.drain(..) {
            // A device's thread catches the panics of its backend; there is nothing to say about
            // others.
            let _ = handle.join();
        }
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.close();
    }
}
