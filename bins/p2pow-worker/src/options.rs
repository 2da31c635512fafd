//! The options of `run` and `register`, each declared once: from the declaration come flag, variable, line of the
//! configuration, default, and the commented configuration that `init` writes.

use crate::{admin::AdminArgs, devices::DeviceArgs};
use clap::ArgAction;
use nano_block::Network;
use nano_primitives::{Account, Amount};
use nano_rpc::Client;
use p2pow_cli::{
    Failure, KeyArgs,
    config::{Layout, Table},
    input, values,
};
use p2pow_server::{Config, FrontierPolicy};
use std::{
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
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

/// What the worker offers, to whom.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Offer")]
pub(crate) struct OfferArgs {
    /// The addresses to listen on, one or a list; senders look for workers on port 7090
    #[arg(long, value_name = "IP:PORT", env = "P2POW_LISTEN", value_delimiter = ',')]
    #[arg(value_parser = values::socket_address, default_value = "0.0.0.0:7090")]
    listen: Vec<SocketAddr>,
    /// Who is paid: an account whose key the worker does not need
    #[arg(long, value_name = "ACCOUNT", env = "P2POW_REWARD_ACCOUNT")]
    #[arg(value_parser = values::address)]
    pub(crate) reward_account: Account,
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
    /// User blocks that one job may have
    #[arg(long, value_name = "N", env = "P2POW_MAX_USER_BLOCKS", default_value = "128")]
    #[arg(value_parser = values::from_one::<usize>)]
    max_user_blocks: usize,
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

/// The worker's address, as `register` announces it.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Registration")]
pub(crate) struct AddressArgs {
    /// Where the world reaches this worker, such as 203.0.113.7: what `register` announces on the ledger
    #[arg(long, value_name = "IP", env = "P2POW_PUBLIC_IP", value_parser = values::ip)]
    pub(crate) public_ip: Option<IpAddr>,
}

/// What the configuration may say.
pub(crate) fn layout() -> Layout {
    let options = Layout::new()
        .options::<OfferArgs>()
        .options::<NodeArgs>()
        .options::<DeviceArgs>()
        .options::<JournalArgs>()
        .options::<AddressArgs>()
        .options::<AdminArgs>()
        .texts("headers", "Headers for the node, such as a provider's API key", "authorization");
    KeyArgs::in_file(
        options,
        "The key that registers. Its account should hold little: registering points its representative at your address \
         until its next block. Keep the file to yourself (mode 0600); `run` does not read it.",
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
    /// The library's configuration.
    pub(crate) fn config(&self, node: &NodeArgs, hashrate: Option<f64>) -> Config {
        let default = Config::default();
        let frontier = if self.require_confirmed { default.frontier } else { FrontierPolicy::Any };
        Config {
            listen: self.listen.clone(),
            reward_account: self.reward_account,
            fee: self.fee,
            network: node.network,
            websocket_url: node.websocket.clone(),
            hashrate,
            max_user_blocks: self.max_user_blocks,
            max_jobs: self.max_jobs,
            frontier,
            ..default
        }
    }
}

impl NodeArgs {
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
mod tests {
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
        let config = offer.config(&node, None);
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
        assert!(docs.contains(&template), "docs/options.md lacks:\n{template}");
    }

    /// The file as its reader would have it who takes away the `# ` in front of every line that could hold.
    fn uncommented(template: &str) -> String {
        let is_key = |rest: &str| rest.split_once(" = ").is_some_and(|(key, _)| !key.contains(' '));
        let line = |line: &str| match line.strip_prefix("# ") {
            // This one and `key_file` exclude each other.
            Some(rest) if rest.starts_with("seed_file") => String::new(),
            Some(rest) if rest.starts_with('[') || is_key(rest) => format!("{rest}\n"),
            _ => format!("{line}\n"),
        };
        template.lines().map(line).collect()
    }

    #[test]
    fn every_line_that_the_file_shows_may_hold() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.toml");
        let text = uncommented(
            &layout().template(&[("reward_account", BURN), ("key.key_file", "worker.key")]),
        );
        assert!(text.lines().filter(|line| line.contains(" = ")).count() > 15, "{text}");
        std::fs::write(&path, &text).unwrap();
        let read = layout().read(&path);
        assert!(read.is_ok(), "{}: {text}", read.unwrap_err());
    }
}
