//! [`Registrar`]: the keys and means that register a worker's addresses.

use crate::own::Means;
use nano_block::SecretKey;
use p2pow_cli::{Failure, KeyArgs};
use p2pow_server::register::{Registration, register, unregister};
use std::net::IpAddr;

/// Registers addresses: the first by the key that was named, a second one by the key after it.
pub(crate) struct Registrar {
    means: Means,
    allow_local: bool,
    /// As far as they were needed.
    keys: Vec<SecretKey>,
}

impl Registrar {
    /// Reads the key.
    pub(crate) fn new(means: Means, allow_local: bool) -> Result<Self, Failure> {
        let keys = vec![means.key.secret_key()?];
        Ok(Self { means, allow_local, keys })
    }

    pub(crate) const fn allow_local(&self) -> bool {
        self.allow_local
    }

    /// Registers the addresses that are not registered yet.
    pub(crate) async fn register(
        &mut self,
        addresses: &[IpAddr],
    ) -> Result<Vec<Registration>, Failure> {
        self.have_keys(addresses.len())?;
        let mut done = Vec::new();
        for (key, &address) in self.keys.iter().zip(addresses) {
            let entry = register(&self.means.own(key), address, self.allow_local).await;
            done.push(entry.map_err(|error| after(done.len(), error))?);
        }
        Ok(done)
    }

    /// Withdraws the entry of the key, or those of this and the next.
    pub(crate) async fn unregister(&mut self, both: bool) -> Result<Vec<Registration>, Failure> {
        self.have_keys(if both { 2 } else { 1 })?;
        let mut done = Vec::new();
        for key in &self.keys {
            let entry = unregister(&self.means.own(key)).await;
            done.push(entry.map_err(|error| after(done.len(), error))?);
        }
        Ok(done)
    }

    fn have_keys(&mut self, count: usize) -> Result<(), Failure> {
        if count <= self.keys.len() {
            return Ok(());
        }
        let wanted = || {
            Failure::Usage(
                "two addresses take two accounts: wanted a seed (--seed-file), which has a key for each".into(),
            )
        };
        let index = self.means.key.index.checked_add(1).ok_or_else(wanted)?;
        self.means.key.seed().map_err(|_| wanted())?;
        let next = KeyArgs { index, ..self.means.key.clone() };
        self.keys.push(next.secret_key()?);
        Ok(())
    }
}

/// What is on the ledger already is told by the exit code.
fn after(
    done: usize,
    error: impl Into<Failure> + std::error::Error + Send + Sync + 'static,
) -> Failure {
    if done > 0 { Failure::partial(error) } else { error.into() }
}
