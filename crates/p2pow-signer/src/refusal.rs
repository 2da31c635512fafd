//! [`Refusal`]: why a signer did not sign, or does not say whether it did.

use crate::{kind::Kind, lines::VERSION};
use nano_primitives::{Account, Amount, BlockHash};
use p2pow_client::RequestError;
use p2pow_store::StoreError;

/// Why there is no signature.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The line is no question.
    #[error("no question of this protocol: {problem}")]
    Malformed {
        /// What is wrong with it.
        problem: String,
    },
    /// The line is longer than any question.
    #[error("the question is longer than {max} bytes")]
    TooLong {
        /// The longest, in bytes.
        max: usize,
    },
    /// The line did not come to its end.
    #[error("no whole question within {seconds} s")]
    TooSlow {
        /// How long was waited.
        seconds: u64,
    },
    /// Another version of the protocol.
    #[error("version {found} of the protocol, wanted {VERSION}")]
    Version {
        /// The version asked in.
        found: u64,
    },
    /// Another user's process.
    #[error("this signer does not sign for the user with the id {user}")]
    WrongUser {
        /// Whose process it is.
        user: u32,
    },
    /// No key for this account.
    #[error("this signer has no key of {account}")]
    UnknownAccount {
        /// The account.
        account: Account,
    },
    /// What the block does is not proven, or is nothing to be signed.
    #[error(transparent)]
    NotProven(#[from] RequestError),
    /// The policy does not allow what the block does.
    #[error("the policy of this signer does not allow a {kind}")]
    NotAllowed {
        /// What it does.
        kind: Kind,
    },
    /// The destination is not on the list.
    #[error("{destination} is not among the destinations of this signer's policy")]
    Destination {
        /// The destination.
        destination: Account,
    },
    /// The block sends too much.
    #[error("{} XNO in one block is above the {} XNO of this signer's policy", amount.to_xno(), max.to_xno())]
    MaxAmount {
        /// What it sends, in raw.
        amount: Amount,
        /// The most.
        max: Amount,
    },
    /// The limit of 24 hours.
    #[error(
        "with {} XNO more, {} XNO would leave within 24 hours, above the {} XNO of this signer's policy",
        amount.to_xno(), would.to_xno(), max.to_xno()
    )]
    MaxPerDay {
        /// What would leave, in raw.
        amount: Amount,
        /// What would have left in all.
        would: Amount,
        /// The most.
        max: Amount,
    },
    /// The reward is too high.
    #[error("a fee of {} XNO is above the {} XNO that this signer's policy has for the work", fee.to_xno(), max.to_xno())]
    MaxFee {
        /// The fee, in raw.
        fee: Amount,
        /// The most for this job.
        max: Amount,
    },
    /// There are as many rewards on the block as may be.
    #[error("{max} rewards are signed on top of this block, and no more")]
    TooManyRewards {
        /// The most.
        max: usize,
    },
    /// The reward does not stand on a block that this signer signed for the user.
    #[error(
        "the reward stands on {below}, which is no block that this signer has signed for the user"
    )]
    NotOwnBlock {
        /// What it stands on.
        below: BlockHash,
    },
    /// Another block of the user stands on the same previous.
    #[error(
        "block {signed} is signed in this place of the account's chain, and no other one will be"
    )]
    AlreadySigned {
        /// The block that was signed.
        signed: BlockHash,
    },
    /// Nobody has said yes.
    #[error("nobody has approved of it at the signer")]
    NotApproved,
    /// The record could not be read or written. The block may be in it, but no signature has left.
    #[error("what was signed cannot be read or written here")]
    Store(#[from] StoreError),
}

impl Refusal {
    /// A stable word for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "malformed",
            Self::TooLong { .. } => "too_long",
            Self::TooSlow { .. } => "too_slow",
            Self::Version { .. } => "version",
            Self::WrongUser { .. } => "wrong_user",
            Self::UnknownAccount { .. } => "unknown_account",
            Self::NotProven(_) => "not_proven",
            Self::NotAllowed { .. } => "not_allowed",
            Self::Destination { .. } => "destination",
            Self::MaxAmount { .. } => "max_amount",
            Self::MaxPerDay { .. } => "max_per_day",
            Self::MaxFee { .. } => "max_fee",
            Self::TooManyRewards { .. } => "too_many_rewards",
            Self::NotOwnBlock { .. } => "not_own_block",
            Self::AlreadySigned { .. } => "already_signed",
            Self::NotApproved => "not_approved",
            Self::Store(_) => "store",
        }
    }
}

/// Whether an answer with this code leaves no doubt that the block was not signed, and will not be by this question.
pub(crate) fn is_certain(code: &str) -> bool {
    const CERTAIN: [&str; 16] = [
        "malformed",
        "too_long",
        "too_slow",
        "version",
        "wrong_user",
        "unknown_account",
        "not_proven",
        "not_allowed",
        "destination",
        "max_amount",
        "max_per_day",
        "max_fee",
        "too_many_rewards",
        "not_own_block",
        "already_signed",
        "not_approved",
    ];
    CERTAIN.contains(&code)
}
