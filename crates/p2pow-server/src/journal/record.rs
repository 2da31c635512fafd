//! The records of the journal: [`OpenJob`], [`EndedJob`], [`FoundWork`].

use super::ownership::Owner;
use crate::job::phase::Phase;
use nano_block::Epoch;
use nano_primitives::{Account, Amount, BlockHash, Work};
use p2pow_protocol::{Plan, Refusal, Step, WorkRequest};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Seconds after which a journal that could not be written may be there again.
const RETRY_AFTER: u64 = 10;

/// A job that is not at its end, with all that it takes to go on with it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct OpenJob {
    /// Whose job it is to bring to its end.
    pub(super) owner: Owner,
    /// When its work was to start, in milliseconds since 1970.
    pub(super) admitted_ms: u64,
    pub(super) phase: Phase,
    /// The request as it came.
    pub(super) request: Value,
    /// What each block does.
    pub(super) steps: Vec<StepRecord>,
    /// How many blocks the account has before the first one. 0 in records that do not say it: then blocks of others end the
    /// job as soon as any block of theirs is confirmed.
    #[serde(default)]
    pub(super) before: u64,
    /// The works in the order of the steps, once all are found.
    pub(super) works: Option<Vec<Work>>,
    /// The hashes tried for them, once they are found.
    #[serde(default)]
    pub(super) hashes: u64,
    /// Its line in the books, once that is decided, in a journal that several share: written here first, where nobody but
    /// the owner can write.
    #[serde(default)]
    pub(super) end: Option<EndedJob>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct StepRecord {
    subtype: String,
    /// The account's epoch after it, where it is known.
    epoch: Option<u8>,
}

/// A job at its end: a line of the worker's books. A reward that is asked for again after that is the same line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct EndedJob {
    /// The reward block's hash, which names the job.
    pub id: BlockHash,
    /// Whose job it was.
    pub account: Account,
    /// How many user blocks it had.
    pub user_blocks: usize,
    /// What the reward block pays.
    pub paid: Amount,
    /// How it ended: confirmed, lost or failed.
    pub outcome: Phase,
    /// The code of the refusal that its clients were told, if they were.
    pub refusal: Option<String>,
    /// When its work was to start, in milliseconds since 1970: the last time, if it was asked for again.
    pub admitted_ms: u64,
    /// When it ended, in milliseconds since 1970.
    pub ended_ms: u64,
    /// The hashes tried for it, each time that it was asked for. What a process tried that died before it had all works
    /// is not known.
    pub hashes: u64,
}

/// A work that was found, until nobody can want it any more.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct FoundWork {
    pub(super) work: Work,
    /// When it was found, in milliseconds since 1970.
    pub(super) found_ms: u64,
}

/// How a job ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct End<'a> {
    pub(crate) outcome: Phase,
    pub(crate) refusal: Option<&'a Refusal>,
    pub(crate) hashes: u64,
}

impl OpenJob {
    pub(super) fn new(
        request: &WorkRequest,
        (plan, before): (&Plan, u64),
        owner: Owner,
        admitted_ms: u64,
    ) -> Self {
        let step = |step: &Step| StepRecord {
            subtype: step.subtype.to_string(),
            epoch: step.epoch.map(Epoch::number),
        };
        let request = serde_json::from_slice(&request.to_json()).unwrap_or_default();
        let steps = plan.steps.iter().map(step).collect();
        let phase = Phase::Solving;
        let (works, end) = (None, None);
        Self { owner, admitted_ms, phase, request, steps, before, works, hashes: 0, end }
    }

    /// The request, if the record is whole.
    pub(super) fn request(&self) -> Option<WorkRequest> {
        let body = self.request.to_string();
        WorkRequest::parse(body.as_bytes(), usize::MAX - 1).ok()
    }

    /// The plan, if the record is whole.
    pub(super) fn plan(&self, request: &WorkRequest) -> Option<Plan> {
        if request.blocks().count() != self.steps.len() {
            return None;
        }
        let steps = request.blocks().zip(&self.steps).map(|(block, step)| {
            let subtype = step.subtype.parse().ok()?;
            let epoch = step.epoch.and_then(Epoch::from_number);
            Some(Step { hash: block.hash(), root: block.root(), subtype, epoch })
        });
        steps.collect::<Option<Vec<_>>>().map(|steps| Plan { steps })
    }

    pub(super) fn ended(&self, request: &WorkRequest, end: End<'_>, ended_ms: u64) -> EndedJob {
        EndedJob {
            id: request.id(),
            account: request.account(),
            user_blocks: request.users().len(),
            paid: request.paid().unwrap_or(Amount::ZERO),
            outcome: end.outcome,
            refusal: end.refusal.map(|refusal| refusal.code().to_owned()),
            admitted_ms: self.admitted_ms,
            ended_ms,
            hashes: end.hashes,
        }
    }
}

impl EndedJob {
    /// The refusal that its clients were told, if they were, as far as its code says. A job that has begun ends by few.
    pub(crate) fn as_refusal(&self) -> Option<Refusal> {
        let code = self.refusal.as_ref()?;
        let node = "the node's words are in the log of the worker that had the job".to_owned();
        let all = [
            Refusal::RewardWorkFailed,
            Refusal::UserBlockRefused { node },
            Refusal::JournalFailed { retry_after: RETRY_AFTER },
            Refusal::Conflict,
        ];
        let named = all.into_iter().find(|refusal| refusal.code() == code);
        Some(named.unwrap_or(Refusal::UserWorkFailed))
    }

    /// Whether this is the end of the same job, and not of an earlier one for the same reward.
    pub(super) const fn is_of(&self, other: &Self) -> bool {
        self.admitted_ms == other.admitted_ms
    }

    /// What the line says once the same reward has been asked for again, and that has ended. A confirmed reward stays
    /// what it is, whatever is said about it later, and is income of the day of its confirmation.
    pub(super) fn again(self, later: Self) -> Self {
        let hashes = self.hashes.saturating_add(later.hashes);
        let admitted_ms = later.admitted_ms;
        let last = if self.outcome == Phase::Confirmed { self } else { later };
        Self { admitted_ms, hashes, ..last }
    }
}
