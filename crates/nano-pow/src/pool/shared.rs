//! The state of a pool, shared by its devices' threads and its users.

use super::{builder::Settings, device::Device, running::Lot, state::State};
use crate::Solution;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

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
        let state = State::new(devices.iter().map(|device| device.name.clone()), settings);
        Self { devices, state: Mutex::new(state), changed: Condvar::new() }
    }

    pub(super) fn devices(&self) -> &[Device] {
        &self.devices
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
        for delivery in deliveries {
            delivery.send();
        }
        result
    }

    /// Lets a device work until the pool closes.
    pub(super) fn serve(&self, index: usize) {
        while let Some(lots) = self.next_lots(index) {
            let solved = |solution: &Solution| self.update(|state| state.solved(index, solution));
            let outcome = self.devices[index].attempt(index, &lots, solved);
            self.update(|state| state.report(index, &lots, outcome));
        }
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
            let portion = self.devices[index].portion(state.devices[index].searched());
            let lots = state.assign(index, portion);
            if !lots.is_empty() {
                return Some(lots);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        None
    }
}
