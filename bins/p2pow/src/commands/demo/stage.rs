//! The network, Alice and Bob.

use nano_block::{Network, SecretKey};
use nano_devnet::Devnet;
use nano_primitives::Amount;
use nano_rpc::Client;
use p2pow_cli::Failure;
use p2pow_client::{Config, Patience, Sender};
use std::time::Duration;

/// 1 XNO.
pub(super) const PAYMENT: Amount = Amount::from_raw(10_u128.pow(30));
/// What Alice begins with: 10 XNO.
const FUNDS: Amount = Amount::from_raw(10 * 10_u128.pow(30));
/// Longer than any live deal should take on the smallest machine.
const PATIENCE: Duration = Duration::from_secs(3 * 60 * 60);

/// An embedded network with money in the right places.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) net: Devnet,
    pub(super) alice: SecretKey,
    pub(super) bob: SecretKey,
}

impl Stage {
    /// Starts the network. What the story begins with is put on its ledger without work.
    pub(super) async fn set(network: Network) -> Result<Self, Failure> {
        let net = Devnet::builder().network(network).start().await?;
        let (alice, bob) = (SecretKey::generate()?, SecretKey::generate()?);
        net.open(&alice, FUNDS)?;
        Ok(Self { net, alice, bob })
    }

    pub(super) fn introduce(&self) -> String {
        format!(
            "an embedded Nano network runs at {} with the work thresholds of `{}`\n\
             Alice is {}\n\
             Bob is {}\n\
             (Alice's money and the workers' registrations are put on the ledger without work; all that follows is real)",
            self.net.rpc_url(),
            self.net.network(),
            self.alice.account(),
            self.bob.account(),
        )
    }

    /// A client of the network's node.
    pub(super) fn node(&self) -> Result<Client, Failure> {
        Ok(Client::new(&self.net.rpc_url())?)
    }

    /// Alice's sender. It knows the node and the port, and finds the workers on the ledger.
    pub(super) fn sender(&self, port: u16, hire: usize) -> Result<Sender, Failure> {
        let config = Config {
            network: self.net.network(),
            hire,
            port,
            allow_local: true,
            websocket: Some(self.net.websocket_url()),
            patience: Patience { deal: PATIENCE, ..Patience::default() },
            ..Config::default()
        };
        Ok(Sender::new(self.node()?, config))
    }
}
