//! A search that has devices.

use super::{
    search::{Race, Search},
    standing::Standing,
};
use crate::{NonceRange, Puzzle, Stop, Task};
use std::sync::Arc;

/// A search, and the devices that are at it.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) search: Search,
    race: Arc<Race>,
    /// How many devices are at it.
    active: usize,
    /// The devices that failed at it and have not come back since.
    failed: Vec<bool>,
}

/// Nonces of a race for a device to search.
#[derive(Debug)]
pub(super) struct Lot {
    pub(super) race: Arc<Race>,
    pub(super) nonces: NonceRange,
}

impl Lot {
    /// What a device is asked for.
    pub(super) fn task(&self) -> Task<'_> {
        Task::new(self.race.puzzle, self.nonces, &self.race.stop)
    }
}

impl Running {
    /// Begins a search that somebody waits for.
    pub(super) fn start(search: Search, devices: usize) -> Option<Self> {
        search.tally.start();
        let race = Race::new(search.puzzle()?, &search);
        Some(Self { search, race, active: 0, failed: vec![false; devices] })
    }

    /// Whether a race is for this search, if perhaps for an earlier threshold.
    pub(super) fn is_for(&self, race: &Race) -> bool {
        Arc::ptr_eq(&self.search.tally, &race.tally)
    }

    /// Whether every nonce was tried.
    pub(super) fn is_exhausted(&self) -> bool {
        self.search.supply.is_exhausted()
    }

    /// Whether any device is at it.
    pub(super) const fn is_active(&self) -> bool {
        self.active > 0
    }

    /// Gives some nonces to a device.
    pub(super) fn assign(&mut self) -> Lot {
        self.active += 1;
        Lot { race: Arc::clone(&self.race), nonces: self.search.supply.next() }
    }

    /// A device does no more for a lot of this search, and may have been through with it.
    pub(super) const fn come_back(&mut self, is_searched: bool) {
        self.active -= 1;
        if is_searched {
            self.search.supply.finish();
        }
    }

    /// Whether a device failed at it, or comes to try again.
    pub(super) fn set_failed(&mut self, device: usize, failed: bool) {
        self.failed[device] = failed;
    }

    /// Whether all devices failed at it that it is for.
    pub(super) fn has_failed(&self, devices: &[Standing]) -> bool {
        let is_for = |device: &Standing| !(self.search.is_local() && device.is_remote);
        self.failed.iter().zip(devices).all(|(failed, device)| *failed || !is_for(device))
    }

    /// Goes on with what is wanted still, by whom and at which threshold; false where nothing is.
    pub(super) fn settle(&mut self) -> bool {
        let (puzzle, is_local) = (self.search.puzzle(), self.search.is_local());
        if puzzle == Some(self.race.puzzle) && is_local == self.race.is_local {
            return true;
        }
        self.race.stop.stop();
        let Some(puzzle) = puzzle else { return false };
        self.race = Race::new(puzzle, &self.search);
        true
    }
}

impl Race {
    fn new(puzzle: Puzzle, search: &Search) -> Arc<Self> {
        let (is_local, tally) = (search.is_local(), Arc::clone(&search.tally));
        Arc::new(Self { puzzle, is_local, stop: Stop::new(), tally })
    }
}
