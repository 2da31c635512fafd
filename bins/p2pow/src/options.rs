//! Options of the commands that talk to a node and to workers: from flags, the environment, a TOML file, in this order.

use clap::{ValueEnum, builder::BoolishValueParser};
use nano_block::Network;
use nano_primitives::{Account, Amount};
use nano_rpc::Client;
use p2pow_cli::{Failure, KeyArgs, config, values};
use p2pow_client::{Config, Policy, Sender};
use serde::{Deserialize, Deserializer, de};
use std::{collections::BTreeMap, net::IpAddr, path::PathBuf, time::Duration};

/// Where a node's RPC is if nothing else is said: the port of the live network.
const DEFAULT_NODE: &str = "http://127.0.0.1:7076";

/// Shown by every command that takes these options.
pub(crate) const OPTIONS_HELP: &str = "\
Options come from flags, then from variables, then from the TOML file of --config (or P2POW_CONFIG):
  node = \"https://rpc.example.org\"
  websocket = \"wss://ws.example.org\"
  network = \"live\"
  max_fee = \"0.0005\"
  hire = 2
  policy = \"cheapest\"
  [headers]
  authorization = \"…\"
  [key]
  key_file = \"alice.key\"";

/// Flags and file of the commands that talk to a node and to workers.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Network and hiring")]
pub(crate) struct Options {
    /// TOML file with these options
    #[arg(long, value_name = "FILE", env = "P2POW_CONFIG")]
    config: Option<PathBuf>,
    #[command(flatten)]
    flags: Settings,
}

/// Everything that can be said; what is not said is left to the library's defaults.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// The node's RPC [default: http://127.0.0.1:7076]
    #[arg(long, value_name = "URL", env = "P2POW_NODE")]
    node: Option<String>,
    /// The node's WebSocket, which tells of confirmations sooner; without it the node is polled
    #[arg(long, value_name = "URL", env = "P2POW_WEBSOCKET")]
    websocket: Option<String>,
    /// live, beta, test or dev [default: live]
    #[arg(long, env = "P2POW_NETWORK")]
    #[serde(deserialize_with = "network")]
    network: Option<Network>,
    /// The most to pay for the work of one send, in XNO or with the suffix raw [default: 0.001]
    #[arg(long, value_name = "AMOUNT", env = "P2POW_MAX_FEE", value_parser = values::amount)]
    #[serde(deserialize_with = "amount")]
    max_fee: Option<Amount>,
    /// How many workers to hire; each learns of the payment, one is paid [default: 2]
    #[arg(long, value_name = "N", env = "P2POW_HIRE", value_parser = count)]
    #[serde(deserialize_with = "positive")]
    hire: Option<usize>,
    /// Which workers to hire [default: cheapest]
    #[arg(long, env = "P2POW_POLICY")]
    policy: Option<Choice>,
    /// Hire only from these addresses, in place of the registered ones
    #[arg(long = "worker", value_name = "IP", env = "P2POW_WORKERS", value_delimiter = ',')]
    workers: Option<Vec<IpAddr>>,
    /// The port that workers listen on [default: 7090]
    #[arg(long, env = "P2POW_PORT")]
    port: Option<u16>,
    /// Take workers on loopback and private addresses too, for a development network
    #[arg(long, env = "P2POW_ALLOW_LOCAL", value_parser = BoolishValueParser::new())]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    allow_local: Option<bool>,
    /// Representative of an account that is opened [default: itself]
    #[arg(long, value_name = "ACCOUNT", env = "P2POW_REPRESENTATIVE")]
    representative: Option<Account>,
    /// Seconds to wait for a deal to be done [default: 600]
    #[arg(long, value_name = "SECONDS", env = "P2POW_PATIENCE")]
    patience: Option<u64>,
    /// Take the balance on the node's word where the last block, a legacy one, holds none
    #[arg(long, value_parser = BoolishValueParser::new())]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    trust_node_balance: Option<bool>,
    /// Headers for the node, such as an API key: in the file only.
    #[arg(skip)]
    headers: BTreeMap<String, String>,
    /// Where the key is: in the file; commands that need it have flags of their own.
    #[arg(skip)]
    key: KeyArgs,
}

