//! [`Ending`]: how a job ends, and what its clients are told of it. [`Loss`]: how a race is lost.

use super::phase::Phase;
use p2pow_protocol::{Answer, Refusal};

/// What a job's clients are told.
pub(crate) type Reply = Result<Answer, Refusal>;

/// How a job ends that is not to be watched any more.
#[derive(Debug)]
pub(super) struct Ending {
    pub(super) phase: Phase,
    /// What the clients are told that have not been answered yet.
    pub(super) reply: Option<Reply>,
    /// How the race was lost, if it was.
    pub(super) loss: Option<Loss>,
}

/// How a race was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loss {
    /// The user blocks are on the ledger: a rival was faster.
    Rival,
    /// The account's owner has signed another block in their place.
    Fork,
}

impl Ending {
    pub(super) const fn lost(loss: Loss) -> Self {
        let reply = Some(Err(Refusal::UserWorkFailed));
        Self { phase: Phase::Lost, reply, loss: Some(loss) }
    }

    pub(super) const fn failed(refusal: Refusal) -> Self {
        Self { phase: Phase::Failed, reply: Some(Err(refusal)), loss: None }
    }

    /// An end that the clients are not told of.
    pub(super) const fn silent(phase: Phase) -> Self {
        Self { phase, reply: None, loss: None }
    }
}
