//! [`Verified`]: the state of the sender's account, proven by what the sender itself once signed, on a node that is of
//! the sender's network.
//!
//! A block states a balance, not an amount: whoever makes a sender believe in a wrong balance makes it send the
//! difference away. So the balance is taken from the frontier block, whose hash is computed and whose signature is
//! verified here, and not from the node's word.

use crate::{
    Config,
    config::{Deadlines, deadline},
};
use nano_block::{AccountState, Block, BlockKind, Epoch, Network, SignatureError, SignedBlock};
use nano_primitives::{Account, Amount, BlockHash};
use nano_rpc::{AccountInfo, Client, OtherNetwork, RpcError};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Epoch blocks that may stand on top of each other: one for each epoch after the first.
const MAX_EPOCHS: u32 = 2;
/// Time for a node to tell its thresholds. One that does not is believed to be of the right network.
const NETWORK_TIMEOUT: Duration = Duration::from_secs(4);

/// Why an account's state is not known for sure.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// The node was asked in vain.
    #[error("cannot ask the node for the account's state")]
    Rpc(#[from] RpcError),
    /// The node names a block that it does not have.
    #[error("the node has no block {hash}, though it named it as a block of the account")]
    Missing {
        /// The block.
        hash: BlockHash,
    },
    /// The frontier block is somebody else's.
    #[error("the node gave a block of {found} as frontier of {wanted}")]
    OtherAccount {
        /// Whose block it is.
        found: Account,
        /// Whose it should be.
        wanted: Account,
    },
    /// The frontier block was not signed by the account.
    #[error("the frontier block {hash} was not signed by the account")]
    Signature {
        /// The block.
        hash: BlockHash,
        /// What is wrong with the signature.
        source: SignatureError,
    },
    /// The node's balance is not the one that was signed.
    #[error("the node says that the account has {said} raw, but block {hash} says {signed} raw")]
    Balance {
        /// The block.
        hash: BlockHash,
        /// What the node says.
        said: Amount,
        /// What the block says.
        signed: Amount,
    },
    /// Some legacy blocks hold no balance.
    #[error(
        "block {hash} is a legacy {kind} block, which holds no balance, and the node's word is not taken for it"
    )]
    NoBalance {
        /// The block.
        hash: BlockHash,
        /// Its kind.
        kind: BlockKind,
    },
    /// The frontier stays unconfirmed, so it may yet be rolled back.
    #[error("the account's last block {frontier} is not confirmed yet")]
    Unconfirmed {
        /// The block.
        frontier: BlockHash,
    },
    /// The node is of another network.
    #[error(transparent)]
    OtherNetwork(#[from] OtherNetwork),
}

/// What the next block is built on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Verified {
    pub(crate) state: AccountState,
    /// The account's epoch, on the node's word: no money depends on it. `None` for an unopened account.
    pub(crate) epoch: Option<Epoch>,
}

/// Compares the node's thresholds with those of the sender's network. A node that does not tell them stops nothing.
pub(crate) async fn check_network(node: &Client, wanted: Network) -> Result<(), StateError> {
    let asked = node.with_retries(0).with_timeout(NETWORK_TIMEOUT);
    let told = match asked.active_difficulty().await {
        Ok(told) => told,
        Err(error) => {
            tracing::debug!(%error, "the node's network is not known");
            return Ok(());
        }
    };
    Ok(told.check_network(wanted)?)
}

/// The state of `account`, confirmed and verified.
pub(crate) async fn verified(
    node: &Client,
    account: Account,
    config: &Config,
    deadlines: &Deadlines,
) -> Result<Verified, StateError> {
    let Some(info) = confirmed(node, account, config, deadlines).await? else {
        let representative = config.representative.unwrap_or(account);
        return Ok(Verified {
            state: AccountState::unopened(account, representative),
            epoch: None,
        });
    };
    let proof = prove(node, account, info.frontier).await?;
    let hash = info.frontier;
    let signed = match proof.balance {
        Some(signed) => signed,
        None if config.trust_node_balance => info.balance,
        None => return Err(StateError::NoBalance { hash, kind: proof.kind }),
    };
    if signed != info.balance {
        return Err(StateError::Balance { hash, said: info.balance, signed });
    }
    let representative = proof.representative.unwrap_or(info.representative);
    let state = AccountState { account, frontier: Some(hash), balance: signed, representative };
    Ok(Verified { state, epoch: Epoch::from_number(info.account_version) })
}

