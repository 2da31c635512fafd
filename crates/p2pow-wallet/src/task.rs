//! What the store holds of the queue: [`Task`], and the [`Batch`] that it is carried out in.

use crate::{clock, wallets::WalletId};
use nano_primitives::{Account, BlockHash};
use p2pow_client::Order;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The name of a task or a batch. Those that were made later are greater.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskId(String);

/// The system gives no random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system's random source failed")]
pub struct NoRandom;

impl TaskId {
    const CHARS: usize = 12 + 16;

    /// A new one: the time, and 8 random bytes.
    pub(crate) fn generate() -> Result<Self, NoRandom> {
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(|_| NoRandom)?;
        Ok(Self(format!("{:012x}{}", clock::now_ms(), hex::encode(random))))
    }

    /// A text that may be one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let is_one = text.len() == Self::CHARS && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_one.then(|| Self(text.to_ascii_lowercase()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One order of one account, done once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Task {
    pub(crate) id: TaskId,
    /// What whoever ordered it calls it: the same key is the same task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<String>,
    pub(crate) wallet: WalletId,
    pub(crate) account: Account,
    pub(crate) order: Order,
    /// When it was accepted, in milliseconds since 1970.
    pub(crate) accepted_ms: u64,
    /// The batch that it was put into last, where several servers share the queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) batch: Option<TaskId>,
    pub(crate) state: State,
}

/// Why a task is over that the operator has put another payment in the place of.
pub(crate) const WITHDRAWN: &str = "withdrawn: another payment was put in its place on purpose; nothing was sent, and \
     nothing will be";

/// What became of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(crate) enum State {
    /// Not done yet.
    Queued,
    /// The node says that the block is confirmed.
    Confirmed { block: BlockHash, ended_ms: u64 },
    /// Given up: it is certain that nothing was done, and that nothing will be.
    Failed { reason: String, ended_ms: u64 },
    /// The same, and the operator has put another payment in its place on purpose: its key stands for it for ever, so that
    /// nobody makes it again by asking again.
    Withdrawn { ended_ms: u64 },
}

/// What is known of a task that is not over.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    /// What is in its way.
    pub(crate) problem: Option<String>,
    /// The block that is signed for it, and may be confirmed at any time.
    pub(crate) block: Option<BlockHash>,
    /// Another server may carry it out, which knows more.
    pub(crate) is_elsewhere: bool,
}

impl State {
    /// Given up now.
    pub(crate) fn failed(reason: &str) -> Self {
        Self::Failed { reason: reason.to_owned(), ended_ms: clock::now_ms() }
    }

    pub(crate) const fn is_over(&self) -> bool {
        !matches!(self, Self::Queued)
    }
}

impl Task {
    /// Whether it asks for the same as another one.
    pub(crate) fn is_same(&self, wallet: &WalletId, account: &Account, order: &Order) -> bool {
        self.wallet == *wallet && self.account == *account && self.order == *order
    }
}

/// Tasks of one account that become one chain of blocks with one reward. Its name is the sender's key for them: however
/// often they are handed over under it, they are paid once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Batch {
    pub(crate) id: TaskId,
    pub(crate) wallet: WalletId,
    pub(crate) account: Account,
    pub(crate) tasks: Vec<TaskId>,
    pub(crate) orders: Vec<Order>,
}

/// Which task a key stands for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct KeyRecord {
    pub(crate) task: TaskId,
}
