//! [`OwnArgs`]: the options of what works on an account of one's own. [`Means`]: what that takes.

use crate::{
    devices::DeviceArgs,
    options::{ConfigArgs, NodeArgs},
};
use nano_block::{Network, SecretKey};
use nano_pow::Pool;
use nano_rpc::Client;
use p2pow_cli::{
    Failure, KeyArgs,
    config::{Given, Table},
};
use p2pow_server::OwnAccount;
use std::time::Duration;

/// How long a confirmation may take.
const CONFIRM_WITHIN: Duration = Duration::from_secs(60);

/// Which account, by which node, with which devices.
#[derive(Debug, clap::Args)]
pub(crate) struct OwnArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// Print JSON, one object a line
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    key: Given<KeyArgs>,
    #[command(flatten)]
    node: Given<NodeArgs>,
    #[command(flatten)]
    devices: Given<DeviceArgs>,
}

/// What works on an account of one's own.
pub(crate) struct Means {
    pub(crate) node: Client,
    pub(crate) pool: Pool,
    pub(crate) key: KeyArgs,
    pub(crate) network: Network,
}

impl OwnArgs {
    /// By flags and variables, else by the file.
    pub(crate) fn means(&self, file: &Table) -> Result<Means, Failure> {
        let node: NodeArgs = file.options(&self.node)?;
        let devices: DeviceArgs = file.options(&self.devices)?;
        let key = KeyArgs::layered(&self.key, file)?;
        let client = node.client(file)?;
        Ok(Means { node: client, pool: Pool::new(devices.open()?), key, network: node.network })
    }
}

impl Means {
    /// The account of a key.
    pub(crate) const fn own<'a>(&'a self, key: &'a SecretKey) -> OwnAccount<'a> {
        let Self { node, pool, network, .. } = self;
        OwnAccount { node, pool, key, network: *network, confirm_within: CONFIRM_WITHIN }
    }
}
