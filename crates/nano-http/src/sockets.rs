//! [`Sockets`]: listeners that are there already, opened by a service manager.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::{Arc, Mutex, PoisonError},
};

/// Listeners that somebody else has opened, such as a service manager. A server takes one in place of opening the same
/// address itself. They stay open while no server runs, so that a restart turns nobody away: clients wait a moment.
#[derive(Debug, Clone, Default)]
pub struct Sockets(Arc<Mutex<Vec<TcpListener>>>);

impl Sockets {
    /// Takes over what was opened.
    #[must_use]
    pub fn new(listeners: Vec<TcpListener>) -> Self {
        Self(Arc::new(Mutex::new(listeners)))
    }

    /// The addresses of those that no server has taken.
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        let left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        left.iter().filter_map(|listener| listener.local_addr().ok()).collect()
    }

    /// The listener at `address`; a listener at all addresses of the machine is one for all of either family.
    pub(crate) fn take(&self, address: SocketAddr) -> io::Result<Option<tokio::net::TcpListener>> {
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_meant = |found: SocketAddr| {
            let are_all = found.ip().is_unspecified() && address.ip().is_unspecified();
            found == address || are_all && found.port() == address.port()
        };
        let position = left.iter().position(|one| one.local_addr().is_ok_and(is_meant));
        let Some(position) = position else { return Ok(None) };
        let listener = left.swap_remove(position);
        listener.set_nonblocking(true)?;
        tokio::net::TcpListener::from_std(listener).map(Some)
    }
}

/// Equal if they have the same addresses left.
impl PartialEq for Sockets {
    fn eq(&self, other: &Self) -> bool {
        self.addresses() == other.addresses()
    }
}
