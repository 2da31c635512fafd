//! The options of `run` and `register`, each declared once: from the declaration come flag, variable, line of the
//! configuration, default, and the commented configuration that `init` writes.

use crate::{admin::AdminArgs, devices::DeviceArgs};
use clap::ArgAction;
use nano_block::Network;
use nano_primitives::{Account, Amount};
use nano_rpc::{Client, WebSocketUrl};
use p2pow_cli::{
    Failure, KeyArgs,
    config::{Given, Layout, Table},
    input, values,
};
use p2pow_protocol::registry::is_dialable;
use p2pow_server::{
    Config, Costs, FrontierPolicy, Pricing,
    public_address::{by_interface, by_services},
};
use std::{
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

/// The file that is read if none is named.
pub(crate) const DEFAULT_CONFIG: &str = "worker.toml";

/// Where the configuration is.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ConfigArgs {
    /// The configuration file; flags and variables come before it
    #[arg(long, value_name = "FILE", env = "P2POW_WORKER_CONFIG", default_value = DEFAULT_CONFIG)]
    config: PathBuf,
}

/// Who is paid.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct RewardArgs {
    /// Who is paid: an account whose key the worker does not need
    #[arg(long, value_name = "ACCOUNT", env = "P2POW_REWARD_ACCOUNT")]
    #[arg(value_parser = values::address)]
    pub(crate) reward_account: Account,
}

/// What the worker offers, to whom.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Offer")]
pub(crate) struct OfferArgs {
    /// The addresses to listen on, one or a list; senders look for workers on port 7090
    #[arg(long, value_name = "IP:PORT", env = "P2POW_LISTEN", value_delimiter = ',')]
    #[arg(value_parser = values::socket_address, default_value = "0.0.0.0:7090")]
    listen: Vec<SocketAddr>,
    #[command(flatten)]
    pub(crate) reward: RewardArgs,
    /// What a send or a change costs, in XNO, such as 0.0001, or in raw with the suffix raw. A receive or an open costs
    /// 33/64 of it, a batch the sum
    #[arg(long, value_name = "AMOUNT", env = "P2POW_FEE", value_parser = values::amount)]
    pub(crate) fee: Amount,
    /// Work only on frontiers that are confirmed: a node may roll back others, and the work with them
    #[arg(long, env = "P2POW_REQUIRE_CONFIRMED", value_parser = values::switch)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(action = ArgAction::Set, default_value = "true")]
    require_confirmed: bool,
    /// Jobs that may wait or be worked on; one more is told to come again
    #[arg(long, value_name = "N", env = "P2POW_MAX_JOBS", value_parser = values::from_one::<usize>)]
    #[arg(default_value = "16")]
    pub(crate) max_jobs: usize,
    /// Seconds that the works of all jobs may take to be found; one more job is told to come again
    #[arg(long, value_name = "SECONDS", env = "P2POW_MAX_WAIT", default_value = "600")]
    #[arg(value_parser = values::from_one::<u64>)]
    max_wait: u64,
    /// User blocks that one job may have
    #[arg(long, value_name = "N", env = "P2POW_MAX_USER_BLOCKS", default_value = "128")]
    #[arg(value_parser = values::from_one::<usize>)]
    max_user_blocks: usize,
    /// How much dearer a job gets while the queue fills up: with 1 the fee doubles. A fee that was told holds for a minute
    #[arg(long, value_name = "FACTOR", env = "P2POW_SURGE", default_value = "0")]
    #[arg(value_parser = values::not_negative)]
    surge: f64,
    /// Watts that searching takes, such as 300: with `kwh_price`, no fee is below what a job costs
    #[arg(long, value_name = "WATTS", env = "P2POW_WATTS", value_parser = values::above_zero)]
    watts: Option<f64>,
    /// The price of a kilowatt-hour in XNO, such as 0.3
    #[arg(long, value_name = "AMOUNT", env = "P2POW_KWH_PRICE", value_parser = values::amount)]
    kwh_price: Option<Amount>,
}

