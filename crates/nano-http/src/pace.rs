//! [`Pace`]: whoever asks faster than a rate waits for a turn, and others do not wait for him.

use crate::{Rate, Source, TooMany};
use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::time::{Instant, sleep_until};

/// Sources kept before those that have rested are forgotten.
const MANY: usize = 4096;
/// The longest wait: who would have to wait for longer is refused.
const LONGEST: Duration = Duration::from_secs(10);
/// The least rate, in requests a second: a slower one refuses nearly everybody anyway.
const SLOWEST: f64 = 1e-3;

/// Gives turns: so many a second to each source, and some more at once after a rest.
///
/// Unlike a bucket it refuses nobody who can wait for some seconds: a connection that waits is not read, so its client
/// comes to a stop too. Each waiter has a turn of its own, so that nobody wakes in vain.
#[derive(Debug)]
pub(crate) struct Pace {
    /// The time of one turn.
    period: Duration,
    /// How far behind a source may be that has rested.
    rest: Duration,
    /// Spreads those who wait over a period: a crowd that began at one moment does not come again at one moment.
    phases: RandomState,
    turns: Mutex<Turns>,
}

#[derive(Debug)]
struct Turns {
    /// The next turn of each source, if it never rested.
    next: HashMap<Source, Instant>,
    /// How many sources there may be before rested ones are looked for.
    many: usize,
}

impl Pace {
    pub(crate) fn new(rate: Rate) -> Self {
        let per_second = rate.per_second.max(SLOWEST); // of no number, too
        let period = Duration::from_secs_f64(per_second.recip());
        let rest = period.saturating_mul(rate.burst.saturating_sub(1));
        let turns = Mutex::new(Turns { next: HashMap::new(), many: MANY });
        Self { period, rest, phases: RandomState::new(), turns }
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// There are too many who wait for one.
    pub(crate) async fn turn(&self, source: Source) -> Result<(), TooMany> {
        let now = Instant::now();
        let at = self.take(source, now)?;
        if at > now {
            sleep_until(at + self.phase(source)).await;
        }
        Ok(())
    }

    /// A part of a period, always the same for a source.
    fn phase(&self, source: Source) -> Duration {
        let [first, ..] = self.phases.hash_one(source).to_ne_bytes();
        self.period * first.into() / 256
    }

    /// Takes a turn, and says when it is.
    fn take(&self, source: Source, now: Instant) -> Result<Instant, TooMany> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        if turns.next.len() >= turns.many {
            turns.next.retain(|_, next| *next > now);
            turns.many = MANY.max(2 * turns.next.len());
        }
        // A source that has rested has its turns from here on, one after the other: those in the past are now.
        let next = turns.next.get(&source).copied().map_or(now, |next| next.max(now));
        let at = next.checked_sub(self.rest).map_or(now, |at| at.max(now));
        let wait = at - now;
        if wait > LONGEST {
            return Err(TooMany { wait });
        }
        turns.next.insert(source, next + self.period);
        Ok(at)
    }
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, MANY, Pace};
    use crate::{Rate, Source};
    use std::{net::IpAddr, time::Duration};
    use tokio::time::Instant;

    fn source(number: u16) -> Source {
        let [high, low] = number.to_be_bytes();
        IpAddr::from([192, 0, high, low]).into()
    }

    #[tokio::test(start_paused = true)]
    async fn who_asks_fast_waits_and_others_do_not() {
        let pace = Pace::new(Rate { per_second: 10.0, burst: 3 });
        let begin = Instant::now();
        let mut waits = Vec::new();
        for _ in 0..5 {
            pace.turn(source(1)).await.unwrap();
            waits.push(begin.elapsed().as_millis());
        }
        assert_eq!(waits[..3], [0, 0, 0]);
        // In the part of a period that is the source's.
        assert!((100..202).contains(&waits[3]) && (200..302).contains(&waits[4]), "{waits:?}");
        let before = begin.elapsed();
        pace.turn(source(2)).await.unwrap();
        assert_eq!(begin.elapsed(), before, "another one has turns of his own");
        tokio::time::advance(Duration::from_secs(9)).await;
        let begin = Instant::now();
        for _ in 0..3 {
            pace.turn(source(1)).await.unwrap();
        }
        assert!(begin.elapsed().is_zero(), "a rest gives a burst");
        pace.turn(source(1)).await.unwrap();
        assert!(begin.elapsed() >= Duration::from_millis(100), "and no more");
    }

    #[test]
    fn a_crowd_does_not_come_again_at_one_moment() {
        let pace = Pace::new(Rate { per_second: 10.0, burst: 1 });
        let mut phases: Vec<_> = (0..256).map(|number| pace.phase(source(number))).collect();
        phases.sort_unstable();
        phases.dedup();
        assert!(phases.len() > 100, "{}", phases.len());
        assert!(phases.iter().all(|phase| *phase < pace.period));
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_ever() {
        let pace = Pace::new(Rate { per_second: 10.0, burst: 1 });
        let now = Instant::now();
        for number in 0..=100 {
            assert_eq!(
                pace.take(source(1), now).unwrap() - now,
                Duration::from_millis(100) * number
            );
        }
        assert!(pace.take(source(1), now).unwrap_err().wait > LONGEST);
        assert!(pace.take(source(2), now).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_rested_is_forgotten() {
        let pace = Pace::new(Rate { per_second: 10.0, burst: 3 });
        for number in 0..u16::try_from(MANY).unwrap() {
            pace.turn(source(number)).await.unwrap();
        }
        tokio::time::advance(Duration::from_secs(1)).await;
        pace.turn(source(9)).await.unwrap();
        assert_eq!(pace.turns.lock().unwrap().next.len(), 1);
    }

    #[test]
    fn odd_rates_are_taken() {
        for per_second in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e300] {
            for burst in [0, 1, u32::MAX] {
                let pace = Pace::new(Rate { per_second, burst });
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                runtime.unwrap().block_on(pace.turn(source(1))).unwrap();
            }
        }
    }
}
