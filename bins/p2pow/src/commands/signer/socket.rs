//! [`SocketArgs`]: where the signer is.

use crate::{data::DataFolder, signer::socket_path};
use p2pow_cli::Failure;
use std::path::PathBuf;

/// Where the signer is.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct SocketArgs {
    /// The socket; without it signer.sock in the folder of --data
    #[arg(long, value_name = "PATH", value_parser = socket_path)]
    socket: Option<PathBuf>,
    /// Folder for what is kept between runs; without it a folder of that name where this system keeps a user's data
    #[arg(long, value_name = "FOLDER", env = "P2POW_DATA")]
    data: Option<PathBuf>,
}

impl SocketArgs {
    pub(super) fn socket(&self) -> Result<PathBuf, Failure> {
        self.or(self.socket.as_ref(), "signer.sock")
    }

    /// A path that was named, or this file in the folder of the data.
    pub(super) fn or(&self, named: Option<&PathBuf>, name: &str) -> Result<PathBuf, Failure> {
        match named {
            Some(path) => Ok(path.clone()),
            None => Ok(DataFolder::open(self.data.clone())?.file(name)),
        }
    }
}