/// The node, and how hard its network's work is.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Node")]
pub(crate) struct NodeArgs {
    /// The RPC of a Nano node, such as http://127.0.0.1:7076; it need not be yours
    #[arg(long, value_name = "URL", env = "P2POW_NODE", value_parser = values::http_url)]
    node: String,
    /// The node's WebSocket, such as ws://127.0.0.1:7078, which tells of lost races and confirmations sooner than polling
    #[arg(long, value_name = "URL", env = "P2POW_WEBSOCKET", value_parser = values::websocket_url)]
    websocket: Option<String>,
    /// Further nodes, such as http://192.0.2.7:7076,http://192.0.2.8:7076 where blocks go at the same time; one that lags
    /// or lies is outvoted. Headers go to `node` alone
    #[arg(long, value_name = "URL", env = "P2POW_MORE_NODES", value_delimiter = ',')]
    #[arg(value_parser = values::http_url)]
    more_nodes: Vec<String>,
    /// The WebSockets of further nodes, such as ws://192.0.2.7:7078,ws://192.0.2.8:7078: what one does not tell, or tells
    /// late, another tells
    #[arg(long, value_name = "URL", env = "P2POW_MORE_WEBSOCKETS", value_delimiter = ',')]
    #[arg(value_parser = values::websocket_url)]
    more_websockets: Vec<String>,
    /// live, beta, test or dev: says how hard the work is
    #[arg(long, env = "P2POW_NETWORK", default_value = "live", value_parser = values::network)]
    pub(crate) network: Network,
}

/// Where the worker keeps its books.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Journal")]
pub(crate) struct JournalArgs {
    /// The file that `run` writes every job to before it works on it, so that no end of the program loses one; `history`
    /// and `earnings` read it
    #[arg(long, value_name = "FILE", env = "P2POW_JOURNAL", default_value = "worker.db")]
    pub(crate) journal: PathBuf,
}

impl JournalArgs {
    /// By flags and variables, else by the file, whose paths are relative to where it is.
    pub(crate) fn layered(given: &Given<Self>, file: &Table) -> Result<Self, Failure> {
        let Self { journal } = file.options(given)?;
        let is_of_file = file.decides(given, "journal");
        Ok(Self { journal: if is_of_file { file.folder().join(journal) } else { journal } })
    }
}

/// Whether the worker registers by itself.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Registration")]
pub(crate) struct KeepArgs {
    /// Register the address when `run` starts and when it changes: then `run` reads the key
    #[arg(long, env = "P2POW_REGISTER", value_parser = values::switch, action = ArgAction::Set)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(default_value = "false")]
    pub(crate) register: bool,
}

/// Where the world reaches the worker.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Registration")]
pub(crate) struct AddressArgs {
    /// Where the world reaches this worker, such as 203.0.113.7: what `register` announces on the ledger. One address, or
    /// one of IPv4 and one of IPv6
    #[arg(long, value_name = "IP", env = "P2POW_PUBLIC_IP", value_parser = values::ip)]
    #[arg(value_delimiter = ',')]
    public_ip: Vec<IpAddr>,
    /// The interface of this computer whose address that is, such as eth0, where `public_ip` does not say it
    #[arg(long, value_name = "NAME", env = "P2POW_IP_INTERFACE", value_parser = values::token)]
    ip_interface: Option<String>,
    /// Services of different operators that answer with the address they are asked from, such as
    /// https://one.example/ip,https://two.example/ip, asked where neither of these says it; two must agree and none differ
    #[arg(long, value_name = "URL", env = "P2POW_IP_SERVICES", value_parser = values::http_url)]
    #[arg(value_delimiter = ',')]
    ip_services: Vec<String>,
    /// Seconds between two looks at the address, where it is kept registered
    #[arg(long, value_name = "SECONDS", env = "P2POW_IP_EVERY", default_value = "600")]
    #[arg(value_parser = values::seconds)]
    ip_every: Duration,
}

impl AddressArgs {
    /// How often to look whether the address is still the same.
    pub(crate) const fn look_every(&self) -> Duration {
        self.ip_every
    }

    /// Refuses before anything is done what a registration would refuse.
    pub(crate) fn check(&self, allow_local: bool) -> Result<(), Failure> {
        let nowhere = self.public_ip.is_empty() && self.ip_services.is_empty();
        if nowhere && self.ip_interface.is_none() {
            return Err(Failure::Usage(
                "no address to register: give --public-ip IP, or public_ip in the configuration, or --ip-interface or \
                 --ip-services to find it by"
                    .into(),
            ));
        }
        for &address in &self.public_ip {
            check_dialable(address, allow_local)?;
        }
        let v4 = self.public_ip.iter().filter(|address| address.is_ipv4()).count();
        if v4 > 1 || self.public_ip.len() - v4 > 1 {
            return Err(Failure::Usage(
                "--public-ip (`public_ip`): wanted one address, or one of IPv4 and one of IPv6"
                    .into(),
            ));
        }
        Ok(())
    }

