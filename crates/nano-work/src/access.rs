//! [`Access`]: who may ask, and how much each caller may have in hand and ask a second.

use crate::refusal::WorkRefusal;
use axum::http::{HeaderMap, header::AUTHORIZATION};
use blake2::{Blake2b, Digest, digest::consts::U32};
use nano_http::{Buckets, Rate, Source};
use nano_pow::pool::Priority;
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The header for a key, beside `Authorization: Bearer`.
const API_KEY: &str = "x-api-key";

/// What one caller may ask.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct CallerLimits {
    /// How fast jobs may come, if there is a limit.
    pub rate: Option<Rate>,
    /// How many jobs may wait or be worked on at once, if there is a limit.
    pub at_once: Option<usize>,
    /// How urgent the jobs are: of all that wait, the most urgent is next.
    pub priority: Priority,
}

/// A key and what its owner may ask. Only a hash of the secret is kept.
#[derive(Clone, PartialEq)]
pub struct Key {
    pub(crate) name: Arc<str>,
    pub(crate) digest: [u8; 32],
    limits: CallerLimits,
}

/// A secret that cannot be a key. It is not repeated, nor is the name, which may be the secret in the wrong place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the secret of a key is empty or has characters that a header cannot carry, wanted visible ASCII"
)]
pub struct KeyError;

impl Key {
    /// A key: its name for logs, what is to be shown, and what its owner may ask.
    ///
    /// # Errors
    /// The secret is empty, or has other than visible ASCII characters.
    pub fn new(name: &str, secret: &str, limits: CallerLimits) -> Result<Self, KeyError> {
        if secret.is_empty() || !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(KeyError);
        }
        Ok(Self { name: name.into(), digest: digest(secret.as_bytes()), limits })
    }

    /// The key's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// Without the hash: a weak secret could be guessed from it.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, limits, .. } = self;
        f.debug_struct("Key").field("name", name).field("limits", limits).finish_non_exhaustive()
    }
}

/// The hash by which a secret is known. Looking a hash up tells nothing of the secrets by the time that it takes.
fn digest(secret: &[u8]) -> [u8; 32] {
    Blake2b::<U32>::digest(secret).into()
}

/// Who may ask, and what each has in hand.
#[derive(Debug)]
pub(crate) struct Access {
    /// By the digest of the secret: whose key it is.
    keys: HashMap<[u8; 32], Caller>,
    /// What those may who show no key, each address for itself.
    open: Option<Arc<Quota>>,
    running: Arc<Running>,
}

/// Who asks, and what they may.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) id: CallerId,
    quota: Arc<Quota>,
}

/// Whom limits are counted for, and who may cancel a job.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum CallerId {
    /// The owner of a key, wherever they are.
    Key(Arc<str>),
    Address(Source),
}

/// Limits, and the buckets of those whom they are for.
#[derive(Debug)]
struct Quota {
    limits: CallerLimits,
    buckets: Option<Buckets<CallerId>>,
}

/// How many jobs each caller has in hand; none has 0.
#[derive(Debug, Default)]
struct Running(Mutex<HashMap<CallerId, usize>>);

/// A job that counts for its caller until this is dropped.
#[derive(Debug)]
pub(crate) struct Permit {
    running: Arc<Running>,
    id: CallerId,
}

impl Access {
    pub(crate) fn new(keys: &[Key], open: Option<CallerLimits>) -> Self {
        let owner = |key: &Key| Caller {
            id: CallerId::Key(Arc::clone(&key.name)),
            quota: Quota::new(key.limits),
        };
        Self {
            keys: keys.iter().map(|key| (key.digest, owner(key))).collect(),
            open: open.map(Quota::new),
            running: Arc::default(),
        }
    }

    /// Finds out who asks. A key that is shown must be right, unless the server has none.
    pub(crate) fn caller(
        &self,
        headers: &HeaderMap,
        source: Source,
    ) -> Result<Caller, WorkRefusal> {
        match shown_key(headers).filter(|_| !self.keys.is_empty()) {
            Some(secret) => self.keys.get(&digest(secret)).cloned().ok_or(WorkRefusal::WrongKey),
            None => {
                let quota = self.open.clone().ok_or(WorkRefusal::NoKey)?;
                Ok(Caller { id: CallerId::Address(source), quota })
            }
        }
    }

    /// Takes a job in, if the caller's limits allow for it.
    pub(crate) fn admit(&self, caller: &Caller) -> Result<Permit, WorkRefusal> {
        // Held while a token is taken, so that a job which is one too many takes none.
        let mut running = self.running.lock();
        let own = running.get(&caller.id).copied().unwrap_or_default();
        if let Some(limit) = caller.quota.limits.at_once.filter(|limit| own >= *limit) {
            return Err(WorkRefusal::TooManyAtOnce { limit });
        }
        if let Some(buckets) = &caller.quota.buckets {
            buckets.take(&caller.id).map_err(WorkRefusal::TooFast)?;
        }
        running.insert(caller.id.clone(), own + 1);
        Ok(Permit { running: Arc::clone(&self.running), id: caller.id.clone() })
    }
}

impl Caller {
    /// How urgent the caller's jobs are.
    pub(crate) fn priority(&self) -> Priority {
        self.quota.limits.priority
    }
}

