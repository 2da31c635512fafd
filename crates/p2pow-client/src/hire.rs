//! Hiring: every chosen worker is asked to do the work, and what it answers is checked.
//!
//! A worker's answer is its own word. Work that it names is checked here; whether its blocks are on the ledger is for
//! the sender's own node to say.

use crate::{
    Config, Hire,
    deal::{Contract, Deal},
    http::{Ask, HttpError, ask},
};
use futures_util::stream::FuturesUnordered;
use nano_block::{Epoch, SignedState, Subtype, Thresholds};
use nano_primitives::{BlockHash, Difficulty, Work};
use p2pow_protocol::{Answer, AnswerError, Done, WorkRequest};
use std::net::SocketAddr;

/// Bytes of an answer: a hash and a work for each block, and room to spare.
const BYTES_PER_BLOCK: usize = 1024;

/// Why a hired worker did not deliver.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HireError {
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

/// The blocks of a job with work that was checked.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    pub(crate) users: Vec<SignedState>,
    pub(crate) reward: Option<SignedState>,
}

/// The answer of one contract, by its place in the deal.
pub(crate) type Answered = (usize, Result<Delivery, HireError>);

/// Asks every worker of the deal; answers come as they arrive. Dropping the stream hangs up on those still at work.
pub(crate) fn race<'a>(
    deal: &'a Deal,
    config: &'a Config,
) -> FuturesUnordered<impl Future<Output = Answered> + 'a> {
    let contracts = deal.contracts.iter().enumerate();
    contracts
        .map(|(place, contract)| async move { (place, ask_one(deal, contract, config).await) })
        .collect()
}

async fn ask_one(deal: &Deal, contract: &Contract, config: &Config) -> Result<Delivery, HireError> {
    let Hire { candidate, .. } = contract.hire;
    let question = Ask {
        path: "/request_work",
        body: Some(contract.request.to_json().into()),
        connect_timeout: config.patience.connect,
        // Not the limit: the race ends before, and hangs up.
        timeout: config.patience.deal.saturating_mul(2),
        max_bytes: BYTES_PER_BLOCK * (deal.users.len() + 2),
    };
    let reply = ask(SocketAddr::new(candidate.worker.address, config.port), &question).await?;
    let answer = Answer::read(reply.status, &reply.body)?;
    let bar = Bar { thresholds: config.network.thresholds(), epoch: deal.epoch };
    bar.check(&contract.request, &deal.subtypes, &answer)
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
    ) -> Result<Delivery, HireError> {
        let (found, wanted) = (answer.users.len(), request.users().len());
        if found != wanted {
            return Err(HireError::Count { found, wanted });
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
    ) -> Result<SignedState, HireError> {
        let (hash, work) = (block.hash(), done.work);
        if done.hash != hash {
            return Err(HireError::OtherBlock { found: done.hash, wanted: hash });
        }
        let (value, threshold) = (work.value(&block.root()), self.threshold(subtype));
        if value < threshold {
            return Err(HireError::BadWork { hash, work, value, threshold });
        }
        Ok(block.with_work(work))
    }

    /// The least that a node may take. Where a receive lifts an account from an older epoch the least of both: how
    /// much it must be depends on the send, and the node will say.
    fn threshold(&self, subtype: Subtype) -> Difficulty {
        let newest = self.thresholds.for_state(subtype, Epoch::Epoch2);
        match self.epoch {
            Some(Epoch::Epoch2) | None => newest,
            Some(older) if subtype.is_receive() => {
                newest.min(self.thresholds.for_state(subtype, older))
            }
            Some(older) => self.thresholds.for_state(subtype, older),
        }
    }
}