    /// The addresses, that of IPv4 first.
    pub(crate) async fn find(&self, allow_local: bool) -> Result<Vec<IpAddr>, Failure> {
        let mut found = match &self.ip_interface {
            _ if !self.public_ip.is_empty() => self.public_ip.clone(),
            Some(interface) => by_interface(interface, allow_local)?,
            None => {
                let services = self.ip_services.iter().map(|service| service.parse());
                let services = services.collect::<Result<Vec<_>, _>>().map_err(|_| {
                    Failure::Usage("--ip-services (`ip_services`): wanted URLs: https://…".into())
                })?;
                by_services(&services, allow_local).await?
            }
        };
        found.sort_unstable();
        Ok(found)
    }
}

fn check_dialable(address: IpAddr, allow_local: bool) -> Result<(), Failure> {
    if is_dialable(address, allow_local) {
        return Ok(());
    }
    let hint =
        if is_dialable(address, true) { ", or --allow-local on a network of your own" } else { "" };
    Err(Failure::Usage(format!(
        "--public-ip (`public_ip`): found {address}, which cannot be reached from the internet, wanted an address where the world reaches this worker{hint}"
    )))
}

/// What the configuration may say.
pub(crate) fn layout() -> Layout {
    let options = Layout::new()
        .options::<OfferArgs>()
        .options::<NodeArgs>()
        .options::<DeviceArgs>()
        .options::<JournalArgs>()
        .options::<AddressArgs>()
        .options::<KeepArgs>()
        .options::<AdminArgs>();
    #[cfg(feature = "fleet")]
    let options = options.options::<p2pow_cli::FleetArgs>().options::<p2pow_cli::KeptArgs>();
    let options = options.texts(
        "headers",
        "Headers for the node, such as a provider's API key",
        "authorization",
    );
    KeyArgs::in_file(
        options,
        "The key that registers. Its account should hold little: registering points its representative at your address \
         until its next block. Keep the file to yourself (mode 0600); `run` reads it only if it is to register.",
    )
}

impl ConfigArgs {
    /// What the file says.
    pub(crate) fn read(&self) -> Result<Table, Failure> {
        let path = &self.config;
        if !matches!(path.try_exists(), Ok(false)) {
            return layout().read(path);
        }
        let file = input::shown(path);
        let is_default = path == Path::new(DEFAULT_CONFIG);
        let option = if is_default { String::new() } else { format!(" --config {file}") };
        let hint =
            format!("`p2pow-worker init{option}` writes one, or name yours with --config FILE");
        Err(Failure::new(format!("there is no {file} here: {hint}")))
    }
}

impl ConfigArgs {
    /// What the file says, or nothing if the default file is not there.
    pub(crate) fn read_if_there(&self) -> Result<Table, Failure> {
        let is_there = !matches!(self.config.try_exists(), Ok(false));
        if is_there || self.config != Path::new(DEFAULT_CONFIG) {
            return self.read();
        }
        Ok(layout().empty())
    }
}

impl OfferArgs {
    /// The port that senders call.
    pub(crate) fn public_port(&self) -> u16 {
        self.listen.first().map_or(p2pow_protocol::DEFAULT_PORT, SocketAddr::port)
    }

    /// The library's configuration.
    pub(crate) fn config(&self, node: &NodeArgs) -> Result<Config, Failure> {
        let default = Config::default();
        let frontier = if self.require_confirmed { default.frontier } else { FrontierPolicy::Any };
        Ok(Config {
            listen: self.listen.clone(),
            reward_account: self.reward.reward_account,
            fee: self.fee,
            network: node.network,
            websocket_urls: node.websockets()?,
            max_user_blocks: self.max_user_blocks,
            max_jobs: self.max_jobs,
            max_wait: Duration::from_secs(self.max_wait),
            pricing: self.pricing(default.pricing),
            frontier,
            ..default
        })
    }
}

