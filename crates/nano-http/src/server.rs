//! [`HttpServer`]: a router served on listeners, until it is shut down.

use crate::{HttpConfig, connection::Shared};
use axum::{Router, serve::Listener};
use std::{io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    select,
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::warn;

/// Connections that may wait to be accepted, if the system allows as many.
const WAITING: u32 = 4096;
/// How long to wait where the system gives no more sockets.
const OUT_OF_SOCKETS: Duration = Duration::from_millis(100);
/// How long connections that are cut off may take to notice.
const CUT_WITHIN: Duration = Duration::from_secs(1);

/// Listeners that cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListenError {
    /// There is nowhere to listen.
    #[error("no address to listen on, wanted at least 1")]
    NoAddress,
    /// The system does not give an address.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address wanted.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}

/// A running server. Dropping it takes no more requests and waits for nothing.
#[derive(Debug)]
pub struct HttpServer {
    addresses: Vec<SocketAddr>,
    closing: CancellationToken,
    cut: CancellationToken,
    connections: TaskTracker,
}

impl HttpServer {
    /// Listens on the addresses of `config` and serves `router` on the current tokio runtime.
    ///
    /// # Errors
    /// No address is given, or one cannot be had.
    pub async fn bind(config: HttpConfig, router: Router) -> Result<Self, ListenError> {
        let mut listeners = Vec::with_capacity(config.listen.len());
        for &address in &config.listen {
            let refused = |source| ListenError::Listen { address, source };
            let listener = match config.sockets.take(address).map_err(refused)? {
                Some(listener) => listener,
                None => listen(address).map_err(refused)?,
            };
            listeners.push(Tcp(listener));
        }
        Self::on_tcp(listeners, &config, router)
    }

    /// Here a connection is compiled once; in what is async it would be anew in every crate that waits for it.
    fn on_tcp(
        listeners: Vec<Tcp>,
        config: &HttpConfig,
        router: Router,
    ) -> Result<Self, ListenError> {
        Self::serve(listeners, config, router)
    }

    /// Serves `router` on listeners that are there already, of any kind; [`HttpConfig::listen`] is not looked at.
    ///
    /// # Errors
    /// There is no listener, or one does not know its address.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn serve<L>(
        listeners: Vec<L>,
        config: &HttpConfig,
        router: Router,
    ) -> Result<Self, ListenError>
    where
        L: Listener<Addr = SocketAddr>,
    {
        let unknown = |source| ListenError::Listen { address: ([0; 4], 0).into(), source };
        let addresses = listeners.iter().map(Listener::local_addr).collect::<io::Result<Vec<_>>>();
        let addresses = addresses.map_err(unknown)?;
        if addresses.is_empty() {
            return Err(ListenError::NoAddress);
        }
        let (closing, cut) = (config.closing.clone(), CancellationToken::new());
        let connections = TaskTracker::new();
        let shared = Arc::new(Shared::new(config, router, cut.clone()));
        for listener in listeners {
            connections.spawn(accept(listener, Arc::clone(&shared), connections.clone()));
        }
        Ok(Self { addresses, closing, cut, connections })
    }

    /// The addresses that are listened on, in the order of the configuration. There is at least one.
    #[must_use]
    pub fn local_addrs(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Stops: takes no more connections and no more requests, and waits so long for what is being answered. The
    /// connections that are still there then are cut off; says how many these were.
    ///
    /// Connections that were upgraded to another protocol are not waited for.
    pub async fn shutdown(self, grace: Duration) -> usize {
        self.closing.cancel();
        self.connections.close();
        if timeout(grace, self.connections.wait()).await.is_ok() {
            return 0;
        }
        let left = self.connections.len();
        warn!(connections = left, "connections did not end in time");
        self.cut.cancel();
        let _ = timeout(CUT_WITHIN, self.connections.wait()).await;
        left
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        self.closing.cancel();
    }
}

/// As [`TcpListener::bind`], with room for a crowd that comes at once: who finds none tries again after a second.
fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A restart need not wait for old connections to be forgotten. Elsewhere this means something else.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(WAITING)
}

async fn accept<L>(mut listener: L, shared: Arc<Shared>, connections: TaskTracker)
where
    L: Listener<Addr = SocketAddr>,
{
    let closing = shared.closing().clone();
    loop {
        let (io, address) = select! {
            biased;
            () = closing.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let shared = Arc::clone(&shared);
        connections.spawn(async move { shared.meet(io, address).await });
    }
}

/// TCP without a delay for small packets, which is what answers are.
struct Tcp(TcpListener);

impl Listener for Tcp {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        loop {
            match self.0.accept().await {
                Ok((stream, address)) => {
                    let _ = stream.set_nodelay(true);
                    return (stream, address);
                }
                Err(error) => {
                    warn!(%error, "cannot accept a connection");
                    sleep(OUT_OF_SOCKETS).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}
