//! Putting blocks on the ledger without work: the genesis account's epochs, funded and opened
//! accounts, and whatever else a network should start with. All of it is confirmed at once.

use crate::{
    ledger::{Genesis, Ledger, ProcessError},
    node::Node,
};
use nano_block::{AccountState, BuildError, Epoch, SecretKey, SignedBlock, StateBlock};
use nano_primitives::{Account, Amount, BlockHash};
use std::sync::Arc;

/// Why the ledger cannot be seeded so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SeedError {
    /// The block cannot be built, as when the genesis account has too little left.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The ledger refuses the block.
    #[error("the ledger refuses the block: {0}")]
    Refused(#[from] ProcessError),
}

impl Node {
    /// Sends from the genesis account.
    pub(crate) fn fund(
        self: &Arc<Self>,
        account: Account,
        amount: Amount,
    ) -> Result<BlockHash, SeedError> {
        let key = self.settings.genesis.key();
        self.seed(|ledger| {
            let state = state_of(ledger, key.account(), key.account());
            Ok(state.send(account, amount)?.sign(key).into())
        })
    }

    /// Receives a send.
    pub(crate) fn receive(
        self: &Arc<Self>,
        key: &SecretKey,
        send: BlockHash,
    ) -> Result<BlockHash, SeedError> {
        let representative = self.settings.genesis.account();
        self.seed(|ledger| {
            let account = key.account();
            let entry =
                ledger.receivable_entry(&account, &send).ok_or(ProcessError::Unreceivable)?;
            let state = state_of(ledger, account, representative);
            Ok(state.receive(send, entry.amount)?.sign(key).into())
        })
    }

    /// Lifts the genesis account to epoch 2, as every real network did long ago.
    pub(crate) fn upgrade_genesis(self: &Arc<Self>) -> Result<(), ProcessError> {
        for epoch in [Epoch::Epoch1, Epoch::Epoch2] {
            self.seed(|ledger| {
                Ok::<_, ProcessError>(epoch_block(ledger, &self.settings.genesis, epoch))
            })?;
        }
        Ok(())
    }
}

fn epoch_block(ledger: &Ledger, genesis: &Genesis, epoch: Epoch) -> SignedBlock {
    let state = state_of(ledger, genesis.account(), genesis.account());
    let block = StateBlock {
        account: state.account,
        previous: state.frontier.unwrap_or(BlockHash::ZERO),
        representative: state.representative,
        balance: state.balance,
        link: epoch.link().expect("epochs 1 and 2 have a link"),
    };
    block.sign(genesis.key()).into()
}

/// What the account's next block is built from.
fn state_of(ledger: &Ledger, account: Account, representative: Account) -> AccountState {
    match ledger.account(&account) {
        None => AccountState::unopened(account, representative),
        Some(info) => AccountState {
            account,
            frontier: Some(info.frontier),
            balance: info.balance,
            representative: info.representative,
        },
    }
}
