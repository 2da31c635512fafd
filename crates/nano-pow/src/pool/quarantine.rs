//! Leaving a device alone that failed.

use std::time::{Duration, Instant};

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(64);

/// How long a device sits out: a second after a failure, twice as long after each that follows,
/// until it finds work.
#[derive(Debug, Default)]
pub(super) struct Quarantine {
    last: Option<Duration>,
    until: Option<Instant>,
}

impl Quarantine {
    /// The device failed.
    pub(super) fn impose(&mut self, now: Instant) -> Duration {
        let time = self.last.map_or(FIRST, |last| (2 * last).min(LONGEST));
        self.last = Some(time);
        self.until = Some(now + time);
        time
    }

    /// The device proved itself.
    pub(super) fn lift(&mut self) {
        *self = Self::default();
    }

    /// How long the device still has to wait, if at all.
    pub(super) fn left(&self, now: Instant) -> Option<Duration> {
        let left = self.until?.saturating_duration_since(now);
        (!left.is_zero()).then_some(left)
    }
}

#[cfg(test)]
mod tests {
    use super::{FIRST, LONGEST, Quarantine};
    use std::time::Instant;

    #[test]
    fn each_failure_doubles_the_time_up_to_a_bound() {
        let now = Instant::now();
        let mut quarantine = Quarantine::default();
        assert_eq!(quarantine.left(now), None);
        assert_eq!(quarantine.impose(now), FIRST);
        assert_eq!(quarantine.left(now), Some(FIRST));
        assert_eq!(quarantine.left(now + FIRST), None);
        assert_eq!(quarantine.impose(now), 2 * FIRST);
        assert_eq!((0..9).map(|_| quarantine.impose(now)).last(), Some(LONGEST));
        quarantine.lift();
        assert_eq!(quarantine.impose(now), FIRST);
    }
}
