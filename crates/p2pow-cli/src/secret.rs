//! Where the private key comes from: a file, the environment or a prompt, never an argument.

use crate::{
    Failure,
    config::{Given, Layout, Table},
    input::{self, shown},
    values,
};
use nano_block::{SecretKey, Seed};
use nano_primitives::Account;
use std::{
    env,
    fs::OpenOptions,
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// The variable that may hold a private key.
pub const KEY_VARIABLE: &str = "P2POW_KEY";
/// The variable that may hold a seed.
pub const SEED_VARIABLE: &str = "P2POW_SEED";

const NO_KEY: &str = "no private key: give --key-file FILE, --seed-file FILE, or set P2POW_KEY or \
                      P2POW_SEED (without a terminal nobody can be asked)";

/// Where to find the private key. Without any of these it is asked for on the terminal.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Key")]
pub struct KeyArgs {
    /// File with the private key, such as alice.key: 64 hexadecimal digits (or the variable P2POW_KEY)
    #[arg(long, value_name = "FILE", conflicts_with = "seed_file")]
    pub key_file: Option<PathBuf>,
    /// File with a seed, such as alice.seed: 64 hexadecimal digits (or the variable P2POW_SEED)
    #[arg(long, value_name = "FILE")]
    pub seed_file: Option<PathBuf>,
    /// Which key of the seed
    #[arg(long, value_name = "N", default_value = "0", value_parser = values::whole(0..=u32::MAX))]
    pub index: u32,
}

impl KeyArgs {
    /// The table of a file that may say the same.
    pub const TABLE: &str = "key";

    /// Adds the table to what a file may have.
    #[must_use]
    pub fn in_file(layout: Layout, about: &'static str) -> Layout {
        layout.table(Self::TABLE, about, Layout::new().options::<Self>())
    }

    /// By flags, unless they name no file: then by the variables `P2POW_KEY` and `P2POW_SEED`, unless they are not set:
    /// then by the file's table, whose paths are relative to where the file is.
    ///
    /// # Errors
    /// The options do not go together.
    pub fn layered(given: &Given<Self>, file: &Table) -> Result<Self, Failure> {
        let flags: Self = Table::default().options(given)?;
        let mut key: Self = file.table(Self::TABLE).options(given)?;
        let is_set = |name| env::var_os(name).is_some();
        let is_by_flag = flags.key_file.is_some() || flags.seed_file.is_some();
        if is_by_flag || is_set(KEY_VARIABLE) || is_set(SEED_VARIABLE) {
            return Ok(Self { index: key.index, ..flags });
        }
        for path in [&mut key.key_file, &mut key.seed_file].into_iter().flatten() {
            *path = file.folder().join(&*path);
        }
        Ok(key)
    }

    /// The private key: from a file that was named, else from the environment, else from a prompt.
    ///
    /// # Errors
    /// There is none, or what is there is none; the text found is never repeated.
    pub fn secret_key(&self) -> Result<SecretKey, Failure> {
        if let Some(path) = &self.key_file {
            return Ok(parse_key(&shown(path), &read_secret(path)?)?);
        }
        if let Some(path) = &self.seed_file {
            return Ok(self.derive(&shown(path), &read_secret(path)?)?);
        }
        if let Some(text) = variable(KEY_VARIABLE)? {
            return Ok(parse_key(KEY_VARIABLE, &text)?);
        }
        if let Some(text) = variable(SEED_VARIABLE)? {
            return Ok(self.derive(SEED_VARIABLE, &text)?);
        }
        Ok(parse_key("the answer", &ask("Private key (64 hexadecimal digits): ")?)?)
    }

    /// The seed: from the file that was named, else from the environment, else from a prompt.
    ///
    /// # Errors
    /// As for [`secret_key`](Self::secret_key).
    pub fn seed(&self) -> Result<Seed, Failure> {
        if let Some(path) = &self.seed_file {
            return Ok(parse_seed(&shown(path), &read_secret(path)?)?);
        }
        if let Some(text) = variable(SEED_VARIABLE)? {
            return Ok(parse_seed(SEED_VARIABLE, &text)?);
        }
        Ok(parse_seed("the answer", &ask("Seed (64 hexadecimal digits): ")?)?)
    }

    fn derive(&self, origin: &str, text: &str) -> Result<SecretKey, SecretError> {
        Ok(parse_seed(origin, text)?.derive(self.index))
    }
}

/// A secret that cannot be used. What was found is not told: it may be most of a key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// A file of secrets holds one line that counts.
    #[error("{file} has {found} lines that are neither empty nor a comment, wanted 1")]
    Lines {
        /// The file.
        file: String,
        /// Lines found.
        found: usize,
    },
    /// Not a private key or seed.
    #[error("{origin} holds no {wanted}: {found} characters found, wanted 64 hexadecimal digits")]
    Format {
        /// Where it was read.
        origin: String,
        /// What it should be.
        wanted: &'static str,
        /// Characters found.
        found: usize,
    },
    /// A variable that is no text.
    #[error("the variable {0} is not UTF-8 text")]
    Variable(&'static str),
}

/// Writes a secret to a new file that only its owner can read (mode 0600), with a comment on whose it is. A file that is
/// there already is left alone.
///
/// # Errors
/// The file exists or cannot be written.
pub fn write_secret(path: &Path, what: &str, account: Account, secret: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    writeln!(file, "# {what} of {account}. Who has it has the money.\n{secret}")?;
    file.sync_all()
}

/// The one line of the file that is neither empty nor a comment (`#`).
fn read_secret(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let text = input::read_file(path)?;
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    match lines.as_slice() {
        [line] => Ok(Zeroizing::new((*line).to_owned())),
        _ => Err(SecretError::Lines { file: shown(path), found: lines.len() }.into()),
    }
}

fn parse_key(origin: &str, text: &str) -> Result<SecretKey, SecretError> {
    text.parse().map_err(|_| format_error(origin, "private key", text))
}

fn parse_seed(origin: &str, text: &str) -> Result<Seed, SecretError> {
    text.parse().map_err(|_| format_error(origin, "seed", text))
}

fn format_error(origin: &str, wanted: &'static str, text: &str) -> SecretError {
    SecretError::Format { origin: origin.to_owned(), wanted, found: text.chars().count() }
}

fn variable(name: &'static str) -> Result<Option<Zeroizing<String>>, SecretError> {
    match env::var(name) {
        Ok(text) => Ok(Some(Zeroizing::new(text.trim().to_owned()))),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => Err(SecretError::Variable(name)),
    }
}

fn ask(prompt: &str) -> Result<Zeroizing<String>, Failure> {
    if !io::stderr().is_terminal() {
        return Err(Failure::Usage(NO_KEY.to_owned()));
    }
    let answer = Zeroizing::new(rpassword::prompt_password(prompt)?);
    Ok(Zeroizing::new(answer.trim().to_owned()))
}
