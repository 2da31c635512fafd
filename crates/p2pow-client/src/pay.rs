//! The way into a payment: the account's turn, the journal brought up to date, and which payment is meant.

use crate::{
    BoxFuture, Event, OrderKey, Payment, Receipt, SendError, Sender, Signer, StateError,
    config::{Deadlines, deadline},
    journal::{Book, OrderRecord},
    order::digest,
    walk::Walk,
};
use nano_primitives::{Account, BlockHash};

impl Sender {
    /// Carries out a payment; goes on with it if it was begun before. Payments of one account wait for each other, in the
    /// order in which they were asked for, as long as [`Patience::deal`](crate::Patience::deal); dropping the future gives
    /// its place back.
    ///
    /// # Errors
    /// See [`SendError`]: whether anything of the payment is signed depends on the kind.
    pub async fn carry_out(
        &self,
        signer: &dyn Signer,
        payment: Payment<'_>,
    ) -> Result<Receipt, SendError> {
        self.carry_out_boxed(signer, payment).await
    }

    /// The same behind a pointer: without it every crate that pays would have all of a payment compiled into itself.
    fn carry_out_boxed<'a>(
        &'a self,
        signer: &'a dyn Signer,
        payment: Payment<'a>,
    ) -> BoxFuture<'a, Result<Receipt, SendError>> {
        Box::pin(self.in_turn(signer, payment))
    }

    async fn in_turn(
        &self,
        signer: &dyn Signer,
        payment: Payment<'_>,
    ) -> Result<Receipt, SendError> {
        let account = signer.account();
        let tell = |holder: &str| {
            self.events.tell(|| Event::Waiting { holder: holder.to_owned() });
        };
        let until = deadline(self.config.patience.deal);
        let _turn = self.journal.turn(account, until, tell).await?;
        // Waiting for others is not the payment's own time.
        let deadlines = Deadlines::start(self.config.patience.deal);
        self.journal.enter(account).await?;
        // Where its key is known the order is read meanwhile.
        let named = async {
            match payment.key {
                Some(key) => self.journal.order(account, key).await.map_err(SendError::from),
                None => Ok(None),
            }
        };
        let earlier = self.bring_up_to_date(account, deadlines.prepared);
        let (earlier, named) = futures_util::future::try_join(earlier, named).await?;
        for report in earlier {
            self.events.tell(|| Event::Earlier { report });
        }
        let digest = digest(payment.orders);
        let key = self.key(account, &digest, &payment).await?;
        let order = match payment.key {
            Some(_) => named,
            None => self.journal.order(account, &key).await?,
        };
        if order.as_ref().is_some_and(|order| order.read(|order| order.digest != digest)) {
            return Err(SendError::KeyReused { key });
        }
        let walk = Walk::new(self, signer, payment, (key, digest)).resume(order).await?;
        let receipt = walk.run(deadlines).await?;
        // Before the turn is given back: or equal orders that wait for it would be taken for this payment.
        if payment.is_told {
            self.acknowledge(account, &receipt.key).await?;
        }
        Ok(receipt)
    }

    /// Notes that whoever ordered it knows that the payment is done: equal orders without a key are another payment from
    /// here on.
    ///
    /// # Errors
    /// The journal failed.
    pub async fn acknowledge(&self, account: Account, key: &OrderKey) -> Result<(), SendError> {
        if let Some(order) = self.journal.order(account, key).await? {
            order.note(|order| order.is_told = true).await?;
        }
        Ok(())
    }

    /// Which payment is meant.
    async fn key(
        &self,
        account: Account,
        digest: &str,
        payment: &Payment<'_>,
    ) -> Result<OrderKey, SendError> {
        if let Some(key) = payment.key {
            return Ok(key.clone());
        }
        let number = self.journal.last(account, digest).await?;
        if number > 0 {
            let key = OrderKey::implicit(digest, number);
            let is_same = match self.journal.order(account, &key).await? {
                None => true,
                Some(_) if payment.is_another => false,
                Some(order) => self.is_same(&order, payment.is_cautious).await?,
            };
            if is_same {
                return Ok(key);
            }
        }
        self.journal.set_last(account, digest, number + 1).await?;
        Ok(OrderKey::implicit(digest, number + 1))
    }

    /// Whether equal orders mean the payment that was made with them before.
    async fn is_same(
        &self,
        order: &Book<OrderRecord>,
        is_cautious: bool,
    ) -> Result<bool, SendError> {
        let order = order.read(Clone::clone);
        let mut own = Vec::new();
        let mut is_open = false;
        for part in &order.parts {
            let Some(deal) = self.journal.deal(&part.deal).await? else { continue };
            deal.read(|deal| {
                own.extend(deal.rewards.iter().map(|reward| reward.block.hash()));
                own.extend(deal.users.last().map(|user| user.block.hash()));
                is_open |= deal.users.iter().any(|user| user.fate.is_open());
            });
        }
        if order.is_withdrawn {
            return Ok(is_open);
        }
        if !order.is_told || !is_cautious {
            return Ok(!order.is_told);
        }
        match self.frontier(order.account).await {
            Ok(frontier) => Ok(own.contains(&frontier)),
            Err(error) => Err(SendError::PerhapsMade(Box::new(error))),
        }
    }

    async fn frontier(&self, account: Account) -> Result<BlockHash, StateError> {
        let info = self.node.account_info(&account).await?;
        Ok(info.map_or(BlockHash::ZERO, |info| info.frontier))
    }
}
