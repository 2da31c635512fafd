//! The two servers, and connections that can be cut.

use crate::{builder::StartError, faults::Dropping, node::Node};
use axum::Router;
use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

/// How long connections may take to end on their own.
const GRACE: Duration = Duration::from_secs(2);
/// The pause after a failed accept, which is mostly for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A bound socket and its address.
#[derive(Debug)]
pub(crate) struct Listener {
    listener: TcpListener,
    address: SocketAddr,
}

pub(crate) async fn listen(
    what: &'static str,
    address: SocketAddr,
) -> Result<Listener, StartError> {
    let failed = |source| StartError::Listen { what, address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok(Listener { listener, address })
}

/// A server that ends when the node closes.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    task: JoinHandle<()>,
}

impl Server {
    /// Waits until the server has ended, or cuts it off after a while.
    pub(crate) async fn ended(&mut self) {
        if tokio::time::timeout(GRACE, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

pub(crate) fn serve(node: &Arc<Node>, listener: Listener, router: Router) -> Server {
    let Listener { listener, address } = listener;
    let gate = Gate { listener, dropping: node.faults.dropping.subscribe() };
    let closed = until_closing(node.closing.subscribe());
    let task = node.runtime.spawn(async move {
        if let Err(error) = axum::serve(gate, router).with_graceful_shutdown(closed).await {
            tracing::error!(%error, %address, "server ended");
        }
    });
    Server { address, task }
}

/// Ends when the node closes.
pub(crate) async fn until_closing(mut closing: watch::Receiver<bool>) {
    // An error means that the node is gone, which is closed too.
    let _ = closing.wait_for(|closing| *closing).await;
}

/// Accepts connections, unless they are to be dropped.
struct Gate {
    listener: TcpListener,
    dropping: watch::Receiver<Dropping>,
}

impl axum::serve::Listener for Gate {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        loop {
            match self.listener.accept().await {
                Ok((stream, address)) if !self.dropping.borrow().connections => {
                    let dropping = self.dropping.clone();
                    return (Connection { stream, dropping }, address);
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::debug!(%error, "accept failed");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection that reads and writes only while it is not to be dropped.
struct Connection {
    stream: TcpStream,
    dropping: watch::Receiver<Dropping>,
}

impl Connection {
    fn stream(self: Pin<&mut Self>) -> Pin<&mut TcpStream> {
        Pin::new(&mut self.get_mut().stream)
    }

    fn may_read(&self) -> io::Result<()> {
        allow(!self.dropping.borrow().connections)
    }

    fn may_write(&self) -> io::Result<()> {
        allow(*self.dropping.borrow() == Dropping::default())
    }
}

fn allow(allowed: bool) -> io::Result<()> {
    if allowed { Ok(()) } else { Err(io::ErrorKind::ConnectionReset.into()) }
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.may_read()?;
        self.stream().poll_read(cx, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.may_write()?;
        self.stream().poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_shutdown(cx)
    }
}
