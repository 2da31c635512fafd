//! [`Settlement`]: a signed job on its way: workers are asked, what they find is published, and the ledger is watched
//! until one of them is paid or the time is over. [`Settled`] is how the waiting ended.
//!
//! Asking, publishing and watching run beside each other, so that none of them can hold up the others or the deadline.

use crate::{
    Config, Event, Hired, Nodes, Outcome, Reward, WorkError,
    config::{Deadlines, deadline},
    contract::{Contract, Job},
    event::Events,
    fate::{Ledger, Milestone},
    journal::{Book, DealRecord, Said},
    news::News,
    request_work::{Delivery, ask_one},
};
use futures_util::{StreamExt, stream::FuturesUnordered};
use nano_block::SignedBlock;
use nano_primitives::BlockHash;
use nano_rpc::{Refusal, RpcError};
use std::{
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::Notify,
    time::{Instant, sleep, sleep_until, timeout, timeout_at},
};

/// How long losers have to say so once the winner is paid, and the node to say whether they lost. Only their outcome
/// depends on it.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// A job and those who take part in it.
#[derive(Debug)]
pub(crate) struct Settlement<'a> {
    pub(crate) node: &'a Nodes,
    pub(crate) config: &'a Config,
    pub(crate) events: &'a Events,
    /// What is wanted now.
    pub(crate) job: &'a Job,
    /// Those who are asked for it.
    pub(crate) contracts: &'a [Contract],
    /// The deal that it is a part of: knows all rewards, also those of earlier calls.
    pub(crate) deal: &'a Book<DealRecord>,
    pub(crate) deadlines: Deadlines,
}

/// How the waiting ended. Whether the job is done is for a last look at the ledger to say.
#[derive(Debug)]
pub(crate) struct Settled {
    pub(crate) hired: Vec<Hired>,
    /// The furthest that was seen.
    pub(crate) milestone: Milestone,
    pub(crate) elapsed: Duration,
    /// Why the node could not be asked lately, if it could not.
    pub(crate) last_error: Option<RpcError>,
}

/// What is known while the job is on its way.
struct Course {
    known: Mutex<Known>,
    /// Something happened after which it is worth looking at the ledger.
    news: Notify,
}

struct Known {
    outcomes: Vec<Outcome>,
    milestone: Milestone,
    /// When the reward was seen to be confirmed.
    rewarded: Option<Instant>,
    last_error: Option<RpcError>,
}

