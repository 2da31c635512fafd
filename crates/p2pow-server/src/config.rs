//! [`Config`]: what a worker is told before it starts.

use crate::pricing::Pricing;
use nano_block::Network;
use nano_http::{HttpLimits, IpNet, Rate, Sockets};
use nano_primitives::{Account, Amount};
use nano_rpc::WebSocketUrl;
use p2pow_protocol::DEFAULT_PORT;
use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

/// Requests of all kinds that an address is answered at once: more than any client needs, and far fewer than a core
/// answers.
const PACE: Rate = Rate { per_second: 20.0, burst: 50 };

/// What a worker is told before it starts. The default listens on loopback and lacks only a reward account.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Where to listen; port 0 takes a free port.
    pub listen: Vec<SocketAddr>,
    /// Listeners that are there already, for addresses of `listen`.
    pub sockets: Sockets,
    /// Who is paid. No key is needed to work.
    pub reward_account: Account,
    /// The price of a send or change job, in raw.
    pub fee: Amount,
    /// Whose work thresholds count.
    pub network: Network,
    /// The WebSockets of the nodes, in their order, of as many as have one. Without any the nodes are polled, which is
    /// slower to notice a lost race.
    pub websocket_urls: Vec<WebSocketUrl>,
    /// Hashes a second as they were measured, until the pool knows by its own work.
    pub hashrate: Option<f64>,
    /// The most user blocks of one job.
    pub max_user_blocks: usize,
    /// How the fee follows demand and costs.
    pub pricing: Pricing,
    /// The most jobs that wait or are worked on; one more is told to come again.
    pub max_jobs: usize,
    /// How long the works of all jobs may take to be found, as far as is to be expected; one more job is told to come
    /// again.
    pub max_wait: Duration,
    /// The most jobs that are held against the ledger at once, an eighth of them of one address.
    pub max_checks: usize,
    /// The highest network multiplier that jobs are taken at.
    pub max_multiplier: f64,
    /// Which frontiers are trusted.
    pub frontier: FrontierPolicy,
    /// Whether to go on for the reward when somebody else has published the user blocks already.
    pub contest: Contest,
    /// How often the node is asked for what happens to the accounts of running jobs.
    pub poll: Duration,
    /// How long clients wait while the nodes do not take the blocks, before they are told so. The job goes on.
    pub answer_within: Duration,
    /// How long a published reward may take to be confirmed before that is worth a warning. It stays watched.
    pub confirm_within: Duration,
    /// How long a published reward is watched at all; a job whose reward is not confirmed by then has failed, and one in
    /// whose place blocks of others are that are not confirmed either is lost.
    pub watch_within: Duration,
    /// What clients may take up. The size of a body follows from `max_user_blocks`.
    pub http: HttpLimits,
    /// The requests for work that an address may send.
    pub rate: Rate,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
}

/// Which frontiers a job may stand on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrontierPolicy {
    /// Any. A node may roll an unconfirmed one back, and the work is wasted.
    Any,
    /// Confirmed ones. One that is not gets so much time to become so.
    Confirmed {
        /// How long to wait before the job is refused.
        wait: Duration,
    },
}

/// Whether to go on for the reward when somebody else has published the user blocks: a rival who has also found the
/// reward's work publishes that at once, one who has not is no further.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Contest {
    /// Go on.
    Always,
    /// Give up.
    Never,
    /// Go on if all works are to be expected within this time.
    Within(Duration),
    /// Go on unless a job that waits pays more for a hash than this one, won with that chance (0 to 1), does for those
    /// that are left.
    Worth {
        /// How likely the reward is won all the same: one half against a rival who is as fast.
        chance: f64,
    },
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: vec![SocketAddr::from((Ipv4Addr::LOCALHOST, DEFAULT_PORT))],
            sockets: Sockets::default(),
            reward_account: Account::ZERO,
            fee: Amount::from_raw(100_000_000_000_000_000_000_000_000), // 0.0001 XNO
            network: Network::Live,
            websocket_urls: Vec::new(),
            hashrate: None,
            max_user_blocks: 128,
            pricing: Pricing::default(),
            max_jobs: 16,
            max_wait: Duration::from_secs(600),
            max_checks: 64,
            max_multiplier: 30.0,
            frontier: FrontierPolicy::Confirmed { wait: Duration::from_secs(10) },
            contest: Contest::Worth { chance: 0.5 },
            poll: Duration::from_millis(250),
            answer_within: Duration::from_secs(45),
            confirm_within: Duration::from_secs(600),
            watch_within: Duration::from_secs(7 * 24 * 3600),
            http: HttpLimits { pace: Some(PACE), ..HttpLimits::default() },
            rate: Rate { per_second: 10.0, burst: 100 },
            trusted_proxies: Vec::new(),
        }
    }
}
