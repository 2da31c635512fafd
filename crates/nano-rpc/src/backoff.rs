//! [`Backoff`]: how long to wait before trying again.

use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

/// Waits that double up to a ceiling, each cut by up to a half at random, so that many clients do not come back at
/// the same moment.
#[derive(Debug, Clone)]
pub(crate) struct Backoff {
    first: Duration,
    next: Duration,
    ceiling: Duration,
}

impl Backoff {
    pub(crate) const fn new(first: Duration, ceiling: Duration) -> Self {
        Self { first, next: first, ceiling }
    }

    /// The next wait.
    pub(crate) fn next(&mut self) -> Duration {
        let full = self.next.min(self.ceiling);
        self.next = full.saturating_mul(2);
        full / 2 + full / 2 * random_percent() / 100
    }

    /// Starts over with short waits.
    #[cfg_attr(not(feature = "websocket"), allow(dead_code))]
    pub(crate) const fn reset(&mut self) {
        self.next = self.first;
    }
}

/// 0 to 100. The standard library's hash keys are random enough for this.
fn random_percent() -> u32 {
    u32::try_from(RandomState::new().hash_one(()) % 101).expect("at most 100")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_between_half_and_full_up_to_the_ceiling() {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_millis(350));
        for full in [100, 200, 350, 350] {
            let (full, wait) = (Duration::from_millis(full), backoff.next());
            assert!((full / 2..=full).contains(&wait), "{wait:?} of {full:?}");
        }
        backoff.reset();
        assert!(backoff.next() <= Duration::from_millis(100));
    }
}
