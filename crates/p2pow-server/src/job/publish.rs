//! [`publish`]: hands a job's blocks to the nodes, back to back, the reward last, until they are on the ledger.
//! [`watch`]: from there to the confirmation. Only a confirmed reward is income.
//!
//! While the works are valid and the account stands where the job can go on, it goes on: a node that is away, fails in
//! the middle, or forgets what it took ends no job. And a node's word that it took a block is not enough to give the
//! works away: another look must have seen the reward on a ledger.

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
use nano_rpc::RpcError;
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
    /// Between two rounds the worker may go down.
    pub(super) closing: &'a CancellationToken,
    /// Since when the works are known, and where is counted how long the first node took from then on.
    pub(super) published: (Instant, &'a Counter),
}

/// Publishes the blocks until another look has seen them all, or cannot any more; `None` if the worker goes down before.
/// What is on the ledger already, as by a process before this one, is as good.
pub(super) async fn publish(
    job: &Job,
    blocks: &[Finished],
    node: &Node,
    patience: &Patience<'_>,
) -> Result<Option<Answer>, Ending> {
    let (request, since) = (job.request(), Instant::now());
    let (mut place, mut are_users_out, mut pauses) = (0, false, PAUSES.iter());
    let mut published = Some(patience.published);
    loop {
        let taken = hand_over(&blocks[place..], node).await;
        let whole = taken.iter().filter(|taken| taken.error.is_none());
        if let Some(at) = whole.map(|taken| taken.at).min()
            && let Some((solved, times)) = published.take()
        {
            times.count(at - solved);
        }
        are_users_out |= taken.iter().any(|taken| place + taken.blocks >= request.users().len());
        if node.is_seen(&request.id()).await {
            return Ok(Some(answer(request, blocks, true)));
        }
        let error = taken.iter().find_map(|taken| taken.error.as_ref());
        debug!(job = %request.id(), place, ?error, "the blocks are not all on a ledger yet");
        match race::look(request, node).await {
            Ok(Stand::At(stand)) => {
                if let Some(refusal) = refused(&taken, stand, place) {
                    return Err(end(request, blocks, stand, refusal));
                }
                place = stand.min(blocks.len() - 1);
            }
            Ok(Stand::Elsewhere(loss)) => {
                let answer = are_users_out.then(|| answer(request, blocks, false));
                return Err(overtaken(request, loss, answer));
            }
            Ok(Stand::Unclear) | Err(_) => {}
        }
        if since.elapsed() >= patience.answer_within {
            let node = error.map_or_else(|| "no node shows the block".to_owned(), words);
            warn!(job = %request.id(), node, "the blocks are published again and again");
            job.excuse(Refusal::UserBlockRefused { node });
        }
        let pause = pauses.next().copied().unwrap_or(LONGEST_PAUSE);
        if patience.closing.run_until_cancelled(sleep(pause)).await.is_none() {
            return Ok(None);
        }
    }
}

async fn hand_over(blocks: &[Finished], node: &Node) -> Vec<Taken> {
    let blocks: Vec<_> = blocks.iter().map(|block| (block.block, block.subtype)).collect();
    node.publish(&blocks).await
}

/// Why no node takes the next block, although the account stands right before it: then it is the block.
fn refused(taken: &[Taken], stand: usize, place: usize) -> Option<&RpcError> {
    let mut refusals = taken.iter().map(|taken| {
        // Words that are no known reason may pass, as those of a node that is stopping.
        let error = taken.error.as_ref().filter(|error| error.refusal().is_some());
        error.filter(|_| place + taken.blocks == stand)
    });
    let first = refusals.next()??;
    refusals.all(|refusal| refusal.is_some()).then_some(first)
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

/// The end of a job in whose place somebody else's block stands. Whoever got the user blocks published by this worker
/// is told so.
fn overtaken(request: &WorkRequest, loss: Loss, answer: Option<Answer>) -> Ending {
    warn!(job = %request.id(), ?loss, "somebody else's block was faster");
    let ending = Ending::lost(loss);
    let reply = answer.filter(|_| loss == Loss::Rival).map(Ok).or(ending.reply);
    Ending { reply, ..ending }
}

/// The node's own words where it has some.
fn words(error: &RpcError) -> String {
    error.node_text().map_or_else(|| error.to_string(), str::to_owned)
}

/// Watches a published job to its end, and publishes again what a node has dropped. A reward that is late stays
/// watched, more rarely: what is confirmed in the end is income, however late.
pub(super) async fn watch(
    request: &WorkRequest,
    blocks: &[Finished],
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
    blocks: &[Finished],
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

/// One look at the reward: confirmed, lost, or neither yet.
async fn look_at_reward(
    request: &WorkRequest,
    blocks: &[Finished],
    node: &Node,
) -> Result<Option<Ending>, RpcError> {
    match node.fate(&request.id()).await? {
        Fate::Confirmed => return Ok(Some(Ending::silent(Phase::Confirmed))),
        Fate::Unconfirmed => return Ok(None),
        Fate::Unknown => {}
    }
    match race::look(request, node).await? {
        Stand::Elsewhere(loss) => {
            return Ok(Some(Ending { loss: Some(loss), ..Ending::silent(Phase::Lost) }));
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
