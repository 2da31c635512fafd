//! The one who talks to a work server, one job at a time, on a thread of its own.
//!
//! Nothing here keeps a search waiting: it waits for its answer or leaves, and the agent sees to the rest.

use super::RemoteError;
use nano_pow::Job;
use nano_primitives::{Root, Work};
use nano_rpc::{Client, RpcError};
use std::{future::Future, pin::Pin, sync::mpsc::SyncSender, time::Duration};
use tokio::{
    pin, select,
    sync::{mpsc, oneshot},
    time::sleep,
};
use tracing::debug;

/// How long a server may take for a `work_cancel`.
const CANCEL_WITHIN: Duration = Duration::from_secs(1);
/// How long the server gets to end a job after each `work_cancel`. The first may have overtaken the job.
const ENDS_WITHIN: [Duration; 3] =
    [Duration::from_millis(50), Duration::from_millis(200), Duration::from_millis(800)];

/// A job for the server.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) job: Job,
    pub(super) within: Duration,
    pub(super) answer: SyncSender<Result<Work, RemoteError>>,
    /// Ends when nobody waits for the answer any more.
    pub(super) left: oneshot::Receiver<()>,
}

/// Talks to one server.
#[derive(Debug)]
pub(super) struct Agent {
    client: Client,
    canceller: Client,
    /// Why the next order is turned away, whatever it is.
    trouble: Option<RemoteError>,
}

impl Agent {
    pub(super) fn new(client: &Client) -> Self {
        let client = client.with_retries(0);
        let canceller = client.with_timeout(CANCEL_WITHIN);
        Self { client, canceller, trouble: None }
    }

    /// Serves orders until the device is gone.
    pub(super) async fn serve(mut self, mut orders: mpsc::UnboundedReceiver<Order>) {
        while let Some(order) = orders.recv().await {
            self.fulfil(order).await;
        }
    }

    async fn fulfil(&mut self, order: Order) {
        let Order { job, within, answer, mut left } = order;
        if left.try_recv().is_err_and(|error| error == oneshot::error::TryRecvError::Closed) {
            return;
        }
        if let Some(trouble) = self.trouble.take() {
            deliver(&answer, Err(trouble));
            return;
        }
        let client = self.client.with_timeout(within);
        let generate = client.work_generate_alone(&job.root, Some(job.threshold));
        pin!(generate);
        select! {
            biased;
            work = generate.as_mut() => deliver(&answer, work.map_err(RemoteError::from)),
            _ = left => self.trouble = self.part(&job.root, generate).await.err(),
        }
    }

    /// Has the server give a job up, and waits until it did. A server that says nothing is in trouble; one that answers
    /// the cancels, and goes on, is taken at its word.
    async fn part(
        &self,
        root: &Root,
        mut generate: Pin<&mut impl Future<Output = Result<Work, RpcError>>>,
    ) -> Result<(), RemoteError> {
        let mut is_answered = false;
        for time in ENDS_WITHIN {
            let cancel = async {
                is_answered |= self.cancel(root).await;
                sleep(time).await;
            };
            select! {
                biased;
                _ = generate.as_mut() => return Ok(()),
                () = cancel => {}
            }
        }
        let unresponsive = || RemoteError::Unresponsive { url: self.client.url().to_owned() };
        is_answered.then_some(()).ok_or_else(unresponsive)
    }

    /// Sends a cancel and says whether the server reacted.
    async fn cancel(&self, root: &Root) -> bool {
        match self.canceller.work_cancel(root).await {
            Ok(()) | Err(RpcError::Node(_)) => true,
            Err(error) => {
                debug!(%error, %root, "no answer to work_cancel");
                false
            }
        }
    }
}

fn deliver(answer: &SyncSender<Result<Work, RemoteError>>, found: Result<Work, RemoteError>) {
    // The search may have left in this moment.
    let _ = answer.try_send(found);
}
