//! [`live`]: a job's life in one sentence: plan → solve → publish → watch. Each step is in the journal before the next.

use super::{
    Job,
    checks::Check,
    follow::follow,
    means::Means,
    phase::{Ending, Loss, Phase},
    plan::{Conditions, plan},
    publish::{Patience, answer, finish, publish, watch},
    queue::{Bid, Slot},
    race::{self, Contender},
    scores::{CHECK, FORK, Scores, Whose},
    solve::{Need, expected_hashes, needs, solve},
};
use crate::{
    journal::{End, Gone, Journal, Line},
    node::Pulse,
    status::Load,
};
use nano_http::{CancellationToken, Source};
use nano_primitives::{Amount, Work};
use p2pow_protocol::{Plan, Refusal};
use p2pow_store::StoreError;
use tokio::{select, time::Instant};
use tracing::warn;

/// Seconds after which a worker that goes down may be there again.
const RETRY_AFTER: u64 = 60;
/// Seconds after which a disk may have room again.
const JOURNAL_RETRY_AFTER: u64 = 30;

/// Where a life begins.
#[derive(Debug)]
pub(crate) enum Start {
    /// With a request that the ledger has not been asked about.
    New(Arrival),
    /// Where an earlier process was killed.
    Resumed(Box<Line>),
}

/// How a new request came in.
#[derive(Debug)]
pub(crate) struct Arrival {
    /// Given up once the ledger has been asked.
    pub(crate) check: Check,
    pub(crate) conditions: Conditions,
    pub(crate) source: Source,
}

