//! The server: a drop-in for nano-work-server and a work peer for Nano nodes.

mod access;
mod connections;
mod http;
mod jobs;
mod quotas;
mod service;
mod tally;

pub(crate) use service::Service;

use crate::Config;
use nano_pow::Pool;
use std::{collections::HashSet, io, net::SocketAddr, sync::Arc};
use tokio::{net::TcpListener, task::JoinHandle};

/// A server that cannot be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// Nobody could ask.
    #[error("no key is given, and nobody may ask without one")]
    NobodyMayAsk,
    /// Nothing could be asked.
    #[error("the multipliers go from {least} to {most}, wanted a range that is not empty")]
    NoMultipliers {
        /// The least that is worked on.
        least: f64,
        /// The most that is worked on.
        most: f64,
    },
    /// Two keys have the same name or the same secret.
    #[error("the key {name:?} has the name or the secret of another key")]
    SameKey {
        /// The name of the second.
        name: String,
    },
    /// The system does not give the address.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address wanted.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}

/// A running server. Dropping it stops it without waiting.
///
/// It answers `work_generate`, `work_cancel`, `work_validate`, `benchmark` and `status`, sent by POST to any path. Every
/// scalar of an answer is a text. A multiplier is relative to the base of the network, the hardest of its thresholds,
/// and counts in place of a difficulty. A client that hangs up has cancelled its job; `work_cancel` ends all jobs for
/// the root that came with the same key or, without a key, from the same address. Jobs for one root share its search.
#[derive(Debug)]
pub struct WorkServer {
    service: Arc<Service>,
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl WorkServer {
    /// Starts listening on the current tokio runtime, and has the pool find what is asked for.
    ///
    /// # Errors
    /// The configuration is of no use, or the address cannot be had.
    pub async fn bind(config: Config, pool: Pool) -> Result<Self, BindError> {
        check(&config)?;
        let failed = |source| BindError::Listen { address: config.listen, source };
        let listener = TcpListener::bind(config.listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let service = Arc::new(Service::new(config, pool));
        let task = tokio::spawn(connections::serve(listener, Arc::clone(&service)));
        Ok(Self { service, address, task })
    }

    /// The address that is listened on.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Stops: takes no more requests, tells the clients that wait, and ends when all of it is done.
    pub async fn shutdown(mut self) {
        self.service.close();
        if let Err(error) = (&mut self.task).await {
            tracing::warn!(%error, "the server did not end as it should");
        }
    }
}

impl Drop for WorkServer {
    fn drop(&mut self) {
        self.service.close();
    }
}

fn check(config: &Config) -> Result<(), BindError> {
    if config.keys.is_empty() && config.open.is_none() {
        return Err(BindError::NobodyMayAsk);
    }
    let (least, most) = (*config.multipliers.start(), *config.multipliers.end());
    if !(least <= most && most > 0.0) {
        return Err(BindError::NoMultipliers { least, most });
    }
    let (mut names, mut secrets) = (HashSet::new(), HashSet::new());
    let again =
        config.keys.iter().find(|key| !names.insert(key.name()) || !secrets.insert(key.digest));
    match again {
        Some(key) => Err(BindError::SameKey { name: key.name().to_owned() }),
        None => Ok(()),
    }
}
