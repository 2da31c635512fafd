//! [`Phase`]: where a job stands. [`Ending`]: how it ends, and what its clients are told of it. [`Loss`]: how a race is
//! lost.

use p2pow_protocol::{Answer, Refusal};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Where a job stands. A job only ever moves forward; the last three phases are ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Phase {
    /// Its form is right; the node is asked whether the ledger agrees.
    Queued,
    /// Its works are searched for, or wait for their turn.
    Solving,
    /// All works are found, and nothing is published.
    Solved,
    /// Its blocks go out.
    Publishing,
    /// The node has taken the blocks.
    Published,
    /// The reward is confirmed: this is income.
    Confirmed,
    /// Somebody else's block stands in the place of the user's block or of the reward.
    Lost,
    /// It was refused, or something broke.
    Failed,
}

impl Phase {
    /// The phase's name, as in logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Solving => "solving",
            Self::Solved => "solved",
            Self::Publishing => "publishing",
            Self::Published => "published",
            Self::Confirmed => "confirmed",
            Self::Lost => "lost",
            Self::Failed => "failed",
        }
    }

    /// Whether nothing follows.
    #[must_use]
    pub const fn is_end(self) -> bool {
        matches!(self, Self::Confirmed | Self::Lost | Self::Failed)
    }

    /// Whether a job can go from here to `next`.
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        match self {
            Self::Queued => matches!(next, Self::Solving | Self::Lost | Self::Failed),
            Self::Solving => matches!(next, Self::Solved | Self::Lost | Self::Failed),
            Self::Solved => matches!(next, Self::Publishing | Self::Failed),
            Self::Publishing => matches!(next, Self::Published | Self::Lost | Self::Failed),
            Self::Published => matches!(next, Self::Confirmed | Self::Lost | Self::Failed),
            Self::Confirmed | Self::Lost | Self::Failed => false,
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

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

#[cfg(test)]
mod tests {
    use super::Phase;

    const ALL: [Phase; 8] = [
        Phase::Queued,
        Phase::Solving,
        Phase::Solved,
        Phase::Publishing,
        Phase::Published,
        Phase::Confirmed,
        Phase::Lost,
        Phase::Failed,
    ];

    #[test]
    fn a_job_only_moves_forward() {
        for phase in ALL {
            for next in ALL {
                assert!(!phase.may_become(next) || phase < next, "{phase} → {next}");
            }
        }
    }

    #[test]
    fn ends_are_where_nothing_follows() {
        for phase in ALL {
            let is_last = ALL.iter().all(|&next| !phase.may_become(next));
            assert_eq!(phase.is_end(), is_last, "{phase}");
            assert!(phase.is_end() || phase.may_become(Phase::Failed), "{phase}");
        }
    }
}
