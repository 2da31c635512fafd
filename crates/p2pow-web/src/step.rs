//! [`Step`]: something that happened on the way of a payment, as the page tells it.

use crate::clock::unix_ms;
use nano_primitives::{Amount, BlockHash, excerpt};
use p2pow_client::{Event, Outcome};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// The longest text from elsewhere that is kept, in characters.
const SHOWN: usize = 300;

/// A step, with what is known of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Step {
    /// When, in milliseconds since 1970.
    pub(crate) at_ms: u64,
    /// What, in a word or two.
    pub(crate) kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) address: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hash: Option<BlockHash>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) raw: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) count: Option<usize>,
    /// Words of others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
}

impl Step {
    fn new(kind: &str) -> Self {
        Self { at_ms: unix_ms(), kind: kind.to_owned(), ..Self::default() }
    }

    fn by(self, address: IpAddr) -> Self {
        Self { address: Some(address), ..self }
    }

    fn saying(self, text: &str) -> Self {
        Self { text: Some(excerpt(text, SHOWN)), ..self }
    }

    fn of_block(self, hash: BlockHash) -> Self {
        Self { hash: Some(hash), ..self }
    }

    /// The step of an event; `None` for what is shown in another way, or not at all.
    pub(crate) fn of(event: &Event) -> Option<Self> {
        Some(match event {
            Event::Waiting { holder } => Self::new("waiting").saying(holder),
            Event::Replaced { report } => Self::new("replaced").saying(&report.summary()),
            Event::WorkersFound { registered, asked, .. } => {
                let count = if *registered > 0 { *registered } else { asked.len() };
                Self { count: Some(count), ..Self::new("workers_found") }
            }
            Event::Quoted { address, price, .. } => {
                Self { raw: Some(*price), ..Self::new("quoted").by(*address) }
            }
            Event::Unusable { address, reason } => {
                Self::new("unusable").by(*address).saying(reason)
            }
            Event::NodeSetAside { url, reason } => {
                Self::new("node_set_aside").saying(&format!("{url}: {reason}"))
            }
            Event::StateVerified { balance, frontier } => {
                Self { raw: Some(*balance), hash: *frontier, ..Self::new("state_verified") }
            }
            Event::Signed { users, .. } => {
                let step = Self { count: Some(users.len()), ..Self::new("signed") };
                Self { hash: users.last().copied(), ..step }
            }
            Event::Promised { reward } => {
                let step = Self::new("promised").by(reward.address).of_block(reward.hash);
                Self { raw: Some(reward.price), ..step }
            }
            other => return Self::of_work(other),
        })
    }

    /// Steps from the signatures on.
    fn of_work(event: &Event) -> Option<Self> {
        Some(match event {
            Event::NotHired { address, reason } => {
                Self::new("not_hired").by(*address).saying(reason)
            }
            Event::Hired { address } => Self::new("hired").by(*address),
            Event::Answered { address, outcome } => {
                let step = Self::new(outcome.as_str()).by(*address);
                match outcome {
                    Outcome::Failed(error) | Outcome::Lost(error) => {
                        step.saying(&crate::refusal::chain(error))
                    }
                    _ => step,
                }
            }
            Event::OwnWork { blocks } => Self { count: Some(*blocks), ..Self::new("own_work") },
            Event::OwnWorkFailed { reason } => Self::new("own_work_failed").saying(reason),
            Event::NotSubscribed { reason } => Self::new("not_subscribed").saying(reason),
            Event::NotWritten { reason } => Self::new("not_written").saying(reason),
            Event::UserConfirmed { hash } => Self::new("user_confirmed").of_block(*hash),
            Event::RewardConfirmed { hash, address } => {
                Self::new("reward_confirmed").by(*address).of_block(*hash)
            }
            _ => return None,
        })
    }
}
