//! The first steps of a job: what must be known, the blocks as a draft, and the right to have them signed.

use super::{Stop, Walk};
use crate::{
    AlreadySigned, Cause, DealReport, Event, Fate, JournalError, Listings, Quote, SendError,
    Sender,
    account_state::{self, Inquiry},
    clock::unix_seconds,
    config::Deadlines,
    contract::{Draft, Pen, SignError, reward, sign},
    exclusion::stands_apart,
    journal::{Book, Claim, DealRecord, OrderRecord, Part, ReserveError},
    proof::Verified,
    quotes::MAX_JOB,
    workers::Breadth,
};
use nano_block::{AccountState, Subtype};
use nano_primitives::{Amount, BlockHash};
use p2pow_protocol::fees;
use std::collections::BTreeSet;
use tokio::time::Instant;

/// What was found out before anything is signed.
struct Prepared {
    draft: Draft,
    crew: Crew,
}

/// Who is hired for a job: some at once, and the others, in this order, as they are needed.
pub(super) struct Crew {
    pub(super) first: Vec<Quote>,
    pub(super) rest: Vec<Quote>,
}

impl Walk<'_> {
    /// Makes a deal of the orders from `first` on, as many as a worker takes, and has it worked on.
    pub(super) async fn begin(&mut self, first: usize, deadlines: Deadlines) -> Result<(), Stop> {
        let known = self.sender.in_time(deadlines.prepared, self.known(&deadlines)).await?;
        if self.is_there_after_all(&known.0).await? {
            return Ok(());
        }
        self.check_replaced().await?;
        let Prepared { draft, crew } = self.draft(first, known).await?;
        let deal = self.reserve(first, &draft).await?;
        let last = draft.after.frontier.unwrap_or(BlockHash::ZERO);
        if let Err(error) = self.sender.hold_fee(last, &crew.first).await {
            self.sender.journal.release(deal).await?;
            return Err(error.into());
        }
        let asked = Instant::now();
        let pen = Pen { signer: self.signer, before: Some(&draft.before) };
        let places = 0..deal.read(|deal| deal.users.len());
        let contracts = match sign(pen, &deal, crew.first, places.clone()).await {
            Err(SignError::Deal { error, is_clean: true }) => {
                self.sender.settle_fee(last, Amount::ZERO).await;
                self.sender.journal.release(deal).await?;
                return Err(error.into());
            }
            contracts => contracts?,
        };
        self.deals.push(deal);
        let place = self.deals.len() - 1;
        self.hire(place, places, (contracts, crew.rest), deadlines.later(asked.elapsed())).await
    }

    /// The account's state, and who could be hired.
    pub(super) async fn known(
        &self,
        deadlines: &Deadlines,
    ) -> Result<(Verified, Listings), SendError> {
        let sender = self.sender;
        let account = self.signer.account();
        let Sender { node: nodes, config, events, .. } = sender;
        let inquiry = Inquiry { nodes, config, events, deadlines };
        let state = async { Ok(inquiry.verified(account).await?) };
        let network =
            async { Ok(account_state::check_network(&sender.node, sender.config.network).await?) };
        let asked = sender.ask(&sender.events, Breadth::Payment);
        let (before, (), listings) = futures_util::future::try_join3(state, network, asked).await?;
        let (frontier, balance) = (before.state.frontier, before.state.balance);
        sender.events.tell(|| Event::StateVerified { frontier, balance });
        Ok((before, listings))
    }

    /// Whether one of the blocks that were said to be impossible is below the frontier all the same. It is confirmed then.
    async fn is_there_after_all(&self, before: &Verified) -> Result<bool, Stop> {
        let Some(frontier) = before.state.frontier else { return Ok(false) };
        let mut is_there = false;
        for deal in &self.deals {
            let Some((place, previous, block)) = deal.read(lost) else { continue };
            if !stands_apart(&self.sender.node, frontier, previous, block).await? {
                deal.change(|deal| deal.users[place].fate = Fate::Confirmed).await?;
                is_there = true;
            }
        }
        Ok(is_there)
    }

    /// A payment that was put in the place of another is not made if the other one was confirmed all the same.
    async fn check_replaced(&self) -> Result<(), Stop> {
        for deal in &self.deals {
            let (replaces, rival) = deal.read(|deal| (deal.replaces.clone(), deal.rival));
            let (Some(replaced), Some(by)) = (replaces, rival) else { continue };
            let Some(replaced) = self.sender.journal.deal(&replaced).await? else { continue };
            if replaced.read(|deal| deal.users.iter().any(|user| user.block.hash() == by)) {
                return Err(Stop::Cause(Cause::Superseded { by }));
            }
        }
        Ok(())
    }

    async fn draft(
        &self,
        first: usize,
        (before, listings): (Verified, Listings),
    ) -> Result<Prepared, SendError> {
        let config = &self.sender.config;
        let orders = &self.payment.orders[first..];
        let size = listings.largest_job(config.max_fee).min(MAX_JOB).min(orders.len());
        let draft = Draft::new(before, &orders[..size], first)?;
        let crew = self.choose(listings, &draft.subtypes, &draft.after).await?;
        Ok(Prepared { draft, crew })
    }

    /// Those who are hired, and can be paid by the account as it is after the job. Nobody, if own work is to do it.
    pub(super) async fn choose(
        &self,
        listings: Listings,
        subtypes: &[Subtype],
        after: &AccountState,
    ) -> Result<Crew, SendError> {
        let config = &self.sender.config;
        let mut rest = match self.sender.rank(listings, subtypes).await {
            Ok(ranking) => ranking.quotes,
            Err(_) if config.fallback.is_some() => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        if config.leaves_nothing {
            let most = fees::price(subtypes, config.max_fee).unwrap_or(Amount::MAX);
            let fits = |quote: &&mut Quote| (quote.price..=most).contains(&after.balance);
            rest.iter_mut().filter(fits).for_each(|quote| quote.price = after.balance);
        }
        let first = take_distinct(&mut rest, config.hire);
        for quote in &first {
            reward(after, quote)?;
        }
        rest.retain(|quote| reward(after, quote).is_ok());
        Ok(Crew { first, rest })
    }

    /// Takes the right to the root of the first block, so that every block is on record before the signer is asked.
    ///
    /// That nobody else signs for the same orders on another root rests on two writes, each followed by a look: the
    /// order's record names the deal only if nobody has changed it since it was read, and the deal is kept only if the
    /// order's record is still the same after that, and no deal has appeared that it names. Of two processes at least one
    /// sees the other.
    async fn reserve(&mut self, first: usize, draft: &Draft) -> Result<Book<DealRecord>, Stop> {
        let journal = &self.sender.journal;
        let (account, block) = (self.signer.account(), draft.first());
        let mut owner = journal.owner(account, block.root()).await?;
        if let Some(taken) = owner.deal.take() {
            // The frontier that was proven is the block below.
            if taken.read(|deal| is_decided(deal, block.previous)) {
                let below = block.previous;
                return Err(SendError::OtherLedger { account, below }.into());
            }
            if taken.read(|deal| deal.order == self.key) {
                return Err(busy());
            }
            self.replace(&taken, block.previous).await?;
            owner = journal.owner(account, block.root()).await?;
        }
        let mut record = draft.record(&self.key, first);
        record.replaces = owner.replaced.clone().filter(|_| self.payment.is_replacement);
        let count = record.users.len();
        let part = Part { deal: owner.key().to_owned(), first, count };
        let claim = match &self.order {
            Some(order) => Claim::More(order.propose(|order| order.parts.push(part)).await?),
            None => Claim::New(self.record(part)),
        };
        let reserved =
            journal.reserve(claim, owner, record).await.map_err(|error| match error {
                ReserveError::Taken(deal) => Stop::from(already_signed(&deal)),
                ReserveError::Contested => busy(),
                ReserveError::Store(error) => error.into(),
            })?;
        let deal = reserved.deal;
        self.order = reserved.order.or(self.order.take());
        if self.is_contested(&deal).await? {
            journal.release(deal).await?;
            return Err(busy());
        }
        journal.secure(&deal).await?;
        Ok(deal)
    }

    /// The payment's record, which names the deal that is about to carry it out.
    fn record(&self, part: Part) -> OrderRecord {
        OrderRecord {
            account: self.signer.account(),
            key: self.key.clone(),
            digest: self.digest.clone(),
            orders: self.payment.orders.len(),
            parts: vec![part],
            is_told: false,
            is_withdrawn: false,
            created: unix_seconds(),
        }
    }

    /// Whether somebody else is about to sign for these orders: has changed the order's record, or made a deal that it
    /// names and that was not there when it was read.
    async fn is_contested(&self, deal: &Book<DealRecord>) -> Result<bool, Stop> {
        let Some(order) = &self.order else { return Ok(true) };
        if !order.is_current().await? {
            return Ok(true);
        }
        let known = |key: &str| self.deals.iter().any(|known| known.key() == key);
        for part in order.read(|order| order.parts.clone()) {
            if part.deal == deal.key() || known(&part.deal) {
                continue;
            }
            let other = self.sender.journal.deal(&part.deal).await?;
            if other.is_some_and(|other| other.read(|other| other.order == self.key)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Marks the deal in whose place another one is signed, if that is wanted and makes sense.
    async fn replace(&self, taken: &Book<DealRecord>, previous: BlockHash) -> Result<(), Stop> {
        let is_undecided = taken.read(|deal| {
            let mut users = deal.users.iter();
            let there = users.find(|user| user.block.previous == previous);
            there.is_some_and(|user| user.fate.is_open() || user.fate == Fate::Unsigned)
        });
        let report = taken.read(DealReport::of);
        if !self.payment.is_replacement || !is_undecided {
            return Err(taken.read(already_signed).into());
        }
        taken.change(|deal| deal.is_replaced = true).await?;
        if let Some(order) = self.sender.journal.order(report.account, &report.key).await? {
            order.change(|order| order.is_withdrawn = true).await?;
        }
        self.sender.events.tell(|| Event::Replaced { report });
        Ok(())
    }
}

/// Another process, which has no lock in common with this one, is at work for the same payment.
fn busy() -> Stop {
    let holder = "another process".to_owned();
    Stop::Error(JournalError::Busy { holder }.into())
}

/// Takes the first `count` quotes, each account once: two addresses that are paid on one are one worker.
fn take_distinct(quotes: &mut Vec<Quote>, count: usize) -> Vec<Quote> {
    let mut paid = BTreeSet::new();
    let account = |quote: &Quote| quote.candidate.offer.reward_account;
    let is_first = |quote: &mut Quote| paid.len() < count.max(1) && paid.insert(account(quote));
    quotes.extract_if(.., is_first).collect()
}

fn already_signed(deal: &DealRecord) -> SendError {
    AlreadySigned { deal: Box::new(DealReport::of(deal)) }.into()
}

/// Whether the journal knows of a confirmed block on top of this one: the deal's own, or one in its place.
fn is_decided(deal: &DealRecord, below: BlockHash) -> bool {
    let mut users = deal.users.iter();
    let there = users.find(|user| user.block.previous == below);
    there.is_some_and(|user| matches!(user.fate, Fate::Confirmed | Fate::Impossible))
}

/// The first user block of a deal that can never be confirmed, with its place and its previous.
fn lost(deal: &DealRecord) -> Option<(usize, BlockHash, BlockHash)> {
    let place = deal.users.iter().position(|user| user.fate == Fate::Impossible)?;
    let block = deal.users[place].block;
    Some((place, block.previous, block.hash()))
}
