//! The state of a pool, shared by its devices' threads and its users.

use super::{
    builder::Settings,
    device::Device,
    state::{Assignment, State},
};
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
        while let Some(Assignment { race, nonces }) = self.next_assignment(index) {
            let outcome = self.devices[index].attempt(index, &race, nonces);
            self.update(|state| state.report(index, &race, outcome));
        }
    }

    /// Sleeps until there is something to search for a device; `None` once the pool is closed.
    fn next_assignment(&self, index: usize) -> Option<Assignment> {
        let mut state = self.lock();
        while !state.is_closed {
            if let Some(left) = state.devices[index].quarantine() {
                state = match self.changed.wait_timeout(state, left) {
                    Ok((state, _)) => state,
                    Err(poisoned) => poisoned.into_inner().0,
                };
            } else if let Some(assignment) = state.assign(index) {
                return Some(assignment);
            } else {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
        }
        None
    }
}
