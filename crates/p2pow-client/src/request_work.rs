//! [`Delivery`]: what a hired worker answers to a request for work, checked.
//!
//! A worker's answer is its own word. Work that it names is checked here; whether its blocks are on the ledger is for
//! the sender's own node to say.

use crate::{
    Config,
    contract::{Contract, Job},
    http::{Ask, HttpError, ask},
};
use nano_block::{Epoch, SignedState, Subtype, Thresholds};
use nano_primitives::{BlockHash, Difficulty, Work};
use p2pow_protocol::{Answer, AnswerError, Done, WorkRequest};
use std::net::SocketAddr;

/// Bytes of an answer: a hash and a work for each block, and room to spare.
const BYTES_PER_BLOCK: usize = 1024;

/// Why a hired worker did not deliver.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkError {
    /// No answer, or none that is acceptable.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// A refusal, or nothing a worker should say.
    #[error(transparent)]
    Answer(#[from] AnswerError),
    /// Not as many blocks as were asked for.
    #[error("the answer has {found} user blocks, wanted {wanted}")]
    Count {
        /// User blocks in the answer.
        found: usize,
        /// User blocks in the job.
        wanted: usize,
    },
    /// Another block than the one asked for.
    #[error("the answer names block {found}, wanted {wanted}")]
    OtherBlock {
        /// The hash in the answer.
        found: BlockHash,
        /// The hash asked for.
        wanted: BlockHash,
    },
    /// Work that is not enough.
    #[error("work {work} of block {hash} has value {value}, wanted at least {threshold}")]
    BadWork {
        /// The block.
        hash: BlockHash,
        /// The work in the answer.
        work: Work,
        /// What it is worth.
        value: Difficulty,
        /// What it had to be worth.
        threshold: Difficulty,
    },
}

impl WorkError {
    /// Whether this is what workers answer when another one was quicker: 500 when the blocks are on the ledger already,
    /// 409 when they are about to be. Both have other reasons too.
    pub(crate) const fn may_be_a_lost_race(&self) -> bool {
        matches!(self, Self::Answer(AnswerError::Refused { status: 409 | 500, .. }))
    }
}

/// The blocks of a job with work that was checked.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    pub(crate) users: Vec<SignedState>,
    pub(crate) reward: Option<SignedState>,
}

/// Asks one worker for the work of its job. `heard` is given the status and the body of its reply before it is read.
/// Dropping the future hangs up.
pub(crate) async fn ask_one(
    job: &Job,
    contract: &Contract,
    config: &Config,
    heard: impl FnOnce(u16, &[u8]),
) -> Result<Delivery, WorkError> {
    let question = Ask {
        path: "/request_work".into(),
        body: Some(contract.request.to_json().into()),
        connect_timeout: config.patience.connect,
        // Not the limit: the deal ends before, and hangs up.
        timeout: config.patience.deal.saturating_mul(2),
        max_bytes: BYTES_PER_BLOCK * (job.users.len() + 2),
    };
    let reply = ask(SocketAddr::new(contract.address(), config.port), &question).await?;
    heard(reply.status, &reply.body);
    let answer = Answer::read(reply.status, &reply.body)?;
    let bar = Bar { thresholds: config.network.thresholds(), epoch: job.epoch };
    bar.check(&contract.request, &job.subtypes, &answer)
}

/// The work that is wanted.
struct Bar {
    thresholds: Thresholds,
    epoch: Option<Epoch>,
}

impl Bar {
    /// Puts the answer's works into the blocks that were asked for.
    fn check(
        &self,
        request: &WorkRequest,
        subtypes: &[Subtype],
        answer: &Answer,
    ) -> Result<Delivery, WorkError> {
        let (found, wanted) = (answer.users.len(), request.users().len());
        if found != wanted {
            return Err(WorkError::Count { found, wanted });
        }
        let users = request.users().iter().zip(subtypes).zip(&answer.users);
        let users = users
            .map(|((block, &subtype), done)| self.with_work(block, subtype, done))
            .collect::<Result<Vec<_>, _>>()?;
        let reward = answer
            .reward
            .map(|done| self.with_work(request.reward(), Subtype::Send, &done))
            .transpose()?;
        Ok(Delivery { users, reward })
    }

    fn with_work(
        &self,
        block: &SignedState,
        subtype: Subtype,
        done: &Done,
    ) -> Result<SignedState, WorkError> {
        let (hash, work) = (block.hash(), done.work);
        if done.hash != hash {
            return Err(WorkError::OtherBlock { found: done.hash, wanted: hash });
        }
        let (value, threshold) =
            (work.value(&block.root()), self.thresholds.least_for(subtype, self.epoch));
        if value < threshold {
            return Err(WorkError::BadWork { hash, work, value, threshold });
        }
        Ok(block.with_work(work))
    }
}
