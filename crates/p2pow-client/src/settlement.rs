//! [`Settlement`]: a signed job on its way: workers are asked, what they find is published, and the ledger is watched
//! until one of them is paid or the time is over. [`Settled`] is how the waiting ended.
//!
//! Asking, publishing and watching run beside each other, so that none of them can hold up the others or the deadline.
//! Who is asked when is `settlement/hire.rs`; what is known meanwhile, `settlement/course.rs`.

mod course;
mod hire;

use crate::{
    Config, Event, Hired, Market, Nodes, Outcome, Quote, Reward, Signer, WorkError,
    config::{Deadlines, deadline},
    contract::{Contract, Job},
    event::Events,
    fate::{Ledger, Milestone},
    journal::{Book, DealRecord, Said},
    news::News,
    request_work::{Delivery, ask_one},
};
use course::{Course, Engaged};
use nano_block::{SignedBlock, SignedState};
use nano_rpc::{Refusal, RpcError};
use std::{pin::pin, sync::Arc, time::Duration};
use tokio::time::{Instant, sleep, sleep_until, timeout, timeout_at};

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
    /// Those who are asked for it at once: their rewards are signed.
    pub(crate) contracts: Vec<Contract>,
    /// Those who are asked for it when they fail or take too long, and what it takes to hire them.
    pub(crate) bench: Bench<'a>,
    /// The deal that it is a part of: knows all rewards, also those of earlier calls.
    pub(crate) deal: &'a Book<DealRecord>,
    pub(crate) deadlines: Deadlines,
}

/// Who could be hired too, and what that takes.
pub(crate) struct Bench<'a> {
    pub(crate) signer: &'a dyn Signer,
    pub(crate) market: &'a Market,
    /// In the order in which they are hired.
    pub(crate) quotes: Vec<Quote>,
}

impl std::fmt::Debug for Bench<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bench").field("quotes", &self.quotes).finish_non_exhaustive()
    }
}

/// How the waiting ended. Whether the job is done is for a last look at the ledger to say.
#[derive(Debug)]
pub(crate) struct Settled {
    pub(crate) hired: Vec<Hired>,
    /// The furthest that was seen.
    pub(crate) milestone: Milestone,
    pub(crate) elapsed: Duration,
    /// Whether the user's blocks were worked on here or by work servers.
    pub(crate) has_own_work: bool,
    /// Why the node could not be asked lately, if it could not.
    pub(crate) last_error: Option<RpcError>,
}

impl Settlement<'_> {
    /// Hires, and waits for what the ledger says.
    pub(crate) async fn run(mut self) -> Settled {
        let start = Instant::now();
        let course = Course::new(std::mem::take(&mut self.contracts));
        self.wait(&course).await;
        let known = course.into_known();
        Settled {
            elapsed: known.rewarded.unwrap_or_else(Instant::now) - start,
            milestone: known.milestone,
            has_own_work: known.has_own_work,
            hired: hired(known.engaged, known.milestone, start),
            last_error: known.last_error,
        }
    }

    /// Until the job is done, can never be done, nobody is left to do it, or the time is over.
    async fn wait(&self, course: &Course) {
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

    /// One worker, from the question to its published blocks. What it says is in the journal before it is acted upon.
    /// Whether it did the user's part.
    async fn employ(&self, course: &Course, place: usize) -> bool {
        let contract = course.contract(place);
        let address = contract.address();
        self.events.tell(|| Event::Hired { address });
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        self.events.tell(|| Event::Asked { address, body: text(&contract.request.to_json()) });
        let heard = |status, body: &[u8]| {
            self.events.tell(|| Event::Replied { address, status, body: text(body) });
        };
        let answer = ask_one(self.job, &contract, self.config, heard).await;
        let (outcome, delivery) = match answer {
            Ok(delivery) if delivery.reward.is_some() => (Outcome::Delivered, Some(delivery)),
            Ok(delivery) => (Outcome::WithoutReward, Some(delivery)),
            Err(error) => (self.failed(course, place, error).await, None),
        };
        self.events.tell(|| Event::Answered { address, outcome: outcome.clone() });
        course.hear(place, outcome.clone());
        self.note(&contract, &outcome, delivery.as_ref()).await;
        if let Some(Delivery { users, reward }) = &delivery {
            self.publish(users.iter().chain(reward)).await;
        }
        course.news.notify_one();
        !matches!(outcome, Outcome::Failed(_))
    }

    /// Writes what a worker said. If that fails, what it found is published all the same: it was signed to be.
    async fn note(&self, contract: &Contract, outcome: &Outcome, delivery: Option<&Delivery>) {
        let detail = match outcome {
            Outcome::Failed(error) | Outcome::Lost(error) => Some(error.to_string()),
            _ => None,
        };
        let said = Said { outcome: outcome.as_str().to_owned(), detail };
        let written = self.deal.note(|deal| {
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
        if course.is_alone() || !error.may_be_a_lost_race() {
            return Outcome::Failed(error);
        }
        let last = self.job.last();
        let is_lost = course.is_won_by_other(place)
            || matches!(timeout(LAST_WORDS, self.node.block_info(&last)).await, Ok(Ok(Some(_))));
        if is_lost { Outcome::Lost(error) } else { Outcome::Failed(error) }
    }

    /// Gives the blocks to the sender's own node too: the worker's may be slow to tell it, or not tell it at all.
    async fn publish(&self, blocks: impl Iterator<Item = &SignedState>) {
        for block in blocks {
            match self.node.process(&SignedBlock::from(*block), None).await {
                Ok(_) => {}
                Err(error) if error.refusal() == Some(Refusal::OldBlock) => {}
                // A rival's blocks may be there already; what counts is looked up anyway.
                Err(error) => return tracing::debug!(%error, hash = %block.hash(), "not published"),
            }
        }
    }

    /// Looks at the ledger now and then, and at once when there is news, until there is nothing more to wait for. Not at
    /// the start: what is there was looked up before anything was signed.
    async fn watch(&self, course: &Course) {
        let mut news = News::of(self.job.account(), self.config, self.events);
        loop {
            tokio::select! {
                () = course.news.notified() => {}
                () = news.next() => {}
                () = sleep(self.config.patience.poll) => {}
            }
            let known = course.known().milestone;
            let chain = self.deal.read(|deal| deal.chain().until(self.job.places.end));
            let look = Ledger { node: self.node, chain: &chain }.milestone(known).await;
            self.tell_progress(known, look.as_ref().ok());
            if course.note(look) {
                return;
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
}

/// Everybody who was hired, in that order. Who could have lost a race that another has won has lost it.
fn hired(engaged: Vec<Engaged>, milestone: Milestone, start: Instant) -> Vec<Hired> {
    let paid = match milestone {
        Milestone::Rewarded(hash) => Some(hash),
        _ => None,
    };
    let hired = |Engaged { contract, outcome, asked }: Engaged| {
        let reward = contract.reward();
        let is_lost = paid.is_some_and(|paid| paid != reward);
        let outcome = match outcome {
            Outcome::Failed(error) if is_lost && error.may_be_a_lost_race() => Outcome::Lost(error),
            other => other,
        };
        Hired { quote: contract.quote, reward, outcome, after: asked - start }
    };
    engaged.into_iter().map(hired).collect()
}
