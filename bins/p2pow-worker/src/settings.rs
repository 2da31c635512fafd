//! The worker's configuration file.

use crate::commands::devices::{DeviceArgs, DeviceName, Threads};
use nano_block::Network;
use nano_pow::Pool;
use nano_primitives::{Account, Amount};
use nano_rpc::Client;
use p2pow_cli::{Failure, KeyArgs, config};
use serde::{Deserialize, Deserializer, de};
use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
};

/// The file that is read if none is named.
pub(crate) const DEFAULT_CONFIG: &str = "worker.toml";
/// What `init` writes; `{reward_account}` and `{key_file}` are filled in.
pub(crate) const TEMPLATE: &str = include_str!("worker.toml");

/// Where the configuration is.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ConfigArgs {
    /// The configuration file
    #[arg(long, value_name = "FILE", env = "P2POW_WORKER_CONFIG", default_value = DEFAULT_CONFIG)]
    config: PathBuf,
    /// The node's RPC, in place of the file's
    #[arg(long, value_name = "URL", env = "P2POW_NODE")]
    node: Option<String>,
    /// The node's WebSocket, in place of the file's
    #[arg(long, value_name = "URL", env = "P2POW_WEBSOCKET")]
    websocket: Option<String>,
    /// The network, in place of the file's: live, beta, test or dev
    #[arg(long, env = "P2POW_NETWORK")]
    network: Option<Network>,
}

/// Everything that the file can say.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// The addresses that the worker listens on.
    #[serde(default = "everywhere", deserialize_with = "one_or_many")]
    pub(crate) listen: Vec<SocketAddr>,
    /// Who is paid.
    pub(crate) reward_account: Account,
    /// The price of a send or change job.
    #[serde(deserialize_with = "config::amount")]
    pub(crate) fee: Amount,
    /// The node's RPC.
    pub(crate) node: String,
    /// The node's WebSocket.
    #[serde(default)]
    pub(crate) websocket: Option<String>,
    /// Headers for the node, such as an API key.
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// Which thresholds hold.
    #[serde(default, deserialize_with = "config::text")]
    pub(crate) network: Network,
    /// The devices that search; all without it.
    #[serde(default)]
    pub(crate) devices: Vec<DeviceName>,
    /// Threads of the processor; all without it.
    #[serde(default)]
    pub(crate) threads: Option<Threads>,
    /// Whether only confirmed frontiers are worked on.
    #[serde(default = "yes")]
    pub(crate) require_confirmed: bool,
    /// Jobs that may wait or be worked on.
    #[serde(default)]
    pub(crate) max_jobs: Option<usize>,
    /// Blocks that a batch may have.
    #[serde(default)]
    pub(crate) max_user_blocks: Option<usize>,
    /// The address that `register` announces.
    #[serde(default)]
    pub(crate) public_ip: Option<IpAddr>,
    /// Where the key for `register` is.
    #[serde(default)]
    pub(crate) key: KeyArgs,
}

impl ConfigArgs {
    /// The file's settings, and these options in place of the file's.
    pub(crate) fn settings(self) -> Result<Settings, Failure> {
        let mut settings = read(&self.config)?;
        settings.node = self.node.unwrap_or(settings.node);
        settings.websocket = self.websocket.or(settings.websocket);
        settings.network = self.network.unwrap_or(settings.network);
        Ok(settings)
    }
}

impl Settings {
    /// What searches: the devices that `flags` name, else those of the file, else all.
    pub(crate) fn pool(&self, flags: DeviceArgs) -> Result<Pool, Failure> {
        Ok(Pool::new(flags.or(&self.devices, self.threads).open()?))
    }

    /// The client of the node.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        let mut builder = Client::builder(&self.node);
        for (name, value) in &self.headers {
            builder = builder.header(name, value);
        }
        builder.build().map_err(|error| Failure::Usage(format!("node: {error}")))
    }
}

/// Reads the file. Paths in it are relative to where it is.
fn read(path: &Path) -> Result<Settings, Failure> {
    if matches!(path.try_exists(), Ok(false)) {
        let file = path.display();
        let option =
            if path == Path::new(DEFAULT_CONFIG) { "" } else { &format!(" --config {file}") };
        let hint =
            format!("`p2pow-worker init{option}` writes one, or name yours with --config FILE");
        return Err(Failure::new(format!("there is no {file} here: {hint}")));
    }
    let mut settings: Settings = config::read(path)?;
    config::resolve(&mut settings.key, path);
    Ok(settings)
}

fn everywhere() -> Vec<SocketAddr> {
    vec![SocketAddr::from(([0, 0, 0, 0], p2pow_protocol::DEFAULT_PORT))]
}

fn yes() -> bool {
    true
}

fn one_or_many<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<SocketAddr>, D::Error> {
    #[derive(Deserialize)]
    #[serde(
        untagged,
        expecting = "wanted an address with port, such as \"0.0.0.0:7090\", or a list of them"
    )]
    enum Listen {
        One(SocketAddr),
        Many(Vec<SocketAddr>),
    }
    match Listen::deserialize(from)? {
        Listen::One(address) => Ok(vec![address]),
        Listen::Many(list) if list.is_empty() => Err(de::Error::custom("listen is an empty list")),
        Listen::Many(list) => Ok(list),
    }
}
