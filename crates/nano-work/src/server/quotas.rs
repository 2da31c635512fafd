//! How much each caller has asked: a bucket of tokens, and the jobs at once.

use super::access::{Caller, CallerId};
use crate::{Rate, refusal::Refusal};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Accounts kept before those without anything to remember are forgotten.
const MANY: usize = 4096;

/// What each caller has asked. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Quotas(Arc<Mutex<HashMap<CallerId, Account>>>);

#[derive(Debug, Default)]
struct Account {
    running: usize,
    bucket: Option<Bucket>,
}

/// The tokens at a moment; they grow by themselves.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    rate: Rate,
    tokens: f64,
    at: Instant,
}

/// A job that counts for its caller until this is dropped.
#[derive(Debug)]
pub(crate) struct Permit {
    quotas: Quotas,
    id: CallerId,
}

impl Quotas {
    /// Takes a job in, if the caller's limits allow for it.
    pub(crate) fn admit(&self, caller: &Caller, now: Instant) -> Result<Permit, Refusal> {
        let mut accounts = self.lock();
        if accounts.len() >= MANY {
            accounts.retain(|_, account| !account.is_blank(now));
        }
        accounts.entry(caller.id.clone()).or_default().admit(caller, now)?;
        Ok(Permit { quotas: self.clone(), id: caller.id.clone() })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<CallerId, Account>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Account {
    fn admit(&mut self, caller: &Caller, now: Instant) -> Result<(), Refusal> {
        if let Some(limit) = caller.limits.at_once.filter(|limit| self.running >= *limit) {
            return Err(Refusal::TooManyAtOnce { limit });
        }
        if let Some(rate) = caller.limits.rate {
            let bucket = self.bucket.get_or_insert(Bucket::full(rate, now));
            bucket.take(now).map_err(|wait| Refusal::TooFast { wait })?;
        }
        self.running += 1;
        Ok(())
    }

    /// Whether a new account would be the same.
    fn is_blank(&self, now: Instant) -> bool {
        let is_full = |bucket: &Bucket| bucket.level(now) >= f64::from(bucket.rate.burst);
        self.running == 0 && self.bucket.as_ref().is_none_or(is_full)
    }
}

impl Bucket {
    fn full(rate: Rate, now: Instant) -> Self {
        Self { rate, tokens: f64::from(rate.burst), at: now }
    }

    fn level(&self, now: Instant) -> f64 {
        let gained = now.saturating_duration_since(self.at).as_secs_f64() * self.rate.per_second;
        (self.tokens + gained).min(f64::from(self.rate.burst))
    }

    /// Takes a token, or says how long to wait for one.
    fn take(&mut self, now: Instant) -> Result<(), Duration> {
        (self.tokens, self.at) = (self.level(now), now);
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Ok(());
        }
        let wait = (1.0 - self.tokens) / self.rate.per_second;
        Err(Duration::try_from_secs_f64(wait).unwrap_or(Duration::MAX))
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(account) = self.quotas.lock().get_mut(&self.id) {
            account.running -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{MANY, Quotas};
    use crate::{
        Limits, Rate,
        refusal::Refusal,
        server::access::{Caller, CallerId},
    };
    use std::time::{Duration, Instant};

    fn caller(name: &str, limits: Limits) -> Caller {
        Caller { id: CallerId::Key(name.into()), limits }
    }

    fn slow(name: &str) -> Caller {
        caller(name, Limits { rate: Some(Rate { per_second: 0.5, burst: 2 }), ..Limits::default() })
    }

    #[test]
    fn a_burst_is_let_through_and_then_a_trickle() {
        let (quotas, start) = (Quotas::default(), Instant::now());
        let admit = |name, at| quotas.admit(&slow(name), at).map(drop);
        assert_eq!(admit("alice", start), Ok(()));
        assert_eq!(admit("alice", start), Ok(()));
        let wait = Duration::from_secs(2);
        assert_eq!(admit("alice", start), Err(Refusal::TooFast { wait }));
        assert_eq!(admit("bob", start), Ok(()));
        assert_eq!(admit("alice", start + wait), Ok(()));
        assert!(admit("alice", start + wait).is_err());
    }

    #[test]
    fn a_job_counts_until_its_permit_is_gone() {
        let (quotas, now) = (Quotas::default(), Instant::now());
        let alice = caller("alice", Limits { at_once: Some(1), ..Limits::default() });
        let permit = quotas.admit(&alice, now).unwrap();
        let refused = quotas.admit(&alice, now).map(drop);
        assert_eq!(refused, Err(Refusal::TooManyAtOnce { limit: 1 }));
        drop(permit);
        assert!(quotas.admit(&alice, now).is_ok());
    }

    #[test]
    fn no_refill_is_a_wait_without_end() {
        let rate = Some(Rate { per_second: 0.0, burst: 0 });
        let never = caller("never", Limits { rate, ..Limits::default() });
        let refused = Quotas::default().admit(&never, Instant::now()).map(drop);
        assert_eq!(refused, Err(Refusal::TooFast { wait: Duration::MAX }));
    }

    #[test]
    fn callers_at_rest_are_forgotten() {
        let (quotas, start) = (Quotas::default(), Instant::now());
        for number in 0..2 * MANY as u64 {
            let now = start + Duration::from_secs(4 * number);
            drop(quotas.admit(&slow(&number.to_string()), now).unwrap());
        }
        assert!(quotas.lock().len() <= MANY);
    }
}
