//! How fast a device was lately.

use std::time::Duration;

/// After so many seconds of searching what was before counts half.
const HALF: f64 = 10.0;

/// Hashes and the time they took, of which the latest count most.
#[derive(Debug, Default)]
pub(super) struct Recent {
    hashes: f64,
    seconds: f64,
}

impl Recent {
    #[allow(clippy::cast_precision_loss)] // a rate needs no more than 53 bits
    pub(super) fn add(&mut self, hashes: u64, time: Duration) {
        self.hashes += hashes as f64;
        self.seconds += time.as_secs_f64();
        if self.seconds > HALF {
            self.hashes /= 2.0;
            self.seconds /= 2.0;
        }
    }

    /// Hashes to be expected in such a time; none while nothing is known.
    pub(super) fn hashes_in(&self, time: Duration) -> f64 {
        let rate = if self.seconds > 0.0 { self.hashes / self.seconds } else { 0.0 };
        rate * time.as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::Recent;
    use std::time::Duration;

    #[test]
    fn a_slow_past_is_forgotten() {
        let second = Duration::from_secs(1);
        let mut recent = Recent::default();
        assert!(recent.hashes_in(second).abs() < f64::EPSILON);
        for _ in 0..1000 {
            recent.add(10, second);
        }
        assert!((recent.hashes_in(second) - 10.0).abs() < 0.01);
        for _ in 0..60 {
            recent.add(1000, second);
        }
        assert!(recent.hashes_in(second) > 990.0, "{recent:?}");
    }
}