/// What the node says of the account, as soon as its frontier is confirmed.
async fn confirmed(
    node: &Client,
    account: Account,
    config: &Config,
    deadlines: &Deadlines,
) -> Result<Option<AccountInfo>, StateError> {
    // A little sooner than all the rest must be over, so that it is told what was waited for.
    let left = deadlines.prepared.saturating_duration_since(Instant::now());
    let deadline = deadline(config.patience.frontier.min(left.mul_f64(0.9)));
    loop {
        let Some(info) = node.account_info(&account).await? else { return Ok(None) };
        // A node that tells nothing of confirmation is from before there was `include_confirmed`.
        let is_silent = info.confirmed_frontier.is_none() && info.confirmed_height.is_none();
        if info.is_confirmed() || is_silent {
            return Ok(Some(info));
        }
        if Instant::now() + config.patience.poll >= deadline {
            return Err(StateError::Unconfirmed { frontier: info.frontier });
        }
        sleep(config.patience.poll).await;
    }
}

/// What a block that the account signed says of its state.
struct Proof {
    kind: BlockKind,
    balance: Option<Amount>,
    representative: Option<Account>,
}

impl Proof {
    fn of(block: &Block) -> Self {
        let (balance, representative) = match block {
            Block::State(block) => (Some(block.balance), Some(block.representative)),
            Block::Send(block) => (Some(block.balance), None),
            _ => (None, None),
        };
        Self { kind: block.kind(), balance, representative }
    }
}

/// Finds the last block that the account signed: the frontier, or what stands below epoch blocks. Those are signed by
/// the network and keep the balance, so the balance is still the account's own word.
async fn prove(node: &Client, account: Account, frontier: BlockHash) -> Result<Proof, StateError> {
    let (mut hash, mut above) = (frontier, None);
    let mut epochs = 0;
    loop {
        let signed = fetch(node, hash).await?;
        let proof = Proof::of(&signed.block);
        keeps_balance(hash, above, proof.balance)?;
        let Err(source) = signed.verify_by(&account.public_key()) else {
            return own(&signed, account, proof);
        };
        match below_epoch(&signed.block) {
            // Opened by the network: the account has signed nothing yet, and has nothing.
            Some((previous, balance)) if previous.is_zero() && balance.is_zero() => {
                return Ok(proof);
            }
            Some((previous, balance)) if epochs < MAX_EPOCHS && !previous.is_zero() => {
                (hash, above, epochs) = (previous, Some(balance), epochs + 1);
            }
            _ => return Err(StateError::Signature { hash, source }),
        }
    }
}

fn keeps_balance(
    hash: BlockHash,
    above: Option<Amount>,
    signed: Option<Amount>,
) -> Result<(), StateError> {
    match (above, signed) {
        (Some(said), Some(signed)) if said != signed => {
            Err(StateError::Balance { hash, said, signed })
        }
        _ => Ok(()),
    }
}

fn own(signed: &SignedBlock, wanted: Account, proof: Proof) -> Result<Proof, StateError> {
    match signed.block {
        Block::State(block) if block.account != wanted => {
            Err(StateError::OtherAccount { found: block.account, wanted })
        }
        _ => Ok(proof),
    }
}

/// The previous block and the balance of an epoch block.
fn below_epoch(block: &Block) -> Option<(BlockHash, Amount)> {
    match block {
        Block::State(block) if Epoch::from_link(&block.link).is_some() => {
            Some((block.previous, block.balance))
        }
        _ => None,
    }
}

/// The block of this hash: the client checks that it hashes to it.
async fn fetch(node: &Client, hash: BlockHash) -> Result<SignedBlock, StateError> {
    let info = node.block_info(&hash).await?.ok_or(StateError::Missing { hash })?;
    Ok(info.contents)
}
