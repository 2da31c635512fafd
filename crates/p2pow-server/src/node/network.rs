//! [`NetworkWatch`]: what the node says of the network now and then: whether it is there, of which network it is, and the
//! difficulty, which has been constant since version 22 of the node.

use super::calls::Node;
use crate::clock::unix_ms;
use nano_block::Network;
use nano_primitives::Difficulty;
use nano_rpc::{ActiveDifficulty, OtherNetwork};
use p2pow_protocol::{NetworkInfo, Refusal};
use std::time::Duration;
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};
use tracing::{error, info, warn};

const LOOK_AGAIN: Duration = Duration::from_secs(60);
const LOOK_AGAIN_SOON: Duration = Duration::from_secs(5);

/// The network as the node last told.
#[derive(Debug)]
pub(crate) struct NetworkWatch {
    wanted: Network,
    view: watch::Sender<NetworkView>,
}

/// A look at the network.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NetworkView {
    pub(crate) multiplier: f64,
    pub(crate) info: NetworkInfo,
    /// When the node was last heard, in milliseconds since 1970.
    pub(crate) last_update: u64,
    /// Why the node cannot be used, if it cannot.
    pub(crate) error: Option<String>,
    looked: Instant,
}

impl NetworkWatch {
    pub(crate) fn new(wanted: Network) -> Self {
        Self { wanted, view: watch::Sender::new(NetworkView::of(wanted)) }
    }

    /// What is known now.
    pub(crate) fn view(&self) -> NetworkView {
        self.view.borrow().clone()
    }

    /// Asks the node now and then, for ever.
    pub(crate) async fn keep_looking(&self, node: &Node) {
        loop {
            sleep(self.view().pause()).await;
            if let Err(other) = self.look(node).await {
                error!(%other, "jobs are refused");
            }
        }
    }

    /// Asks the node how the network is. Whether the node answers stands in the view.
    ///
    /// # Errors
    /// The node is of another network.
    pub(crate) async fn look(&self, node: &Node) -> Result<(), OtherNetwork> {
        match node.active_difficulty().await {
            Ok(told) => {
                if let Err(other) = told.check_network(self.wanted) {
                    self.unusable(other.to_string());
                    return Err(other);
                }
                if self.view().error.is_some() {
                    info!("the node is there again");
                }
                self.view.send_replace(NetworkView::heard(self.wanted, &told));
            }
            // A node that does not know the question is there, and the network is as it always is.
            Err(error) if error.node_text().is_some() => {
                self.view.send_replace(NetworkView::of(self.wanted));
            }
            Err(error) => {
                warn!(%error, "the node cannot be reached");
                self.unusable(error.to_string());
            }
        }
        Ok(())
    }

    fn unusable(&self, error: String) {
        self.view.send_modify(|view| {
            view.error = Some(error);
            view.looked = Instant::now();
        });
    }
}

impl NetworkView {
    /// What is true of a network without asking.
    fn of(network: Network) -> Self {
        let thresholds = network.thresholds();
        let (send, receive) = (thresholds.epoch_2, thresholds.epoch_2_receive);
        Self {
            multiplier: 1.0,
            info: describe(send, receive, (send, receive), 1.0),
            last_update: unix_ms(),
            error: None,
            looked: Instant::now(),
        }
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

    /// Whole seconds until the node is asked again, at least 1.
    pub(crate) fn next_look(&self) -> u64 {
        self.pause().saturating_sub(self.looked.elapsed()).as_secs().max(1)
    }

    /// What to tell clients while the node cannot be used.
    pub(crate) fn refusal(&self) -> Option<Refusal> {
        let retry_after = self.next_look();
        self.error.as_ref().map(|_| Refusal::NodeUnreachable { retry_after })
    }

    const fn pause(&self) -> Duration {
        if self.error.is_some() { LOOK_AGAIN_SOON } else { LOOK_AGAIN }
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