/// A job that is written down and has its place in the queue.
struct Begun {
    line: Line,
    needs: Vec<Need>,
    /// Given up as soon as no more work is needed.
    slot: Slot,
    /// What happens to the account is heard from the beginning, and not from the first work on.
    pulse: Pulse,
    source: Option<Source>,
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

/// Brings a job to its end, or as far as it comes before the worker goes down. Says which the end is, if it is this
/// worker's.
pub(crate) async fn live(job: &Job, start: Start, means: &Means) -> Option<Phase> {
    let mut begun = match start {
        Start::New(arrival) => begin(job, arrival, means).await,
        Start::Resumed(line) => Ok(resume(job, *line, means)),
    };
    loop {
        let stop = match begun {
            Ok(begun) => to_the_end(job, begun, means).await,
            Err(stop) => stop,
        };
        begun = match stop {
            Stop::Ended(ending) => {
                conclude(job, ending);
                return Some(job.phase());
            }
            Stop::Gone if means.journal.is_shared() => {
                match unless(&means.closing, follow(job, means)).await {
                    Ok(Ok(line)) => Ok(resume(job, line, means)),
                    // Whose job it was has it in its tally.
                    Ok(Err(ending)) => {
                        conclude(job, ending);
                        return None;
                    }
                    Err(stop) => Err(stop),
                }
            }
            // What is published is left as it is: it may still be confirmed.
            Stop::Down | Stop::Gone => {
                job.abandon(&Refusal::ShuttingDown { retry_after: RETRY_AFTER });
                return None;
            }
        };
    }
}

fn conclude(job: &Job, Ending { phase, reply, .. }: Ending) {
    match reply {
        Some(reply) => job.conclude(phase, reply),
        None => job.advance(phase),
    }
}

/// Plans a new job, lines it up, and writes it down.
async fn begin(job: &Job, arrival: Arrival, means: &Means) -> Result<Begun, Stop> {
    let Means { node, pulses, journal, closing, .. } = means;
    if let Some(stop) = at_another(job, journal).await {
        return Err(stop);
    }
    let Arrival { check, conditions, source } = arrival;
    let mut pulse = pulses.of(job.request().account());
    let plan = unless(closing, plan(job.request(), &conditions, node, &mut pulse)).await?;
    drop(check);
    let (plan, before) = plan.map_err(|refusal| {
        if refusal.status() < 500 {
            means.scores.add(Whose::Source(source), CHECK);
        }
        Ending::failed(refusal)
    })?;
    journal.learn(job.request()).await.map_err(|error| unwritten(&error))?;
    let needs = needs(job.request(), &plan, means.config.network, journal);
    let rate = Load::rate(&means.pool.status(), means.config.hashrate);
    let bid = bid(job, &needs, Some(source), &means.scores);
    let slot = means.queue.enter(bid, rate).map_err(Ending::failed)?;
    let line = write_down(job, (&plan, before), journal).await?;
    Ok(Begun { line, needs, slot, pulse, source: Some(source) })
}

/// Why a job does not begin here, if another worker has one with its root: of the same request it is the same job.
async fn at_another(job: &Job, journal: &Journal) -> Option<Stop> {
    match journal.elsewhere(job.request()).await {
        Ok(None) => None,
        Ok(Some(found)) if found.request() == job.request() => Some(Stop::Gone),
        Ok(Some(_)) => Some(Ending::failed(Refusal::Conflict).into()),
        Err(error) => Some(unwritten(&error).into()),
    }
}

async fn write_down(job: &Job, plan: (&Plan, u64), journal: &Journal) -> Result<Line, Stop> {
    journal.begin(job.request(), plan).await.map_err(|error| {
        if !error.is_conflict() {
            return unwritten(&error).into();
        }
        // Another worker was faster, perhaps by the same request.
        if journal.is_shared() { Stop::Gone } else { Ending::failed(Refusal::Conflict).into() }
    })
}

/// The end of a job that cannot be written down, or looked up.
fn unwritten(error: &StoreError) -> Ending {
    warn!(%error, "a job does not begin");
    Ending::failed(Refusal::JournalFailed { retry_after: JOURNAL_RETRY_AFTER })
}

/// Finds where a job from before has come to.
fn resume(job: &Job, line: Line, means: &Means) -> Begun {
    let needs = needs(job.request(), line.plan(), means.config.network, &means.journal);
    let slot = means.queue.resume(bid(job, &needs, None, &means.scores));
    let pulse = means.pulses.of(job.request().account());
    Begun { line, needs, slot, pulse, source: None }
}

fn bid(job: &Job, needs: &[Need], source: Option<Source>, scores: &Scores) -> Bid {
    let account = Whose::Account(job.request().account());
    let share = match source {
        Some(source) => scores.share(&[account, Whose::Source(source)]),
        None => scores.share(&[account]),
    };
    let paid = job.request().paid().unwrap_or(Amount::ZERO);
    Bid { paid, hashes: expected_hashes(needs), share, source }
}

/// What is done for a job once it is written down, and its line in the books.
async fn to_the_end(job: &Job, mut begun: Begun, means: &Means) -> Stop {
    let ending = match work(job, &mut begun, means).await {
        Ok(ending) | Err(Stop::Ended(ending)) => ending,
        Err(stop) => return stop,
    };
    if ending.loss == Some(Loss::Fork) {
        means.scores.add(Whose::Account(job.request().account()), FORK);
        begun.source.into_iter().for_each(|source| means.scores.add(Whose::Source(source), FORK));
    }
    let refusal = ending.reply.as_ref().and_then(|reply| reply.as_ref().err());
    let (outcome, hashes) = (ending.phase, job.report().hashes);
    // A place in the queue is for work, and that is over.
    let Begun { line, slot, .. } = begun;
    drop(slot);
    match line.end(End { outcome, refusal, hashes }).await {
        Ok(()) => Stop::Ended(ending),
        Err(Gone) => Stop::Gone,
    }
}

/// From the plan to what the ledger says in the end.
async fn work(job: &Job, begun: &mut Begun, means: &Means) -> Result<Ending, Stop> {
    let Means { config, node, closing, .. } = means;
    let works = match begun.line.works() {
        Some(works) => {
            let works = works.to_vec();
            job.advance(Phase::Solving);
            works
        }
        None => race(job, begun, means).await?,
    };
    job.advance(Phase::Solved);
    let solved = Instant::now();
    begun.slot.leave();
    let line = &mut begun.line;
    let (blocks, before) = (finish(job.request(), line.plan(), &works), line.before());
    job.advance(Phase::Publishing);
    if line.phase() < Phase::Published {
        line.solved(&works, job.report().hashes).await?;
        let published = (solved, &means.timings.publish);
        let (answer_within, watch_within) = (config.answer_within, config.watch_within);
        let patience = Patience { answer_within, watch_within, closing, published };
        let answer = publish(job, (&blocks, before), node, &patience).await?.ok_or(Stop::Down)?;
        job.conclude(Phase::Published, Ok(answer));
        line.published().await?;
    } else {
        job.conclude(Phase::Published, Ok(answer(job.request(), &blocks, true)));
    }
    unless(closing, watch(job.request(), (&blocks, before), config, (node, &mut begun.pulse))).await
}

/// The works, unless somebody else's block makes them worthless before they are all found.
async fn race(job: &Job, begun: &mut Begun, means: &Means) -> Result<Vec<Work>, Stop> {
    let Means { config, node, pool, journal, closing, .. } = means;
    let Begun { line, needs, slot, pulse, source } = begun;
    // An earlier process may have published it, and have had no room to write that down.
    let may_be_out = source.is_none().then(|| line.before());
    let contender = Contender { contest: config.contest, needs, slot, may_be_out };
    // A job from before may have been lost meanwhile.
    if source.is_none()
        && let Some(loss) = race::is_lost(job, &contender, node).await
    {
        return Err(Ending::lost(loss).into());
    }
    let solving = async {
        slot.turn().await;
        job.advance(Phase::Solving);
        let began = Instant::now();
        let works = solve(job, needs, pool, (journal, slot)).await?;
        if expected_hashes(needs) > 0.0 {
            means.timings.solve.count(began.elapsed());
        }
        Ok::<_, Ending>(works)
    };
    select! {
        biased;
        works = unless(closing, solving) => Ok(works??),
        loss = race::lost(job, &contender, node, pulse) => Err(Ending::lost(loss).into()),
        // Another may be at the same works. What is found by now is in the journal, or in this worker's memory.
        () = line.lost() => Err(Stop::Gone),
    }
}

/// What comes of something, unless the worker goes down first.
async fn unless<T>(closing: &CancellationToken, act: impl Future<Output = T>) -> Result<T, Stop> {
    closing.run_until_cancelled(act).await.ok_or(Stop::Down)
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
