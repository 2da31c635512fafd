//! How much one address may ask: a bucket of tokens for each.

use crate::Limits;
use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Buckets kept before those that are full again are forgotten.
const MANY: usize = 4096;

/// Who shares a limit: an IPv4 address, or the 64-bit network of an IPv6 address, which one user has for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Source(IpAddr);

impl From<IpAddr> for Source {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self(v4.into()),
            IpAddr::V6(v6) => Self(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into()),
        }
    }
}

/// The buckets of all sources.
#[derive(Debug)]
pub(crate) struct Buckets {
    burst: f64,
    per_second: f64,
    buckets: Mutex<HashMap<Source, Bucket>>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

impl Buckets {
    pub(crate) fn new(limits: &Limits) -> Self {
        let (burst, per_second) = (f64::from(limits.burst), limits.per_second);
        Self { burst, per_second, buckets: Mutex::default() }
    }

    /// Takes a token, or says how long to wait for one.
    pub(crate) fn take(&self, source: Source, now: Instant) -> Result<(), Duration> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MANY {
            buckets.retain(|_, bucket| self.level(bucket, now) < self.burst);
        }
        let bucket = buckets.entry(source).or_insert(Bucket { tokens: self.burst, at: now });
        bucket.tokens = self.level(bucket, now);
        bucket.at = now;
        if bucket.tokens >= 1.0 {
            bucket.tokens -= 1.0;
            return Ok(());
        }
        let wait = (1.0 - bucket.tokens) / self.per_second;
        Err(Duration::try_from_secs_f64(wait).unwrap_or(Duration::MAX))
    }

    fn level(&self, bucket: &Bucket, now: Instant) -> f64 {
        let gained = now.saturating_duration_since(bucket.at).as_secs_f64() * self.per_second;
        (bucket.tokens + gained).min(self.burst)
    }
}

#[cfg(test)]
mod tests {
    use super::{Buckets, Source};
    use crate::Limits;
    use std::{
        net::IpAddr,
        time::{Duration, Instant},
    };

    fn source(address: &str) -> Source {
        Source::from(address.parse::<IpAddr>().unwrap())
    }

    fn buckets() -> Buckets {
        Buckets::new(&Limits { burst: 2, per_second: 0.5, ..Limits::default() })
    }

    #[test]
    fn a_burst_is_let_through_and_then_a_trickle() {
        let (buckets, alice, start) = (buckets(), source("192.0.2.1"), Instant::now());
        assert_eq!(buckets.take(alice, start), Ok(()));
        assert_eq!(buckets.take(alice, start), Ok(()));
        assert_eq!(buckets.take(alice, start), Err(Duration::from_secs(2)));
        assert_eq!(buckets.take(source("192.0.2.2"), start), Ok(()));
        let later = start + Duration::from_secs(2);
        assert_eq!(buckets.take(alice, later), Ok(()));
        assert!(buckets.take(alice, later).is_err());
    }

    #[test]
    fn full_buckets_are_forgotten() {
        let (buckets, start) = (buckets(), Instant::now());
        for number in 0..10_000 {
            let address = IpAddr::from(std::net::Ipv4Addr::from_bits(number));
            assert_eq!(
                buckets.take(address.into(), start + Duration::from_secs(4) * number),
                Ok(())
            );
        }
        assert!(buckets.buckets.lock().unwrap().len() <= super::MANY);
    }

    #[test]
    fn an_ipv6_network_shares_one_bucket() {
        assert_eq!(source("2001:db8::1"), source("2001:db8::ffff:1"));
        assert_ne!(source("2001:db8::1"), source("2001:db8:0:1::1"));
        assert_eq!(source("::ffff:192.0.2.1"), source("192.0.2.1"));
    }

    #[test]
    fn no_refill_is_a_wait_without_end() {
        let limits = Limits { burst: 0, per_second: 0.0, ..Limits::default() };
        let buckets = Buckets::new(&limits);
        assert_eq!(buckets.take(source("192.0.2.1"), Instant::now()), Err(Duration::MAX));
    }
}
