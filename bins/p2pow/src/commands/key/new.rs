//! `p2pow key new`.

use super::shown::{Shown, WriteError, whose};
use nano_block::{SecretKey, Seed};
use nano_primitives::Account;
use p2pow_cli::{Failure, PasswordArgs, files::write_new_private, write_secret};
use p2pow_keystore::{Cost, Password, Sealed, Secret};
use std::{
    io,
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

pub(super) const HELP: &str = "\
With --out the secret goes to a new file that only you can read, and is not printed. With --encrypt the file is under a \
     password, too: every command that takes a key file opens it and asks. There is no way round a forgotten password; \
     `p2pow key mnemonic show` shows a seed as words for paper.

Examples:
  p2pow key new --out alice.key
  p2pow key new --seed --encrypt --out alice.seed
  p2pow key new --seed --out seed --json";

/// Options of `key new`.
#[derive(Debug, clap::Args)]
pub(crate) struct NewArgs {
    /// Make a seed and show its first account
    #[arg(long)]
    seed: bool,
    /// Write the secret to this new file (mode 0600) instead of printing it
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Put the file under a password
    #[arg(long, requires = "out")]
    encrypt: bool,
    #[command(flatten)]
    password: PasswordArgs,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Runs the subcommand.
pub(super) fn run(args: NewArgs) -> Result<(), Failure> {
    let secret = if args.seed {
        Secret::Seed(Seed::generate()?)
    } else {
        Secret::Key(SecretKey::generate()?)
    };
    let Some(out) = args.out else { return printed(&secret)?.print(args.json) };
    let place = if args.encrypt { Place::Sealed(out, args.password) } else { Place::Plain(out) };
    Shown { index: args.seed.then_some(0), ..place.write(&secret)? }.print(args.json)
}

/// Where a secret that is new here goes.
#[derive(Debug)]
pub(super) enum Place {
    /// To a new file as it is.
    Plain(PathBuf),
    /// To a new file, under a password.
    Sealed(PathBuf, PasswordArgs),
}

impl Place {
    /// Writes the secret, and shows what may be shown of it.
    pub(super) fn write(self, secret: &Secret) -> Result<Shown, Failure> {
        let account = account(secret)?;
        let (path, encrypted) = match self {
            Self::Plain(path) => {
                let (what, text) = plain(secret)?;
                write_secret(&path, what, account, &text)
                    .map_err(|source| new_error(&path, source))?;
                (path, false)
            }
            Self::Sealed(path, password) => {
                // Before a password is typed twice for nothing.
                if path.exists() {
                    return Err(new_error(&path, io::ErrorKind::AlreadyExists.into()).into());
                }
                let text = sealed(secret, &password.choose(&whose(&path, account))?)?;
                write_new_private(&path, &text).map_err(|source| new_error(&path, source))?;
                (path, true)
            }
        };
        Ok(Shown { file: Some(path), encrypted, ..Shown::of(account) })
    }
}

/// The form of a secret under a password.
pub(super) fn sealed(secret: &Secret, password: &Password) -> Result<String, Failure> {
    Ok(Sealed::seal(secret, password, Cost::default())?.to_json())
}

/// Whose it is.
pub(super) fn account(secret: &Secret) -> Result<Account, Failure> {
    let key = secret.key(0).ok_or_else(|| Failure::new("a data key has no account"))?;
    Ok(key.account())
}

/// What a plain file says it is, and its digits.
pub(super) fn plain(secret: &Secret) -> Result<(&'static str, Zeroizing<String>), Failure> {
    match secret {
        Secret::Key(key) => Ok(("Private key", key.expose_hex())),
        Secret::Seed(seed) => Ok(("Seed", seed.expose_hex())),
        other => Err(Failure::new(format!(
            "a {} has no plain form; `p2pow key derive --show-private` shows single keys of it",
            other.what()
        ))),
    }
}

/// The secret itself, for a terminal or a program.
pub(super) fn printed(secret: &Secret) -> Result<Shown, Failure> {
    let (_, text) = plain(secret)?;
    let shown = Shown::of(account(secret)?);
    Ok(match secret {
        Secret::Seed(_) => Shown { seed: Some(text), index: Some(0), ..shown },
        _ => Shown { private_key: Some(text), ..shown },
    })
}

fn new_error(path: &Path, source: io::Error) -> WriteError {
    WriteError { path: path.to_owned(), is_new: true, source }
}
