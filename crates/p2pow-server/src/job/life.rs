//! [`live`]: a job's life in one sentence: plan → solve → publish → watch.

use super::{
    Ending, Job, phase::Phase, plan::plan, publish::publish, race, solve::solve, watch::watch,
};
use crate::{
    config::Config,
    node::{Node, Pulses},
};
use nano_http::CancellationToken;
use nano_pow::Pool;
use p2pow_protocol::Refusal;
use std::sync::Arc;
use tokio::{select, sync::OwnedSemaphorePermit};

/// Seconds after which a worker that goes down may be there again.
const RETRY_AFTER: u64 = 60;

/// What a job's life takes. Everything in it is shared: clones are cheap.
#[derive(Debug, Clone)]
pub(crate) struct Means {
    pub(crate) config: Arc<Config>,
    pub(crate) node: Node,
    pub(crate) pool: Pool,
    pub(crate) pulses: Pulses,
    /// Cancelled when the worker goes down.
    pub(crate) closing: CancellationToken,
}

/// Brings a job to its end, or as far as it comes before the worker goes down. Its slot is given up as soon as no more
/// work is needed.
pub(crate) async fn live(job: &Job, slot: OwnedSemaphorePermit, means: &Means) {
    let Means { config, node, pool, pulses, closing } = means;
    let life = async {
        let plan = unless(closing, plan(job.request(), config, node, pulses)).await?;
        let plan = plan.map_err(Ending::failed)?;
        job.advance(Phase::Solving);
        let works = select! {
            biased;
            works = unless(closing, solve(job, &plan, config.network, pool)) => works??,
            () = race::lost(job.request(), config.contest, node, pulses) => {
                return Err(Ending::lost(Refusal::UserWorkFailed));
            }
        };
        job.advance(Phase::Solved);
        drop(slot);
        // Nothing stops the publication once it has begun.
        job.advance(Phase::Publishing);
        let (blocks, answer) = publish(job.request(), &plan, &works, node).await?;
        job.conclude(Phase::Published, Ok(answer));
        // A worker that goes down leaves the job published: it may still be confirmed.
        if let Ok(phase) =
            unless(closing, watch(job.request(), &blocks, config, node, pulses)).await
        {
            job.advance(phase);
        }
        Ok(())
    };
    if let Err(Ending { phase, reply }) = life.await {
        job.conclude(phase, reply);
    }
}

/// What comes of something, unless the worker goes down first.
async fn unless<T>(closing: &CancellationToken, act: impl Future<Output = T>) -> Result<T, Ending> {
    let going_down = Refusal::ShuttingDown { retry_after: RETRY_AFTER };
    closing.run_until_cancelled(act).await.ok_or(Ending::failed(going_down))
}
