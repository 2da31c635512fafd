//! [`OwnAccount`]: an account whose key the worker has, to register by or to pocket rewards with.
//!
//! Nothing is signed on a balance that only the node's word stands for: the last block must hash to the frontier and hold
//! the balance. So no lie of a node can turn a receive into a send.

use nano_block::{
    AccountState, BuildError, Epoch, Network, SecretKey, SignedState, StateBlock, Subtype,
};
use nano_pow::{Pool, PoolError, Puzzle};
use nano_primitives::{Account, BlockHash};
use nano_rpc::{Client, Receivable, RpcError};
use p2pow_protocol::Step;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use tracing::info;

const POLL: Duration = Duration::from_millis(250);

/// What an operation on an own account takes.
#[derive(Debug, Clone, Copy)]
pub struct OwnAccount<'a> {
    /// The node that is asked and told.
    pub node: &'a Client,
    /// What finds the works.
    pub pool: &'a Pool,
    /// The account's key.
    pub key: &'a SecretKey,
    /// Whose work thresholds count.
    pub network: Network,
    /// How long to wait for a confirmation.
    pub confirm_within: Duration,
}

/// Why nothing, or nothing more, was done with an own account.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OwnAccountError {
    /// The block cannot be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The node said something about the account that its last block does not bear out.
    #[error("the node's words about account {account} do not fit its last block {frontier}")]
    Inconsistent {
        /// The account.
        account: Account,
        /// The frontier that the node gave.
        frontier: BlockHash,
    },
    /// The last block is of an old kind that holds no balance.
    #[error(
        "the last block {frontier} of account {account} is a legacy one without a balance: wanted a state block on top, by any wallet"
    )]
    NoBalance {
        /// The account.
        account: Account,
        /// The frontier.
        frontier: BlockHash,
    },
    /// The node did not answer or refused a block.
    #[error(transparent)]
    Node(#[from] RpcError),
    /// No work was found.
    #[error("no work was found")]
    Work(#[from] PoolError),
    /// The block is published, but its confirmation did not come.
    #[error("block {block} is published, but was not confirmed within {after:?}: it may still be")]
    Unconfirmed {
        /// The block.
        block: BlockHash,
        /// How long was waited.
        after: Duration,
    },
}

/// Where an own account stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OwnState {
    pub(crate) state: AccountState,
    epoch: Option<Epoch>,
}

impl OwnAccount<'_> {
    /// The account.
    #[must_use]
    pub fn account(&self) -> Account {
        self.key.account()
    }

    /// The account's state; what the node says about it is checked against the account's last block.
    pub(crate) async fn standing(&self) -> Result<OwnState, OwnAccountError> {
        let account = self.account();
        let Some(info) = self.node.account_info(&account).await? else {
            let state = AccountState::unopened(account, account);
            return Ok(OwnState { state, epoch: Some(Epoch::Epoch0) });
        };
        let frontier = info.frontier;
        let inconsistent = || OwnAccountError::Inconsistent { account, frontier };
        let last = self.node.block_info(&frontier).await?.ok_or_else(inconsistent)?;
        let last = SignedState::try_from(last.contents)
            .map_err(|_| OwnAccountError::NoBalance { account, frontier })?;
        let holds = (last.block.account, last.block.balance) == (account, info.balance);
        if !holds || last.hash() != frontier {
            return Err(inconsistent());
        }
        let epoch = info.account_version;
        Ok(OwnState { state: info.state(account), epoch })
    }

    /// Receives a send, and gives the block with the state after it.
    pub(crate) async fn receive(
        &self,
        standing: &OwnState,
        source: &Receivable,
    ) -> Result<(BlockHash, OwnState), OwnAccountError> {
        let block = standing.state.receive(source.hash, source.amount)?;
        let epoch = epoch_after(standing.epoch, source);
        let is_first = standing.state.frontier.is_none();
        let subtype = if is_first { Subtype::Open } else { Subtype::Receive };
        let hash = self.publish(block, subtype, epoch).await?;
        Ok((hash, OwnState { state: standing.state.after(&block), epoch }))
    }

    /// Signs a send, and publishes it.
    pub(crate) async fn send(
        &self,
        standing: &OwnState,
        block: StateBlock,
    ) -> Result<BlockHash, OwnAccountError> {
        self.publish(block, Subtype::Send, standing.epoch).await
    }

    async fn publish(
        &self,
        block: StateBlock,
        subtype: Subtype,
        epoch: Option<Epoch>,
    ) -> Result<BlockHash, OwnAccountError> {
        let step = Step { hash: block.hash(), root: block.root(), subtype, epoch };
        let threshold = step.threshold(&self.network.thresholds());
        let solution = self.pool.submit(Puzzle::new(step.root, threshold)).await?;
        let signed = block.sign(self.key).with_work(solution.work());
        let hash = self.node.process(&signed.into(), Some(subtype)).await?;
        info!(%hash, %subtype, "published");
        Ok(hash)
    }

    /// Waits until the block is confirmed.
    pub(crate) async fn confirmed(&self, block: BlockHash) -> Result<(), OwnAccountError> {
        let after = self.confirm_within;
        let deadline = Instant::now() + after;
        while !self.node.block_info(&block).await?.is_some_and(|info| info.confirmed) {
            if Instant::now() >= deadline {
                return Err(OwnAccountError::Unconfirmed { block, after });
            }
            sleep(POLL).await;
        }
        Ok(())
    }
}

/// The account's epoch after it receives `source`, where that is known.
fn epoch_after(account: Option<Epoch>, source: &Receivable) -> Option<Epoch> {
    let source = source.min_version;
    match (account, source) {
        (Some(Epoch::Epoch2), _) | (_, Some(Epoch::Epoch2)) => Some(Epoch::Epoch2),
        (account, source) => account.zip(source).map(|(account, source)| account.max(source)),
    }
}
