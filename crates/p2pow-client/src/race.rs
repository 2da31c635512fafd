//! A signed deal on its way: workers race, the ledger is watched, until one of them is paid.

use crate::{
    Config, Event, Hired, Outcome, Paid, Receipt,
    config::deadline,
    confirm::{Standing, Watch},
    deal::Deal,
    event::Events,
    hire::{self, Delivery, HireError},
};
use futures_util::{Stream, StreamExt};
use nano_block::{SignedBlock, SignedState};
use nano_primitives::BlockHash;
use nano_rpc::{Client, Refusal, RpcError};
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, sleep_until, timeout_at};

/// How long losers have to say so once the winner is paid. Only their outcome depends on it.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// A signed deal that was not seen to happen.
///
/// Everybody who was hired has the signed blocks: until the account has moved on they can still be published.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RaceError {
    /// Nobody did the work.
    #[error(
        "no hired worker did the work ({answers}), yet block {user} may still be published until the account moves on"
    )]
    NobodyDelivered {
        /// The last user block.
        user: BlockHash,
        /// What they answered.
        answers: String,
    },
    /// The ledger does not show it in time.
    #[error("block {user} is not confirmed after {after:?}, yet it may still be published until the account moves on{}", because(.last))]
    TimedOut {
        /// The last user block.
        user: BlockHash,
        /// How long was waited.
        after: Duration,
        /// Why the node could not be asked lately, if it could not.
        last: Option<RpcError>,
    },
    /// The account has another block in its place.
    #[error("the account went on with block {other}, so block {user} can never be confirmed")]
    Superseded {
        /// The last user block.
        user: BlockHash,
        /// The account's confirmed frontier.
        other: BlockHash,
    },
}

fn because(last: &Option<RpcError>) -> String {
    last.as_ref().map_or_else(String::new, |error| format!(" ({error})"))
}

/// A deal and those who take part in it.
pub(crate) struct Race<'a> {
    pub(crate) node: &'a Client,
    pub(crate) config: &'a Config,
    pub(crate) events: &'a Events,
    pub(crate) deal: &'a Deal,
}

/// What is known while a race runs.
struct Course {
    start: Instant,
    /// When the reward was seen to be confirmed.
    rewarded: Option<Instant>,
    deadline: Instant,
    outcomes: Vec<Outcome>,
    /// Somebody delivered the work of its reward block too.
    is_reward_due: bool,
    standing: Standing,
    last_error: Option<RpcError>,
}

