//! [`Health`]: how one node does, by every call that is made to it and by a look now and then. [`NodeStatus`]: what an
//! operator is shown of it.

use crate::clock::unix_ms;
use nano_block::Network;
use nano_rpc::{Client, RpcError};
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// After this time without an answer a node does not count any more: those that are there decide without it. Until then
/// nothing is decided that would need it, so that nobody gains by a moment in which others are away.
const AWAY: Duration = Duration::from_secs(60);

/// A node of the worker at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NodeStatus {
    /// Scheme, host and port: what may be shown of its URL.
    pub url: String,
    /// Why it cannot be used, if it cannot: by the last call of any kind, or because it is of another network.
    pub error: Option<String>,
    /// What went wrong last, though it may be well since.
    pub last_error: Option<LastError>,
    /// How long it took to answer at the last look.
    pub latency: Option<Duration>,
    /// Blocks of its ledger at the last look.
    pub blocks: Option<u64>,
    /// How many confirmed blocks it is behind the furthest of the worker's nodes and of its own peers.
    pub behind: Option<u64>,
    /// Its WebSocket.
    pub websocket: WebSocketStatus,
}

/// Something that went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LastError {
    /// What.
    pub error: String,
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
}

/// Whether a node tells of new blocks by its WebSocket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum WebSocketStatus {
    /// None is named; the node is polled.
    #[default]
    Unnamed,
    /// It tells of new blocks.
    Live,
    /// It says nothing, for this reason; the node is polled meanwhile.
    Silent(String),
}

/// How a node does.
#[derive(Debug, Default)]
pub(super) struct Health(Mutex<Observed>);

#[derive(Debug, Default)]
struct Observed {
    /// Why the last call failed, if it did.
    failed: Option<String>,
    /// Since when all calls have failed, if the last one did.
    failing: Option<Instant>,
    /// That it is of another network, which no call that succeeds makes good.
    foreign: Option<String>,
    last_error: Option<LastError>,
    latency: Option<Duration>,
    blocks: Option<u64>,
    /// Its confirmed blocks, and those that its peers have.
    confirmed: Option<(u64, u64)>,
}

impl Health {
    /// Hears how a call went. A node that refuses is there.
    pub(super) fn hear<T>(&self, result: &Result<T, RpcError>) {
        let failure = result.as_ref().err().filter(|error| error.node_text().is_none());
        // Most calls succeed after one that did, and there are many.
        let mut state = self.lock();
        state.failing = failure.and_then(|_| state.failing.or_else(|| Some(Instant::now())));
        state.failed = failure.map(ToString::to_string);
        let failed = state.failed.clone();
        state.remember(failed);
    }

    /// Whether it has a say in what more than half of the nodes say.
    pub(super) fn counts(&self) -> bool {
        self.lock().failing.is_none_or(|since| since.elapsed() < AWAY)
    }

    /// Looks at the node: whether it answers, how fast, of which network it is and how far its ledger.
    pub(super) async fn look(&self, client: &Client, wanted: Network) {
        let asked = Instant::now();
        let count = client.block_count().await;
        let latency = asked.elapsed();
        self.hear(&count);
        let Ok(count) = count else { return };
        let told = client.active_difficulty().await.ok();
        let foreign = told.and_then(|told| told.check_network(wanted).err());
        let peers = client.telemetry().await.map_or(0, |telemetry| telemetry.cemented_count);
        let mut state = self.lock();
        let foreign = foreign.map(|other| other.to_string());
        state.foreign.clone_from(&foreign);
        state.remember(foreign);
        state.latency = Some(latency);
        state.blocks = Some(count.count);
        state.confirmed = count.cemented.map(|own| (own, own.max(peers)));
    }

    /// The confirmed blocks of the node, if it is of the right network.
    pub(super) fn confirmed(&self) -> Option<u64> {
        let state = self.lock();
        state.confirmed.filter(|_| state.foreign.is_none()).map(|(own, _)| own)
    }

    /// What is known of the node at `url`, beside one that has `furthest` confirmed blocks.
    pub(super) fn status(
        &self,
        url: &str,
        furthest: u64,
        websocket: WebSocketStatus,
    ) -> NodeStatus {
        let state = self.lock();
        NodeStatus {
            url: url.to_owned(),
            error: state.foreign.clone().or_else(|| state.failed.clone()),
            last_error: state.last_error.clone(),
            latency: state.latency,
            blocks: state.blocks,
            behind: state.confirmed.map(|(own, peers)| furthest.max(peers).saturating_sub(own)),
            websocket,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Observed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observed {
    fn remember(&mut self, error: Option<String>) {
        if let Some(error) = error {
            self.last_error = Some(LastError { error, at_ms: unix_ms() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{AWAY, Health};
    use nano_rpc::Client;
    use std::time::Duration;
    use tokio::time::advance;

    #[tokio::test(start_paused = true)]
    async fn a_node_that_has_been_away_for_long_does_not_count_until_it_is_back() {
        let (health, moment) = (Health::default(), Duration::from_secs(1));
        let nobody = Client::builder("http://127.0.0.1:1").retries(0).build().unwrap();
        let failure = nobody.block_count().await;
        assert!(failure.is_err() && health.counts());
        health.hear(&failure);
        advance(AWAY - moment).await;
        health.hear(&failure);
        assert!(health.counts());
        advance(moment).await;
        assert!(!health.counts(), "it is the first failure that counts");
        health.hear(&Ok(()));
        assert!(health.counts());
        health.hear(&failure);
        assert!(health.counts());
    }
}
