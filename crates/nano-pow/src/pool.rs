//! All devices together, on one root at a time.
//!
//! Jobs queue in the order they come. The root at the head of the queue gets every device, each
//! with nonces of its own, until one finds work; the throughput is the same as with a device for
//! each root, the latency is the best there is. Only a device that would be done with it in a
//! moment, as a graphics card is, takes the small jobs behind it along. Jobs for the same root share
//! one search. A device that fails sits out for a while and the others go on.
//!
//! Each device has a thread here, which sleeps while there is nothing to search.

mod builder;
mod cache;
mod device;
mod error;
mod progress;
mod quarantine;
mod queue;
mod recent;
mod request;
mod running;
mod search;
mod shared;
mod standing;
mod state;
mod status;
mod stopwatch;
mod supply;
mod ticket;

pub use builder::PoolBuilder;
pub use error::PoolError;
pub use progress::{Progress, ProgressHandle, SearchPhase};
pub use queue::QueueOrder;
pub use request::{Priority, SearchRequest};
pub use status::{DeviceStatus, JobCounts, PoolStatus, RunningSearch};
pub use ticket::Ticket;

use crate::{Backend, CpuBackend, bench::total};
use builder::Settings;
use device::Device;
use nano_primitives::Root;
use shared::Shared;
use std::{
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
    time::Duration,
};

/// Devices and a queue of jobs for them. Clones share both; the last one that goes closes the pool.
#[derive(Debug, Clone)]
pub struct Pool(Arc<Running>);

#[derive(Debug)]
struct Running {
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
        PoolBuilder { backends, settings: Settings::default() }
    }

    fn start(PoolBuilder { backends, settings }: PoolBuilder) -> Self {
        let devices = backends.into_iter().map(Device::new).collect();
        let shared = Arc::new(Shared::new(devices, settings));
        let threads = (0..shared.devices().len()).map(|index| start(&shared, index)).collect();
        Self(Arc::new(Running { shared, threads: Mutex::new(threads) }))
    }

    /// A pool of the processor alone, with so many threads or one for each core.
    ///
    /// # Panics
    /// The system gives no more threads.
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
        Ticket::new(shared.update(|state| state.submit(request)), Arc::clone(shared))
    }

    /// Cancels the jobs for a root and says how many these were.
    #[allow(clippy::must_use_candidate)] // the number is a courtesy
    pub fn cancel(&self, root: &Root) -> usize {
        self.0.shared.update(|state| state.cancel(root))
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

    /// Ends the pool for all its clones: every job left is answered with [`PoolError::Closed`], and
    /// the devices are waited for. A device that hangs holds this up. Whoever calls this while it is
    /// woken by an answer does not wait.
    pub fn close(&self) {
        self.0.close();
    }
}

fn start(shared: &Arc<Shared>, index: usize) -> JoinHandle<()> {
    let shared = Arc::clone(shared);
    thread::Builder::new()
        .name(format!("nano-pow-device-{index}"))
        .spawn(move || shared.serve(index))
        .expect("the system starts a thread for each device")
}

impl Running {
    fn close(&self) {
        self.shared.update(state::State::close);
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

impl Drop for Running {
    fn drop(&mut self) {
        self.close();
    }
}