impl Settlement<'_> {
    /// Hires everybody at once and waits for what the ledger says.
    pub(crate) async fn run(self) -> Settled {
        let start = Instant::now();
        let course = Course::new(self.contracts.len());
        self.wait(&course).await;
        let known = course.known.into_inner().unwrap_or_else(PoisonError::into_inner);
        let elapsed = known.rewarded.unwrap_or_else(Instant::now) - start;
        let winner = match known.milestone {
            Milestone::Rewarded(hash) => {
                self.contracts.iter().position(|contract| contract.reward() == hash)
            }
            _ => None,
        };
        Settled {
            hired: self.hired(known.outcomes, winner),
            milestone: known.milestone,
            elapsed,
            last_error: known.last_error,
        }
    }

    /// Until the job is done, can never be done, nobody is left to do it, or the time is over.
    async fn wait(&self, course: &Course) {
        for contract in self.contracts {
            self.events.tell(|| Event::Hired { address: contract.address() });
        }
        let end = self.deadlines.settled;
        let (mut asking, mut watching) = (pin!(self.ask_all(course)), pin!(self.watch(course)));
        tokio::select! {
            () = &mut watching => {
                if course.is_rewarded() {
                    let _ = timeout_at(end.min(deadline(LAST_WORDS)), asking).await;
                }
            }
            () = &mut asking => {
                let settle = deadline(self.config.patience.settle);
                let end = if course.is_reward_due() { end } else { end.min(settle) };
                let _ = timeout_at(end, watching).await;
            }
            () = sleep_until(end) => {}
        }
    }

    /// Asks every worker, and publishes what it finds.
    async fn ask_all(&self, course: &Course) {
        let lanes = (0..self.contracts.len()).map(|place| self.employ(course, place));
        lanes.collect::<FuturesUnordered<_>>().collect::<()>().await;
    }

    /// One worker, from the question to its published blocks. What it says is in the journal before it is acted upon.
    async fn employ(&self, course: &Course, place: usize) {
        let contract = &self.contracts[place];
        let answer = ask_one(self.job, contract, self.config).await;
        let (outcome, delivery) = match answer {
            Ok(delivery) if delivery.reward.is_some() => (Outcome::Delivered, Some(delivery)),
            Ok(delivery) => (Outcome::WithoutReward, Some(delivery)),
            Err(error) => (self.failed(course, place, error).await, None),
        };
        self.events
            .tell(|| Event::Answered { address: contract.address(), outcome: outcome.clone() });
        course.known().outcomes[place] = outcome.clone();
        self.note(contract, &outcome, delivery.as_ref()).await;
        if let Some(delivery) = delivery {
            self.publish(&delivery).await;
        }
        course.news.notify_one();
    }

    /// Writes what a worker said. If that fails, what it found is published all the same: it was signed to be.
    async fn note(&self, contract: &Contract, outcome: &Outcome, delivery: Option<&Delivery>) {
        let detail = match outcome {
            Outcome::Failed(error) | Outcome::Lost(error) => Some(error.to_string()),
            _ => None,
        };
        let said = Said { outcome: outcome.as_str().to_owned(), detail };
        let written = self.deal.change(|deal| {
            deal.hear(contract.reward(), said.clone());
            if let Some(delivery) = delivery {
                let users = delivery.users.iter();
                users.chain(&delivery.reward).for_each(|block| deal.add_work(block));
            }
        });
        if let Err(error) = written.await {
            self.events.tell(|| Event::NotWritten { reason: error.to_string() });
        }
    }

    /// Tells a lost race from other failures: the user's blocks are on the ledger, by another worker's hand.
    async fn failed(&self, course: &Course, place: usize, error: WorkError) -> Outcome {
        let error = Arc::new(error);
        if self.contracts.len() < 2 || !error.may_be_a_lost_race() {
            return Outcome::Failed(error);
        }
        let last = self.job.last();
        let is_lost = course.is_won_by_other(place, self.contracts[place].reward())
            || matches!(timeout(LAST_WORDS, self.node.block_info(&last)).await, Ok(Ok(Some(_))));
        if is_lost { Outcome::Lost(error) } else { Outcome::Failed(error) }
    }

    /// Gives the blocks to the sender's own node too: the worker's may be slow to tell it, or not tell it at all.
    async fn publish(&self, delivery: &Delivery) {
        for block in delivery.users.iter().chain(&delivery.reward) {
            match self.node.process(&SignedBlock::from(*block), None).await {
                Ok(_) => {}
                Err(error) if error.refusal() == Some(Refusal::OldBlock) => {}
                // A rival's blocks may be there already; what counts is looked up anyway.
                Err(error) => return tracing::debug!(%error, hash = %block.hash(), "not published"),
            }
        }
    }

    /// Looks at the ledger now and then, and at once when there is news, until there is nothing more to wait for.
    async fn watch(&self, course: &Course) {
        let mut news = News::of(self.job.account(), self.config, self.events);
        loop {
            let known = course.known().milestone;
            let chain = self.deal.read(|deal| deal.chain().until(self.job.places.end));
            let look = Ledger { node: self.node, chain: &chain }.milestone(known).await;
            self.tell_progress(known, look.as_ref().ok());
            if course.note(look) {
                return;
            }
            tokio::select! {
                () = course.news.notified() => {}
                () = news.next() => {}
                () = sleep(self.config.patience.poll) => {}
            }
        }
    }

    fn tell_progress(&self, before: Milestone, now: Option<&Milestone>) {
        let is_confirmed = matches!(now, Some(Milestone::UserConfirmed | Milestone::Rewarded(_)));
        if before == Milestone::Signed && is_confirmed {
            self.events.tell(|| Event::UserConfirmed { hash: self.job.last() });
        }
        if let Some(&Milestone::Rewarded(hash)) = now {
            let reward = self.deal.read(|deal| deal.reward(hash).map(Reward::of));
            if let Some(Reward { address, .. }) = reward {
                self.events.tell(|| Event::RewardConfirmed { hash, address });
            }
        }
    }

    fn hired(&self, outcomes: Vec<Outcome>, winner: Option<usize>) -> Vec<Hired> {
        let contracts = self.contracts.iter().zip(outcomes).enumerate();
        contracts
            .map(|(place, (contract, outcome))| {
                let outcome = match outcome {
                    Outcome::Failed(error)
                        if winner.is_some_and(|winner| winner != place)
                            && error.may_be_a_lost_race() =>
                    {
                        Outcome::Lost(error)
                    }
                    other => other,
                };
                Hired { quote: contract.quote, reward: contract.reward(), outcome }
            })
            .collect()
    }
}

impl Course {
    fn new(hired: usize) -> Self {
        let known = Known {
            outcomes: vec![Outcome::Unanswered; hired],
            milestone: Milestone::Signed,
            rewarded: None,
            last_error: None,
        };
        Self { known: Mutex::new(known), news: Notify::new() }
    }

    /// Held for a moment only, never across an await.
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes over what a look at the ledger has shown; whether there is nothing more to wait for.
    fn note(&self, look: Result<Milestone, RpcError>) -> bool {
        let mut known = self.known();
        match look {
            Ok(milestone) => (known.milestone, known.last_error) = (milestone, None),
            Err(error) => known.last_error = Some(error),
        }
        if let Milestone::Rewarded(_) = known.milestone {
            known.rewarded = Some(Instant::now());
        }
        matches!(known.milestone, Milestone::Rewarded(_) | Milestone::Superseded(_))
    }

    fn is_rewarded(&self) -> bool {
        matches!(self.known().milestone, Milestone::Rewarded(_))
    }

    /// Somebody found the work of its reward block too.
    fn is_reward_due(&self) -> bool {
        self.known().outcomes.iter().any(|outcome| matches!(outcome, Outcome::Delivered))
    }

    /// Somebody else found the work, or is paid for it.
    fn is_won_by_other(&self, place: usize, reward: BlockHash) -> bool {
        let known = self.known();
        let mut others = known.outcomes.iter().enumerate().filter(|(other, _)| *other != place);
        others.any(|(_, outcome)| matches!(outcome, Outcome::Delivered | Outcome::WithoutReward))
            || matches!(known.milestone, Milestone::Rewarded(winner) if winner != reward)
    }
}
