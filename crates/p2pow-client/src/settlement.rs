//! [`Settlement`]: a signed deal on its way: workers are asked, what they find is published, and the ledger is watched
//! until one of them is paid or the time is over. Ends in a [`Receipt`], or in what is known of each block ([`Unsettled`]).
//!
//! Asking, publishing and watching run beside each other, so that none of them can hold up the others or the deadline.

use crate::{
    Cause, Config, Event, Fate, Hired, Outcome, Paid, Receipt, Reward, Unsettled, WorkError,
    config::{Deadlines, deadline},
    contract::{Contract, Deal},
    event::Events,
    fate::{Findings, Ledger, Milestone},
    request_work::{Delivery, ask_one},
};
use futures_util::{
    FutureExt, StreamExt,
    future::{BoxFuture, pending},
    stream::FuturesUnordered,
};
use nano_block::{SignedBlock, SignedState};
use nano_primitives::Account;
use nano_rpc::{
    Client, Refusal, RpcError,
    websocket::{self, SubscribeError, Subscription, Topics},
};
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
/// How long a last look at the blocks takes at most.
const LAST_LOOK: Duration = Duration::from_secs(5);

/// A deal and those who take part in it.
#[derive(Debug)]
pub(crate) struct Settlement<'a> {
    pub(crate) node: &'a Client,
    pub(crate) config: &'a Config,
    pub(crate) events: &'a Events,
    pub(crate) deal: &'a Deal,
    pub(crate) deadlines: Deadlines,
}

/// What is known while the deal is on its way.
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
    pub(crate) async fn run(self) -> Result<Receipt, Unsettled> {
        let start = Instant::now();
        let course = Course::new(self.deal.contracts.len());
        self.wait(&course).await;
        let until = self.deadlines.over.min(deadline(LAST_LOOK));
        let mut found = Ledger { node: self.node, deal: self.deal }.find(until).await;
        let known = course.known.into_inner().unwrap_or_else(PoisonError::into_inner);
        found.remember(known.milestone);
        let elapsed = known.rewarded.unwrap_or_else(Instant::now) - start;
        if found.users.iter().all(|user| user.fate == Fate::Confirmed) {
            Ok(self.receipt(known, &found, elapsed))
        } else {
            Err(self.unsettled(known, &found, elapsed))
        }
    }

    /// Until the deal is done, can never be done, nobody is left to do it, or the time is over.
    async fn wait(&self, course: &Course) {
        for contract in &self.deal.contracts {
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
        let lanes = (0..self.deal.contracts.len()).map(|place| self.employ(course, place));
        lanes.collect::<FuturesUnordered<_>>().collect::<()>().await;
    }

    /// One worker, from the question to its published blocks.
    async fn employ(&self, course: &Course, place: usize) {
        let contract = &self.deal.contracts[place];
        let answer = ask_one(self.deal, contract, self.config).await;
        let (outcome, delivery) = match answer {
            Ok(delivery) if delivery.reward.is_some() => (Outcome::Delivered, Some(delivery)),
            Ok(delivery) => (Outcome::WithoutReward, Some(delivery)),
            Err(error) => (self.failed(course, place, error).await, None),
        };
        self.events
            .tell(|| Event::Answered { address: contract.address(), outcome: outcome.clone() });
        course.known().outcomes[place] = outcome;
        if let Some(delivery) = delivery {
            self.publish(&delivery).await;
        }
        course.news.notify_one();
    }

    /// Tells a lost race from other failures: the user's blocks are on the ledger, by another worker's hand.
    async fn failed(&self, course: &Course, place: usize, error: WorkError) -> Outcome {
        let error = Arc::new(error);
        if self.deal.contracts.len() < 2 || !error.may_be_a_lost_race() {
            return Outcome::Failed(error);
        }
        let last = self.deal.last();
        let is_lost = course.is_won_by_other(place)
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
        let ledger = Ledger { node: self.node, deal: self.deal };
        let mut news = News::of(self.deal.account(), self.config, self.events);
        loop {
            let known = course.known().milestone;
            let look = ledger.milestone(known).await;
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
            self.events.tell(|| Event::UserConfirmed { hash: self.deal.last() });
        }
        if let Some(Milestone::Rewarded(place)) = now {
            let contract = &self.deal.contracts[*place];
            let (hash, address) = (contract.reward(), contract.address());
            self.events.tell(|| Event::RewardConfirmed { hash, address });
        }
    }

    fn receipt(&self, known: Known, found: &Findings, elapsed: Duration) -> Receipt {
        let users = self.deal.users.iter().zip(&found.users);
        let users = users.map(|(user, seen)| SignedState { work: seen.work, ..*user }).collect();
        let winner = found.rewards.iter().position(|reward| reward.fate == Fate::Confirmed);
        let reward = winner.map(|winner| {
            let signed = self.deal.contracts[winner].request.reward();
            Paid { block: SignedState { work: found.rewards[winner].work, ..*signed }, winner }
        });
        Receipt { users, reward, hired: self.hired(known.outcomes, winner), elapsed }
    }

    fn unsettled(&self, known: Known, found: &Findings, after: Duration) -> Unsettled {
        let is_failed = |outcome: &Outcome| matches!(outcome, Outcome::Failed(_));
        let cause = match found.rival {
            Some(by) => Cause::Superseded { by },
            None if known.outcomes.iter().all(is_failed) => {
                Cause::NobodyDelivered { answers: self.answers(&known.outcomes) }
            }
            None => Cause::TimedOut { after, last: known.last_error },
        };
        let users = self.deal.users.iter().zip(&found.users);
        let rewards = self.deal.contracts.iter().map(reward).zip(&found.rewards);
        Unsettled {
            cause,
            previous: self.deal.previous(),
            users: users
                .map(|(user, seen)| (SignedState { work: seen.work, ..*user }, seen.fate))
                .collect(),
            rewards: rewards.map(|(reward, seen)| (reward, seen.fate)).collect(),
            hired: self.hired(known.outcomes, None),
            elapsed: after,
        }
    }

    fn hired(&self, outcomes: Vec<Outcome>, winner: Option<usize>) -> Vec<Hired> {
        let contracts = self.deal.contracts.iter().zip(outcomes).enumerate();
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
                Hired { quote: contract.quote, outcome }
            })
            .collect()
    }

    fn answers(&self, outcomes: &[Outcome]) -> String {
        let told = self.deal.contracts.iter().zip(outcomes).filter_map(|(contract, outcome)| {
            let Outcome::Failed(error) = outcome else { return None };
            Some(format!("{}: {error}", contract.address()))
        });
        told.collect::<Vec<_>>().join("; ")
    }
}