impl Quota {
    fn new(limits: CallerLimits) -> Arc<Self> {
        Arc::new(Self { limits, buckets: limits.rate.map(Buckets::new) })
    }
}

impl Running {
    fn lock(&self) -> MutexGuard<'_, HashMap<CallerId, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut running = self.running.lock();
        if let Some(own) = running.get_mut(&self.id) {
            *own -= 1;
            if *own == 0 {
                running.remove(&self.id);
            }
        }
    }
}

fn shown_key(headers: &HeaderMap) -> Option<&[u8]> {
    let bearer = || headers.get(AUTHORIZATION).and_then(|value| bearer(value.as_bytes()));
    headers.get(API_KEY).map(|value| value.as_bytes()).or_else(bearer)
}

/// The token of `Bearer TOKEN`. Other schemes are for servers in between.
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then_some(token.trim_ascii())
}

impl fmt::Display for CallerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(name) => write!(f, "key {name}"),
            Self::Address(source) => source.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Access, Caller, CallerLimits, Key, Rate, bearer};
    use crate::refusal::WorkRefusal;
    use axum::http::{HeaderMap, HeaderValue};
    use nano_http::{Source, TooMany};
    use std::{net::IpAddr, time::Duration};
    use tokio::time::advance;

    /// Access for the owners of these keys, whose secrets are their names.
    fn access<const N: usize>(keys: [(&str, CallerLimits); N]) -> Access {
        let keys = keys.map(|(name, limits)| Key::new(name, name, limits).unwrap());
        Access::new(&keys, None)
    }

    fn owner(access: &Access, name: &str) -> Caller {
        let mut headers = HeaderMap::new();
        headers.insert("x-api-key", HeaderValue::from_str(name).unwrap());
        access.caller(&headers, source("192.0.2.1")).unwrap()
    }

    fn source(address: &str) -> Source {
        address.parse::<IpAddr>().unwrap().into()
    }

    fn slow() -> CallerLimits {
        let rate = Some(Rate { per_second: 0.5, burst: 2 });
        CallerLimits { rate, ..CallerLimits::default() }
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_let_through_and_then_a_trickle() {
        let access = access([("alice", slow()), ("bob", slow())]);
        let admit = |name| access.admit(&owner(&access, name)).map(drop);
        assert_eq!((admit("alice"), admit("alice")), (Ok(()), Ok(())));
        let wait = Duration::from_secs(2);
        assert_eq!(admit("alice"), Err(WorkRefusal::TooFast(TooMany { wait })));
        assert_eq!(admit("bob"), Ok(()));
        advance(wait).await;
        assert_eq!(admit("alice"), Ok(()));
        assert!(admit("alice").is_err());
    }

    #[tokio::test]
    async fn a_job_counts_until_its_permit_is_gone_and_then_nothing_is_kept() {
        let one = CallerLimits { at_once: Some(1), ..CallerLimits::default() };
        let access = access([("alice", one)]);
        let alice = owner(&access, "alice");
        let permit = access.admit(&alice).unwrap();
        let refused = access.admit(&alice).map(drop);
        assert_eq!(refused, Err(WorkRefusal::TooManyAtOnce { limit: 1 }));
        drop(permit);
        drop(access.admit(&alice).unwrap());
        assert!(access.running.lock().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_job_too_many_at_once_takes_no_token() {
        let access = access([("alice", CallerLimits { at_once: Some(1), ..slow() })]);
        let alice = owner(&access, "alice");
        let permit = access.admit(&alice).unwrap();
        for _ in 0..9 {
            assert!(access.admit(&alice).is_err());
        }
        drop(permit);
        assert!(access.admit(&alice).is_ok(), "the second token is still there");
    }

    #[test]
    fn strangers_are_told_apart_by_their_network() {
        let access = Access::new(&[], Some(CallerLimits::default()));
        let id = |address| access.caller(&HeaderMap::new(), source(address)).unwrap().id;
        assert_eq!(id("2001:db8::1"), id("2001:db8::2:1"));
        assert_ne!(id("2001:db8::1"), id("2001:db8:0:1::1"));
        assert_eq!(id("::ffff:192.0.2.1"), id("192.0.2.1"));
        assert_ne!(id("192.0.2.1"), id("192.0.2.2"));
    }

    #[test]
    fn a_bearer_token_is_told_in_any_case() {
        assert_eq!(bearer(b"Bearer abc"), Some(&b"abc"[..]));
        assert_eq!(bearer(b"bearer  abc "), Some(&b"abc"[..]));
        assert_eq!(bearer(b"Basic abc"), None);
        assert_eq!(bearer(b"Bear"), None);
    }

    #[test]
    fn a_key_does_not_show_its_secret() {
        let key = Key::new("alice", "wonderland", CallerLimits::default()).unwrap();
        let shown = format!("{key:?}");
        assert!(shown.contains("alice") && !shown.contains("wonderland"), "{shown}");
        assert!(!shown.contains("digest"), "{shown}");
    }

    #[test]
    fn a_key_can_be_sent_in_a_header_and_one_that_cannot_is_not_repeated() {
        for secret in ["", " ", "two words", "ключ", "line\n"] {
            let error = Key::new("sesame", secret, CallerLimits::default()).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("sesame"), "{error}");
            assert!(secret.trim().is_empty() || !error.to_string().contains(secret), "{error}");
        }
    }
}
