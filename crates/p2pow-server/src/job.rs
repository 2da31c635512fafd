//! [`Job`]: a job as everybody sees it who has to do with it: its task, its clients, the operator.
//!
//! How it goes from phase to phase is told by `life`, which walks through `plan`, `solve`, `publish` and `watch`; or by
//! `follow`, where another worker has it.

pub(crate) mod checks;
pub(crate) mod life;
pub(crate) mod means;
pub(crate) mod phase;
pub(crate) mod queue;
pub(crate) mod scores;
pub(crate) mod table;

mod follow;
pub(crate) mod plan;
mod publish;
mod race;
mod solve;

use nano_pow::{ProgressHandle, pool::SearchPhase};
use nano_primitives::{Account, Amount, BlockHash};
use p2pow_protocol::{Refusal, WorkRequest};
use phase::{Phase, Reply};
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{self, broadcast},
    time::timeout,
};
use tracing::{debug, info};

/// A job of the worker. Clones are views of the same job.
#[derive(Debug, Clone)]
pub struct Job(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    request: WorkRequest,
    state: sync::watch::Sender<State>,
    /// The searches of the works that were not known when the job began.
    works: Mutex<Option<Vec<ProgressHandle>>>,
    /// Whether another worker that shares the journal has it.
    is_elsewhere: AtomicBool,
    events: broadcast::Sender<JobEvent>,
}

#[derive(Debug, Clone)]
struct State {
    phase: Phase,
    reply: Option<Reply>,
}

/// A job that has come to a phase.
#[derive(Debug, Clone)]
pub struct JobEvent {
    /// The job.
    pub job: Job,
    /// The phase it has come to.
    pub phase: Phase,
}

/// A look at a job.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct JobReport {
    /// The reward block's hash, which names the job.
    pub id: BlockHash,
    /// Whose job it is.
    pub account: Account,
    /// The hashes of the user blocks.
    pub user_blocks: Vec<BlockHash>,
    /// What the reward block pays.
    pub paid: Amount,
    /// Where the job stands.
    pub phase: Phase,
    /// Works found so far.
    pub works_done: usize,
    /// Works needed: one for each user block and one for the reward.
    pub works_needed: usize,
    /// Nonces tried for this job.
    pub hashes: u64,
    /// Hashes per second on the work that is searched now.
    pub rate: f64,
    /// Seconds until the work that is searched now is to be expected.
    pub expected_seconds_left: Option<f64>,
    /// Why it was refused, if it was.
    pub refusal: Option<Refusal>,
    /// Whether another worker that shares the journal has the job; this one tells its clients how it ends.
    pub is_elsewhere: bool,
}

impl Job {
    pub(crate) fn new(request: WorkRequest, events: broadcast::Sender<JobEvent>) -> Self {
        let state = sync::watch::Sender::new(State { phase: Phase::Queued, reply: None });
        let (works, is_elsewhere) = (Mutex::new(None), AtomicBool::new(false));
        Self(Arc::new(Inner { request, state, works, is_elsewhere, events }))
    }

    /// What was asked for.
    #[must_use]
    pub fn request(&self) -> &WorkRequest {
        &self.0.request
    }

    /// The reward block's hash, which names the job.
    #[must_use]
    pub fn id(&self) -> BlockHash {
        self.0.request.id()
    }

