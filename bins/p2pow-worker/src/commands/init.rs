//! `p2pow-worker init`: a commented configuration and a fresh key, never over what is there.

use crate::{
    admin::ADDRESS,
    options::{DEFAULT_CONFIG, layout},
};
use nano_block::SecretKey;
use nano_primitives::Account;
use p2pow_cli::{Failure, output, write_secret};
use serde_json::json;
use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

const HELP: &str = "\
The new key registers the worker, and unless --reward-account names another account, its account is paid. `run` needs no key.

Examples:
  p2pow-worker init
  p2pow-worker init --config /etc/p2pow/worker.toml --key-file /etc/p2pow/worker.key --reward-account nano_…";

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
    /// Print one JSON object
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
    let key = SecretKey::generate()?;
    let reward = args.reward_account.unwrap_or_else(|| key.account());
    let (account, path) = (reward.to_string(), key_path(&args)?);
    let path =
        path.to_str().ok_or_else(|| Failure::Usage("--key-file is not UTF-8 text".into()))?;
    let text = layout().template(&[
        ("reward_account", &account),
        ("admin", ADDRESS),
        ("key.key_file", path),
    ]);
    write_new(&args.config, &format!("{TITLE}\n{text}"))?;
    if let Err(source) =
        write_secret(&args.key_file, "Private key", key.account(), &key.expose_hex())
    {
        let _ = fs::remove_file(&args.config);
        return Err(WriteError::new(&args.key_file, "--key-file", source).into());
    }
    tell(&args, key.account(), reward)
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
        "next: read the configuration, send the new account a little Nano, then `p2pow-worker register`",
    )?)
}
