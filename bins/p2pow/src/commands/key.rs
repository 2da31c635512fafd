//! `p2pow key new|derive|inspect`: keys without a node.

use nano_block::{SecretKey, Seed};
use nano_primitives::{Account, PublicKey};
use p2pow_cli::{Failure, KeyArgs, output, values, write_secret};
use serde::Serialize;
use std::{io, path::PathBuf};
use zeroize::Zeroizing;

/// Makes keys, derives them from a seed, and shows what belongs to them.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum KeyCommand {
    /// Make a new private key, or a seed, from the system's randomness
    #[command(after_help = NEW_HELP)]
    New(NewArgs),
    /// Show the account and public key of a seed and an index
    #[command(after_help = DERIVE_HELP)]
    Derive(DeriveArgs),
    /// Check an account or a public key, and show both forms
    #[command(after_help = INSPECT_HELP)]
    Inspect(InspectArgs),
}

const NEW_HELP: &str = "\
With --out the secret goes to a new file that only you can read, and is not printed.

Examples:
  p2pow key new --out alice.key
  p2pow key new --seed --out seed --json";

const DERIVE_HELP: &str = "\
The seed comes from --seed-file, from the variable P2POW_SEED, or is asked for.

Examples:
  p2pow key derive --seed-file seed --index 3
  p2pow key derive --seed-file seed --index 3 --json --show-private";

const INSPECT_HELP: &str = "\
Examples:
  p2pow key inspect nano_3e3j5tkog48pnny9dmfzj1r16pg8t1e76dz5tmac6iq689wyjfpiij4txtdo
  p2pow key inspect C008B814A7D269A1FA3C6528B19201A24D797912DB9996FF02A1FF356E45552B --json";

/// Options of `key new`.
#[derive(Debug, clap::Args)]
pub(crate) struct NewArgs {
    /// Make a seed and show its first account
    #[arg(long)]
    seed: bool,
    /// Write the secret to this new file (mode 0600) instead of printing it
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Options of `key derive`.
#[derive(Debug, clap::Args)]
pub(crate) struct DeriveArgs {
    /// File with the seed: 64 hexadecimal digits (or the variable P2POW_SEED)
    #[arg(long, value_name = "FILE")]
    seed_file: Option<PathBuf>,
    /// Which key of the seed
    #[arg(long, value_name = "N", default_value_t = 0)]
    index: u32,
    /// Show the private key too
    #[arg(long)]
    show_private: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Options of `key inspect`.
#[derive(Debug, clap::Args)]
pub(crate) struct InspectArgs {
    /// An account (nano_…) or a public key in 64 hexadecimal digits
    #[arg(value_name = "KEY", value_parser = values::account)]
    key: Account,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What is shown of a key; what is not there is not shown.
#[derive(Debug, Default, Serialize)]
struct Shown {
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_text")]
    seed: Option<Zeroizing<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_text")]
    private_key: Option<Zeroizing<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    public_key: Option<PublicKey>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<Account>,
}

impl Shown {
    fn of(account: Account) -> Self {
        Self { public_key: Some(account.public_key()), account: Some(account), ..Self::default() }
    }

    fn print(&self, json: bool) -> Result<(), Failure> {
        if json {
            return Ok(output::json(self)?);
        }
        let rows = [
            ("file", self.file.as_ref().map(|file| file.display().to_string())),
            ("seed", self.seed.as_deref().cloned()),
            ("index", self.index.map(|index| index.to_string())),
            ("private key", self.private_key.as_deref().cloned()),
            ("public key", self.public_key.map(|key| key.to_string())),
            ("account", self.account.map(|account| account.to_string())),
        ];
        for (name, value) in rows {
            if let Some(value) = value.map(Zeroizing::new) {
                output::line(format_args!("{name:<12}{}", value.as_str()))?;
            }
        }
        Ok(())
    }
}

/// Runs the subcommand.
pub(crate) fn run(command: KeyCommand) -> Result<(), Failure> {
    match command {
        KeyCommand::New(args) if args.seed => new_seed(args),
        KeyCommand::New(args) => new_key(args),
        KeyCommand::Derive(args) => derive(args),
        KeyCommand::Inspect(args) => Shown::of(args.key).print(args.json),
    }
}

fn new_key(args: NewArgs) -> Result<(), Failure> {
    let key = SecretKey::generate()?;
    let (file, private_key) = keep(args.out, "Private key", key.account(), key.expose_hex())?;
    Shown { file, private_key, ..Shown::of(key.account()) }.print(args.json)
}

fn new_seed(args: NewArgs) -> Result<(), Failure> {
    let seed = Seed::generate()?;
    let account = seed.derive(0).account();
    let (file, seed) = keep(args.out, "Seed", account, seed.expose_hex())?;
    Shown { file, seed, index: Some(0), ..Shown::of(account) }.print(args.json)
}

fn derive(args: DeriveArgs) -> Result<(), Failure> {
    let source = KeyArgs { seed_file: args.seed_file, ..KeyArgs::default() };
    let key = source.seed()?.derive(args.index);
    let private_key = args.show_private.then(|| key.expose_hex());
    Shown { index: Some(args.index), private_key, ..Shown::of(key.account()) }.print(args.json)
}

/// Writes the secret to its file, or gives it back to be printed.
fn keep(
    out: Option<PathBuf>,
    what: &str,
    account: Account,
    secret: Zeroizing<String>,
) -> Result<(Option<PathBuf>, Option<Zeroizing<String>>), KeepError> {
    let Some(path) = out else { return Ok((None, Some(secret))) };
    match write_secret(&path, what, account, &secret) {
        Ok(()) => Ok((Some(path), None)),
        Err(source) => Err(KeepError { path, source }),
    }
}

/// A secret that could not be written. Nothing is lost: it was never used.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the new file {}", path.display())]
struct KeepError {
    path: PathBuf,
    source: io::Error,
}

/// Serialised by its own text: `Zeroizing` has no serde of its own here.
#[allow(clippy::ref_option)] // the shape that serde asks for
fn as_text<S: serde::Serializer>(
    secret: &Option<Zeroizing<String>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.as_ref().map_or("", |text| text.as_str()))
}
