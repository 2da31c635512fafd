//! `p2pow signer …`: keys in a process of their own.

mod policy;
mod serve;
mod terminal;

use crate::data::DataFolder;
use p2pow_cli::Failure;
use std::path::PathBuf;

/// Signs for other processes of this machine over a local socket, within a policy.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum SignerCommand {
    /// Hold keys, and sign what the policy allows, until it is interrupted
    #[command(after_help = serve::HELP)]
    Serve(Box<serve::SignerArgs>),
    /// Show what a running signer signs, and what of it is left today
    #[command(after_help = policy::HELP)]
    Policy(policy::PolicyArgs),
}

/// Where the signer is.
#[derive(Debug, Clone, clap::Args)]
struct Place {
    /// The socket; without it signer.sock in the folder of --data
    #[arg(long, value_name = "PATH", value_parser = crate::signer::socket_path)]
    socket: Option<PathBuf>,
    /// Folder for what is kept between runs; without it a folder of that name where this system keeps a user's data
    #[arg(long, value_name = "FOLDER", env = "P2POW_DATA")]
    data: Option<PathBuf>,
}

impl Place {
    fn socket(&self) -> Result<PathBuf, Failure> {
        self.or(self.socket.as_ref(), "signer.sock")
    }

    /// A path that was named, or this file in the folder of the data.
    fn or(&self, named: Option<&PathBuf>, name: &str) -> Result<PathBuf, Failure> {
        match named {
            Some(path) => Ok(path.clone()),
            None => Ok(DataFolder::open(self.data.clone())?.file(name)),
        }
    }
}

/// Runs the subcommand.
pub(crate) async fn run(command: SignerCommand) -> Result<(), Failure> {
    match command {
        SignerCommand::Serve(args) => serve::run(*args).await,
        SignerCommand::Policy(args) => policy::run(args).await,
    }
}
