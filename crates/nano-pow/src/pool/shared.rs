//! The state of a pool, shared by its devices' threads and its users.

use super::{builder::Settings, device::Device, running::Lot, standing::Standing, state::State};
use crate::{BackendError, Solution};
use std::{
    cell::Cell,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
};

thread_local! {
    static DELIVERING: Cell<bool> = const { Cell::new(false) };
}

/// The devices, and the state under its lock.
#[derive(Debug)]
pub(super) struct Shared {
    devices: Vec<Device>,
    state: Mutex<State>,
    /// There may be something to do for a device.
    changed: Condvar,
}

impl Shared {
    pub(super) fn new(devices: Vec<Device>, settings: Settings) -> Self {
        let standings = devices.iter().map(|device| Standing::new(&device.name, device.is_remote));
        let state = State::new(standings.collect(), settings);
        Self { devices, state: Mutex::new(state), changed: Condvar::new() }
    }

    pub(super) fn devices(&self) -> &[Device] {
        &self.devices
    }

    /// Whether this thread is delivering answers: code of users may run then, and the device that
    /// found the work may be waiting for it.
    pub(super) fn is_delivering() -> bool {
        DELIVERING.get()
    }

    /// No code of a backend or of a user runs under this lock.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state, then wakes whom it concerns.
    pub(super) fn update<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.lock();
        let result = change(&mut state);
        let deliveries = state.settle();
        drop(state);
        self.changed.notify_all();
        let outer = DELIVERING.replace(true);
        for delivery in deliveries {
            delivery.send();
        }
        DELIVERING.set(outer);
        result
    }

    /// Lets a device work until the pool closes.
    pub(super) fn serve(&self, index: usize) {
        while let Some(lots) = self.next_lots(index) {
            let solved = |solution: &Solution| self.update(|state| state.solved(index, solution));
            let outcome = self.devices[index].attempt(index, &lots, solved);
            self.report(index, &lots, outcome);
        }
    }

    fn report(&self, index: usize, lots: &[Lot], outcome: Result<(), BackendError>) {
        let Err(error) = outcome else {
            return self.update(|state| state.came_back(index, lots));
        };
        let error = Arc::new(error);
        let pause = self.update(|state| state.failed(index, lots, &error));
        let (seconds, device) = (pause.as_secs(), &self.devices[index].name);
        let error = &*error as &dyn std::error::Error;
        tracing::warn!(device, error, seconds, "device failed, left alone");
    }

    /// Sleeps until there is something to search for a device; `None` once the pool is closed.
    fn next_lots(&self, index: usize) -> Option<Vec<Lot>> {
        let mut state = self.lock();
        while !state.is_closed {
            if let Some(left) = state.devices[index].quarantine() {
                state = match self.changed.wait_timeout(state, left) {
                    Ok((state, _)) => state,
                    Err(poisoned) => poisoned.into_inner().0,
                };
                continue;
            }
            let lots = state.assign(index, self.devices[index].portion());
            if !lots.is_empty() {
                return Some(lots);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        None
    }
}
