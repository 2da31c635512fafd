//! [`AdminArgs`]: where the operator watches the worker, and with which token.

use crate::commands::serve::cannot_listen;
use p2pow_admin::{
    AdminClient, AdminConfig, AdminServer, BindError, History, ListenError, Sockets, Source, Token,
};
use p2pow_cli::{
    Failure,
    config::{Given, Table},
    values::{self, ValueError},
};
use std::{net::SocketAddr, path::PathBuf};

/// The token's file, beside the configuration.
const TOKEN_FILE: &str = "admin.token";

/// Where `init` has the operator's listener.
pub(crate) const ADDRESS: &str = "127.0.0.1:7091";

/// How the operator watches the worker.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Operator")]
pub(crate) struct AdminArgs {
    /// Where the operator watches the worker, such as 127.0.0.1:7091: page, metrics, status and health, for this machine
    /// alone. Without it nowhere
    #[arg(long, value_name = "IP:PORT", env = "P2POW_ADMIN")]
    #[arg(value_parser = loopback)]
    admin: Option<SocketAddr>,
    /// The token that must be shown there, in a file such as admin.token, which `run` writes if it is not there; without
    /// it that file beside the configuration
    #[arg(long, value_name = "FILE", env = "P2POW_ADMIN_TOKEN_FILE")]
    admin_token_file: Option<PathBuf>,
}

impl AdminArgs {
    /// By flags and variables, else by the file, whose paths are relative to where it is.
    pub(crate) fn layered(given: &Given<Self>, file: &Table) -> Result<Self, Failure> {
        let (typed, both): (Self, Self) = (Table::default().options(given)?, file.options(given)?);
        let beside = || {
            let name = both.admin_token_file.unwrap_or_else(|| TOKEN_FILE.into());
            file.folder().join(name)
        };
        let token = typed.admin_token_file.unwrap_or_else(beside);
        Ok(Self { admin: both.admin, admin_token_file: Some(token) })
    }

    /// Where to listen, if that is wanted.
    pub(crate) const fn address(&self) -> Option<SocketAddr> {
        self.admin
    }

    /// Starts to listen, if that is wanted, on a listener of `sockets` where one is meant for it.
    pub(crate) async fn serve(
        &self,
        source: impl Source,
        sockets: Sockets,
        history: History,
    ) -> Result<Option<Watched>, Failure> {
        let (Some(address), Some(path)) = (self.admin, &self.admin_token_file) else {
            return Ok(None);
        };
        let token = Token::of_file(path)?;
        let mut config = AdminConfig::new(address, token.clone());
        (config.sockets, config.history) = (sockets, history);
        let server = AdminServer::bind(config, source).await.map_err(refused)?;
        Ok(Some(Watched { server, token }))
    }

    /// What reads the listener of the worker that runs with these options.
    pub(crate) fn client(&self) -> Result<(AdminClient, String), Failure> {
        let address = self.admin.ok_or_else(|| {
            Failure::Usage(format!(
                "no listener to read: give --admin IP:PORT, or a line `admin = \"{ADDRESS}\"` in the configuration"
            ))
        })?;
        let token = Token::read(self.admin_token_file.as_deref().unwrap_or(TOKEN_FILE.as_ref()))?;
        let link = format!("http://{address}/#token={}", token.expose());
        Ok((AdminClient::new(address, token), link))
    }
}

/// Reads an address of loopback.
fn loopback(text: &str) -> Result<SocketAddr, ValueError> {
    let address = values::socket_address(text)?;
    let wanted = "IP:PORT of loopback, as 127.0.0.1:7091: others reach it by a tunnel (ssh -L)";
    address.ip().is_loopback().then_some(address).ok_or_else(|| ValueError::new(wanted))
}

/// The listener that runs.
pub(crate) struct Watched {
    pub(crate) server: AdminServer,
    token: Token,
}

impl Watched {
    /// The page, with the token in it.
    pub(crate) fn link(&self) -> String {
        self.server.link(&self.token)
    }
}

fn refused(error: BindError) -> Failure {
    match error {
        BindError::Listen(ListenError::Listen { address, source }) => {
            cannot_listen(address, &source, "`admin` in the configuration")
        }
        error => error.into(),
    }
}
