//! [`Verified`]: the state of an account as one node tells it, proven by what the account itself once signed.
//!
//! A block states a balance, not an amount: whoever makes a sender believe in a wrong balance makes it send the
//! difference away. So the balance is taken from the frontier block, whose hash is computed and whose signature is
//! verified here, and not from the node's word.

use crate::Config;
use nano_block::{AccountState, Block, BlockKind, Epoch, SignatureError, SignedBlock, StateBlock};
use nano_primitives::{Account, Amount, BlockHash};
use nano_rpc::{AccountInfo, Client, OtherNetwork, RpcError};

/// Epoch blocks that may stand on top of each other: one for each epoch after the first.
const MAX_EPOCHS: u32 = 2;

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
    #[error(
        "the node says that the account has {} XNO, but block {hash} says {} XNO",
        .said.to_xno(), .signed.to_xno()
    )]
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
    /// Nodes that are right by themselves do not go together.
    #[error(
        "the nodes do not agree on the account's last block: {said}; wait until they do, or leave one out"
    )]
    Disagreement {
        /// Which node says what.
        said: String,
    },
    /// The node is of another network.
    #[error(transparent)]
    OtherNetwork(#[from] OtherNetwork),
}

/// What the next block is built on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Verified {
    pub(crate) state: AccountState,
    /// The frontier block, which proves the state to whoever has the hash alone. `None` for an unopened account, and for
    /// a legacy block, which holds less.
    pub(crate) frontier: Option<StateBlock>,
    /// The account's epoch, on the node's word: no money depends on it. `None` for an unopened account.
    pub(crate) epoch: Option<Epoch>,
}

impl Verified {
    /// An account without a block.
    fn unopened(account: Account, config: &Config) -> Self {
        let representative = config.representative.unwrap_or(account);
        let state = AccountState::unopened(account, representative);
        Self { state, frontier: None, epoch: None }
    }
}

/// What the node's word about an account comes to, held against the account's own signature.
pub(crate) async fn verify(
    node: &Client,
    account: Account,
    info: Option<&AccountInfo>,
    config: &Config,
) -> Result<Verified, StateError> {
    let Some(info) = info else { return Ok(Verified::unopened(account, config)) };
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
    Ok(Verified { state, frontier: proof.top, epoch: info.account_version })
}

/// What a block that the account signed says of its state.
struct Proof {
    kind: BlockKind,
    balance: Option<Amount>,
    representative: Option<Account>,
    /// The frontier block, if it is a state block.
    top: Option<StateBlock>,
}

impl Proof {
    fn of(block: &Block) -> Self {
        let (balance, representative) = match block {
            Block::State(block) => (Some(block.balance), Some(block.representative)),
            Block::Send(block) => (Some(block.balance), None),
            _ => (None, None),
        };
        Self { kind: block.kind(), balance, representative, top: None }
    }
}

/// Finds the last block that the account signed: the frontier, or what stands below epoch blocks. Those are signed by
/// the network and keep the balance, so the balance is still the account's own word.
async fn prove(node: &Client, account: Account, frontier: BlockHash) -> Result<Proof, StateError> {
    let (mut hash, mut above) = (frontier, None);
    let (mut epochs, mut top) = (0, None);
    loop {
        let signed = fetch(node, hash).await?;
        let proof =
            Proof { top: *top.get_or_insert(state(&signed.block)), ..Proof::of(&signed.block) };
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

const fn state(block: &Block) -> Option<StateBlock> {
    match block {
        Block::State(block) => Some(*block),
        _ => None,
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
