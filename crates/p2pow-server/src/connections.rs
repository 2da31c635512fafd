//! Accepting connections: so many in all, so many from one address, and none that is slow to speak.

use crate::{Limits, limits::Source, routes, worker::Worker};
use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use std::{
    collections::HashMap,
    net::SocketAddr,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    select,
    task::JoinSet,
    time::sleep,
};
use tracing::{debug, warn};

/// How long to wait where the system gives no more sockets.
const OUT_OF_SOCKETS: Duration = Duration::from_millis(100);
/// The most headers of a request.
const MAX_HEADERS: usize = 64;
/// The most bytes of a request's head.
const MAX_HEAD: usize = 16 * 1024;

/// Who speaks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// Serves a listener until the worker goes down, and then what is still being answered.
pub(crate) async fn serve(listener: TcpListener, worker: Arc<Worker>, door: Door) {
    let router = routes::router(Arc::clone(&worker));
    let mut open = JoinSet::new();
    loop {
        let accepted = select! {
            accepted = listener.accept() => accepted,
            Some(_) = open.join_next() => continue,
            () = worker.closed() => break,
        };
        match accepted {
            Ok((stream, address)) => {
                if let Some(pass) = door.enter(address.ip().into()) {
                    let router = router.clone().layer(Extension(Peer(address)));
                    open.spawn(converse(stream, router, Arc::clone(&worker), pass));
                } else {
                    debug!(%address, "too many connections");
                }
            }
            Err(error) => {
                warn!(%error, "cannot accept a connection");
                sleep(OUT_OF_SOCKETS).await;
            }
        }
    }
    drop(listener);
    open.join_all().await;
}

async fn converse(stream: TcpStream, router: Router, worker: Arc<Worker>, _pass: Pass) {
    let service = TowerToHyperService::new(router);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(worker.config.limits.head_within)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let ended = select! {
        ended = connection.as_mut() => ended,
        () = worker.closed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        debug!(%error, "a connection broke");
    }
}

/// Lets so many connections in. Clones are the same door.
#[derive(Debug, Clone)]
pub(crate) struct Door(Arc<Inside>);

#[derive(Debug)]
struct Inside {
    limits: Limits,
    now: Mutex<HashMap<Source, usize>>,
}

/// One connection, which leaves when this is dropped.
struct Pass {
    inside: Arc<Inside>,
    source: Source,
}

impl Door {
    pub(crate) fn new(limits: Limits) -> Self {
        Self(Arc::new(Inside { limits, now: Mutex::default() }))
    }

    fn enter(&self, source: Source) -> Option<Pass> {
        let mut now = self.0.now.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = now.values().sum();
        let own = now.get(&source).copied().unwrap_or_default();
        if all >= self.0.limits.connections || own >= self.0.limits.connections_per_address {
            return None;
        }
        now.insert(source, own + 1);
        Some(Pass { inside: Arc::clone(&self.0), source })
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut now = self.inside.now.lock().unwrap_or_else(PoisonError::into_inner);
        let left = now.get(&self.source).copied().unwrap_or_default().saturating_sub(1);
        if left == 0 {
            now.remove(&self.source);
        } else {
            now.insert(self.source, left);
        }
    }
}
