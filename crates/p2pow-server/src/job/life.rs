//! [`live`]: a job's life in one sentence: plan → solve → publish → watch. Each step is in the journal before the next.

use super::{
    Ending, Job,
    phase::Phase,
    plan::plan,
    publish::{answer, finish, publish},
    race,
    solve::solve,
    watch::watch,
};
use crate::{
    config::Config,
    journal::{End, Gone, Journal, Line},
    node::{Node, Pulses},
};
use nano_http::CancellationToken;
use nano_pow::Pool;
use p2pow_protocol::Refusal;
use std::sync::Arc;
use tokio::{select, sync::OwnedSemaphorePermit};

/// Seconds after which a worker that goes down may be there again.
const RETRY_AFTER: u64 = 60;
/// Seconds after which a disk may have room again.
const JOURNAL_RETRY_AFTER: u64 = 30;

/// What a job's life takes. Everything in it is shared: clones are cheap.
#[derive(Debug, Clone)]
pub(crate) struct Means {
    pub(crate) config: Arc<Config>,
    pub(crate) node: Node,
    pub(crate) pool: Pool,
    pub(crate) pulses: Pulses,
    pub(crate) journal: Journal,
    /// Cancelled when the worker goes down.
    pub(crate) closing: CancellationToken,
}

/// Where a life begins.
#[derive(Debug)]
pub(crate) enum Start {
    /// With a request that nobody has looked at, and a share of the worker's room, which is given up as soon as no more
    /// work is needed.
    New(OwnedSemaphorePermit),
    /// Where an earlier process was killed.
    Resumed(Box<Line>),
}

/// Why a job goes no further here.
#[derive(Debug)]
enum Stop {
    Ended(Ending),
    /// The worker goes down; the next start goes on with the job.
    Down,
    /// The journal says that the job is somebody else's now.
    Gone,
}

/// Brings a job to its end, or as far as it comes before the worker goes down. Says which the end is.
pub(crate) async fn live(job: &Job, start: Start, means: &Means) -> Option<Phase> {
    let stop = match begin(job, start, means).await {
        Ok((slot, mut line, is_resumed)) => {
            let ended = match work(job, slot, &mut line, is_resumed, means).await {
                Ok(outcome) => Ending { phase: outcome, reply: None },
                Err(Stop::Ended(ending)) => ending,
                Err(stop) => return leave(job, &stop),
            };
            let refusal = ended.reply.as_ref().and_then(|reply| reply.as_ref().err());
            let (outcome, hashes) = (ended.phase, job.report().hashes);
            match line.end(End { outcome, refusal, hashes }).await {
                Ok(()) => Stop::Ended(ended),
                Err(Gone) => Stop::Gone,
            }
        }
        Err(stop) => stop,
    };
    leave(job, &stop)
}

/// Plans a new job and writes it down, or finds where a job from before has come to.
async fn begin(
    job: &Job,
    start: Start,
    means: &Means,
) -> Result<(Option<OwnedSemaphorePermit>, Line, bool), Stop> {
    let Means { config, node, pulses, journal, closing, .. } = means;
    let slot = match start {
        Start::New(slot) => slot,
        Start::Resumed(line) => return Ok((None, *line, true)),
    };
    let plan = unless(closing, plan(job.request(), config, node, pulses)).await?;
    let plan = plan.map_err(Ending::failed)?;
    let line = journal.begin(job.request(), &plan).await.map_err(|error| {
        let retry_after = JOURNAL_RETRY_AFTER;
        let taken = error.is_conflict();
        Ending::failed(if taken {
            Refusal::Conflict
        } else {
            Refusal::JournalFailed { retry_after }
        })
    })?;
    Ok((Some(slot), line, false))
}

/// From the plan to what the ledger says in the end.
async fn work(
    job: &Job,
    slot: Option<OwnedSemaphorePermit>,
    line: &mut Line,
    is_resumed: bool,
    means: &Means,
) -> Result<Phase, Stop> {
    let Means { config, node, pool, pulses, journal, closing } = means;
    job.advance(Phase::Solving);
    let works = match line.works() {
        Some(works) => works.to_vec(),
        None => {
            let lost = race::lost(job.request(), config.contest, node, pulses, is_resumed);
            select! {
                biased;
                works = unless(closing, solve(job, line.plan(), config.network, pool, journal)) => works??,
                () = lost => return Err(Ending::lost(Refusal::UserWorkFailed).into()),
            }
        }
    };
    job.advance(Phase::Solved);
    drop(slot);
    let blocks = finish(job.request(), line.plan(), &works);
    job.advance(Phase::Publishing);
    if line.phase() < Phase::Published {
        line.solved(&works).await?;
        // Nothing stops the publication once it has begun.
        let answer = publish(job.request(), &blocks, node).await?;
        job.conclude(Phase::Published, Ok(answer));
        line.reach(Phase::Published).await?;
    } else {
        job.conclude(Phase::Published, Ok(answer(job.request(), &blocks, true)));
    }
    unless(closing, watch(job.request(), &blocks, config, node, pulses)).await
}

/// What comes of something, unless the worker goes down first.
async fn unless<T>(closing: &CancellationToken, act: impl Future<Output = T>) -> Result<T, Stop> {
    closing.run_until_cancelled(act).await.ok_or(Stop::Down)
}

/// Tells everybody who waits that the job goes no further here.
fn leave(job: &Job, stop: &Stop) -> Option<Phase> {
    match stop {
        Stop::Ended(Ending { phase, reply: Some(reply) }) => job.conclude(*phase, reply.clone()),
        Stop::Ended(Ending { phase, reply: None }) => job.advance(*phase),
        // What is published is left as it is: it may still be confirmed.
        Stop::Down | Stop::Gone => {
            job.abandon(&Refusal::ShuttingDown { retry_after: RETRY_AFTER });
            return None;
        }
    }
    Some(job.phase())
}

impl From<Ending> for Stop {
    fn from(ending: Ending) -> Self {
        Self::Ended(ending)
    }
}

impl From<Gone> for Stop {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}
