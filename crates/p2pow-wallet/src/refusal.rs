//! [`Refusal`]: why a call of the wallet RPC is not answered with what it asked for, in the words of a node.
//!
//! Clients compare these texts, so those that a node has are the node's, to the letter (source: nano-node,
//! `nano/lib/errors.cpp` and `json_handler.cpp`). The last few are for what a node does not have.

use crate::{
    task::{TaskId, WITHDRAWN},
    wallets::WalletError,
};
use nano_primitives::BlockHash;
use nano_rpc::RpcError;
use p2pow_store::StoreError;

/// What `{"error": …}` says.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("Unable to parse JSON")]
    Json,
    #[error("Can only POST requests")]
    NotPost,
    #[error("Bad wallet number")]
    BadWallet,
    #[error("Bad account number")]
    BadAccount,
    #[error("Bad source")]
    BadSource,
    #[error("Source not found")]
    NoSource,
    #[error("Bad destination account")]
    BadDestination,
    #[error("Bad representative number")]
    BadRepresentative,
    #[error("Bad private key")]
    BadKey,
    #[error("Bad seed")]
    BadSeed,
    #[error("Bad threshold number")]
    BadThreshold,
    #[error("Bad difficulty")]
    BadDifficulty,
    #[error("Bad multiplier")]
    BadMultiplier,
    #[error("Difficulty above config limit or below publish threshold")]
    DifficultyLimit,
    #[error("Cancelled")]
    NoWork,
    #[error("Invalid amount number")]
    InvalidAmount,
    #[error("Invalid block hash")]
    InvalidHash,
    #[error("Invalid count")]
    InvalidCount,
    #[error("Invalid index")]
    InvalidIndex,
    #[error("Invalid timestamp")]
    InvalidTimestamp,
    #[error("Account not found")]
    AccountNotFound,
    #[error("Block not found")]
    BlockNotFound,
    #[error("Unreceivable")]
    Unreceivable,
    /// Of a wallet: locked, not found, and the like.
    #[error(transparent)]
    Wallet(#[from] WalletError),
    /// The node's own words, or why it has none.
    #[error("{}", node_words(.0))]
    Node(#[from] RpcError),
    /// An `id` that stands for another payment.
    #[error(
        "id {id:?} is that of another payment, which had another wallet, source, destination or amount; nothing was sent"
    )]
    OtherPayment { id: String },
    /// An `id` that cannot be kept.
    #[error("Invalid id: found {found} bytes, wanted 1 to {most}")]
    BadId { found: usize, most: usize },
    #[error(
        "found a key of {found} bytes, wanted 1 to {most}: the header Idempotency-Key or the field key"
    )]
    BadKeyOfPayout { found: usize, most: usize },
    #[error("`after` is no id of a payout")]
    BadCursor,
    /// Given up, and certainly nothing was sent.
    #[error("{reason}")]
    Failed { reason: String },
    /// The operator has put another payment in its place.
    #[error("{WITHDRAWN}: it needs another id to be made all the same")]
    Withdrawn,
    /// Not done yet, and it may be done later.
    #[error("{}", under_way(.task, .block.as_ref(), *.is_elsewhere))]
    UnderWay { task: TaskId, block: Option<BlockHash>, is_elsewhere: bool },
    /// Keys are needed until what is under way is over.
    #[error("payments of this wallet are under way, and need its keys; nothing was changed")]
    Busy,
    /// An action of a node's wallet that is not offered.
    #[error("not_implemented: {action} is not offered here: {reason}")]
    NotImplemented { action: String, reason: &'static str },
    /// An action that is kept from the node behind.
    #[error("{action} is not passed on to the node: {reason}")]
    NotPassedOn { action: String, reason: &'static str },
    #[error("too many requests wait already, the most is {most}; nothing was sent")]
    TooMany { most: usize },
    /// The store failed. What it says names files of this machine alone, no secrets.
    #[error("the wallet's store failed: {0}")]
    Store(#[from] StoreError),
    /// The same while a payment was to be accepted, and it may be accepted.
    #[error(
        "the wallet's store failed ({0}), and the payment may be accepted all the same and may still be done: do not send \
         it again without its id; the same id answers"
    )]
    Unsure(#[source] StoreError),
    #[error("shutting down; nothing was sent")]
    Closing,
}

fn under_way(task: &TaskId, block: Option<&BlockHash>, is_elsewhere: bool) -> String {
    let what = match block {
        Some(hash) => format!(" with block {hash}"),
        None if is_elsewhere => " at another server, which may have signed a block".to_owned(),
        None => String::new(),
    };
    format!(
        "payment {task} is under way{what} and may still be done: do not send it again without its id; the same id \
         answers as soon as it is done"
    )
}

/// A node's refusal is told in its own words, so that clients find what they know.
fn node_words(error: &RpcError) -> String {
    error.node_text().map_or_else(|| format!("the node behind failed: {error}"), str::to_owned)
}
