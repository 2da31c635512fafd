//! Options of the commands that talk to a node and to workers: from flags, the environment, a TOML file, in this order.

use crate::{
    commands::serve::options as serve,
    data::DataFolder,
    fallback::{self, Helper, helper, pool},
    signer,
};
use clap::{ArgAction, ValueEnum};
use nano_block::Network;
use nano_primitives::{Account, Amount};
use nano_rpc::{Client, ConfigError};
use p2pow_cli::{
    Failure, KeyArgs,
    config::{Given, Layout, Table},
    values,
};
use p2pow_client::{Config, Journal, Nodes, Patience, Policy, Sender};
use std::{net::IpAddr, path::PathBuf, time::Duration};

/// Shown by every command that takes these options.
pub(crate) const OPTIONS_HELP: &str = "\
The options of \"Network and hiring\" come from flags, then from variables, then from the TOML file of --config (or \
     P2POW_CONFIG), where --max-fee 0.0005 is the line `max_fee = \"0.0005\"`. Paths in the file are relative to its folder. \
     Only the file says headers for the node and for work servers, and where a key is if no flag or variable does:
  headers = { authorization = \"…\" }
  [key]
  key_file = \"alice.key\"
  [[work_server]]
  url = \"https://work.example.org\"
  headers = { X-API-Key = \"…\" }";

/// Flags and file of the commands that talk to a node and to workers.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Network and hiring")]
pub(crate) struct Options {
    /// TOML file with these options
    #[arg(long, value_name = "FILE", env = "P2POW_CONFIG")]
    config: Option<PathBuf>,
    #[command(flatten)]
    given: Given<Declared>,
}

/// The declaration of every option: from it come flag, variable, line of the file, default and check.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Network and hiring")]
struct Declared {
    /// The node's RPC. Several, such as a,b or --node a --node b, must agree on the account before anything is signed, and
    /// a payment is confirmed when most of them say so; the first is the main one
    #[arg(long, value_name = "URL", env = "P2POW_NODE", value_parser = values::http_url)]
    #[arg(default_value = "http://127.0.0.1:7076", value_delimiter = ',')]
    node: Vec<String>,
    /// The node's WebSocket, such as ws://127.0.0.1:7078, which tells of confirmations sooner; those of several nodes with
    /// commas between them; without any the nodes are polled
    #[arg(long, value_name = "URL", env = "P2POW_WEBSOCKET", value_parser = values::websocket_url)]
    #[arg(value_delimiter = ',')]
    websocket: Vec<String>,
    /// live, beta, test or dev
    #[arg(long, env = "P2POW_NETWORK", default_value = "live", value_parser = values::network)]
    network: Network,
    /// The most to pay for the work of one send, in XNO or with the suffix raw
    #[arg(long, value_name = "AMOUNT", env = "P2POW_MAX_FEE", value_parser = values::amount)]
    #[arg(default_value = "0.001")]
    max_fee: Amount,
    /// The most to pay in fees in 24 hours, such as 0.01; without it there is no limit
    #[arg(long, value_name = "AMOUNT", env = "P2POW_MAX_FEE_PER_DAY")]
    #[arg(value_parser = values::amount)]
    max_fee_per_day: Option<Amount>,
    /// How many workers to hire at once; each learns of the payment, one is paid
    #[arg(long, value_name = "N", env = "P2POW_HIRE", value_parser = values::from_one::<usize>)]
    #[arg(default_value = "1")]
    hire: usize,
    /// How many workers to hire for one job in all: one more when another has failed or takes too long
    #[arg(long, value_name = "N", env = "P2POW_HIRE_MOST", value_parser = values::from_one::<usize>)]
    #[arg(default_value = "4")]
    hire_most: usize,
    /// Seconds that a worker gets for one payment before the next one is hired
    #[arg(long, value_name = "SECONDS", env = "P2POW_HEDGE_AFTER", default_value = "20")]
    #[arg(value_parser = values::whole(0..=u64::MAX))]
    hedge_after: u64,
    /// What works on a job that no worker delivers: none, local (this computer), or URLs of work servers; several with
    /// commas between them
    #[arg(long, value_name = "WHAT", env = "P2POW_FALLBACK", value_delimiter = ',')]
    #[arg(value_parser = helper, default_value = "none")]
    fallback: Vec<Helper>,
    /// Which workers to hire, of those that are trusted alike
    #[arg(long, env = "P2POW_POLICY", default_value = "cheapest")]
    policy: Choice,
    /// Hire only workers that are paid on the very account that registered their address
    #[arg(long, env = "P2POW_STRICT", value_parser = values::switch, action = ArgAction::Set)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(default_value = "false")]
    strict: bool,
    /// Hire only from these addresses, such as 203.0.113.7,203.0.113.8, in place of the registered ones
    #[arg(long = "worker", value_name = "IP", env = "P2POW_WORKERS", value_delimiter = ',')]
    #[arg(value_parser = values::ip)]
    workers: Vec<IpAddr>,
    /// The port that workers listen on
    #[arg(long, env = "P2POW_PORT", default_value = "7090", value_parser = values::whole(1..=u16::MAX))]
    port: u16,
    /// Take workers on private addresses too, for a development network, and on loopback; on the live network on
    /// loopback alone
    #[arg(long, env = "P2POW_ALLOW_LOCAL", value_parser = values::switch, action = ArgAction::Set)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(default_value = "false")]
    allow_local: bool,
    /// Representative of an account that is opened, such as
    /// nano_3e3j5tkog48pnny9dmfzj1r16pg8t1e76dz5tmac6iq689wyjfpiij4txtdo; without it the account itself
    #[arg(long, value_name = "ACCOUNT", env = "P2POW_REPRESENTATIVE")]
    #[arg(value_parser = values::address)]
    representative: Option<Account>,
    /// Seconds to wait for a deal to be done
    #[arg(long, value_name = "SECONDS", env = "P2POW_PATIENCE", default_value = "600")]
    #[arg(value_parser = values::whole(0..=u64::MAX))]
    patience: u64,
    /// The file with what was signed, such as journal.db, so that nothing is paid twice; without it
    /// journal-NETWORK.db in the folder of --data. Each ledger needs one of its own
    #[arg(long, value_name = "FILE", env = "P2POW_JOURNAL")]
    journal: Option<PathBuf>,
    /// Take the balance on the node's word where the last block, a legacy one, holds none
    #[arg(long, env = "P2POW_TRUST_NODE_BALANCE", value_parser = values::switch)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(action = ArgAction::Set, default_value = "false")]
    trust_node_balance: bool,
    /// Folder for what is kept between runs, such as /home/alice/.local/share/p2pow; without it a folder of that name where this
    /// system keeps a user's data
    #[arg(long, value_name = "FOLDER", env = "P2POW_DATA")]
    data: Option<PathBuf>,
}

/// The library's policies by name.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Choice {
    /// The lowest price
    Cheapest,
    /// The shortest time by the speed that was shown
    Fastest,
}

/// What holds, by all that was said.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    options: Declared,
    file: Table,
}