/// The library's policies by name.
#[derive(Debug, Clone, Copy, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Choice {
    /// The lowest price
    Cheapest,
    /// The shortest expected time
    Fastest,
}

impl Options {
    /// The flags, and what the file says where they are silent.
    pub(crate) fn settings(self) -> Result<Settings, Failure> {
        match self.config {
            Some(path) => {
                let mut file: Settings = config::read(&path)?;
                config::resolve(&mut file.key, &path);
                Ok(self.flags.or(file))
            }
            None => Ok(self.flags),
        }
    }
}

impl Settings {
    fn or(self, other: Self) -> Self {
        Self {
            node: self.node.or(other.node),
            websocket: self.websocket.or(other.websocket),
            network: self.network.or(other.network),
            max_fee: self.max_fee.or(other.max_fee),
            hire: self.hire.or(other.hire),
            policy: self.policy.or(other.policy),
            workers: self.workers.or(other.workers),
            port: self.port.or(other.port),
            allow_local: self.allow_local.or(other.allow_local),
            representative: self.representative.or(other.representative),
            patience: self.patience.or(other.patience),
            trust_node_balance: self.trust_node_balance.or(other.trust_node_balance),
            headers: if self.headers.is_empty() { other.headers } else { self.headers },
            key: self.key.or(other.key),
        }
    }

    /// Where the key is, by the file.
    pub(crate) fn key(&self) -> KeyArgs {
        self.key.clone()
    }

    /// The client of the node.
    pub(crate) fn node(&self) -> Result<Client, Failure> {
        let mut builder = Client::builder(self.node.as_deref().unwrap_or(DEFAULT_NODE));
        for (name, value) in &self.headers {
            builder = builder.header(name, value);
        }
        builder.build().map_err(|error| Failure::Usage(format!("--node: {error}")))
    }

    /// The sender as these settings describe it.
    pub(crate) fn sender(self) -> Result<Sender, Failure> {
        let node = self.node()?;
        let is_websocket = |url: &String| url.starts_with("ws://") || url.starts_with("wss://");
        if let Some(url) = self.websocket.as_ref().filter(|url| !is_websocket(url)) {
            return Err(Failure::Usage(format!(
                "--websocket: found {url:?}, wanted ws:// or wss://"
            )));
        }
        Ok(Sender::new(node, self.config()))
    }

    /// The library's configuration.
    fn config(self) -> Config {
        let mut config = Config::default();
        set(&mut config.network, self.network);
        set(&mut config.max_fee, self.max_fee);
        set(&mut config.hire, self.hire);
        set(&mut config.policy, self.policy.map(Policy::from));
        set(&mut config.workers, self.workers);
        set(&mut config.port, self.port);
        set(&mut config.allow_local, self.allow_local);
        set(&mut config.trust_node_balance, self.trust_node_balance);
        set(&mut config.patience.deal, self.patience.map(Duration::from_secs));
        Config { websocket: self.websocket, representative: self.representative, ..config }
    }
}

impl From<Choice> for Policy {
    fn from(choice: Choice) -> Self {
        match choice {
            Choice::Cheapest => Self::Cheapest,
            Choice::Fastest => Self::Fastest,
        }
    }
}

fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

fn count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("wanted at least 1".to_owned()),
        Ok(count) => Ok(count),
        Err(_) => Err(format!("{text:?} is no number, wanted 1, 2, …")),
    }
}

fn positive<'de, D: Deserializer<'de>>(from: D) -> Result<Option<usize>, D::Error> {
    match usize::deserialize(from)? {
        0 => Err(de::Error::custom("found 0, wanted at least 1")),
        count => Ok(Some(count)),
    }
}

fn amount<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Amount>, D::Error> {
    config::amount(from).map(Some)
}

fn network<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Network>, D::Error> {
    config::text(from).map(Some)
}
