//! [`Server`]: a router on a listener, and connections that can be cut.

use crate::node::{Dropping, Node};
use axum::Router;
use nano_http::{HttpConfig, HttpLimits, HttpServer};
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

pub(crate) async fn listen(address: SocketAddr) -> io::Result<Listener> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    Ok(Listener { listener, address })
}

/// A server that ends when the node closes. Dropping it takes no more requests.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    http: Option<HttpServer>,
}

impl Server {
    /// Waits until the server has ended, or cuts it off after a while.
    pub(crate) async fn end(&mut self) {
        if let Some(http) = self.http.take() {
            http.shutdown(GRACE).await;
        }
    }
}

/// Serves without limits on connections: a test may open as many as it likes.
pub(crate) fn serve(node: &Arc<Node>, listener: Listener, router: Router) -> Server {
    let address = listener.address;
    let gate = Gate { listener, dropping: node.faults.dropping.subscribe() };
    let (connections, connections_per_address) = (usize::MAX, usize::MAX);
    let limits = HttpLimits { connections, connections_per_address, ..HttpLimits::default() };
    let config = HttpConfig { limits, closing: node.closing.clone(), ..HttpConfig::default() };
    let _runtime = node.runtime.enter();
    let http = HttpServer::serve(vec![gate], &config, router);
    Server { address, http: Some(http.expect("there is a listener, and it knows its address")) }
}

/// Accepts connections, unless they are to be dropped.
struct Gate {
    listener: Listener,
    dropping: watch::Receiver<Dropping>,
}

impl axum::serve::Listener for Gate {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        loop {
            match self.listener.listener.accept().await {
                Ok((stream, address)) if !self.dropping.borrow().connections => {
                    let _ = stream.set_nodelay(true);
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
        Ok(self.listener.address)
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

    /// Answers that are to be dropped were made, and are lost on their way.
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