impl Race<'_> {
    /// Hires everybody at once and waits for what the ledger says.
    pub(crate) async fn run(self) -> Result<Receipt, RaceError> {
        let mut course = self.start();
        let mut answers = hire::race(self.deal, self.config);
        let mut watch = Watch::new(self.node, self.deal, self.config, self.events);
        while course.is_open() {
            tokio::select! {
                Some((place, answer)) = answers.next() => self.answered(&mut course, place, answer).await,
                () = watch.news() => {}
                () = sleep_until(course.deadline) => break,
            }
            course.note(watch.look().await);
            self.hurry(&mut course, answers.is_empty());
        }
        if let Standing::Rewarded(_) = course.standing {
            self.last_words(&mut course, answers).await;
        }
        self.end(course).await
    }

    fn start(&self) -> Course {
        let start = Instant::now();
        for contract in &self.deal.contracts {
            let address = contract.hire.candidate.worker.address;
            self.events.tell(|| Event::Hired { address });
        }
        Course {
            start,
            rewarded: None,
            deadline: deadline(self.config.patience.deal),
            outcomes: vec![Outcome::Unanswered; self.deal.contracts.len()],
            is_reward_due: false,
            standing: Standing::Open,
            last_error: None,
        }
    }

    async fn answered(
        &self,
        course: &mut Course,
        place: usize,
        answer: Result<Delivery, HireError>,
    ) {
        let outcome = match answer {
            Ok(delivery) => {
                self.publish(&delivery).await;
                course.is_reward_due |= delivery.reward.is_some();
                delivery.reward.map_or(Outcome::WithoutReward, |_| Outcome::Delivered)
            }
            Err(error) => Outcome::Failed(Arc::new(error)),
        };
        let address = self.deal.contracts[place].hire.candidate.worker.address;
        self.events.tell(|| Event::Answered { address, outcome: outcome.clone() });
        course.outcomes[place] = outcome;
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

    /// Waits no longer than needed for the ledger to settle once nobody has more to say.
    fn hurry(&self, course: &mut Course, is_everybody_done: bool) {
        if is_everybody_done && !course.is_reward_due {
            course.deadline = course.deadline.min(deadline(self.config.patience.settle));
        }
    }

    async fn last_words(
        &self,
        course: &mut Course,
        mut answers: impl Stream<Item = hire::Answered> + Unpin,
    ) {
        let end = deadline(LAST_WORDS);
        while let Ok(Some((place, answer))) = timeout_at(end, answers.next()).await {
            self.answered(course, place, answer).await;
        }
    }

    async fn end(self, course: Course) -> Result<Receipt, RaceError> {
        let user = self.deal.last();
        match course.standing {
            Standing::Rewarded(winner) => Ok(self.receipt(course, Some(winner)).await),
            Standing::UserConfirmed => Ok(self.receipt(course, None).await),
            Standing::Superseded(other) => Err(RaceError::Superseded { user, other }),
            Standing::Open => Err(self.failure(course, user)),
        }
    }

    fn failure(&self, course: Course, user: BlockHash) -> RaceError {
        let is_failed = |outcome: &Outcome| matches!(outcome, Outcome::Failed(_));
        if course.outcomes.iter().all(is_failed) {
            return RaceError::NobodyDelivered { user, answers: self.tell(&course.outcomes) };
        }
        RaceError::TimedOut { user, after: course.start.elapsed(), last: course.last_error }
    }

    fn tell(&self, outcomes: &[Outcome]) -> String {
        let told = self.deal.contracts.iter().zip(outcomes).filter_map(|(contract, outcome)| {
            let Outcome::Failed(error) = outcome else { return None };
            Some(format!("{}: {error}", contract.hire.candidate.worker.address))
        });
        told.collect::<Vec<_>>().join("; ")
    }

    async fn receipt(&self, course: Course, winner: Option<usize>) -> Receipt {
        let elapsed = course.rewarded.unwrap_or_else(Instant::now) - course.start;
        let mut users = Vec::with_capacity(self.deal.users.len());
        for user in &self.deal.users {
            users.push(self.on_ledger(user).await);
        }
        let reward = match winner {
            Some(winner) => {
                let block = self.on_ledger(self.deal.contracts[winner].request.reward()).await;
                Some(Paid { block, winner })
            }
            None => None,
        };
        let hires = self.deal.contracts.iter().map(|contract| contract.hire);
        let hired =
            hires.zip(course.outcomes).map(|(hire, outcome)| Hired { hire, outcome }).collect();
        Receipt { users, reward, hired, elapsed }
    }

    /// The block with the work that it is on the ledger with.
    async fn on_ledger(&self, signed: &SignedState) -> SignedState {
        let found = self.node.block_info(&signed.hash()).await;
        let work = found.ok().flatten().and_then(|info| info.contents.work);
        SignedState { work, ..*signed }
    }
}

impl Course {
    fn is_open(&self) -> bool {
        matches!(self.standing, Standing::Open | Standing::UserConfirmed)
    }

    fn note(&mut self, look: Result<Standing, RpcError>) {
        match look {
            Ok(standing) => (self.standing, self.last_error) = (standing, None),
            Err(error) => self.last_error = Some(error),
        }
        if let Standing::Rewarded(_) = self.standing {
            self.rewarded = Some(Instant::now());
        }
    }
}