impl OfferArgs {
    fn pricing(&self, default: Pricing) -> Pricing {
        let costs = self.watts.zip(self.kwh_price).map(|(watts, price)| Costs {
            watts,
            raw_per_kwh: price.to_raw() as f64,
            win_rate: 1.0,
        });
        Pricing { surge: self.surge, costs, ..default }
    }
}

impl NodeArgs {
    /// The clients of the further nodes.
    pub(crate) fn more(&self) -> Result<Vec<Client>, Failure> {
        let wrong = |error| Failure::Usage(format!("more_nodes: {error}"));
        self.more_nodes.iter().map(|url| Client::new(url).map_err(wrong)).collect()
    }

    /// The WebSockets of the nodes that have one, in their order.
    fn websockets(&self) -> Result<Vec<WebSocketUrl>, Failure> {
        let first = self.websocket.iter().map(|url| ("websocket", url));
        let more = self.more_websockets.iter().map(|url| ("more_websockets", url));
        let read = |(line, url): (_, &String)| {
            url.parse().map_err(|error| Failure::Usage(format!("{line}: {error}")))
        };
        first.chain(more).map(read).collect()
    }

    /// The node's WebSocket, if it has one.
    pub(crate) fn websocket(&self) -> Option<&str> {
        self.websocket.as_deref()
    }

    /// The client of the node, with the headers that the file has for it.
    pub(crate) fn client(&self, file: &Table) -> Result<Client, Failure> {
        let mut builder = Client::builder(&self.node);
        for (name, value) in &file.texts("headers") {
            builder = builder.header(name, value);
        }
        builder.build().map_err(|error| Failure::Usage(format!("node: {error}")))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::{NodeArgs, OfferArgs, layout};
    use crate::admin::ADDRESS;
    use p2pow_cli::config::Given;
    use p2pow_server::Config;

    const BURN: &str = "nano_1111111111111111111111111111111111111111111111111111hifc8npp";

    #[test]
    fn defaults_are_those_of_the_library() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("worker.toml");
        let reward = Config::default().reward_account.to_string();
        let text = layout().template(&[("reward_account", &reward)]);
        std::fs::write(&path, text).unwrap();
        let file = layout().read(&path).unwrap();
        let offer: OfferArgs = file.options(&Given::nothing()).unwrap();
        let node: NodeArgs = file.options(&Given::nothing()).unwrap();
        let config = offer.config(&node).unwrap();
        let everywhere = vec!["0.0.0.0:7090".parse().unwrap()];
        assert_eq!(config, Config { listen: everywhere, ..Config::default() });
    }

    #[test]
    fn flags_and_variables_are_named_as_the_lines_of_the_file() {
        for arg in layout().declared() {
            let key = arg.get_id().as_str();
            let variable = format!("P2POW_{}", key.to_uppercase());
            assert_eq!(arg.get_env().unwrap().to_str(), Some(variable.as_str()));
            assert_eq!(arg.get_long(), Some(key.replace('_', "-").as_str()));
        }
    }

    #[test]
    fn the_documentation_shows_the_file() {
        let docs = include_str!("../../../docs/options.md");
        let set =
            [("reward_account", "nano_…"), ("admin", ADDRESS), ("key.key_file", "worker.key")];
        let template = layout().template(&set);
        let shown = shown_of(docs);
        assert!(shown.contains(&template), "docs/options.md lacks:\n{template}");
    }

    /// What the documentation shows of this build: one without fleets has no lines about them.
    pub(crate) fn shown_of(docs: &str) -> String {
        let is_known = |part: &&str| cfg!(feature = "fleet") || !part.contains("\n# fleet");
        docs.split_inclusive("\n\n").filter(is_known).collect()
    }

    #[test]
    fn every_line_that_the_file_shows_may_hold() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.toml");
        let text = layout().template_in_force(
            &[("reward_account", BURN)],
            &["seed_file", "fleet_credentials", "fleet_nkey_file", "fleet_token_file"],
        );
        assert!(text.lines().filter(|line| line.contains(" = ")).count() > 15, "{text}");
        std::fs::write(&path, &text).unwrap();
        let read = layout().read(&path);
        assert!(read.is_ok(), "{}: {text}", read.unwrap_err());
    }
}
