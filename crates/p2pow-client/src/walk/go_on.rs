//! Going on with a deal that is signed and not decided: the same user blocks, more workers.

use super::{Stop, Walk, begin::Crew};
use crate::{
    Cause, Fate, SendError,
    config::{Deadlines, deadline},
    contract::{Pen, SignError, sign},
    fate::Milestone,
    journal::{Book, DealRecord},
    proof::Verified,
    signing_request::state_after,
};
use nano_block::{SignedBlock, SignedState};
use nano_primitives::BlockHash;
use nano_rpc::Refusal;
use std::ops::Range;
use tokio::time::{Instant, sleep, timeout_at};

impl Walk<'_> {
    /// Publishes what has work already, waits for what is on the ledger, and hires for the rest.
    pub(super) async fn go_on(&mut self, place: usize, deadlines: Deadlines) -> Result<(), Stop> {
        let deal = &self.deals[place];
        self.sender.journal.list(deal).await?;
        self.sender.journal.secure(deal).await?;
        let until = deadlines.prepared;
        if self.publish(deal, until).await || self.is_on_ledger(deal) {
            self.wait(deal, until).await?;
            if !self.is_hirable(deal) {
                return self.outcome(deal);
            }
        }
        let Some((places, crew, before)) =
            self.sender.in_time(until, self.candidates(deal, &deadlines)).await?
        else {
            // The account has moved on meanwhile: perhaps by this very deal.
            self.sender.look(deal, (Milestone::Signed, 0), until).await?;
            return self.outcome(deal);
        };
        let asked = Instant::now();
        let last = deal.read(|deal| deal.users[places.end - 1].block.hash());
        self.sender.hold_fee(last, &crew.first).await?;
        let pen = Pen { signer: self.signer, before: Some(&before) };
        let signed = sign(pen, deal, crew.first, places.clone()).await;
        let contracts = signed.map_err(SignError::plain)?;
        self.hire(place, places, (contracts, crew.rest), deadlines.later(asked.elapsed())).await
    }

    /// Whether its next block waits for somebody to work on it.
    fn is_hirable(&self, deal: &Book<DealRecord>) -> bool {
        let next = deal.read(|deal| deal.users.get(deal.confirmed()).map(|user| user.fate));
        next.is_some_and(|fate| matches!(fate, Fate::Possible | Fate::Unsigned | Fate::Unknown))
    }

    fn is_on_ledger(&self, deal: &Book<DealRecord>) -> bool {
        deal.read(|deal| deal.users.iter().any(|user| user.fate == Fate::OnLedger))
    }

    /// Gives the node the blocks whose work is known: a process may have died with them in its hands. Whether there were
    /// any.
    async fn publish(&self, deal: &Book<DealRecord>, until: Instant) -> bool {
        let blocks = deal.read(with_work);
        let any = !blocks.is_empty();
        for block in blocks {
            let block = SignedBlock::from(block);
            match timeout_at(until, self.sender.node.process(&block, None)).await {
                Ok(Ok(_)) => {}
                Ok(Err(error)) if error.refusal() == Some(Refusal::OldBlock) => {}
                _ => break,
            }
        }
        any
    }

    /// Until nothing of the deal is on the ledger unconfirmed, or patience is over.
    async fn wait(&self, deal: &Book<DealRecord>, until: Instant) -> Result<(), SendError> {
        let patience = &self.sender.config.patience;
        let end = deadline(patience.frontier).min(until);
        loop {
            self.sender.look(deal, (Milestone::Signed, 0), until).await?;
            let is_paying =
                deal.read(|deal| deal.rewards.iter().any(|reward| reward.fate == Fate::OnLedger));
            let is_settled = !self.is_on_ledger(deal) && !is_paying;
            if is_settled || Instant::now() + patience.poll >= end {
                return Ok(());
            }
            sleep(patience.poll).await;
        }
    }

    /// What is to be said of a deal that nobody is hired for.
    fn outcome(&self, deal: &Book<DealRecord>) -> Result<(), Stop> {
        if self.is_on_ledger(deal) {
            let after = self.sender.config.patience.frontier;
            return Err(Stop::Cause(Cause::TimedOut { after, last: None }));
        }
        match deal.read(|deal| deal.rival) {
            Some(by) if !self.is_own(by) => Err(Stop::Cause(Cause::Superseded { by })),
            _ => Ok(()),
        }
    }

    /// The places of the blocks that workers can be asked for now, whom to ask, and the account below them; nothing if the blocks do not stand on
    /// the account's frontier.
    async fn candidates(
        &self,
        deal: &Book<DealRecord>,
        deadlines: &Deadlines,
    ) -> Result<Option<(Range<usize>, Crew, Verified)>, SendError> {
        let (before, listings) = self.known(deadlines).await?;
        let (stands_on, start, subtypes) =
            deal.read(|deal| (deal.stands_on(), deal.confirmed(), deal.subtypes()));
        if before.state.frontier.unwrap_or(BlockHash::ZERO) != stands_on {
            return Ok(None);
        }
        let rest = subtypes.len() - start;
        let size = listings.largest_job(self.sender.config.max_fee).min(rest);
        let places = start..start + size;
        let after = deal.read(|deal| state_after(&deal.users[places.end - 1].block));
        let crew = self.choose(listings, &subtypes[places.clone()], &after).await?;
        Ok(Some((places, crew, before)))
    }
}

/// The blocks that could be published: user blocks from the first that is not confirmed on, as long as their work is
/// known, and then a reward on top of them.
fn with_work(deal: &DealRecord) -> Vec<SignedState> {
    let start = deal.confirmed();
    let users = deal.users[start..].iter().filter_map(|user| user.signed());
    let mut blocks: Vec<SignedState> = users.take_while(|user| user.work.is_some()).collect();
    let end = start + blocks.len();
    let mut rewards = deal.rewards.iter().filter(|reward| reward.on + 1 == end);
    let reward = rewards.find(|reward| reward.block.work.is_some()).map(|reward| reward.block);
    if !blocks.is_empty() {
        blocks.extend(reward);
    }
    blocks
}
