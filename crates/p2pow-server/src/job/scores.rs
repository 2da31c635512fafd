//! [`Scores`]: what somebody has cost in vain, an account or an address, and how that is forgotten.
//!
//! One point is a job whose owner signed another block in its place. A score halves every ten minutes. It lowers the
//! priority and the share of the worker's room, and above [`TOO_MUCH`] nothing is taken until it has fallen below.

use nano_http::{Source, whole_seconds};
use nano_primitives::Account;
use p2pow_protocol::Refusal;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// A job that was forked away.
pub(crate) const FORK: f64 = 1.0;
/// A check that failed: it cost a moment.
pub(crate) const CHECK: f64 = 0.05;
/// From here on nothing is taken.
const TOO_MUCH: f64 = 3.5;
const HALF_LIFE: Duration = Duration::from_secs(600);
/// Scores kept. One more, and the smallest are forgotten until half of them are left.
const MANY: usize = 8192;
/// A score that is forgotten first.
const SMALL: f64 = 0.01;

/// Whose score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Whose {
    Account(Account),
    Source(Source),
}

/// The scores. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scores(Arc<Mutex<HashMap<Whose, Score>>>);

#[derive(Debug, Clone, Copy)]
struct Score {
    points: f64,
    at: Instant,
}

impl Score {
    fn now(&self, now: Instant) -> f64 {
        let halves = (now - self.at).as_secs_f64() / HALF_LIFE.as_secs_f64();
        self.points * (-halves).exp2()
    }
}

impl Scores {
    pub(crate) fn add(&self, whose: Whose, points: f64) {
        let now = Instant::now();
        let mut all = self.lock();
        // Who comes from very many addresses is forgotten with all of them, and nobody whose score is large.
        let mut small = SMALL;
        while all.len() >= MANY || small > SMALL && all.len() > MANY / 2 {
            all.retain(|_, score| score.now(now) > small);
            small *= 2.0;
        }
        let before = all.get(&whose).map_or(0.0, |score| score.now(now));
        all.insert(whose, Score { points: before + points, at: now });
    }

    /// The points that somebody has now.
    pub(crate) fn of(&self, whose: Whose) -> f64 {
        self.lock().get(&whose).map_or(0.0, |score| score.now(Instant::now()))
    }

    /// How much of the priority and of the room that others have somebody gets: 1 to hardly anything.
    pub(crate) fn share(&self, whose: &[Whose]) -> f64 {
        let worst = whose.iter().map(|whose| self.of(*whose)).fold(0.0, f64::max);
        1.0 / (1.0 + worst)
    }

    /// Refuses who has cost too much.
    ///
    /// # Errors
    /// Says when the score will have fallen.
    pub(crate) fn check(&self, whose: Whose) -> Result<(), Refusal> {
        let points = self.of(whose);
        if points < TOO_MUCH {
            return Ok(());
        }
        let wait = HALF_LIFE.mul_f64((points / TOO_MUCH).log2());
        Err(Refusal::TooManyRequests { retry_after: whole_seconds(wait).max(1) })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Whose, Score>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::{CHECK, FORK, HALF_LIFE, MANY, Scores, Whose};
    use nano_primitives::Account;
    use std::net::{IpAddr, Ipv4Addr};
    use tokio::time::advance;

    const SPITE: Whose = Whose::Account(Account::ZERO);

    #[tokio::test(start_paused = true)]
    async fn losses_add_up_and_are_forgotten() {
        let scores = Scores::default();
        let other = Whose::Source(std::net::IpAddr::from([192, 0, 2, 1]).into());
        assert!((scores.share(&[SPITE, other]) - 1.0).abs() < 1e-9);
        for _ in 0..3 {
            scores.add(SPITE, FORK);
        }
        assert_eq!(scores.check(SPITE), Ok(()));
        assert!((scores.share(&[SPITE, other]) - 0.25).abs() < 1e-9);
        advance(HALF_LIFE).await;
        assert!((scores.of(SPITE) - 1.5).abs() < 1e-9);
        for _ in 0..5 {
            scores.add(SPITE, FORK);
        }
        let wait = scores.check(SPITE).unwrap_err().retry_after().unwrap();
        assert!((530..=540).contains(&wait), "{wait}: from 6.5 to 3.5 points");
        assert_eq!(scores.check(other), Ok(()));
        advance(std::time::Duration::from_secs(wait)).await;
        assert_eq!(scores.check(SPITE), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_crowd_of_addresses_is_bounded_and_hides_no_spite() {
        let scores = Scores::default();
        for _ in 0..5 {
            scores.add(SPITE, FORK);
        }
        for number in 0..3 * u32::try_from(MANY).unwrap() {
            let source = IpAddr::from(Ipv4Addr::from_bits(0x0a00_0000 + number)).into();
            scores.add(Whose::Source(source), CHECK);
            assert!(scores.lock().len() <= MANY);
        }
        assert!(scores.check(SPITE).is_err());
    }
}
