//! [`View`]: a payment as the page shows it, from its order to its end.

use crate::{clock::unix_ms, refusal::chain, step::Step};
use nano_primitives::{Account, Amount, BlockHash, excerpt};
use p2pow_client::{Event, Fate, Item, Order, Outcome, Receipt, Reward, SendError, Unsettled};
use p2pow_protocol::JobState;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// The longest error that is kept, in characters.
const SHOWN: usize = 1000;
/// Steps that are kept: a payment of many jobs has more, whose middle says nothing new.
const STEPS: usize = 400;

/// What a page asks for: the same key is the same payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    pub(crate) key: String,
    pub(crate) orders: Vec<Order>,
    /// The most that is paid for the work of one send, in raw.
    pub(crate) max_fee_raw: Amount,
    /// Workers to choose from; those of the registry if there is none.
    #[serde(default)]
    pub(crate) workers: Vec<IpAddr>,
    /// How many are hired at once.
    #[serde(default = "one")]
    pub(crate) hire: usize,
    /// Whether it is the test of workers.
    #[serde(default)]
    pub(crate) is_test: bool,
}

const fn one() -> usize {
    1
}

/// How far a payment has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Course {
    /// It is being made.
    Running,
    /// All of it is confirmed.
    Done,
    /// Something of it is signed, or may be, and may still be confirmed.
    Open,
    /// What was signed can never be confirmed.
    Void,
    /// Nothing of it has left this machine.
    Refused,
    /// The program ended while it was made.
    Interrupted,
}

/// A payment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct View {
    pub(crate) asked: Asked,
    pub(crate) state: Course,
    /// Whether something of it was signed, or may have been by a run that was cut off.
    #[serde(default)]
    may_be_signed: bool,
    pub(crate) started_ms: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ended_ms: Option<u64>,
    /// From asking the workers to the last confirmation, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    elapsed_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    pub(crate) steps: Vec<Step>,
    pub(crate) hired: Vec<Lane>,
    /// The orders, each with its block and what became of it.
    blocks: Vec<BlockView>,
    /// Who was paid for the last job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    winner: Option<Winner>,
}

/// A hired worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Lane {
    pub(crate) address: IpAddr,
    pub(crate) reward: BlockHash,
    price_raw: Amount,
    /// `signed`, `hired`, or what it answered.
    pub(crate) outcome: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hired_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answered_ms: Option<u64>,
    /// How its job stands, by its own word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    job: Option<JobState>,
    pub(crate) is_paid: bool,
}

/// A block of the payment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct BlockView {
    order: Order,
    hash: Option<BlockHash>,
    fate: Fate,
}

/// Who was paid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Winner {
    address: IpAddr,
    account: Account,
    price_raw: Amount,
}

impl View {
    pub(crate) fn new(asked: Asked) -> Self {
        let unsigned =
            |order: &Order| BlockView { order: *order, hash: None, fate: Fate::Unsigned };
        let blocks = asked.orders.iter().map(unsigned).collect();
        Self {
            asked,
            state: Course::Running,
            may_be_signed: false,
            started_ms: unix_ms(),
            ended_ms: None,
            elapsed_ms: None,
            error: None,
            steps: Vec::new(),
            hired: Vec::new(),
            blocks,
            winner: None,
        }
    }

    /// The same, to be gone on with.
    pub(crate) fn again(self) -> Self {
        let (steps, hired) = (Vec::new(), Vec::new());
        let started_ms = unix_ms();
        let may_be_signed = self.may_be_signed || self.state != Course::Refused;
        Self {
            state: Course::Running,
            may_be_signed,
            ended_ms: None,
            error: None,
            started_ms,
            steps,
            hired,
            ..self
        }
    }

    /// Whether something of it may be signed, or it is being made.
    pub(crate) const fn is_over(&self) -> bool {
        matches!(self.state, Course::Done | Course::Void | Course::Refused)
    }

    /// Takes in what happened. Whether there is anything to show.
    pub(crate) fn hear(&mut self, event: &Event) -> bool {
        match event {
            Event::Signed { rewards, .. } => {
                self.may_be_signed = true;
                self.hired.extend(rewards.iter().map(Lane::new));
            }
            Event::Promised { reward } => self.hired.push(Lane::new(reward)),
            Event::Hired { address } => {
                if let Some(lane) = self.lane(*address) {
                    lane.outcome = "hired".to_owned();
                    lane.hired_ms = Some(unix_ms());
                }
            }
            Event::Answered { address, outcome } => {
                if let Some(lane) = self.lane(*address) {
                    lane.answer(outcome);
                }
            }
            Event::RewardConfirmed { hash, .. } => {
                for lane in &mut self.hired {
                    lane.is_paid |= lane.reward == *hash;
                }
            }
            Event::Progress { items, .. } => self.show(items),
            _ => {}
        }
        let step = Step::of(event);
        let is_shown = step.is_some() || matches!(event, Event::Progress { .. });
        if self.steps.len() < STEPS {
            self.steps.extend(step);
        }
        is_shown
    }

