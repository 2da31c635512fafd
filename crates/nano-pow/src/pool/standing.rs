//! What a pool remembers of a device.

use super::{quarantine::Quarantine, stopwatch::Stopwatch};
use std::time::{Duration, Instant};

/// The record of a device.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) name: String,
    pub(super) is_remote: bool,
    pub(super) solutions: u64,
    pub(super) failures: u64,
    quarantine: Quarantine,
    searching: Stopwatch,
    /// Whether it found work since it set out.
    found: bool,
}

impl Standing {
    pub(super) fn new(name: &str, is_remote: bool) -> Self {
        Self {
            name: name.to_owned(),
            is_remote,
            solutions: 0,
            failures: 0,
            quarantine: Quarantine::default(),
            searching: Stopwatch::default(),
            found: false,
        }
    }

    /// It goes searching.
    pub(super) fn set_out(&mut self) {
        self.searching.start();
        self.found = false;
    }

    /// It found work.
    pub(super) fn find(&mut self) {
        self.solutions += 1;
        self.found = true;
    }

    /// It is back unharmed.
    pub(super) fn come_back(&mut self) {
        self.searching.stop();
        if self.found {
            self.quarantine.lift();
        }
    }

    /// It failed, after it found something or not; says how long it is left alone.
    pub(super) fn fail(&mut self) -> Duration {
        self.searching.stop();
        self.failures += 1;
        self.quarantine.impose(Instant::now())
    }

    /// How long it is left alone still.
    pub(super) fn quarantine(&self) -> Option<Duration> {
        self.quarantine.left(Instant::now())
    }

    /// How long it has searched.
    pub(super) fn searched(&self) -> Duration {
        self.searching.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::Standing;

    #[test]
    fn who_finds_something_and_then_fails_is_left_alone_longer_each_time() {
        let mut standing = Standing::new("card", false);
        let mut attempt = |is_found: bool, fails: bool| {
            standing.set_out();
            if is_found {
                standing.find();
            }
            if fails {
                standing.fail().as_secs()
            } else {
                standing.come_back();
                0
            }
        };
        assert_eq!([attempt(true, true), attempt(true, true), attempt(false, true)], [1, 2, 4]);
        attempt(false, false);
        assert_eq!(attempt(false, true), 8);
        attempt(true, false);
        assert_eq!(attempt(false, true), 1);
    }
}
