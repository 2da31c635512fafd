//! `p2pow-worker init`: a commented configuration and a fresh key, never over what is there.

mod old;
mod questions;

use crate::{
    admin::ADDRESS,
    options::{DEFAULT_CONFIG, layout},
};
use nano_block::SecretKey;
use nano_primitives::{Account, Amount};
use old::Old;
use p2pow_cli::{Failure, output, values, write_secret};
use serde_json::json;
use std::{
    fs::{self, OpenOptions},
    io::{self, IsTerminal, Write},
    net::IpAddr,
    path::{Path, PathBuf},
};

const HELP: &str = "\
On a terminal it asks what no flag says; Enter takes what is offered. The new key registers the worker, and unless --reward-account names another account, its account is paid. `run` needs no key.

--from takes over the worker_config.json of a worker from 2020: account, fee, node, address and port, and its key, which goes to the new file of the key (mode 0600). The registration of its account goes on.

Examples:
  p2pow-worker init
  p2pow-worker init --yes --reward-account nano_… --node http://127.0.0.1:7076 --websocket ws://127.0.0.1:7078 --public-ip 203.0.113.7
  p2pow-worker init --from worker_API/config/worker_config.json";

/// The configuration's first lines.
const TITLE: &str = "\
# A P2PoW worker. `p2pow-worker run` reads this file; lines that start with # show what holds without them. Every
# option is a flag and a variable too: max_jobs is --max-jobs and P2POW_MAX_JOBS, and they come before this file.
";

/// Options of `init`.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct InitArgs {
    /// The configuration to write
    #[arg(long, value_name = "FILE", default_value = DEFAULT_CONFIG)]
    config: PathBuf,
    /// The key to write, mode 0600
    #[arg(long, value_name = "FILE", default_value = "worker.key")]
    key_file: PathBuf,
    /// The account that is paid, if it is not that of the new key
    #[arg(long, value_name = "ACCOUNT")]
    reward_account: Option<Account>,
    /// The node's RPC
    #[arg(long, value_name = "URL", value_parser = values::http_url)]
    node: Option<String>,
    /// The node's WebSocket
    #[arg(long, value_name = "URL", value_parser = values::websocket_url)]
    websocket: Option<String>,
    /// What a send costs
    #[arg(long, value_name = "AMOUNT", value_parser = values::amount)]
    fee: Option<Amount>,
    /// Where the world reaches this computer
    #[arg(long, value_name = "IP", value_parser = values::ip)]
    public_ip: Option<IpAddr>,
    /// The worker_config.json of a worker from 2020, to be taken over
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// Ask nothing
    #[arg(long)]
    yes: bool,
    /// Print one JSON object; nothing is asked
    #[arg(long)]
    json: bool,
}

/// A file that could not be written.
#[derive(Debug, thiserror::Error)]
enum WriteError {
    #[error("cannot write the new file {}: it is there already, and `init` never overwrites; wanted another name, by {option} FILE", path.display())]
    Exists { path: PathBuf, option: &'static str },
    #[error("cannot write the new file {}", path.display())]
    Write { path: PathBuf, source: io::Error },
}

impl WriteError {
    fn new(path: &Path, option: &'static str, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::AlreadyExists => Self::Exists { path, option },
            _ => Self::Write { path, source },
        }
    }
}

/// Writes both files, or neither.
pub(crate) fn run(args: InitArgs) -> Result<(), Failure> {
    let old = args.from.as_deref().map(Old::read).transpose()?.unwrap_or_default();
    let mut settings = args.settings();
    add(&mut settings, old.settings.clone());
    if io::stdin().is_terminal() && !args.yes && !args.json {
        let is_said = |option: &str| settings.iter().any(|(name, _)| *name == option);
        let answers = questions::ask(is_said, io::stdin().lock())?;
        add(&mut settings, answers);
    }
    let key = match &old.key {
        Some(key) => key.clone(),
        None => SecretKey::generate()?,
    };
    let path = key_path(&args)?;
    let path =
        path.to_str().ok_or_else(|| Failure::Usage("--key-file is not UTF-8 text".into()))?;
    let own = [("reward_account", key.account().to_string()), ("admin", ADDRESS.to_owned())];
    add(&mut settings, own.to_vec());
    settings.push(("key.key_file", path.to_owned()));
    let shown: Vec<(&str, &str)> =
        settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    write_new(&args.config, &format!("{TITLE}\n{}", layout().template(&shown)))?;
    if let Err(source) =
        write_secret(&args.key_file, "Private key", key.account(), &key.expose_hex())
    {
        let _ = fs::remove_file(&args.config);
        return Err(WriteError::new(&args.key_file, "--key-file", source).into());
    }
    let reward = settings.iter().find(|(name, _)| *name == "reward_account");
    let reward = reward.and_then(|(_, text)| text.parse().ok()).unwrap_or_else(|| key.account());
    tell(&args, key.account(), reward)?;
    match args.from {
        Some(path) if !args.json => tell_of_old(&path, &old),
        _ => Ok(()),
    }
}

/// What is said first holds.
fn add(settings: &mut Vec<(&'static str, String)>, more: Vec<(&'static str, String)>) {
    for (name, value) in more {
        if settings.iter().all(|(known, _)| *known != name) {
            settings.push((name, value));
        }
    }
}

fn tell_of_old(path: &Path, old: &Old) -> Result<(), Failure> {
    let shown = p2pow_cli::input::shown(path);
    for left in &old.left {
        output::line(format_args!("not taken over from {shown}: {left}"))?;
    }
    if old.key.is_some() {
        output::line(format_args!("its private key still stands in {shown}: delete it there"))?;
    }
    Ok(())
}

impl InitArgs {
    /// What the flags say.
    fn settings(&self) -> Vec<(&'static str, String)> {
        let flags = [
            ("reward_account", self.reward_account.map(|account| account.to_string())),
            ("node", self.node.clone()),
            ("websocket", self.websocket.clone()),
            ("fee", self.fee.map(Amount::to_xno)),
            ("public_ip", self.public_ip.map(|ip| ip.to_string())),
        ];
        flags.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

/// Where the key is, as the configuration is to say it: beside it by name alone, else by the whole path.
fn key_path(args: &InitArgs) -> io::Result<PathBuf> {
    let folder = |path: &Path| path.parent().map(Path::to_owned);
    if folder(&args.config) == folder(&args.key_file) {
        return Ok(args.key_file.file_name().map(PathBuf::from).unwrap_or_default());
    }
    std::path::absolute(&args.key_file)
}

fn write_new(path: &Path, text: &str) -> Result<(), WriteError> {
    let wrong = |source| WriteError::new(path, "--config", source);
    let mut file = OpenOptions::new().write(true).create_new(true).open(path).map_err(wrong)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(wrong)
}

fn tell(args: &InitArgs, registering: Account, reward: Account) -> Result<(), Failure> {
    let (config, key_file) = (args.config.display(), args.key_file.display());
    if args.json {
        return Ok(output::json(&json!({
            "config": args.config,
            "key_file": args.key_file,
            "registration_account": registering,
            "reward_account": reward,
        }))?);
    }
    output::line(format_args!("wrote {config}, and the key of {registering} to {key_file}"))?;
    output::line(format_args!("rewards go to {reward}"))?;
    Ok(output::line(
        "next: `p2pow-worker check`; send the new account a little Nano, then `p2pow-worker register`; `p2pow-worker run`",
    )?)
}
