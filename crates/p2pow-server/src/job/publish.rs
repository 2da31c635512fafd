//! [`publish`]: hands a job's blocks to the nodes, back to back, the reward last, until they are on the ledger.
//! [`watch`]: from there to the confirmation. Only a confirmed reward is income.
//!
//! While the works are valid and the account stands where the job can go on, it goes on: a node that is away, fails in
//! the middle, or forgets what it took ends no job. And a node's word that it took a block is not enough to give the
//! works away: another look must have seen the reward on a ledger.
//!
//! What has been handed to a node may come onto the ledger as long as nothing that is confirmed excludes it: blocks of
//! others that are in its place are rolled back, or a node that kept a block for want of its previous one gets that from
//! somebody else. So the clients are told at once that the race is lost, and the books when it is so for good.

use super::{
    Job,
    phase::{Ending, Loss, Phase},
    race::{self, Stand},
};
use crate::{
    config::Config,
    node::{Fate, Node, Pulse, Taken},
    timings::Counter,
};
use nano_block::{SignedState, Subtype};
use nano_http::CancellationToken;
use nano_primitives::Work;
use nano_rpc::{Refusal as Reason, RpcError};
use p2pow_protocol::{Answer, Done, Plan, Refusal, Step, WorkRequest};
use std::time::Duration;
use tokio::{
    select,
    time::{Instant, sleep, sleep_until},
};
use tracing::{debug, warn};

/// The first pauses between two rounds.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(5),
    Duration::from_millis(20),
    Duration::from_millis(100),
    Duration::from_millis(400),
    Duration::from_secs(1),
];
/// The pauses after those.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// How often a reward that is late is looked at, if nothing is heard of its account.
const LATE_LOOK: Duration = Duration::from_secs(60);

/// A block with its work.
#[derive(Debug, Clone, Copy)]
pub(super) struct Finished {
    pub(super) block: SignedState,
    pub(super) subtype: Subtype,
    done: Done,
}

impl Finished {
    fn new(block: &SignedState, step: &Step, work: Work) -> Self {
        let done = Done { hash: step.hash, work };
        Self { block: block.with_work(work), subtype: step.subtype, done }
    }
}

/// The blocks of a request with their works.
pub(super) fn finish(request: &WorkRequest, plan: &Plan, works: &[Work]) -> Vec<Finished> {
    let parts = request.blocks().zip(&plan.steps).zip(works);
    parts.map(|((block, step), work)| Finished::new(block, step, *work)).collect()
}

/// What the clients are told of published blocks.
pub(super) fn answer(request: &WorkRequest, blocks: &[Finished], has_reward: bool) -> Answer {
    let (users, reward) = blocks.split_at(blocks.len().saturating_sub(1));
    Answer {
        users: users.iter().map(|user| user.done).collect(),
        reward: reward.first().filter(|_| has_reward).map(|reward| reward.done),
        is_batch: request.is_batch(),
    }
}

/// How long a publication goes on, and how long clients wait for it.
pub(super) struct Patience<'a> {
    /// How long clients wait before they are told that it takes longer.
    pub(super) answer_within: Duration,
    /// How long a job may be overtaken by blocks that are not confirmed.
    pub(super) watch_within: Duration,
    /// Between two rounds the worker may go down.
    pub(super) closing: &'a CancellationToken,
    /// Since when the works are known, and where is counted how long the first node took from then on.
    pub(super) published: (Instant, &'a Counter),
}

