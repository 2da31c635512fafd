//! [`Buckets`]: so many requests a second for each key, and a burst now and then.

use crate::{Source, refusal};
use axum::{
    http::{HeaderValue, StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
};
use governor::{
    Quota, RateLimiter,
    clock::{Clock, Reference},
    state::keyed::HashMapStateStore,
};
use std::{
    fmt,
    hash::Hash,
    num::NonZeroU32,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

/// Buckets kept before those that are full again are forgotten.
const MANY: usize = 4096;
/// The longest time in which a bucket fills; governor counts nanoseconds by 64 bits.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// So many requests a second for ever, and some more now and then.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// Requests a second.
    pub per_second: f64,
    /// Requests at once after a rest; 0 takes none at all.
    pub burst: u32,
}

/// One request more than a [`Rate`] allows. As a response: 429 with `Retry-After`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many requests, wait for {} s", self.retry_after())]
pub struct TooMany {
    /// When the next is taken, from now; [`Duration::MAX`] for never.
    pub wait: Duration,
}

/// A bucket of tokens for each key, a [`Source`] unless it is said otherwise.
///
/// The time is tokio's, so that a test that pauses it decides how fast buckets fill.
pub struct Buckets<K: Hash + Eq + Clone = Source> {
    /// `None` where no request is ever taken.
    limiter: Option<RateLimiter<K, HashMapStateStore<K>, TokioClock>>,
    /// How many buckets there may be before full ones are looked for.
    many: AtomicUsize,
}

impl<K: Hash + Eq + Clone> Buckets<K> {
    /// Buckets that are full at first.
    #[must_use]
    pub fn new(rate: Rate) -> Self {
        let limiter = quota(rate)
            .map(|quota| RateLimiter::new(quota, HashMapStateStore::default(), TokioClock));
        Self { limiter, many: AtomicUsize::new(MANY) }
    }

    /// Takes a token.
    ///
    /// # Errors
    /// There is none; says when there will be.
    pub fn take(&self, key: &K) -> Result<(), TooMany> {
        let Some(limiter) = &self.limiter else { return Err(TooMany { wait: Duration::MAX }) };
        self.forget(limiter);
        limiter
            .check_key(key)
            .map_err(|until| TooMany { wait: until.wait_time_from(TokioClock.now()) })
    }

    /// Forgets full buckets, which are as good as new ones, each time that their number has doubled.
    fn forget(&self, limiter: &RateLimiter<K, HashMapStateStore<K>, TokioClock>) {
        if limiter.len() >= self.many.load(Ordering::Relaxed) {
            limiter.retain_recent();
            self.many.store(MANY.max(2 * limiter.len()), Ordering::Relaxed);
        }
    }
}

fn quota(rate: Rate) -> Option<Quota> {
    let burst = NonZeroU32::new(rate.burst)?;
    let longest = LONGEST / burst.get();
    let period = Duration::try_from_secs_f64(rate.per_second.recip()).unwrap_or(longest);
    let period = period.clamp(Duration::from_nanos(1), longest);
    Some(Quota::with_period(period)?.allow_burst(burst))
}

impl TooMany {
    /// Whole seconds to wait, rounded up, and an hour at most.
    #[must_use]
    pub fn retry_after(&self) -> u64 {
        refusal::whole_seconds(self.wait)
    }
}

impl IntoResponse for TooMany {
    fn into_response(self) -> Response {
        let body = refusal::error("too many requests");
        let mut response = refusal::json(StatusCode::TOO_MANY_REQUESTS, body);
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(self.retry_after()));
        response
    }
}

impl<K: Hash + Eq + Clone> fmt::Debug for Buckets<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.limiter.as_ref().map_or(0, RateLimiter::len);
        f.debug_struct("Buckets").field("keys", &keys).finish_non_exhaustive()
    }
}

/// The time of the runtime, which a test can pause.
#[derive(Debug, Clone, Copy)]
struct TokioClock;

impl Clock for TokioClock {
    type Instant = Instant;

    fn now(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }
}

const _: fn() = || {
    fn is_reference<T: Reference>() {}
    is_reference::<Instant>();
};

#[cfg(test)]
mod tests {
    use super::{Buckets, MANY, Rate, TooMany};
    use axum::response::IntoResponse;
    use std::time::Duration;
    use tokio::time::advance;

    fn buckets(per_second: f64, burst: u32) -> Buckets<u32> {
        Buckets::new(Rate { per_second, burst })
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_let_through_and_then_a_trickle() {
        let buckets = buckets(0.5, 2);
        assert_eq!(buckets.take(&1), Ok(()));
        assert_eq!(buckets.take(&1), Ok(()));
        let wait = Duration::from_secs(2);
        assert_eq!(buckets.take(&1), Err(TooMany { wait }));
        assert_eq!(buckets.take(&2), Ok(()), "somebody else's bucket");
        advance(wait - Duration::from_millis(1)).await;
        assert!(buckets.take(&1).is_err());
        advance(Duration::from_millis(1)).await;
        assert_eq!(buckets.take(&1), Ok(()));
        assert!(buckets.take(&1).is_err());
        advance(wait * 9).await;
        assert_eq!((buckets.take(&1), buckets.take(&1)), (Ok(()), Ok(())));
        assert!(buckets.take(&1).is_err(), "a rest fills the bucket and no more");
    }

    #[tokio::test(start_paused = true)]
    async fn full_buckets_are_forgotten_and_others_are_not() {
        let buckets = buckets(0.5, 1);
        for key in 0..10 * u32::try_from(MANY).unwrap() {
            assert_eq!(buckets.take(&key), Ok(()));
            advance(Duration::from_millis(10)).await;
        }
        assert!(buckets.limiter.as_ref().unwrap().len() <= MANY);
        assert!(buckets.take(&(10 * 4096 - 1)).is_err(), "the last is not full yet");
    }

    #[tokio::test(start_paused = true)]
    async fn odd_rates_do_no_harm() {
        assert_eq!(buckets(1.0, 0).take(&1), Err(TooMany { wait: Duration::MAX }));
        for never in [0.0, -1.0, f64::NAN, 1e-300] {
            let buckets = buckets(never, 1);
            assert_eq!(buckets.take(&1), Ok(()));
            advance(Duration::from_secs(10 * 365 * 24 * 3600)).await;
            assert!(buckets.take(&1).is_err(), "{never}");
        }
        for always in [1e300, f64::INFINITY] {
            let buckets = buckets(always, u32::MAX);
            assert!((0..1000).all(|_| buckets.take(&1).is_ok()), "{always}");
        }
        assert_eq!(buckets(0.0, u32::MAX).take(&1), Ok(()));
    }

    #[test]
    fn a_refusal_says_when_to_come_again() {
        let after = |wait| TooMany { wait }.into_response().headers()["retry-after"].clone();
        assert_eq!(after(Duration::from_millis(1)), "1");
        assert_eq!(after(Duration::from_secs(2)), "2");
        assert_eq!(after(Duration::MAX), "3600");
    }
}