/// What the file may say.
fn layout() -> Layout {
    let layout = Layout::new().options::<Declared>();
    let about = "Headers for the main node, such as a provider's API key";
    let layout = layout.texts("headers", about, "authorization");
    let about = "Where the key is, if no flag and no variable says it";
    let layout = KeyArgs::in_file(fallback::in_file(layout), about);
    serve::in_file(signer::in_file(layout))
}

impl Options {
    /// The flags and variables, and what the file says where they are silent.
    pub(crate) fn settings(self) -> Result<Settings, Failure> {
        let file = self.config.map_or_else(|| Ok(layout().empty()), |path| layout().read(&path))?;
        let flags: Declared = Table::default().options(&self.given)?;
        let mut options: Declared = file.options(&self.given)?;
        for (path, by_flag) in
            [(&mut options.journal, &flags.journal), (&mut options.data, &flags.data)]
        {
            if by_flag.is_none() {
                *path = path.take().map(|path| file.folder().join(path));
            }
        }
        Ok(Settings { options, file })
    }
}

impl Settings {
    /// Where the key is: by flags, variables, or the file.
    pub(crate) fn key(&self, given: &Given<KeyArgs>) -> Result<KeyArgs, Failure> {
        KeyArgs::layered(given, &self.file)
    }

    /// What the file says.
    pub(crate) const fn file(&self) -> &Table {
        &self.file
    }

    /// Who represents accounts that are opened.
    pub(crate) const fn representative(&self) -> Option<Account> {
        self.options.representative
    }

    /// The client of the main node. It alone gets the headers: what lets in there is nobody else's matter.
    pub(crate) fn node(&self) -> Result<Client, Failure> {
        let url = self.options.node.first().expect("there is a default");
        let headers = self.file.texts("headers");
        let builder = Client::builder(url);
        let builder =
            headers.iter().fold(builder, |builder, (name, value)| builder.header(name, value));
        builder.build().map_err(wrong_node)
    }

