//! Building the next block of an account from its state.

use crate::StateBlock;
use nano_primitives::{Account, Amount, BlockHash, Link};

/// Why a block cannot be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The account has no block yet, so it can only receive.
    #[error("account {account} has no block yet, so its first block must receive something")]
    Unopened {
        /// The account.
        account: Account,
    },
    /// More is to be sent than there is.
    #[error("account {account} has {} XNO, wanted to send {} XNO", .balance.to_xno(), .amount.to_xno())]
    Insufficient {
        /// The account.
        account: Account,
        /// What it has.
        balance: Amount,
        /// What should have been sent.
        amount: Amount,
    },
    /// A send or receive of nothing, which no ledger accepts.
    #[error("amount is zero, wanted at least 1 raw")]
    Nothing,
    /// The balance would be above the largest amount.
    #[error(
        "balance {} XNO and {} XNO together are above the largest amount", .balance.to_xno(), .amount.to_xno()
    )]
    Overflow {
        /// The balance before.
        balance: Amount,
        /// What should have been received.
        amount: Amount,
    },
    /// The burn account cannot be opened.
    #[error("the burn account cannot be opened")]
    Burn,
}

/// All that the next block of an account depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AccountState {
    /// The account.
    pub account: Account,
    /// Its last block; `None` before its first.
    pub frontier: Option<BlockHash>,
    /// Its balance in raw.
    pub balance: Amount,
    /// Its representative; for an unopened account, the one that it will have.
    pub representative: Account,
}

impl AccountState {
    /// An account without blocks, which will open with `representative`.
    #[must_use]
    pub const fn unopened(account: Account, representative: Account) -> Self {
        Self { account, frontier: None, balance: Amount::ZERO, representative }
    }

    /// Sends `amount` to `destination`.
    ///
    /// # Errors
    /// The account is unopened or has less, or the amount is zero.
    pub fn send(&self, destination: Account, amount: Amount) -> Result<StateBlock, BuildError> {
        let previous = self.opened()?;
        if amount.is_zero() {
            return Err(BuildError::Nothing);
        }
        let (account, balance) = (self.account, self.balance);
        let balance = balance.checked_sub(amount).ok_or(BuildError::Insufficient {
            account,
            balance,
            amount,
        })?;
        Ok(self.block(previous, balance, destination.into()))
    }

    /// Receives the send `source` of `amount`: a receive, or an open if the account is unopened.
    ///
    /// # Errors
    /// The amount is zero, the balance would overflow, or this is the burn account.
    pub fn receive(&self, source: BlockHash, amount: Amount) -> Result<StateBlock, BuildError> {
        if amount.is_zero() {
            return Err(BuildError::Nothing);
        }
        if self.account.is_zero() {
            return Err(BuildError::Burn);
        }
        let balance = self.balance;
        let sum = balance.checked_add(amount).ok_or(BuildError::Overflow { balance, amount })?;
        Ok(self.block(self.frontier.unwrap_or(BlockHash::ZERO), sum, source.into()))
    }

    /// Changes the representative.
    ///
    /// # Errors
    /// The account is unopened.
    pub fn change(&self, representative: Account) -> Result<StateBlock, BuildError> {
        let previous = self.opened()?;
        Ok(Self { representative, ..*self }.block(previous, self.balance, Link::ZERO))
    }

    /// The account's state once `block` is on its chain.
    #[must_use]
    pub fn after(&self, block: &StateBlock) -> Self {
        Self {
            account: block.account,
            frontier: Some(block.hash()),
            balance: block.balance,
            representative: block.representative,
        }
    }

    fn opened(&self) -> Result<BlockHash, BuildError> {
        self.frontier.ok_or(BuildError::Unopened { account: self.account })
    }

    fn block(&self, previous: BlockHash, balance: Amount, link: Link) -> StateBlock {
        let Self { account, representative, .. } = *self;
        StateBlock { account, previous, representative, balance, link }
    }
}
