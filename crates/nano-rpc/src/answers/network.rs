//! [`OtherNetwork`]: a node whose work thresholds are not those of the network that is wanted.

use super::node::ActiveDifficulty;
use nano_block::Network;
use nano_primitives::Difficulty;

/// The node is of another network: work that is found for it would not be enough, or far too much.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error(
    "the node asks for work of {send} for sends and {receive} for receives, which is {}; wanted a node of the \
     network {wanted}: change `network`, or ask another node",
    names(.found)
)]
pub struct OtherNetwork {
    /// The node's threshold of sends.
    pub send: Difficulty,
    /// The node's threshold of receives.
    pub receive: Difficulty,
    /// The networks with these thresholds.
    pub found: Vec<Network>,
    /// The network that is wanted.
    pub wanted: Network,
}

impl ActiveDifficulty {
    /// Compares the node's thresholds with those of the network that is wanted. A node that knows no threshold of
    /// receives is from before there were two, and passes.
    ///
    /// # Errors
    /// The node is of another network.
    pub fn check_network(&self, wanted: Network) -> Result<(), OtherNetwork> {
        let Some(receive) = self.network_receive_minimum else { return Ok(()) };
        let send = self.network_minimum;
        let found = Network::of_thresholds(send, receive);
        if found.contains(&wanted) {
            return Ok(());
        }
        Err(OtherNetwork { send, receive, found, wanted })
    }
}

fn names(networks: &[Network]) -> String {
    match networks {
        [] => "no network that is known".to_owned(),
        networks => {
            let names: Vec<&str> = networks.iter().map(|network| network.as_str()).collect();
            format!("the network {}", names.join(" or "))
        }
    }
}
