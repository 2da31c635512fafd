//! Where `p2pow` keeps what it remembers between runs: a folder of the user's.

use etcetera::BaseStrategy;
use nano_block::Network;
use p2pow_cli::Failure;
use p2pow_client::Market;
use p2pow_store::SqliteStore;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// What is known of workers; every account and network uses the same file.
const MARKET: &str = "market.db";

/// A folder that is there, for this user's eyes alone.
#[derive(Debug)]
pub(crate) struct DataFolder(PathBuf);

impl DataFolder {
    /// The folder that was named, or else the one where this system's programs keep a user's data. It is made if it is
    /// not there.
    pub(crate) fn open(named: Option<PathBuf>) -> Result<Self, Failure> {
        let path = match named {
            Some(path) => path,
            None => {
                etcetera::choose_base_strategy().map_err(|_| no_home())?.data_dir().join("p2pow")
            }
        };
        make(&path).map_err(|error| {
            Failure::new(format!(
                "cannot make the folder {} for what p2pow keeps: {error}; --data names another",
                path.display()
            ))
        })?;
        Ok(Self(path))
    }

    /// The file with what was signed. Each network has its own: they have keys in common, but no blocks.
    pub(crate) fn journal(&self, network: Network) -> PathBuf {
        self.0.join(format!("journal-{network}.db"))
    }

    /// A file in it.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// What is known of the workers. Where it cannot be kept, it is forgotten after this run.
    pub(crate) fn market(&self) -> Market {
        match SqliteStore::open(self.0.join(MARKET)) {
            Ok(store) => Market::new(store.shared()),
            Err(error) => {
                tracing::warn!(%error, "what is learned of workers is not kept");
                Market::in_memory()
            }
        }
    }
}

fn no_home() -> Failure {
    Failure::Usage(
        "this user has no home folder: --data names a folder for what p2pow keeps".into(),
    )
}

fn make(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}