/// What may be told of a contract.
pub(crate) fn reward(contract: &Contract) -> Reward {
    Reward { address: contract.address(), hash: contract.reward(), price: contract.quote.price }
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
    fn is_won_by_other(&self, place: usize) -> bool {
        let known = self.known();
        let mut others = known.outcomes.iter().enumerate().filter(|(other, _)| *other != place);
        others.any(|(_, outcome)| matches!(outcome, Outcome::Delivered | Outcome::WithoutReward))
            || matches!(known.milestone, Milestone::Rewarded(winner) if winner != place)
    }
}

/// What the node's WebSocket tells of the account. Without it the node is polled, which is slower and no less sure.
struct News<'a> {
    events: &'a Events,
    url: Option<&'a str>,
    topics: Topics,
    /// The first connection, whose failure is told.
    connecting: Option<BoxFuture<'a, Result<Subscription, SubscribeError>>>,
    subscription: Option<Subscription>,
    is_told: bool,
}

impl<'a> News<'a> {
    fn of(account: Account, config: &'a Config, events: &'a Events) -> Self {
        let (url, topics) =
            (config.websocket.as_deref(), Topics::default().confirmations_of([account]));
        let connecting = url.map(|url| Subscription::connect(url, topics.clone()).boxed());
        Self { events, url, topics, connecting, subscription: None, is_told: false }
    }

    /// Waits for news. Never comes back without a WebSocket; can be dropped and called again.
    async fn next(&mut self) {
        if let Some(connecting) = &mut self.connecting {
            let connected = connecting.await;
            self.connecting = None;
            match connected {
                Ok(subscription) => self.subscription = Some(subscription),
                Err(error) => self.start(&error),
            }
            return;
        }
        let Some(subscription) = &mut self.subscription else { return pending().await };
        match subscription.next().await {
            None => self.subscription = None,
            Some(websocket::Event::Disconnected { reason }) => self.tell(reason),
            Some(_) => {}
        }
    }

    /// After a first failure: as soon as the node can be reached, however long that takes.
    fn start(&mut self, first: &SubscribeError) {
        self.tell(first.to_string());
        self.subscription =
            self.url.and_then(|url| Subscription::start(url, self.topics.clone()).ok());
    }

    fn tell(&mut self, reason: String) {
        if !std::mem::replace(&mut self.is_told, true) {
            self.events.tell(|| Event::NotSubscribed { reason });
        }
    }
}