    /// The newest lane of a worker: one is hired again for the next job.
    fn lane(&mut self, address: IpAddr) -> Option<&mut Lane> {
        self.hired.iter_mut().rev().find(|lane| lane.address == address)
    }

    fn show(&mut self, items: &[Item]) {
        let block =
            |item: &Item| BlockView { order: item.order, hash: item.block, fate: item.fate };
        self.blocks = items.iter().map(block).collect();
    }

    /// How a worker's job stands, by its own word.
    pub(crate) fn stands(&mut self, reward: BlockHash, state: JobState) {
        if let Some(lane) = self.hired.iter_mut().find(|lane| lane.reward == reward) {
            lane.job = Some(state);
        }
    }

    /// How it ended.
    pub(crate) fn end(&mut self, result: Result<Receipt, SendError>) {
        self.ended_ms = Some(unix_ms());
        match result {
            Ok(receipt) => self.done(&receipt),
            Err(SendError::Unsettled(left)) => self.unsettled(&left),
            Err(error) => {
                // Whatever went wrong now says nothing of what was signed before.
                let is_clear = error.nothing_left() && !self.may_be_signed;
                self.state = if is_clear { Course::Refused } else { Course::Open };
                self.error = Some(excerpt(&chain(&error), SHOWN));
            }
        }
    }

    fn done(&mut self, receipt: &Receipt) {
        self.state = Course::Done;
        self.elapsed_ms = u64::try_from(receipt.elapsed.as_millis()).ok();
        for (block, user) in self.blocks.iter_mut().zip(&receipt.users) {
            block.hash = Some(user.hash());
            block.fate = Fate::Confirmed;
        }
        self.winner = receipt.winner().map(|paid| Winner {
            address: paid.address,
            account: paid.account,
            price_raw: paid.price,
        });
        for hired in &receipt.hired {
            if let Some(lane) = self.hired.iter_mut().find(|lane| lane.reward == hired.reward) {
                lane.answer(&hired.outcome);
                lane.is_paid = receipt.is_paid(hired);
            }
        }
    }

    fn unsettled(&mut self, left: &Unsettled) {
        self.state = if left.is_void() { Course::Void } else { Course::Open };
        self.error = Some(excerpt(&chain(left), SHOWN));
        self.elapsed_ms = u64::try_from(left.elapsed.as_millis()).ok();
        self.show(&left.items);
    }
}

impl Lane {
    fn new(reward: &Reward) -> Self {
        Self {
            address: reward.address,
            reward: reward.hash,
            price_raw: reward.price,
            outcome: "signed".to_owned(),
            error: None,
            hired_ms: None,
            answered_ms: None,
            job: None,
            is_paid: false,
        }
    }

    fn answer(&mut self, outcome: &Outcome) {
        self.outcome = outcome.as_str().to_owned();
        if !matches!(outcome, Outcome::Unanswered) {
            self.answered_ms.get_or_insert_with(unix_ms);
        }
        if let Outcome::Failed(error) | Outcome::Lost(error) = outcome {
            self.error = Some(excerpt(&chain(error), SHOWN));
        }
    }

    /// Whether it is at work.
    pub(crate) fn is_at_work(&self) -> bool {
        self.outcome == "hired"
    }
}

#[cfg(test)]
mod tests {
    use super::{Asked, Course, View};
    use nano_primitives::{Account, Amount};
    use p2pow_client::{Event, Order, SendError};
    use std::time::Duration;

    fn view() -> View {
        let send = Order::Send { destination: Account::ZERO, amount: Amount::from_raw(1) };
        View::new(Asked {
            key: "12345678".to_owned(),
            orders: vec![send],
            max_fee_raw: Amount::from_raw(1),
            workers: Vec::new(),
            hire: 1,
            is_test: false,
        })
    }

    fn slow() -> SendError {
        SendError::TooSlow { after: Duration::from_secs(1) }
    }

    #[test]
    fn what_may_be_signed_is_never_said_not_to_be() {
        let mut fresh = view();
        fresh.end(Err(slow()));
        assert_eq!(fresh.state, Course::Refused);
        let mut again = fresh.again();
        again.end(Err(slow()));
        assert_eq!(again.state, Course::Refused, "still nothing was signed");
        // Cut off, nobody knows how far it had come: that the node is away now changes nothing of it.
        let mut cut = View { state: Course::Interrupted, ..view() }.again();
        cut.end(Err(slow()));
        assert_eq!(cut.state, Course::Open);
        let mut signed = view();
        signed.hear(&Event::Signed { users: Vec::new(), rewards: Vec::new() });
        signed.end(Err(slow()));
        assert_eq!(signed.state, Course::Open);
        let mut later = signed.again();
        later.end(Err(slow()));
        assert_eq!(later.state, Course::Open);
    }
}
