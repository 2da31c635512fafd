//! [`WorkServerConfig`]: what a work server is told before it starts.

use crate::access::{CallerLimits, Key};
use axum::http::{
    HeaderName, Method,
    header::{AUTHORIZATION, CONTENT_TYPE},
};
use nano_block::Network;
use nano_http::{BodyLimits, CancellationToken, Cors, HttpConfig, HttpLimits, IpNet};
use nano_primitives::Difficulty;
use std::{
    net::{Ipv4Addr, SocketAddr},
    ops::RangeInclusive,
    time::Duration,
};

/// How long a browser may remember that pages may ask.
const PREFLIGHT_REMEMBERED: Duration = Duration::from_secs(24 * 3600);

/// What a server is told before it starts. The default suits a server of this machine's own: it listens on loopback,
/// where a node or a wallet looks for it, and takes jobs from everybody there.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkServerConfig {
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
    /// What everybody may ask without a key, each address for itself; `None` if a key is needed. Where more than this
    /// machine gets here, an address may have a quarter of the jobs at once if it is not said how many.
    pub open: Option<CallerLimits>,
    /// Whether pages of any origin may ask, by their visitors' browsers.
    pub cors: bool,
    /// Proxies that are believed when they name their clients in `X-Forwarded-For`.
    pub trusted_proxies: Vec<IpNet>,
    /// What connections and requests may take up.
    pub http: HttpLimits,
}

impl Default for WorkServerConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 7076)),
            network: Network::Live,
            multipliers: 0.0..=64.0,
            max_jobs: 1024,
            job_within: None,
            max_benchmark: 100,
            keys: Vec::new(),
            open: Some(CallerLimits::default()),
            cors: false,
            trusted_proxies: Vec::new(),
            http: HttpLimits {
                // A node or a wallet asks for many blocks at once, each by a connection.
                connections_per_address: 512,
                body: BodyLimits { bytes: 32 * 1024, within: Duration::from_secs(10) },
                ..HttpLimits::default()
            },
        }
    }
}

impl WorkServerConfig {
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

    /// What everybody may ask without a key. Without a limit one stranger could take all places in the queue.
    pub(crate) fn open_limits(&self) -> Option<CallerLimits> {
        let share = (self.max_jobs / 4).max(1);
        let limits = self.open?;
        let at_once = limits.at_once.or((!self.is_local()).then_some(share));
        Some(CallerLimits { at_once, ..limits })
    }

    /// Whether only this machine gets here, as far as that can be seen.
    pub(crate) fn is_local(&self) -> bool {
        self.listen.ip().to_canonical().is_loopback()
    }

    /// What the HTTP server is told, which ends with `closing`.
    pub(crate) fn http(&self, closing: CancellationToken) -> HttpConfig {
        let cors = Cors {
            methods: vec![Method::POST, Method::OPTIONS],
            headers: vec![AUTHORIZATION, CONTENT_TYPE, HeaderName::from_static("x-api-key")],
            max_age: Some(PREFLIGHT_REMEMBERED),
        };
        HttpConfig {
            listen: vec![self.listen],
            limits: self.http,
            trusted_proxies: self.trusted_proxies.clone(),
            cors: self.cors.then_some(cors),
            closing,
            ..HttpConfig::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::WorkServerConfig;
    use crate::access::CallerLimits;
    use nano_primitives::Difficulty;

    #[test]
    fn the_hardest_work_is_64_times_the_base() {
        let bounds = WorkServerConfig::default().bounds();
        assert_eq!(*bounds.start(), Difficulty::MIN);
        assert_eq!(bounds.end().to_string(), "ffffffffe0000000");
    }

    #[test]
    fn one_stranger_does_not_get_the_whole_queue() {
        let at_once = |config: WorkServerConfig| config.open_limits().unwrap().at_once;
        assert_eq!(at_once(WorkServerConfig::default()), None, "this machine alone");
        let public = WorkServerConfig {
            listen: "0.0.0.0:7076".parse().unwrap(),
            ..WorkServerConfig::default()
        };
        assert_eq!(at_once(public.clone()), Some(256));
        let limits = CallerLimits { at_once: Some(1000), ..CallerLimits::default() };
        assert_eq!(at_once(WorkServerConfig { open: Some(limits), ..public }), Some(1000));
    }
}
