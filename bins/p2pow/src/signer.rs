//! [`Hand`]: who signs for a command: a key of its own, or a signer in another process.

use nano_primitives::Account;
use p2pow_cli::{
    Failure, KEY_VARIABLE, KeyArgs, SEED_VARIABLE,
    config::{Given, Layout, Table},
    output::holds_secret,
    values::{self, ValueError},
};
use p2pow_client::Signer;
use std::{env, path::PathBuf};

/// Where a signer is that has the key.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Key")]
pub(crate) struct Elsewhere {
    /// The socket of a signer that has the key (see `p2pow signer serve`), such as /run/p2pow/signer.sock
    #[arg(long = "signer", value_name = "PATH", env = "P2POW_SIGNER", value_parser = socket_path)]
    socket: Option<PathBuf>,
    /// Which of the signer's accounts, such as
    /// nano_3e3j5tkog48pnny9dmfzj1r16pg8t1e76dz5tmac6iq689wyjfpiij4txtdo, if it has several
    #[arg(long = "signer-account", value_name = "ACCOUNT", env = "P2POW_SIGNER_ACCOUNT")]
    #[arg(value_parser = values::address)]
    account: Option<Account>,
}

/// Reads the path of a socket, with or without `unix:` before it. What may be a key is none.
pub(crate) fn socket_path(text: &str) -> Result<PathBuf, ValueError> {
    let path = text.strip_prefix("unix:").unwrap_or(text);
    if path.is_empty() || holds_secret(path) {
        return Err(ValueError::new("the path of a socket, as /run/p2pow/signer.sock"));
    }
    Ok(path.into())
}

/// Adds the table to what a file may have.
pub(crate) fn in_file(layout: Layout) -> Layout {
    let about = "Where a signer is that has the key, in the place of a key";
    layout.table("signer", about, Layout::new().options::<Elsewhere>())
}

/// Flags and variables that say who signs.
#[derive(Debug, clap::Args)]
pub(crate) struct Hand {
    #[command(flatten)]
    key: Given<KeyArgs>,
    #[command(flatten)]
    elsewhere: Given<Elsewhere>,
}

impl Hand {
    /// Who signs: a signer that a flag or variable names, else a key that one names, else what the file says.
    pub(crate) async fn signer(&self, file: &Table) -> Result<Box<dyn Signer>, Failure> {
        match self.elsewhere(file)? {
            Some(elsewhere) => elsewhere.connect().await,
            None => Ok(Box::new(KeyArgs::layered(&self.key, file)?.secret_key()?)),
        }
    }

    /// The same, if anything names a signer or a key. Nobody is asked for a key.
    pub(crate) async fn signer_if_any(
        &self,
        file: &Table,
    ) -> Result<Option<Box<dyn Signer>>, Failure> {
        match self.elsewhere(file)? {
            Some(elsewhere) => elsewhere.connect().await.map(Some),
            None => {
                let key = KeyArgs::layered(&self.key, file)?.secret_key_if_any()?;
                Ok(key.map(|key| Box::new(key) as Box<dyn Signer>))
            }
        }
    }

    fn elsewhere(&self, file: &Table) -> Result<Option<Elsewhere>, Failure> {
        let key: KeyArgs = Table::default().options(&self.key)?;
        let has_key = key.key_file.is_some() || key.seed_file.is_some();
        let named: Elsewhere = Table::default().options(&self.elsewhere)?;
        if named.socket.is_some() && has_key {
            return Err(Failure::Usage(
                "--signer and a file with a key: either this computer signs, or the signer does"
                    .into(),
            ));
        }
        if named.socket.is_some() {
            return Ok(Some(named));
        }
        let is_set = |name| env::var_os(name).is_some();
        if has_key || is_set(KEY_VARIABLE) || is_set(SEED_VARIABLE) {
            return Ok(None);
        }
        let mut elsewhere: Elsewhere = file.table("signer").options(&self.elsewhere)?;
        let Some(socket) = elsewhere.socket else { return Ok(None) };
        let key: KeyArgs = file.table(KeyArgs::TABLE).options(&Given::nothing())?;
        if key.key_file.is_some() || key.seed_file.is_some() {
            let words =
                "it names a signer and a key: either this computer signs, or the signer does";
            return Err(file.table("signer").wrong(words));
        }
        elsewhere.socket = Some(file.folder().join(socket));
        Ok(Some(elsewhere))
    }
}

impl Elsewhere {
    #[cfg(unix)]
    async fn connect(self) -> Result<Box<dyn Signer>, Failure> {
        let socket = self.socket.unwrap_or_default();
        Ok(Box::new(p2pow_signer::RemoteSigner::connect(socket, self.account).await?))
    }

    #[cfg(not(unix))]
    async fn connect(self) -> Result<Box<dyn Signer>, Failure> {
        Err(Failure::Usage("--signer: this system has no Unix sockets".into()))
    }
}
