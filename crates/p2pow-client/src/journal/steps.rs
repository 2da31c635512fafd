//! The steps of a deal that take several records: its reservation and its end. They are written in an order that is right
//! at every point between, and in one step where the store can.

use super::{
    Book, DealRecord, Journal, OrderRecord, Owner, ReserveError, book::Proposal, open::Entering,
    under,
};
use p2pow_store::{Entry, Revision, StoreError};

/// How an order's record comes to name a deal.
pub(crate) enum Claim<'a> {
    /// There is none yet.
    New(OrderRecord),
    /// It names others already.
    More(Proposal<'a, OrderRecord>),
}

/// What was made.
pub(crate) struct Reserved {
    /// The order's record, if it is new.
    pub(crate) order: Option<Book<OrderRecord>>,
    pub(crate) deal: Book<DealRecord>,
}

impl Journal {
    /// Has the order's record name the deal, and makes the deal's, which reserves the root of its first block, so that
    /// it may be signed.
    pub(crate) async fn reserve(
        &self,
        claim: Claim<'_>,
        owner: Owner,
        mut deal: DealRecord,
    ) -> Result<Reserved, ReserveError> {
        if let Some(taken) = owner.deal {
            return Err(ReserveError::Taken(Box::new(taken.read(Clone::clone))));
        }
        let (orders, deals, open) = (&self.buckets.orders, &self.buckets.deals, &self.buckets.open);
        let (account, key) = (deal.account, owner.free);
        self.term.sign_in(&key, &mut deal)?;
        let name = |order: &OrderRecord| under(account, &order.key.hashed());
        let claiming = match &claim {
            Claim::New(order) => orders.noting(&name(order), order, None)?,
            Claim::More(proposal) => proposal.note()?,
        };
        let listing = Entering { deal: &key, is_open: true, term: self.term };
        let guess = open.guess(account, listing)?;
        let mut notes = vec![claiming, deals.noting(&key, &deal, None)?];
        notes.extend(guess.as_ref().map(|guess| guess.note.clone()));
        let mut answers = self.buckets.store.note_all(notes).await.into_iter();
        let claimed = answer(answers.next()).map_err(|error| match error.is_conflict() {
            true => ReserveError::Contested,
            false => error.into(),
        })?;
        let order = match claim {
            Claim::New(order) => {
                let entry = Entry { key: name(&order), revision: claimed, value: order };
                Some(self.book(orders, entry))
            }
            Claim::More(proposal) => {
                proposal.accept(claimed);
                None
            }
        };
        let made = match answer(answers.next()) {
            Err(error) if error.is_conflict() => return Err(self.taken(&key, error).await),
            made => made?,
        };
        let deal = self.book(deals, Entry { key: key.clone(), revision: made, value: deal });
        match (guess, answers.next()) {
            (Some(guess), Some(Ok(listed))) => open.accept(guess, listed),
            (_, Some(Err(error))) if !error.is_conflict() => return Err(error.into()),
            _ => match open.mark(account, listing).await {
                Err(error @ StoreError::Superseded { .. }) => {
                    // It is not on the list, so it is not signed here. Where it stays, whoever has the account goes on with it.
                    let _ = deal.remove().await;
                    return Err(error.into());
                }
                listed => listed?,
            },
        }
        Ok(Reserved { order, deal })
    }

    /// Has a deal on the list that may have been made by somebody who died before it was there: before any more of it is
    /// signed by who holds the account.
    pub(crate) async fn list(&self, deal: &Book<DealRecord>) -> Result<(), StoreError> {
        if self.term.is_none() {
            return Ok(());
        }
        self.mark(deal, true).await
    }

    /// Puts the deal on the list of those that are not over, or takes it off.
    pub(crate) async fn mark(
        &self,
        deal: &Book<DealRecord>,
        is_open: bool,
    ) -> Result<(), StoreError> {
        let change = Entering { deal: deal.key(), is_open, term: self.term };
        self.buckets.open.mark(deal.read(|deal| deal.account), change).await
    }

    /// Somebody else has made the deal.
    async fn taken(&self, key: &str, conflict: StoreError) -> ReserveError {
        match self.deal(key).await {
            Ok(Some(taken)) => ReserveError::Taken(Box::new(taken.read(Clone::clone))),
            Ok(None) => conflict.into(),
            Err(error) => error.into(),
        }
    }

    /// Notes what became of the deal's blocks, and takes the deal off the list of those that are not over if it is.
    pub(crate) async fn conclude(
        &self,
        deal: &Book<DealRecord>,
        learn: impl Fn(&mut DealRecord),
    ) -> Result<(), StoreError> {
        if self.conclude_at_once(deal, &learn).await? {
            return Ok(());
        }
        deal.note(learn).await?;
        if deal.read(|deal| deal.is_over) { self.mark(deal, false).await } else { Ok(()) }
    }

    /// Both by one step, where all is as it was known; whether it was.
    async fn conclude_at_once(
        &self,
        deal: &Book<DealRecord>,
        learn: impl Fn(&mut DealRecord),
    ) -> Result<bool, StoreError> {
        let proposal = deal.propose(learn).await?;
        let account = proposal.wanted().account;
        if !proposal.wanted().is_over {
            return Ok(false);
        }
        let open = &self.buckets.open;
        let over = Entering { deal: deal.key(), is_open: false, term: self.term };
        let Some(guess) = open.guess(account, over)? else { return Ok(false) };
        let notes = vec![proposal.note()?, guess.note.clone()];
        let mut answers = self.buckets.store.note_all(notes).await.into_iter();
        match answer(answers.next()) {
            Err(error) if error.is_conflict() => return Ok(false),
            written => proposal.accept(written?),
        }
        match answers.next() {
            Some(Ok(listed)) => open.accept(guess, listed),
            _ => open.mark(account, over).await?,
        }
        Ok(true)
    }
}

/// An answer that must be there.
fn answer(answer: Option<Result<Revision, StoreError>>) -> Result<Revision, StoreError> {
    answer.unwrap_or(Err(StoreError::Closed))
}