/// Publishes the blocks, before which the account has so many, until another look has seen them all, or cannot any more;
/// `None` if the worker goes down before. What is on the ledger already, as by a process before this one, is as good.
pub(super) async fn publish(
    job: &Job,
    (blocks, before): (&[Finished], u64),
    node: &Node,
    patience: &Patience<'_>,
) -> Result<Option<Answer>, Ending> {
    let (request, since) = (job.request(), Instant::now());
    let (next, are_users_out, refused) = (Some(0), false, None);
    let mut course = Course { job, blocks, before, since, next, are_users_out, refused };
    let (mut published, mut pauses) = (Some(patience.published), PAUSES.iter());
    loop {
        let taken = course.hand_over(node).await;
        let whole = taken.iter().filter(|taken| taken.error.is_none());
        if let Some(at) = whole.map(|taken| taken.at).min()
            && let Some((solved, times)) = published.take()
        {
            times.count(at - solved);
        }
        if node.is_seen(&request.id()).await {
            return Ok(Some(answer(request, blocks, true)));
        }
        let error = taken.iter().find_map(|taken| taken.error.as_ref());
        debug!(job = %request.id(), ?error, "the blocks are not all on a ledger yet");
        if let Some(ending) = course.look(&taken, node, patience).await {
            return Err(ending);
        }
        let is_late = since.elapsed() >= patience.answer_within;
        if is_late {
            let node = error.map_or_else(|| "no node shows the block".to_owned(), words);
            warn!(job = %request.id(), node, "the blocks are published again and again");
            job.inform(Err(Refusal::UserBlockRefused { node }));
        }
        let longest = if is_late && course.next.is_none() { LATE_LOOK } else { LONGEST_PAUSE };
        let pause = pauses.next().copied().unwrap_or(longest);
        if patience.closing.run_until_cancelled(sleep(pause)).await.is_none() {
            return Ok(None);
        }
    }
}

/// How far a publication has come.
struct Course<'a> {
    job: &'a Job,
    blocks: &'a [Finished],
    /// How many blocks the account has before them.
    before: u64,
    since: Instant,
    /// From which one on they are to be handed over; `None` while somebody else's block is in the way.
    next: Option<usize>,
    are_users_out: bool,
    /// Since when all nodes have refused the next block, each time.
    refused: Option<Instant>,
}

impl Course<'_> {
    async fn hand_over(&mut self, node: &Node) -> Vec<Taken> {
        let Some(next) = self.next else { return Vec::new() };
        let blocks = self.blocks[next..].iter().map(|block| (block.block, block.subtype));
        let taken = node.publish(&blocks.collect::<Vec<_>>()).await;
        let users = self.blocks.len() - 1;
        self.are_users_out |= taken.iter().any(|taken| next + taken.blocks >= users);
        taken
    }

    /// Looks where the account stands after that was taken, and how to go on: an end, if not at all.
    async fn look(
        &mut self,
        taken: &[Taken],
        node: &Node,
        patience: &Patience<'_>,
    ) -> Option<Ending> {
        let refused = self.refused.take();
        match race::look(self.job.request(), node).await {
            Ok(Stand::At(stand)) => {
                let place = self.next.replace(stand.min(self.blocks.len() - 1));
                let error = place.and_then(|place| refusal(taken, stand, place))?;
                let since = *self.refused.insert(refused.unwrap_or_else(Instant::now));
                let is_end = is_of_the_block(error) || since.elapsed() >= patience.answer_within;
                is_end.then(|| end(self.job.request(), self.blocks, stand, error))
            }
            Ok(Stand::Elsewhere(loss)) => self.overtaken(loss, node, patience.watch_within).await,
            Ok(Stand::Unclear) | Err(_) => None,
        }
    }

    /// The end of a job in whose place somebody else's block stands, if that is confirmed, or has been there for so long.
    /// The clients are told at once. Whoever got the user blocks published by this worker is told so.
    async fn overtaken(&mut self, loss: Loss, node: &Node, longest: Duration) -> Option<Ending> {
        let request = self.job.request();
        let is_final = race::is_final(request, self.before, node).await.unwrap_or(false)
            || self.since.elapsed() >= longest;
        if self.next.take().is_some() || is_final {
            warn!(job = %request.id(), ?loss, is_final, "somebody else's block was faster");
        }
        let has_users = self.are_users_out && loss == Loss::Rival;
        let answer = has_users.then(|| Ok(answer(request, self.blocks, false)));
        let ending = Ending::lost(loss);
        let ending = Ending { reply: answer.or(ending.reply), ..ending };
        if is_final {
            return Some(ending);
        }
        ending.reply.into_iter().for_each(|reply| self.job.inform(reply));
        None
    }
}

