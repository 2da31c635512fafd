//! [`Walk`]: a payment from its orders to what the ledger says: goes on with what is signed, signs what is not, job by
//! job, until every order's block is confirmed or something stops it.

mod begin;
mod go_on;
mod hire;

use crate::{
    Cause, DealError, Event, Fate, Hired, Item, OrderKey, Paid, Payment, Receipt, Reward,
    SendError, Sender, Signer, Unsettled,
    config::Deadlines,
    journal::{Book, DealRecord, OrderRecord, UserRecord},
    receipt::summary,
};
use std::time::Duration;

/// Steps without a job that came to its end, at most.
const MAX_IDLE_STEPS: usize = 5;

/// A payment on its way.
pub(crate) struct Walk<'a> {
    sender: &'a Sender,
    signer: &'a dyn Signer,
    payment: Payment<'a>,
    key: OrderKey,
    digest: String,
    order: Option<Book<OrderRecord>>,
    deals: Vec<Book<DealRecord>>,
    hired: Vec<Hired>,
    elapsed: Duration,
    has_asked: bool,
}

/// What is to be done next.
enum Next {
    Done,
    /// This deal is signed, or about to be, and not decided.
    GoOn(usize),
    /// The orders from here on have no block that could still be confirmed.
    Begin(usize),
}

/// Why a payment stops before it is done.
enum Stop {
    Error(SendError),
    Cause(Cause),
}

impl<E: Into<SendError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

impl<'a> Walk<'a> {
    pub(crate) fn new(
        sender: &'a Sender,
        signer: &'a dyn Signer,
        payment: Payment<'a>,
        (key, digest): (OrderKey, String),
    ) -> Self {
        let (deals, hired) = (Vec::new(), Vec::new());
        let (elapsed, has_asked) = (Duration::ZERO, false);
        Self { sender, signer, payment, key, digest, order: None, deals, hired, elapsed, has_asked }
    }

    /// Takes over what the journal holds of it.
    pub(crate) async fn resume(
        mut self,
        order: Option<Book<OrderRecord>>,
    ) -> Result<Self, SendError> {
        let parts = order.as_ref().map(|order| order.read(|order| order.parts.clone()));
        for part in parts.unwrap_or_default() {
            let deal = self.sender.journal.deal(&part.deal).await?;
            // The name was written before the deal, which may never have been made, or by somebody else.
            let is_own = |deal: &Book<DealRecord>| deal.read(|deal| deal.order == self.key);
            self.deals.extend(deal.filter(is_own));
        }
        self.order = order;
        Ok(self)
    }

    /// Goes on until the payment is done or something stops it.
    pub(crate) async fn run(mut self, deadlines: Deadlines) -> Result<Receipt, SendError> {
        let stop = self.steps(deadlines).await.err();
        self.conclude(stop)
    }

    async fn steps(&mut self, first: Deadlines) -> Result<(), Stop> {
        let mut deadlines = Some(first);
        let mut idle = 0;
        while idle < MAX_IDLE_STEPS {
            let before = self.confirmed();
            let start = || Deadlines::start(self.sender.config.patience.deal);
            let limits = deadlines.take().unwrap_or_else(start);
            match self.next()? {
                Next::Done => return Ok(()),
                Next::GoOn(place) => self.go_on(place, limits).await?,
                Next::Begin(first) => self.begin(first, limits).await?,
            }
            self.tell_progress();
            idle = if self.confirmed() > before { 0 } else { idle + 1 };
        }
        Err(Stop::Cause(Cause::TimedOut { after: self.elapsed, last: None }))
    }

    /// Tells what became of each order so far.
    fn tell_progress(&self) {
        let progress = || Event::Progress { key: self.key.clone(), items: self.items() };
        self.sender.events.tell(progress);
    }

    fn next(&self) -> Result<Next, SendError> {
        let items = self.items();
        let is_confirmed = |item: &Item| item.fate == Fate::Confirmed;
        let Some(first) = items.iter().position(|item| !is_confirmed(item)) else {
            return if items.is_empty() { Err(DealError::NoOrders.into()) } else { Ok(Next::Done) };
        };
        let is_undecided = |user: &UserRecord| user.fate.is_open() || user.fate == Fate::Unsigned;
        let is_open =
            |deal: &Book<DealRecord>| deal.read(|deal| deal.users.iter().any(is_undecided));
        let place = self.deals.iter().position(is_open);
        let is_replaced =
            place.is_some_and(|place| self.deals[place].read(|deal| deal.is_replaced));
        if is_replaced || self.is_withdrawn() {
            let state = summary(&items).to_string();
            return Err(SendError::Withdrawn { key: self.key.clone(), state });
        }
        Ok(place.map_or(Next::Begin(first), Next::GoOn))
    }

    fn is_withdrawn(&self) -> bool {
        self.order.as_ref().is_some_and(|order| order.read(|order| order.is_withdrawn))
    }

    /// What became of each order: of the blocks that were ever signed for it, the one that is confirmed, or the last.
    fn items(&self) -> Vec<Item> {
        let mut items: Vec<Item> =
            self.payment.orders.iter().copied().map(Item::unsigned).collect();
        for deal in &self.deals {
            deal.read(|deal| {
                for (item, user) in items.iter_mut().skip(deal.first).zip(&deal.users) {
                    if item.fate != Fate::Confirmed {
                        *item = Item::of(user);
                    }
                }
            });
        }
        items
    }

    fn confirmed(&self) -> usize {
        self.items().iter().filter(|item| item.fate == Fate::Confirmed).count()
    }

    fn conclude(self, stop: Option<Stop>) -> Result<Receipt, SendError> {
        let items = self.items();
        let Some(stop) = stop else { return Ok(self.receipt(&items)) };
        let is_signed = |item: &Item| item.fate.is_open() || item.fate == Fate::Confirmed;
        let cause = match stop {
            Stop::Cause(cause) => cause,
            Stop::Error(error) if items.iter().any(is_signed) => Cause::Stopped(Box::new(error)),
            // Whatever went wrong now, the signer may know of a block since before.
            Stop::Error(error) if error.nothing_left() && !items.iter().all(Item::is_void) => {
                return Err(SendError::Begun(Box::new(error)));
            }
            Stop::Error(error) => return Err(error),
        };
        let rewards = self.deals.iter().flat_map(|deal| {
            deal.read(|deal| {
                let rewards = deal.rewards.iter();
                rewards.map(|reward| (Reward::of(reward), reward.fate)).collect::<Vec<_>>()
            })
        });
        let rewards = rewards.collect();
        let Self { key, hired, elapsed, .. } = self;
        Err(Box::new(Unsettled { key, cause, items, rewards, hired, elapsed }).into())
    }

    fn receipt(self, items: &[Item]) -> Receipt {
        let paid = |deal: &Book<DealRecord>| {
            deal.read(|deal| {
                let rewards = deal.rewards.iter();
                let confirmed = rewards.filter(|reward| reward.fate == Fate::Confirmed);
                confirmed.map(Paid::of).collect::<Vec<_>>()
            })
        };
        Receipt {
            users: items.iter().filter_map(|item| item.signed).collect(),
            rewards: self.deals.iter().flat_map(paid).collect(),
            is_earlier: !self.has_asked,
            key: self.key,
            hired: self.hired,
            elapsed: self.elapsed,
        }
    }
}
