//! What a server is told before it starts.

use blake2::{Blake2b, Digest, digest::consts::U32};
use nano_block::Network;
use nano_pow::pool::Priority;
use nano_primitives::Difficulty;
use std::{
    fmt,
    net::{Ipv4Addr, SocketAddr},
    ops::RangeInclusive,
    sync::Arc,
    time::Duration,
};

/// What a server is told before it starts. The default suits a server of this machine's own: it listens on loopback,
/// where a node or a wallet looks for it, and takes jobs from everybody there.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Where to listen; port 0 takes a free port.
    pub listen: SocketAddr,
    /// Whose thresholds count: the base that multipliers are relative to, and what is enough for a receive.
    pub network: Network,
    /// The difficulties that are worked on, as multiples of the network's base.
    pub multipliers: RangeInclusive<f64>,
    /// The most jobs that wait or are worked on; one more is told to come again.
    pub max_jobs: usize,
    /// How long a job may take from its arrival, if there is a limit. A slow machine may need minutes.
    pub job_within: Option<Duration>,
    /// The most works of one benchmark.
    pub max_benchmark: u32,
    /// Who may ask by showing a key.
    pub keys: Vec<Key>,
    /// What everybody may ask without a key, each address for itself; `None` if a key is needed.
    pub open: Option<Limits>,
    /// Whether pages of any origin may ask, by their visitors' browsers.
    pub cors: bool,
    /// What connections may take up.
    pub http: HttpLimits,
}

/// What one caller may ask.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Limits {
    /// How fast jobs may come, if there is a limit.
    pub rate: Option<Rate>,
    /// How many jobs may wait or be worked on at once, if there is a limit.
    pub at_once: Option<usize>,
    /// How urgent the jobs are: of all that wait, the most urgent is next.
    pub priority: Priority,
}

/// So many jobs a second for ever, and some more now and then.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// Jobs a second.
    pub per_second: f64,
    /// Jobs at once after a rest.
    pub burst: u32,
}

/// What connections may take up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HttpLimits {
    /// Connections that are served at once; more wait.
    pub connections: usize,
    /// The largest request in bytes.
    pub body: usize,
    /// How long the head of a request may take, and a connection may be idle before it.
    pub head_within: Duration,
    /// How long the body of a request may take.
    pub body_within: Duration,
}

/// A key and what its owner may ask. Only a hash of the secret is kept.
#[derive(Clone, PartialEq)]
pub struct Key {
    pub(crate) name: Arc<str>,
    pub(crate) digest: [u8; 32],
    pub(crate) limits: Limits,
}

/// A secret that cannot be a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the key {name:?} is empty or has characters that a header cannot carry, wanted visible ASCII"
)]
pub struct KeyError {
    /// The key's name.
    pub name: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 7076)),
            network: Network::Live,
            multipliers: 0.0..=64.0,
            max_jobs: 1024,
            job_within: None,
            max_benchmark: 100,
            keys: Vec::new(),
            open: Some(Limits::default()),
            cors: false,
            http: HttpLimits::default(),
        }
    }
}

impl Config {
    /// What multipliers are relative to.
    pub(crate) fn base(&self) -> Difficulty {
        self.network.thresholds().base()
    }

    /// The easiest and the hardest difficulty that is worked on.
    pub(crate) fn bounds(&self) -> RangeInclusive<Difficulty> {
        let multiple = |multiplier| Difficulty::from_multiplier(multiplier, self.base());
        let least = multiple(*self.multipliers.start()).unwrap_or(Difficulty::MIN);
        let most = multiple(*self.multipliers.end()).unwrap_or(Difficulty::MIN);
        least..=most
    }
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            connections: 1024,
            body: 32 * 1024,
            head_within: Duration::from_secs(30),
            body_within: Duration::from_secs(10),
        }
    }
}

impl Key {
    /// A key: its name for logs, what is to be shown, and what its owner may ask.
    ///
    /// # Errors
    /// The secret is empty, or has other than visible ASCII characters.
    pub fn new(name: &str, secret: &str, limits: Limits) -> Result<Self, KeyError> {
        if secret.is_empty() || !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(KeyError { name: name.to_owned() });
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
pub(crate) fn digest(secret: &[u8]) -> [u8; 32] {
    Blake2b::<U32>::digest(secret).into()
}

#[cfg(test)]
mod tests {
    use super::{Config, Key, Limits};
    use nano_primitives::Difficulty;

    #[test]
    fn the_hardest_work_is_64_times_the_base() {
        let bounds = Config::default().bounds();
        assert_eq!(*bounds.start(), Difficulty::MIN);
        assert_eq!(bounds.end().to_string(), "ffffffffe0000000");
    }

    #[test]
    fn a_key_does_not_show_its_secret() {
        let key = Key::new("alice", "wonderland", Limits::default()).unwrap();
        let shown = format!("{key:?}");
        assert!(shown.contains("alice") && !shown.contains("wonderland"), "{shown}");
        assert!(!shown.contains("digest"), "{shown}");
    }

    #[test]
    fn a_key_can_be_sent_in_a_header() {
        for secret in ["", " ", "two words", "ключ", "line\n"] {
            assert!(Key::new("bad", secret, Limits::default()).is_err(), "{secret:?}");
        }
    }
}