    /// The clients of all nodes.
    pub(crate) fn nodes(&self) -> Result<Nodes, Failure> {
        let others = self.options.node.iter().skip(1).map(|url| Client::new(url));
        let others = others.collect::<Result<Vec<_>, _>>().map_err(wrong_node)?;
        Ok(Nodes::new(self.node()?, others))
    }

    /// The journal of what was signed.
    pub(crate) fn journal(&self) -> Result<Journal, Failure> {
        let path = match &self.options.journal {
            Some(path) => path.clone(),
            None => DataFolder::open(self.options.data.clone())?.journal(self.options.network),
        };
        Ok(Journal::open(path)?)
    }

    /// The sender as these settings describe it.
    pub(crate) fn sender(&self) -> Result<Sender, Failure> {
        let market = self.data()?.market();
        let fallback = pool(&self.options.fallback, &self.file)?;
        let config = Config { fallback, ..self.options.clone().config()? };
        Ok(Sender::new(self.nodes()?, config).with_market(market))
    }

    /// Where is kept what is remembered between runs.
    pub(crate) fn data(&self) -> Result<DataFolder, Failure> {
        DataFolder::open(self.options.data.clone())
    }

    /// Which network it is.
    pub(crate) const fn network(&self) -> Network {
        self.options.network
    }

    /// The most that is paid for the work of one send.
    pub(crate) const fn max_fee(&self) -> Amount {
        self.options.max_fee
    }
}

fn wrong_node(error: ConfigError) -> Failure {
    Failure::Usage(format!("--node: {error}"))
}

impl Declared {
    /// The library's configuration.
    fn config(self) -> Result<Config, Failure> {
        let default = Config::default();
        let urls: Result<_, ConfigError> = self.websocket.iter().map(|url| url.parse()).collect();
        let wrong = |error| Failure::Usage(format!("--websocket: {error}"));
        Ok(Config {
            websocket_urls: urls.map_err(wrong)?,
            network: self.network,
            max_fee: self.max_fee,
            max_fee_per_day: self.max_fee_per_day,
            hire: self.hire,
            hire_most: self.hire_most,
            policy: self.policy.into(),
            strict: self.strict,
            workers: self.workers,
            port: self.port,
            allow_local: self.allow_local,
            representative: self.representative,
            trust_node_balance: self.trust_node_balance,
            patience: Patience {
                deal: Duration::from_secs(self.patience),
                hedge: Duration::from_secs(self.hedge_after),
                ..default.patience
            },
            ..default
        })
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

#[cfg(test)]
mod tests {
    use super::{Declared, layout};
    use p2pow_cli::config::Given;
    use p2pow_client::Config;

    #[test]
    fn defaults_are_those_of_the_library() {
        let options: Declared = layout().empty().options(&Given::nothing()).unwrap();
        assert_eq!(format!("{:?}", options.config().unwrap()), format!("{:?}", Config::default()));
    }

    #[test]
    fn flags_and_variables_are_named_as_the_lines_of_the_file() {
        for arg in layout().declared() {
            let key = arg.get_id().as_str();
            let variable = format!("P2POW_{}", key.to_uppercase());
            assert_eq!(arg.get_env().unwrap().to_str(), Some(variable.as_str()));
            let flag = if key == "workers" { "worker".to_owned() } else { key.replace('_', "-") };
            assert_eq!(arg.get_long(), Some(flag.as_str()));
        }
    }

    #[test]
    fn the_documentation_shows_the_file() {
        let docs = include_str!("../../../docs/options.md");
        let template = layout().template(&[]);
        // One without fleets has no lines about them.
        let is_known = |part: &&str| cfg!(feature = "fleet") || !part.contains("\n# fleet");
        let shown: String = docs.split_inclusive("\n\n").filter(is_known).collect();
        assert!(shown.contains(&template), "docs/options.md lacks:\n{template}");
    }

    #[test]
    fn every_line_that_the_file_shows_may_hold() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.toml");
        let text = layout().template_in_force(
            &[],
            &["seed_file", "fleet_credentials", "fleet_nkey_file", "fleet_token_file"],
        );
        assert!(text.lines().filter(|line| line.contains(" = ")).count() > 12, "{text}");
        std::fs::write(&path, &text).unwrap();
        let read = layout().read(&path);
        assert!(read.is_ok(), "{}: {text}", read.unwrap_err());
    }
}
