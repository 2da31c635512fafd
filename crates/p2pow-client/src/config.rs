//! What a sender may be told: whom to hire, for how much, how long to wait.

use nano_block::Network;
use nano_primitives::{Account, Amount};
use p2pow_protocol::DEFAULT_PORT;
use std::{net::IpAddr, time::Duration};
use tokio::time::Instant;

/// How a sender works. The default is for the live network.
#[derive(Debug, Clone)]
pub struct Config {
    /// Which thresholds the returned work must reach.
    pub network: Network,
    /// The most that is paid for a send or change job, in raw; receives and batches scale with it as a worker's prices
    /// do (see [`p2pow_protocol::fees`]).
    pub max_fee: Amount,
    /// How many workers are hired for one job. Each learns of the payment; one is paid.
    pub hire: usize,
    /// Which workers are hired.
    pub policy: Policy,
    /// Workers to choose from, in place of those registered on the ledger.
    pub workers: Vec<IpAddr>,
    /// The port that workers listen on; the registry holds addresses only.
    pub port: u16,
    /// Whether workers may be on loopback and private addresses. For development networks.
    pub allow_local: bool,
    /// The representative of an account that is opened; itself if there is none.
    pub representative: Option<Account>,
    /// The node's WebSocket, which tells of confirmations sooner than polling does.
    pub websocket: Option<String>,
    /// Whether a balance is taken on the node's word where the frontier block holds none (old legacy blocks).
    pub trust_node_balance: bool,
    /// Bounds of the search for workers.
    pub search: Search,
    /// Bounds of waiting.
    pub patience: Patience,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            network: Network::Live,
            max_fee: Amount::from_raw(10_u128.pow(27)),
            hire: 2,
            policy: Policy::default(),
            workers: Vec::new(),
            port: DEFAULT_PORT,
            allow_local: false,
            representative: None,
            websocket: None,
            trust_node_balance: false,
            search: Search::default(),
            patience: Patience::default(),
        }
    }
}

/// Which of the workers that are good enough are hired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Policy {
    /// The lowest price, then the quickest.
    #[default]
    Cheapest,
    /// The shortest expected time, then the lowest price. What a worker says of its speed is its own word.
    Fastest,
}

/// Bounds of the search for workers: the registry is open to anybody.
#[derive(Debug, Clone, Copy)]
pub struct Search {
    /// Registrations that are looked at, at most.
    pub max_entries: u64,
    /// Workers that are asked, at most; those registered last come first.
    pub max_workers: usize,
    /// Workers that are asked at the same time.
    pub at_once: usize,
    /// Time for a worker to tell its offer.
    pub timeout: Duration,
    /// Bytes of an offer, at most.
    pub max_bytes: usize,
}

impl Default for Search {
    fn default() -> Self {
        Self {
            max_entries: 1_000,
            max_workers: 100,
            at_once: 16,
            timeout: Duration::from_secs(4),
            max_bytes: 16 * 1024,
        }
    }
}

/// Bounds of waiting.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For a connection to a worker.
    pub connect: Duration,
    /// For the whole deal, from the moment the workers are asked.
    pub deal: Duration,
    /// For the ledger, once no worker has more to say.
    pub settle: Duration,
    /// For the account's last block to be confirmed before another is built on it.
    pub frontier: Duration,
    /// Between two looks at the ledger.
    pub poll: Duration,
}

/// The moment after so much patience. For ever is thirty years: a clock has an end.
pub(crate) fn deadline(patience: Duration) -> Instant {
    let ever = Duration::from_secs(30 * 365 * 24 * 60 * 60);
    Instant::now() + patience.min(ever)
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(4),
            deal: Duration::from_secs(600),
            settle: Duration::from_secs(20),
            frontier: Duration::from_secs(30),
            poll: Duration::from_millis(500),
        }
    }
}
