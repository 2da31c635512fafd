//! [`Watch`]: the operator's listener while the worker runs, and the charts that outlive it.

use super::{charts::Charts, look};
use crate::admin::{AdminArgs, Watched};
use p2pow_admin::{Sockets, Source};
use p2pow_cli::Failure;
use p2pow_store::Store;
use std::sync::Arc;
use tokio::{sync::oneshot, task::JoinHandle};

/// The operator's listener, and what keeps its charts.
pub(super) struct Watch {
    watched: Watched,
    keeper: JoinHandle<()>,
    stop: oneshot::Sender<()>,
}

impl Watch {
    /// Starts to listen, if that is wanted.
    pub(super) async fn start(
        admin: &AdminArgs,
        source: impl Source,
        (sockets, store): (Sockets, Arc<dyn Store>),
    ) -> Result<Option<Self>, Failure> {
        let Some(address) = admin.address() else { return Ok(None) };
        let charts = Charts::load(store, address, look::now_ms()).await;
        let Some(watched) = admin.serve(source, sockets, charts.history.clone()).await? else {
            return Ok(None);
        };
        let (stop, stopped) = oneshot::channel();
        let keeper = tokio::spawn(charts.keep(stopped));
        Ok(Some(Self { watched, keeper, stop }))
    }

    pub(super) const fn watched(&self) -> &Watched {
        &self.watched
    }

    /// Stops to listen, and writes the last looks.
    pub(super) async fn stop(self) {
        let Self { watched, keeper, stop } = self;
        watched.server.shutdown().await;
        drop(stop);
        // It ends by itself; a panic in it is told already.
        let _ = keeper.await;
    }
}