/// Why no node takes the next block, although the account stands right before it.
fn refusal(taken: &[Taken], stand: usize, place: usize) -> Option<&RpcError> {
    let mut refusals = taken.iter().map(|taken| {
        // Words that are no known reason may pass, as those of a node that is stopping.
        let error = taken.error.as_ref().filter(|error| error.refusal().is_some());
        error.filter(|_| place + taken.blocks == stand)
    });
    let first = refusals.next()??;
    refusals.all(|refusal| refusal.is_some()).then_some(first)
}

/// Whether a node would refuse the block for this reason wherever the account stands. Other reasons may have been true
/// when the block was refused, and not any more when the account was looked at: those end a job only if it goes on so.
fn is_of_the_block(error: &RpcError) -> bool {
    matches!(
        error.refusal(),
        Some(
            Reason::BadSignature
                | Reason::NegativeSpend
                | Reason::BalanceMismatch
                | Reason::BlockPosition
                | Reason::InsufficientWork
                | Reason::OpensBurnAccount
                | Reason::RepresentativeMismatch
        )
    )
}

/// The end of a job of which the nodes refuse the block in this place.
fn end(request: &WorkRequest, blocks: &[Finished], place: usize, error: &RpcError) -> Ending {
    warn!(job = %request.id(), place, %error, "the nodes refuse a block");
    if place + 1 == blocks.len() {
        let answer = answer(request, blocks, false);
        return Ending { reply: Some(Ok(answer)), ..Ending::silent(Phase::Lost) };
    }
    Ending::failed(Refusal::UserBlockRefused { node: words(error) })
}

/// The node's own words where it has some.
fn words(error: &RpcError) -> String {
    error.node_text().map_or_else(|| error.to_string(), str::to_owned)
}

/// Watches a published job to its end, and publishes again what a node has dropped. A reward that is late stays
/// watched, more rarely: what is confirmed in the end is income, however late.
pub(super) async fn watch(
    request: &WorkRequest,
    blocks: (&[Finished], u64),
    config: &Config,
    (node, pulse): (&Node, &mut Pulse),
) -> Ending {
    let start = Instant::now();
    let late = start + config.confirm_within;
    select! {
        ending = outcome(request, blocks, late, (node, pulse)) => ending,
        () = sleep_until(start + config.watch_within) => {
            warn!(job = %request.id(), "the reward was not confirmed, and is not watched any more");
            Ending::silent(Phase::Failed)
        }
    }
}

async fn outcome(
    request: &WorkRequest,
    blocks: (&[Finished], u64),
    late: Instant,
    (node, pulse): (&Node, &mut Pulse),
) -> Ending {
    let mut pause = Duration::ZERO;
    loop {
        match look_at_reward(request, blocks, node).await {
            Ok(Some(ending)) => return ending,
            Ok(None) => {}
            Err(error) => warn!(%error, "cannot see whether a reward is confirmed"),
        }
        if pause.is_zero() && Instant::now() >= late {
            warn!(job = %request.id(), "the reward is late, it stays watched");
            pause = LATE_LOOK;
        }
        pulse.next_within(pause).await;
    }
}

/// One look at the reward: confirmed, lost for good, or neither yet.
async fn look_at_reward(
    request: &WorkRequest,
    (blocks, before): (&[Finished], u64),
    node: &Node,
) -> Result<Option<Ending>, RpcError> {
    match node.fate(&request.id()).await? {
        Fate::Confirmed => return Ok(Some(Ending::silent(Phase::Confirmed))),
        Fate::Unconfirmed => return Ok(None),
        Fate::Unknown => {}
    }
    match race::look(request, node).await? {
        Stand::Elsewhere(loss) => {
            let is_final = race::is_final(request, before, node).await?;
            let ending = || Ending { loss: Some(loss), ..Ending::silent(Phase::Lost) };
            return Ok(is_final.then(ending));
        }
        Stand::At(place) => {
            let missing = blocks.get(place..).unwrap_or_default();
            let missing: Vec<_> =
                missing.iter().map(|block| (block.block, block.subtype)).collect();
            let again = node.publish(&missing).await;
            debug!(job = %request.id(), place, ?again, "published again what a node had dropped");
        }
        Stand::Unclear => {}
    }
    Ok(None)
}
