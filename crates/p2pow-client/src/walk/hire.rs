//! Asking workers for a job, and what the ledger says afterwards.

use super::{Stop, Walk};
use crate::{
    Cause, Event, Fate, Hired, Outcome, Quote, Reward,
    config::{Deadlines, deadline},
    contract::{Contract, Job},
    journal::DealRecord,
    lessons::{self, Task},
    settlement::{Bench, Settled, Settlement},
};
use nano_block::SignedState;
use nano_primitives::{Amount, BlockHash};
use std::{ops::Range, time::Duration};

/// How long a last look at the blocks takes at most.
const LAST_LOOK: Duration = Duration::from_secs(5);

impl Walk<'_> {
    /// Has the user blocks at these places of a deal worked on, and waits for what the ledger says of them.
    pub(super) async fn hire(
        &mut self,
        place: usize,
        places: Range<usize>,
        (contracts, rest): (Vec<Contract>, Vec<Quote>),
        deadlines: Deadlines,
    ) -> Result<(), Stop> {
        let (sender, deal) = (self.sender, &self.deals[place]);
        let job = deal.read(|deal| Job::of(deal, places.clone()));
        sender.events.tell(|| Event::Signed {
            users: job.users.iter().map(SignedState::hash).collect(),
            rewards: contracts.iter().map(Reward::from).collect(),
        });
        self.tell_progress();
        self.has_asked = true;
        let job = &job;
        let (node, config, events) = (&sender.node, &sender.config, &sender.events);
        let bench = Bench { signer: self.signer, market: &sender.market, quotes: rest };
        let settlement =
            Settlement { node, config, events, job, contracts, bench, deal, deadlines };
        let Settled { hired, milestone, elapsed, has_own_work, last_error } =
            settlement.run().await;
        self.elapsed += elapsed;
        sender.forget_offers(&hired);
        let until = deadlines.over.min(deadline(LAST_LOOK));
        sender.look(deal, (milestone, places.end), until).await?;
        let stop = if deal.read(|deal| deal.confirmed() >= places.end) {
            let paid = deal.read(|deal| deal.paid().map(|reward| reward.block.hash()));
            let (network, epoch, subtypes) = (config.network, job.epoch, &job.subtypes);
            let task = Task { network, epoch, subtypes };
            sender
                .learn(if has_own_work && paid.is_none() {
                    lessons::of_own_work(&hired, elapsed)
                } else {
                    lessons::of_done(task, &hired, paid, elapsed)
                })
                .await;
            None
        } else {
            match deal.read(|deal| deal.rival) {
                // The rest follows it.
                Some(by) if self.is_own(by) => None,
                Some(by) => Some(Cause::Superseded { by }),
                None => Some(cause(&hired, elapsed, last_error)),
            }
        };
        if let Some(cause) = &stop {
            sender.learn(lessons::of_undone(&hired, cause, elapsed)).await;
        }
        let spent = deal.read(|deal| spent(deal, job.last()));
        if let Some(paid) = spent {
            sender.settle_fee(job.last(), paid).await;
        }
        self.hired.extend(hired);
        stop.map_or(Ok(()), |cause| Err(Stop::Cause(cause)))
    }

    /// Whether it is a reward block of this payment: one that paid for a part of it, so that the rest follows it.
    pub(super) fn is_own(&self, hash: BlockHash) -> bool {
        self.deals.iter().any(|deal| deal.read(|deal| deal.reward(hash).is_some()))
    }
}

/// What a job has cost for good: `None` as long as a reward on top of its last user block may still be paid.
fn spent(deal: &DealRecord, last: BlockHash) -> Option<Amount> {
    let on_top = || deal.rewards.iter().filter(|reward| reward.block.block.previous == last);
    match on_top().find(|reward| reward.fate == Fate::Confirmed) {
        Some(paid) => Some(paid.price),
        None => on_top().all(|reward| reward.fate == Fate::Impossible).then_some(Amount::ZERO),
    }
}

/// What ended the waiting, if it was not another block of the account.
fn cause(hired: &[Hired], after: Duration, last: Option<nano_rpc::RpcError>) -> Cause {
    let failed = |hired: &Hired| match &hired.outcome {
        Outcome::Failed(error) => {
            Some(format!("{}: {error}", hired.quote.candidate.worker.address))
        }
        _ => None,
    };
    let answers: Vec<String> = hired.iter().filter_map(failed).collect();
    if answers.len() == hired.len() {
        Cause::NobodyDelivered { answers: answers.join("; ") }
    } else {
        Cause::TimedOut { after, last }
    }
}

impl From<&Contract> for Reward {
    fn from(contract: &Contract) -> Self {
        let (address, hash) = (contract.address(), contract.reward());
        Self { address, hash, price: contract.quote.price }
    }
}
