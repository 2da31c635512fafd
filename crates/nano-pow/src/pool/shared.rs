//! [`Shared`]: the devices of a pool and its queue, shared by the devices' threads and the pool's
//! users.
//!
//! There is one lock, that of the queue. No code of a backend or of a user runs under it: a device
//! searches between two updates, and answers are delivered after the update that they came from, on
//! the same thread. The clock is read here and told to the queue.

use super::{
    PoolStatus,
    device::Device,
    queue::{Queue, QueueSettings},
    search::Lot,
};
use crate::{Backend, BackendError, Solution};
use std::{
    cell::Cell,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

thread_local! {
    static DELIVERING: Cell<bool> = const { Cell::new(false) };
}

/// The devices, and the queue under its lock.
#[derive(Debug)]
pub(super) struct Shared {
    devices: Vec<Device>,
    queue: Mutex<Queue>,
    /// Waited on with the queue's lock: there may be something to do for a device.
    changed: Condvar,
}

impl Shared {
    pub(super) fn new(backends: Vec<Box<dyn Backend>>, settings: QueueSettings) -> Self {
        let (devices, records) = backends.into_iter().map(Device::new).unzip();
        let queue = Mutex::new(Queue::new(records, settings));
        Self { devices, queue, changed: Condvar::new() }
    }

    pub(super) fn devices(&self) -> &[Device] {
        &self.devices
    }

    /// Whether this thread is delivering answers: code of users may run then, and the device that
    /// found the work may be waiting for it.
    pub(super) fn is_delivering() -> bool {
        DELIVERING.get()
    }

    pub(super) fn status(&self) -> PoolStatus {
        self.lock().status(Instant::now())
    }

    /// Changes the queue, then wakes whom it concerns.
    pub(super) fn update<T>(&self, change: impl FnOnce(&mut Queue, Instant) -> T) -> T {
        let mut queue = self.lock();
        let now = Instant::now();
        let result = change(&mut queue, now);
        let deliveries = queue.settle(now);
        drop(queue);
        self.changed.notify_all();
        let outer = DELIVERING.replace(true);
        for delivery in deliveries {
            delivery.send();
        }
        DELIVERING.set(outer);
        result
    }

    /// Lets a device work until the pool closes.
    pub(super) fn serve(&self, device: usize) {
        while let Some(lots) = self.next_lots(device) {
            let solved =
                |solution: &Solution| self.update(|queue, _| queue.solved(device, solution));
            match self.devices[device].attempt(device, &lots, solved) {
                Ok(hashes) => {
                    self.update(|queue, now| queue.came_back(device, &lots, hashes, now));
                }
                Err(error) => self.leave_alone(device, &lots, error),
            }
        }
    }

    fn leave_alone(&self, device: usize, lots: &[Lot], error: BackendError) {
        let error = Arc::new(error);
        let pause = self.update(|queue, now| queue.failed(device, lots, &error, now));
        let (seconds, device) = (pause.as_secs(), &self.devices[device].name);
        let error = &*error as &dyn std::error::Error;
        tracing::warn!(device, error, seconds, "device failed, left alone");
    }

    /// Sleeps until there is something to search for a device; `None` once the pool is closed.
    fn next_lots(&self, device: usize) -> Option<Vec<Lot>> {
        let mut queue = self.lock();
        while !queue.is_closed() {
            let now = Instant::now();
            if let Some(left) = queue.quarantine(device, now) {
                queue = match self.changed.wait_timeout(queue, left) {
                    Ok((queue, _)) => queue,
                    Err(poisoned) => poisoned.into_inner().0,
                };
                continue;
            }
            let lots = queue.assign(device, now);
            if !lots.is_empty() {
                return Some(lots);
            }
            queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        None
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
