//! Brings the journal up to date with the ledger: what became of every block that was signed and not decided.

use crate::{
    BoxFuture, DealReport, SendError, Sender,
    config::deadline,
    fate::{Ledger, Milestone},
    journal::{Book, DealRecord},
};
use nano_primitives::Account;
use tokio::time::Instant;

impl Sender {
    /// Looks up what became of the account's payments that were not decided, and answers each of them as it is now.
    ///
    /// # Errors
    /// The journal failed. A node that does not answer leaves the fates as they were known.
    pub async fn refresh(&self, account: Account) -> Result<Vec<DealReport>, SendError> {
        self.bring_up_to_date(account, deadline(self.config.patience.deal)).await
    }

    /// What the journal holds, of one account or of all, the oldest first. The node is not asked.
    ///
    /// # Errors
    /// The journal failed.
    pub async fn deals(&self, account: Option<Account>) -> Result<Vec<DealReport>, SendError> {
        let deals = self.journal.deals(account).await?;
        Ok(deals.iter().map(|deal| deal.read(DealReport::of)).collect())
    }

    pub(crate) fn bring_up_to_date(
        &self,
        account: Account,
        until: Instant,
    ) -> BoxFuture<'_, Result<Vec<DealReport>, SendError>> {
        Box::pin(self.look_all(account, until))
    }

    async fn look_all(
        &self,
        account: Account,
        until: Instant,
    ) -> Result<Vec<DealReport>, SendError> {
        let mut reports = Vec::new();
        for deal in self.journal.open_deals(account).await? {
            self.look(&deal, (Milestone::Signed, 0), until).await?;
            reports.push(deal.read(DealReport::of));
        }
        Ok(reports)
    }

    /// Looks up every block of the deal, and writes what is new. `known` was seen before, of the job that ends before
    /// this place.
    pub(crate) async fn look(
        &self,
        deal: &Book<DealRecord>,
        known: (Milestone, usize),
        until: Instant,
    ) -> Result<(), SendError> {
        if !deal.read(|deal| deal.is_over) {
            let chain = deal.read(DealRecord::chain);
            let found = Ledger { node: &self.node, chain: &chain }.find(until).await;
            let learn = |deal: &mut DealRecord| {
                deal.learn(&found);
                deal.remember(known);
            };
            return Ok(self.journal.conclude(deal, learn).await?);
        }
        Ok(self.journal.mark(deal, false).await?)
    }
}
