//! [`Pace`]: how many nonces a submission gets.

use std::time::Duration;

/// The first submissions of a search are short: easy work is found at once, and whoever is first
/// with it stops the others.
const FIRST: Duration = Duration::from_micros(500);

/// No submission takes longer, as none can be called back.
const LONGEST: Duration = Duration::from_millis(8);

const LEAST: u64 = 1 << 14;

/// Sizes submissions by time: short ones first, then longer.
#[derive(Debug)]
pub(super) struct Pace {
    per_second: u64,
    next: Duration,
}

impl Pace {
    /// The pace of a device that nothing is known of.
    pub(super) const fn unknown() -> Self {
        Self { per_second: 1 << 20, next: FIRST }
    }

    /// A new search begins, for so many tasks.
    pub(super) fn restart(&mut self, tasks: usize) {
        let tasks = u32::try_from(tasks).unwrap_or(u32::MAX);
        self.next = FIRST.saturating_mul(tasks).min(LONGEST);
    }

    /// Nonces for the next submission.
    pub(super) fn nonces(&mut self) -> u64 {
        let nonces = u128::from(self.per_second) * self.next.as_nanos() / 1_000_000_000;
        self.next = (2 * self.next).min(LONGEST);
        u64::try_from(nonces).unwrap_or(u64::MAX).max(LEAST)
    }

    /// A submission took so long. Doubles or halves the estimate at most; a short one is held up by
    /// its overhead and says only how fast the device is at least.
    pub(super) fn learn(&mut self, nonces: u64, took: Duration) {
        let rate = per_second(nonces, took).clamp(self.per_second / 2, self.per_second * 2);
        if rate > self.per_second || took >= LONGEST / 4 {
            self.per_second = rate;
        }
    }
}

/// Nonces per second.
pub(super) fn per_second(nonces: u64, took: Duration) -> u64 {
    let rate = u128::from(nonces) * 1_000_000_000 / took.as_nanos().max(1);
    u64::try_from(rate).unwrap_or(u64::MAX).clamp(1, 1 << 60)
}

#[cfg(test)]
mod tests {
    use super::{FIRST, LEAST, LONGEST, Pace, per_second};
    use std::time::Duration;

    /// Lets a device work whose every submission costs 50 µs beside its nonces.
    fn settle(pace: &mut Pace, rate: u64) -> Duration {
        let mut took = Duration::ZERO;
        for _ in 0..64 {
            let nonces = pace.nonces();
            let nanos = u128::from(nonces) * 1_000_000_000 / u128::from(rate);
            took = Duration::from_micros(50) + Duration::from_nanos(nanos.try_into().unwrap());
            pace.learn(nonces, took);
        }
        took
    }

    #[test]
    fn any_device_settles_at_the_longest_submission() {
        for rate in [10_000_000, 60_000_000, 9_000_000_000, 400_000_000_000] {
            let took = settle(&mut Pace::unknown(), rate);
            assert!(took > LONGEST * 9 / 10 && took < LONGEST * 11 / 10, "{rate}: {took:?}");
        }
    }

    #[test]
    fn a_device_that_slows_down_gets_less() {
        let mut pace = Pace::unknown();
        settle(&mut pace, 9_000_000_000);
        let took = settle(&mut pace, 1_000_000_000);
        assert!(took < LONGEST * 11 / 10, "{took:?}");
    }

    #[test]
    fn a_search_begins_with_short_submissions() {
        let mut pace = Pace::unknown();
        settle(&mut pace, 9_000_000_000);
        pace.restart(1);
        let first = pace.nonces();
        assert!(per_second(first, FIRST) > 8_000_000_000 && first < 5_000_000, "{first}");
        assert_eq!(pace.nonces() / first, 2);
        pace.restart(6);
        assert_eq!(pace.nonces() / first, 6);
        let slow = &mut Pace { per_second: 1, next: FIRST };
        assert_eq!(slow.nonces(), LEAST);
    }
}
