//! What the node says about the network now and then: whether it is there, and the difficulty, which has been constant
//! since version 22 of the node.

use crate::worker::Worker;
use nano_block::Network;
use nano_primitives::Difficulty;
use nano_rpc::ActiveDifficulty;
use p2pow_protocol::{NetworkInfo, Refusal};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::{select, time::sleep};
use tracing::{info, warn};

const LOOK_AGAIN: Duration = Duration::from_secs(60);
const LOOK_AGAIN_SOON: Duration = Duration::from_secs(5);

/// The network as the node last told.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NetworkView {
    pub(crate) multiplier: f64,
    pub(crate) info: NetworkInfo,
    /// When the node was last heard, in milliseconds since 1970.
    pub(crate) last_update: u64,
    /// Why the node could not be asked, if it could not.
    pub(crate) error: Option<String>,
    looked: Instant,
}

impl NetworkView {
    /// What is true of a network without asking.
    pub(crate) fn of(network: Network) -> Self {
        let thresholds = network.thresholds();
        let (send, receive) = (thresholds.epoch_2, thresholds.epoch_2_receive);
        Self {
            multiplier: 1.0,
            info: describe(send, receive, (send, receive), 1.0),
            last_update: now(),
            error: None,
            looked: Instant::now(),
        }
    }

    /// Whole seconds until the node is asked again, at least 1.
    pub(crate) fn next_look(&self) -> u64 {
        self.pause().saturating_sub(self.looked.elapsed()).as_secs().max(1)
    }

    /// What to tell clients while the node cannot be asked.
    pub(crate) fn refusal(&self) -> Option<Refusal> {
        let retry_after = self.next_look();
        self.error.as_ref().map(|_| Refusal::NodeUnreachable { retry_after })
    }

    fn pause(&self) -> Duration {
        if self.error.is_some() { LOOK_AGAIN_SOON } else { LOOK_AGAIN }
    }

    fn heard(network: Network, told: &ActiveDifficulty) -> Self {
        let own = network.thresholds().epoch_2_receive;
        let current = (told.network_current, told.network_receive_current.unwrap_or(own));
        let receive = told.network_receive_minimum.unwrap_or(own);
        Self {
            multiplier: told.multiplier,
            info: describe(told.network_minimum, receive, current, told.multiplier),
            ..Self::of(network)
        }
    }
}

fn describe(
    send: Difficulty,
    receive: Difficulty,
    current: (Difficulty, Difficulty),
    multiplier: f64,
) -> NetworkInfo {
    NetworkInfo {
        minimum: send.to_string(),
        receive_minimum: receive.to_string(),
        current: current.0.to_string(),
        receive_current: current.1.to_string(),
        multiplier: multiplier.to_string(),
    }
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

impl Worker {
    /// Asks the node now and then until the worker goes down.
    pub(crate) async fn keep_looking(&self) {
        loop {
            let pause = self.network.borrow().pause();
            select! {
                () = sleep(pause) => self.look_at_network().await,
                () = self.closed() => return,
            }
        }
    }

    /// Asks the node how the network is.
    pub(crate) async fn look_at_network(&self) {
        let network = self.config.network;
        let was_gone = self.network.borrow().error.is_some();
        match self.node.active_difficulty().await {
            Ok(told) => {
                if was_gone {
                    info!("the node is there again");
                }
                self.network.send_replace(NetworkView::heard(network, &told));
            }
            // A node that does not know the question is there, and the network is as it always is.
            Err(error) if error.node_text().is_some() => {
                self.network.send_replace(NetworkView::of(network));
            }
            Err(error) => {
                warn!(%error, "the node cannot be reached");
                self.network.send_modify(|view| {
                    view.error = Some(error.to_string());
                    view.looked = Instant::now();
                });
            }
        }
    }
}
