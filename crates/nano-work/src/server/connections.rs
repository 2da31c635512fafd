//! Accepting connections: so many at once, and none that is slow to speak.

use super::{http, service::Service};
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{convert::Infallible, net::SocketAddr, pin::pin, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    select,
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
    time::{sleep, timeout},
};
use tracing::{debug, warn};

/// How long to wait where the system gives no more sockets.
const OUT_OF_SOCKETS: Duration = Duration::from_millis(100);
/// How long a shutdown waits for answers to be written.
const GRACE: Duration = Duration::from_secs(2);
/// The most headers of a request.
const MAX_HEADERS: usize = 64;
/// The most bytes of a request's head.
const MAX_HEAD: usize = 16 * 1024;

/// Serves a listener until the service is closed, and then what is still being answered.
pub(crate) async fn serve(listener: TcpListener, service: Arc<Service>) {
    let mut open = JoinSet::new();
    let door = Arc::new(Semaphore::new(service.config.http.connections));
    loop {
        let (stream, address, pass) = select! {
            accepted = accept(&listener, &door) => accepted,
            Some(_) = open.join_next() => continue,
            () = service.closed() => break,
        };
        open.spawn(converse(stream, address, Arc::clone(&service), pass));
    }
    drop(listener);
    let all = async { while open.join_next().await.is_some() {} };
    if timeout(GRACE, all).await.is_err() {
        debug!(connections = open.len(), "connections did not end in time");
    }
}

/// Waits until there is room for a connection, and then for one.
async fn accept(
    listener: &TcpListener,
    door: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
    let pass = Arc::clone(door).acquire_owned().await.expect("nobody closes the semaphore");
    loop {
        match listener.accept().await {
            Ok((stream, address)) => return (stream, address, pass),
            Err(error) => {
                warn!(%error, "cannot accept a connection");
                sleep(OUT_OF_SOCKETS).await;
            }
        }
    }
}

/// Answers the requests of one connection. When the client hangs up, what it waits for is dropped.
async fn converse(
    stream: TcpStream,
    address: SocketAddr,
    service: Arc<Service>,
    _pass: OwnedSemaphorePermit,
) {
    // An answer is one small packet.
    let _ = stream.set_nodelay(true);
    let answer = service_fn(|request| {
        let (service, address) = (Arc::clone(&service), address.ip());
        async move { Ok::<_, Infallible>(http::answer(&service, address, request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(service.config.http.head_within)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(stream), answer);
    let mut connection = pin!(connection);
    let ended = select! {
        ended = connection.as_mut() => ended,
        () = service.closed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        debug!(%error, %address, "a connection broke");
    }
}