    /// Where the job stands.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.0.state.borrow().phase
    }

    /// A look at the job.
    #[must_use]
    pub fn report(&self) -> JobReport {
        let request = self.request();
        let searched = self.searched();
        let works = searched.as_deref().unwrap_or_default();
        let is_done = |work: &&nano_pow::Progress| work.phase == SearchPhase::Done;
        let works_needed = request.users().len() + 1;
        let known = works_needed.saturating_sub(works.len());
        let current = works.iter().find(|work| !is_done(work));
        let state = self.0.state.borrow();
        let is_solved = (Phase::Solved..=Phase::Confirmed).contains(&state.phase);
        let works_done = match &searched {
            Some(_) => known + works.iter().filter(is_done).count(),
            // All were found before it began here, or elsewhere.
            None if is_solved => works_needed,
            None => 0,
        };
        JobReport {
            id: request.id(),
            account: request.account(),
            user_blocks: request.users().iter().map(|user| user.hash()).collect(),
            paid: request.paid().unwrap_or(Amount::ZERO),
            phase: state.phase,
            works_done,
            works_needed,
            hashes: works.iter().map(|work| work.hashes).sum(),
            rate: current.map_or(0.0, |work| work.rate),
            expected_seconds_left: current.and_then(|work| work.expected_seconds_left),
            refusal: state.reply.as_ref().and_then(|reply| reply.clone().err()),
            is_elsewhere: self.0.is_elsewhere.load(Ordering::Relaxed),
        }
    }

    /// How the searches of works stand that were not known when the job began.
    fn searched(&self) -> Option<Vec<nano_pow::Progress>> {
        let works = self.0.works.lock().unwrap_or_else(PoisonError::into_inner);
        works.as_ref().map(|works| works.iter().map(ProgressHandle::progress).collect())
    }

    /// Waits until the job is at its end and says which that is.
    pub async fn end(&self) -> Phase {
        let mut state = self.0.state.subscribe();
        let end = state.wait_for(|state| state.phase.is_end()).await;
        end.map_or(Phase::Failed, |state| state.phase)
    }

    /// Waits for what the clients are to be told.
    pub(crate) async fn reply(&self) -> Reply {
        let mut state = self.0.state.subscribe();
        let state = state.wait_for(|state| state.reply.is_some()).await;
        let reply = state.ok().and_then(|state| state.reply.clone());
        reply.expect("the job holds the sending end, so the wait ends with a reply")
    }

    /// The searches of the job's works that are not known yet, in the order of its blocks.
    pub(crate) fn works_are(&self, works: Vec<ProgressHandle>) {
        *self.0.works.lock().unwrap_or_else(PoisonError::into_inner) = Some(works);
    }

    /// Another worker has the job, or this one has it again.
    pub(crate) fn is_elsewhere(&self, is_elsewhere: bool) {
        self.0.is_elsewhere.store(is_elsewhere, Ordering::Relaxed);
    }

    /// Which of these searches have ended.
    fn works_done(&self) -> Vec<bool> {
        let works = self.searched().unwrap_or_default();
        works.iter().map(|work| work.phase == SearchPhase::Done).collect()
    }

    /// Moves on, with nothing new for the clients. A phase that has been is passed by: a job may begin again that another
    /// worker has had meanwhile.
    pub(crate) fn advance(&self, phase: Phase) {
        self.step(phase, None);
    }

    /// Moves on and tells the clients. What they have been told once stays.
    pub(crate) fn conclude(&self, phase: Phase, reply: Reply) {
        self.step(phase, Some(reply));
    }

    /// Tells the listeners that the job is there.
    pub(crate) fn announce(&self) {
        self.tell(Phase::Queued);
    }

    /// Tells clients that nobody has answered how it stands. The job goes on.
    pub(crate) fn inform(&self, reply: Reply) {
        self.0.state.send_if_modified(|state| {
            let is_new = state.reply.is_none();
            state.reply.get_or_insert(reply);
            is_new
        });
    }

    /// Answers clients that nobody has answered, as nobody else will.
    pub(crate) fn abandon(&self, refusal: &Refusal) {
        if self.0.state.borrow().reply.is_none() {
            self.conclude(Phase::Failed, Err(refusal.clone()));
        }
    }

    /// Waits until the job comes to another phase, but no longer than this.
    pub(crate) async fn changed_within(&self, wait: Duration) {
        let mut state = self.0.state.subscribe();
        let before = state.borrow_and_update().phase;
        // Time running out is a reason to look, too.
        let _ = timeout(wait, state.wait_for(|state| state.phase != before)).await;
    }

    /// Seconds to be expected until all works are found, where that can be told.
    fn seconds_left(&self) -> Option<f64> {
        let report = self.report();
        let left = report.works_needed.saturating_sub(report.works_done);
        report.expected_seconds_left.map(|seconds| seconds * left as f64)
    }

    fn step(&self, phase: Phase, reply: Option<Reply>) {
        let mut is_new = true;
        self.0.state.send_modify(|state| {
            is_new = phase > state.phase;
            if is_new {
                let before = state.phase;
                debug_assert!(before.may_become(phase), "{before} cannot become {phase}");
                state.phase = phase;
            }
            state.reply = state.reply.take().or(reply);
        });
        if is_new {
            self.tell(phase);
        }
    }

    fn tell(&self, phase: Phase) {
        self.log(phase);
        // Nobody has to listen.
        let _ = self.0.events.send(JobEvent { job: self.clone(), phase });
    }

    fn log(&self, phase: Phase) {
        let state = self.0.state.borrow();
        let (job, account) = (self.id(), self.request().account());
        match &state.reply {
            Some(Err(refusal)) => {
                info!(%job, %account, %phase, code = refusal.code(), %refusal, "job");
            }
            _ if phase.is_end() || phase == Phase::Published => {
                info!(%job, %account, %phase, "job");
            }
            _ => debug!(%job, %account, %phase, "job"),
        }
    }
}
