//! [`Config`]: what a sender may be told: whom to hire, for how much, how long to wait. [`Deadlines`]: what its patience
//! means for one deal.

use nano_block::Network;
use nano_pow::Pool;
use nano_primitives::{Account, Amount};
#[cfg(feature = "websocket")]
use nano_rpc::WebSocketUrl;
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
    /// The most that the fees of 24 hours may come to, in raw; without it there is no limit. What was spent is
    /// remembered by the [`Market`](crate::Market), from when on there is a limit.
    pub max_fee_per_day: Option<Amount>,
    /// How many workers are hired for one job at once. Each learns of the payment; one is paid.
    pub hire: usize,
    /// How many workers may be hired for one job in all: one more when another has failed, or took too long.
    pub hire_most: usize,
    /// What works on a job that no worker delivers; nothing if it is not said. The signed blocks are the same.
    pub fallback: Option<Pool>,
    /// Whether the reward is all that the orders leave, where that is not less than the worker wants and not more than
    /// [`max_fee`](Self::max_fee) allows: to empty an account to the last raw.
    pub leaves_nothing: bool,
    /// Which workers are hired.
    pub policy: Policy,
    /// Whether only workers are hired that are paid on the very account that registered them.
    pub strict: bool,
    /// Workers to choose from, in place of those registered on the ledger.
    pub workers: Vec<IpAddr>,
    /// The port that workers listen on; the registry holds addresses only.
    pub port: u16,
    /// Whether workers may be on private addresses of a development network, and on loopback. On the live network it
    /// opens loopback alone.
    pub allow_local: bool,
    /// The representative of an account that is opened; itself if there is none.
    pub representative: Option<Account>,
    /// The nodes' WebSockets, which tell of confirmations sooner than polling does. All of them are listened to.
    #[cfg(feature = "websocket")]
    pub websocket_urls: Vec<WebSocketUrl>,
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
            max_fee_per_day: None,
            hire: 1,
            hire_most: 4,
            fallback: None,
            leaves_nothing: false,
            policy: Policy::default(),
            strict: false,
            workers: Vec::new(),
            port: DEFAULT_PORT,
            allow_local: false,
            representative: None,
            #[cfg(feature = "websocket")]
            websocket_urls: Vec::new(),
            trust_node_balance: false,
            search: Search::default(),
            patience: Patience::default(),
        }
    }
}

/// Which of the workers that are good enough are hired, of those that are trusted alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Policy {
    /// The lowest price, then the quickest.
    #[default]
    Cheapest,
    /// The shortest time by the speed that was shown, then the lowest price.
    Fastest,
}

/// Bounds of the search for workers: the registry is open to anybody.
#[derive(Debug, Clone, Copy)]
pub struct Search {
    /// Entries of the registry that are read, at most. They are grouped by account before anything else is left out.
    pub max_entries: u64,
    /// Entries that the node is asked for at a time: 5,000 are about a megabyte as nodes write them.
    pub page: u64,
    /// Workers that are asked, at most.
    pub max_workers: usize,
    /// Workers that are asked for a payment although they never answered before, while enough others did.
    pub explore: usize,
    /// Workers that are asked at the same time.
    pub at_once: usize,
    /// Time for a connection to a worker that is asked for its offer.
    pub connect: Duration,
    /// Time for a worker to tell its offer, the connection included.
    pub timeout: Duration,
    /// Bytes of an offer, at most.
    pub max_bytes: usize,
    /// How long the registry is not looked at again.
    pub rescan: Duration,
    /// How long a worker's offer is not asked for again for a payment. One that has changed its mind refuses the job, and
    /// is asked anew.
    pub offers: Duration,
    /// How long what the ledger shows of a worker is not looked up again.
    pub ledger: Duration,
}

impl Default for Search {
    fn default() -> Self {
        Self {
            max_entries: 200_000,
            page: 5_000,
            max_workers: 100,
            explore: 4,
            at_once: 32,
            connect: Duration::from_millis(1500),
            timeout: Duration::from_secs(4),
            max_bytes: 16 * 1024,
            rescan: Duration::from_secs(60),
            offers: Duration::from_secs(10),
            ledger: Duration::from_secs(6 * 3600),
        }
    }
}

/// Bounds of waiting.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For a connection to a worker.
    pub connect: Duration,
    /// For a whole deal, whatever node and workers do. Half of it at most goes by before anything is signed; what a
    /// signer takes is not counted.
    pub deal: Duration,
    /// For a worker with a job of one user block before the next one is hired; in proportion for longer jobs. A worker
    /// that has shown its speed gets three times what it should take, if that is less.
    pub hedge: Duration,
    /// For the ledger, once no worker has more to say.
    pub settle: Duration,
    /// For the account's last block to be confirmed before another is built on it; at most half of `deal`.
    pub frontier: Duration,
    /// Between two looks at the ledger.
    pub poll: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(4),
            deal: Duration::from_secs(600),
            hedge: Duration::from_secs(20),
            settle: Duration::from_secs(20),
            frontier: Duration::from_secs(30),
            poll: Duration::from_millis(500),
        }
    }
}

/// For ever is thirty years: a clock has an end.
const EVER: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);
/// The most that is kept back for a last look at what became of the blocks.
const LAST_LOOK: Duration = Duration::from_secs(5);

/// The moment after so much patience.
pub(crate) fn deadline(patience: Duration) -> Instant {
    Instant::now() + patience.min(EVER)
}

/// The moments by which the steps of one deal are over, in their order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadlines {
    /// Everything that must be known before anything is signed.
    pub(crate) prepared: Instant,
    /// Waiting for workers and ledger.
    pub(crate) settled: Instant,
    /// The last look at what became of the blocks.
    pub(crate) over: Instant,
}

impl Deadlines {
    /// Those of a deal that begins now.
    pub(crate) fn start(patience: Duration) -> Self {
        let (now, whole) = (Instant::now(), patience.min(EVER));
        let look = (whole / 4).min(LAST_LOOK);
        Self { prepared: now + whole / 2, settled: now + (whole - look), over: now + whole }
    }

    /// The same after a pause that is nobody's fault.
    pub(crate) fn later(self, pause: Duration) -> Self {
        let Self { prepared, settled, over } = self;
        Self { prepared: prepared + pause, settled: settled + pause, over: over + pause }
    }
}

/// A duration as people read it, to two digits or so: `600 s`, `2.5 s`, `300 ms`.
pub(crate) fn seconds(duration: Duration) -> String {
    match duration.as_millis() {
        some @ 0..1_000 => format!("{some} ms"),
        some @ 1_000..9_950 if some % 1_000 >= 50 => format!("{:.1} s", duration.as_secs_f64()),
        _ => format!("{:.0} s", duration.as_secs_f64()),
    }
}

#[cfg(test)]
mod tests {
    use super::seconds;
    use std::time::Duration;

    #[test]
    fn durations_are_told_without_a_tail_of_digits() {
        assert_eq!(seconds(Duration::from_nanos(600_001_601_242)), "600 s");
        assert_eq!(seconds(Duration::from_millis(2540)), "2.5 s");
        assert_eq!(seconds(Duration::from_millis(300)), "300 ms");
        assert_eq!(seconds(Duration::from_secs(4)), "4 s");
        assert_eq!(seconds(Duration::ZERO), "0 ms");
    }
}
