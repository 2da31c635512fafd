//! What the workers offer: a few are asked at a time, each for a short while.

use crate::{
    Config, Worker,
    http::{Ask, HttpError, ask},
};
use futures_util::{Stream, StreamExt, stream};
use p2pow_protocol::{Info, InfoError, Offer};
use std::{net::SocketAddr, time::Duration};
use tokio::time::Instant;

/// A worker with its offer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// The worker.
    pub worker: Worker,
    /// What it offers. Its price is binding once it is signed; the rest is its own word.
    pub offer: Offer,
    /// How long it took to tell.
    pub latency: Duration,
}

/// An offer that could not be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OfferError {
    /// No answer, or none that is acceptable.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The answer is a failure.
    #[error("answered request_info with status {status}, wanted 200")]
    Status {
        /// The status found.
        status: u16,
    },
    /// The answer does not make it a worker.
    #[error("answered no offer")]
    Info(#[from] InfoError),
}

/// Asks all of them; answers come as they arrive.
pub(crate) fn ask_all(
    workers: Vec<Worker>,
    config: &Config,
) -> impl Stream<Item = (Worker, Result<Candidate, OfferError>)> + '_ {
    stream::iter(workers)
        .map(move |worker| async move { (worker, ask_one(worker, config).await) })
        .buffer_unordered(config.search.at_once.max(1))
}

async fn ask_one(worker: Worker, config: &Config) -> Result<Candidate, OfferError> {
    let question = Ask {
        path: "/request_info",
        body: None,
        connect_timeout: config.search.timeout.min(config.patience.connect),
        timeout: config.search.timeout,
        max_bytes: config.search.max_bytes,
    };
    let start = Instant::now();
    let reply = ask(SocketAddr::new(worker.address, config.port), &question).await?;
    if reply.status != 200 {
        return Err(OfferError::Status { status: reply.status });
    }
    let offer = Info::parse(&reply.body)?.offer();
    Ok(Candidate { worker, offer, latency: start.elapsed() })
}
