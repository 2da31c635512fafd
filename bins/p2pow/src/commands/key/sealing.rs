//! `p2pow key encrypt|decrypt|password`: key files under a password.

use super::{
    new::{Place, account, printed, sealed},
    shown::{Shown, WriteError, whose},
};
use nano_primitives::Account;
use p2pow_cli::{
    Failure, PasswordArgs,
    files::{read_private, replace_private},
    key_file::{Plain, is_sealed, open, parse_plain, parse_sealed},
    password,
};
use p2pow_keystore::Secret;
use std::path::{Path, PathBuf};

pub(super) const ENCRYPT_HELP: &str = "\
The file is replaced by its encrypted form as a whole, or with --out left as it is. What a disk keeps of the old content, \
     and copies elsewhere, are not touched. There is no way round a forgotten password.

Examples:
  p2pow key encrypt alice.key
  p2pow key encrypt alice.seed --seed --password-file alice.password";

pub(super) const DECRYPT_HELP: &str = "\
Shows the private key or seed, or writes it to a new file that only you can read.

Examples:
  p2pow key decrypt alice.key
  p2pow key decrypt alice.key --out plain.key";

pub(super) const PASSWORD_HELP: &str = "\
The file is replaced as a whole. Old copies still open with the old password.

Example:
  p2pow key password alice.key";

/// The variable that may hold the new password.
const NEW_PASSWORD_VARIABLE: &str = "P2POW_NEW_PASSWORD";

/// What the three have in common.
#[derive(Debug, clap::Args)]
struct FileArgs {
    /// The key file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    password: PasswordArgs,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Options of `key encrypt`.
#[derive(Debug, clap::Args)]
pub(crate) struct EncryptArgs {
    /// It holds a seed
    #[arg(long)]
    seed: bool,
    /// Write a new file and leave the plain one
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    by: FileArgs,
}

/// Options of `key decrypt`.
#[derive(Debug, clap::Args)]
pub(crate) struct DecryptArgs {
    /// Write the secret to this new file (mode 0600) instead of printing it
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    by: FileArgs,
}

/// Options of `key password`.
#[derive(Debug, clap::Args)]
pub(crate) struct PasswordChange {
    /// File with the new password (or the variable P2POW_NEW_PASSWORD)
    #[arg(long, value_name = "FILE")]
    new_password_file: Option<PathBuf>,
    #[command(flatten)]
    by: FileArgs,
}

/// Puts a file under a password.
pub(super) fn encrypt(args: EncryptArgs) -> Result<(), Failure> {
    let EncryptArgs { seed, out, by: FileArgs { file, password, json } } = args;
    let text = read_private(&file)?;
    if is_sealed(&text) {
        let shown = file.display();
        return Err(Failure::new(format!(
            "{shown} is encrypted already; `p2pow key password` changes its password"
        )));
    }
    let plain = if seed { Plain::Seed } else { Plain::Key };
    let secret = parse_plain(&file, plain, &text)?;
    let account = account(&secret)?;
    check_comment(&file, plain, &text, account)?;
    if let Some(out) = out {
        return Place::Sealed(out, password).write(&secret)?.print(json);
    }
    let password = password.choose(&whose(&file, account))?;
    replace(&file, &sealed(&secret, &password)?)?;
    Shown { file: Some(file), encrypted: true, ..Shown::of(account) }.print(json)
}

/// The 64 digits of a seed read as a private key are somebody's, too: where the file says whose it is, it must be.
fn check_comment(file: &Path, plain: Plain, text: &str, account: Account) -> Result<(), Failure> {
    let comments = text.lines().filter(|line| line.trim_start().starts_with('#'));
    let words =
        comments.flat_map(|line| line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_'));
    let named: Vec<Account> = words.filter_map(|word| word.parse().ok()).collect();
    if named.is_empty() || named.contains(&account) {
        return Ok(());
    }
    let (read, other) = match plain {
        Plain::Seed => ("seed", "leave --seed out if it holds a private key"),
        Plain::Key => ("private key", "give --seed if it holds a seed"),
    };
    Err(Failure::new(format!(
        "{} says that it is of {}, but as a {read} it is of {account}: {other}",
        file.display(),
        named[0]
    )))
}

/// Shows what is in an encrypted file, or writes it to a plain one.
pub(super) fn decrypt(args: DecryptArgs) -> Result<(), Failure> {
    let DecryptArgs { out, by: FileArgs { file, password, json } } = args;
    let secret = opened(&file, &password)?;
    match out {
        Some(out) => Place::Plain(out).write(&secret)?.print(json),
        None => printed(&secret)?.print(json),
    }
}

/// Puts the file under another password.
pub(super) fn change_password(args: PasswordChange) -> Result<(), Failure> {
    let PasswordChange { new_password_file, by: FileArgs { file, password, json } } = args;
    let secret = opened(&file, &password)?;
    let account = account(&secret)?;
    let given = password::find(new_password_file.as_deref(), NEW_PASSWORD_VARIABLE)?;
    let new = match given {
        Some(password) => password,
        None => password::choose(&whose(&file, account), || {
            format!(
                "no new password: give --new-password-file FILE, or set {NEW_PASSWORD_VARIABLE} \
                 (without a terminal nobody can be asked)"
            )
        })?,
    };
    replace(&file, &sealed(&secret, &new)?)?;
    Shown { file: Some(file), encrypted: true, ..Shown::of(account) }.print(json)
}

fn opened(path: &Path, password: &PasswordArgs) -> Result<Secret, Failure> {
    let text = read_private(path)?;
    if !is_sealed(&text) {
        return Err(Failure::new(format!("{} is not encrypted", path.display())));
    }
    open(path, &parse_sealed(path, &text)?, password)
}

fn replace(path: &Path, text: &str) -> Result<(), WriteError> {
    replace_private(path, text).map_err(|source| WriteError {
        path: path.to_owned(),
        is_new: false,
        source,
    })
}
