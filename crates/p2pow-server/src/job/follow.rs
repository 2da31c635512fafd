//! [`follow`]: waits for the end of a job that another worker has in the same journal, and goes on with it when that
//! worker is gone.

use super::{
    Job,
    means::Means,
    phase::{Ending, Phase, Reply},
    publish::{answer, finish},
    solve::known_works,
};
use crate::journal::{Elsewhere, EndedJob, Line};
use p2pow_protocol::Refusal;
use p2pow_store::StoreError;
use std::time::Duration;
use tokio::time::sleep;
use tracing::{info, warn};

/// How long after a look the next one is, at first and at most.
const FIRST_LOOK: Duration = Duration::from_millis(20);
const LAST_LOOK: Duration = Duration::from_millis(500);
/// Seconds after which a journal that cannot be read may be there again.
const RETRY_AFTER: u64 = 10;

/// Follows the job in the journal. Its clients are told what those of its worker are told.
///
/// # Errors
/// The end that it came to there; or the journal cannot be read, and the clients have to come again.
pub(super) async fn follow(job: &Job, means: &Means) -> Result<Line, Ending> {
    let (journal, mut last, mut pause) = (&means.journal, None, FIRST_LOOK);
    info!(job = %job.id(), "another worker has the job");
    job.is_elsewhere(true);
    loop {
        let found = journal.elsewhere(job.request()).await.map_err(|error| unseen(&error))?;
        match found {
            Some(found) if found.request() == job.request() => {
                if let Some(line) = journal.claim(&found).await.map_err(|error| unseen(&error))? {
                    info!(job = %job.id(), "its worker is gone, so this one goes on with the job");
                    job.is_elsewhere(false);
                    return Ok(line);
                }
                show(job, &found);
                last = Some(found);
            }
            // Where none was there before, another request was faster.
            Some(_) if last.is_none() => return Err(Ending::failed(Refusal::Conflict)),
            _ => return Err(ending(job, last.as_ref(), means).await),
        }
        sleep(pause).await;
        pause = (pause * 3 / 2).min(LAST_LOOK);
    }
}

fn unseen(error: &StoreError) -> Ending {
    warn!(%error, "cannot see how another worker's job goes on");
    Ending::failed(Refusal::JournalFailed { retry_after: RETRY_AFTER })
}

/// Shows how far the job is there.
fn show(job: &Job, found: &Elsewhere) {
    let far = found.phase();
    for phase in [Phase::Solving, Phase::Solved, Phase::Publishing] {
        if phase <= far {
            job.advance(phase);
        }
    }
    if far == Phase::Published
        && let Some(works) = found.works()
    {
        let blocks = finish(job.request(), found.plan(), works);
        job.conclude(Phase::Published, Ok(answer(job.request(), &blocks, true)));
    }
}

/// The end of a job that is not open any more.
async fn ending(job: &Job, last: Option<&Elsewhere>, means: &Means) -> Ending {
    let ended = match means.journal.ended(&job.id()).await {
        Ok(Some(ended)) => ended,
        // It was given up before it began.
        Ok(None) => return Ending::failed(Refusal::JournalFailed { retry_after: 1 }),
        Err(error) => return unseen(&error),
    };
    let reply = reply(job, &ended, last, means).await;
    if ended.outcome == Phase::Confirmed {
        for phase in [Phase::Solving, Phase::Solved, Phase::Publishing, Phase::Published] {
            job.advance(phase);
        }
    }
    Ending { reply: Some(reply), ..Ending::silent(ended.outcome) }
}

/// What the clients are told who have not been told yet.
async fn reply(job: &Job, ended: &EndedJob, last: Option<&Elsewhere>, means: &Means) -> Reply {
    if let Some(refusal) = ended.as_refusal() {
        return Err(refusal);
    }
    let Some(last) = last else { return Err(Refusal::UserWorkFailed) };
    let works = match last.works() {
        Some(works) => works.to_vec(),
        None => {
            // It went from its search to its end between two looks.
            let learned = means.journal.learn(job.request()).await;
            let works =
                known_works(job.request(), last.plan(), (means.config.network, &means.journal));
            works.filter(|_| learned.is_ok()).ok_or(Refusal::UserWorkFailed)?
        }
    };
    let blocks = finish(job.request(), last.plan(), &works);
    // Without a refusal a job was published; the reward of one that was lost was not taken.
    Ok(answer(job.request(), &blocks, ended.outcome == Phase::Confirmed))
}
