//! [`KeyArgs`]: where the private key comes from: a file, plain or encrypted, the environment or a prompt, never an
//! argument.

use crate::{
    Failure, PasswordArgs,
    ask::{prompt, variable},
    config::{Given, Layout, Table},
    files::read_private,
    key_file::{Plain, SecretError, is_sealed, key_at, parse_sealed, read_secret},
    values,
};
use nano_block::{SecretKey, Seed};
use nano_primitives::Account;
use p2pow_keystore::Secret;
use std::{env, path::PathBuf};
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
    /// File with the private key, such as alice.key: 64 hexadecimal digits (or the variable P2POW_KEY), or encrypted
    #[arg(long, value_name = "FILE", conflicts_with = "seed_file")]
    pub key_file: Option<PathBuf>,
    /// File with a seed, such as alice.seed: 64 hexadecimal digits (or the variable P2POW_SEED), or encrypted
    #[arg(long, value_name = "FILE")]
    pub seed_file: Option<PathBuf>,
    /// Which key of the seed
    #[arg(long, value_name = "N", default_value = "0", value_parser = values::whole(0..=u32::MAX))]
    pub index: u32,
    /// Where the password of an encrypted file is.
    #[command(flatten)]
    pub password: PasswordArgs,
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
        let is_told = is_by_flag || is_set(KEY_VARIABLE) || is_set(SEED_VARIABLE);
        let given_password = flags.password.password_file.clone();
        let folder = |path: PathBuf| file.folder().join(path);
        let password = given_password.or_else(|| key.password.password_file.take().map(folder));
        let password = PasswordArgs { password_file: password };
        if is_told {
            return Ok(Self { index: key.index, password, ..flags });
        }
        let [key_file, seed_file] = [key.key_file, key.seed_file].map(|path| path.map(folder));
        Ok(Self { key_file, seed_file, index: key.index, password })
    }

    /// The private key: from a file that was named, else from the environment, else from a prompt.
    ///
    /// # Errors
    /// There is none, or what is there is none; the text found is never repeated.
    pub fn secret_key(&self) -> Result<SecretKey, Failure> {
        let secret = match self.secret()? {
            Some(secret) => secret,
            None => Secret::Key(parse_key("the answer", &ask("Private key")?)?),
        };
        Ok(key_at(&secret, self.index)?)
    }

    /// Whose key it is, as far as that can be told without a password and without asking anybody.
    ///
    /// # Errors
    /// The file cannot be read, can be read by others, or holds none.
    pub fn account(&self) -> Result<Option<Account>, Failure> {
        if let Some(path) = self.key_file.as_ref().or(self.seed_file.as_ref()) {
            let text = read_private(path)?;
            if is_sealed(&text) {
                let first = parse_sealed(path, &text)?.account();
                return Ok(first.filter(|_| self.index == 0));
            }
        }
        let Some(secret) = self.secret()? else { return Ok(None) };
        Ok(Some(key_at(&secret, self.index)?.account()))
    }

    /// The private key, if a file or the environment has one. Nobody is asked.
    ///
    /// # Errors
    /// What is there is none; the text found is never repeated.
    pub fn secret_key_if_any(&self) -> Result<Option<SecretKey>, Failure> {
        Ok(self.secret()?.map(|secret| key_at(&secret, self.index)).transpose()?)
    }

    /// A seed, plain or of BIP39: from the file that was named, else from the environment, else from a prompt.
    ///
    /// # Errors
    /// As for [`secret_key`](Self::secret_key).
    pub fn seed(&self) -> Result<Secret, Failure> {
        match self.secret()? {
            Some(Secret::Key(_)) => Err(SecretError::NoSeed.into()),
            Some(secret) => Ok(secret),
            None => Ok(Secret::Seed(parse_seed("the answer", &ask("Seed")?)?)),
        }
    }

    fn secret(&self) -> Result<Option<Secret>, Failure> {
        if let Some(path) = &self.key_file {
            return read_secret(path, Plain::Key, &self.password).map(Some);
        }
        if let Some(path) = &self.seed_file {
            return read_secret(path, Plain::Seed, &self.password).map(Some);
        }
        if let Some(text) = variable(KEY_VARIABLE)? {
            return Ok(Some(Secret::Key(parse_key(KEY_VARIABLE, text.trim())?)));
        }
        let Some(text) = variable(SEED_VARIABLE)? else { return Ok(None) };
        Ok(Some(Secret::Seed(parse_seed(SEED_VARIABLE, text.trim())?)))
    }
}

fn parse_key(origin: &str, text: &str) -> Result<SecretKey, SecretError> {
    SecretKey::from_key_file(text)
        .map_err(|source| SecretError::Plain { origin: origin.to_owned(), source })
}

fn parse_seed(origin: &str, text: &str) -> Result<Seed, SecretError> {
    Seed::from_key_file(text)
        .map_err(|source| SecretError::Plain { origin: origin.to_owned(), source })
}

fn ask(what: &str) -> Result<Zeroizing<String>, Failure> {
    let answer = prompt(&format!("{what} (64 hexadecimal digits): "), || NO_KEY.to_owned())?;
    Ok(Zeroizing::new(answer.trim().to_owned()))
}
