//! Pure readers of a node's answers: bytes in, values out, no I/O.
//!
//! [`Client`](crate::Client) reads everything through these; they are public so that recorded answers can be read,
//! tested and fuzzed without a node. None panics, whatever the bytes.
//!
//! ```
//! let answer = br#"{"balance":"7","pending":"0","receivable":"0"}"#;
//! assert_eq!(nano_rpc::answers::account_balance(answer)?.balance.to_raw(), 7);
//!
//! // Three ways in which nodes say that an account has no blocks yet.
//! let account = "nano_1c54pxrrjtyq6fi6izujs9xr9bewdezg5ogfiin3zfdeuxarr39wffxe711f";
//! for answer in [
//!     r#"{"frontiers":""}"#.to_owned(),
//!     format!(r#"{{"frontiers":{{"{account}":"error: Account not found"}}}}"#),
//!     format!(r#"{{"errors":{{"{account}":"Account not found"}}}}"#),
//! ] {
//!     let frontiers = nano_rpc::answers::accounts_frontiers(answer.as_bytes())?;
//!     assert!(frontiers.values().all(Result::is_err));
//! }
//!
//! let refused = nano_rpc::answers::account_balance(br#"{"error":"Bad account number"}"#).unwrap_err();
//! assert_eq!(refused.to_string(), r#"the node answered "Bad account number""#);
//! # Ok::<_, nano_rpc::AnswerError>(())
//! ```

pub(crate) mod account;
pub(crate) mod block;
pub(crate) mod network;
pub(crate) mod node;
pub(crate) mod reader;
pub(crate) mod receivable;

pub use reader::{AnswerError, body, words};

use account::{Many, PerAccount};
use nano_primitives::{Account, BlockHash, PublicKey, Work};
use reader::read;
use std::{collections::BTreeMap, time::Duration};

macro_rules! answers {
    ($($action:ident: $wire:ty => $answer:ty;)*) => {$(
        #[doc = concat!("Reads an answer to `", stringify!($action), "`.")]
        ///
        /// # Errors
        /// The node refused, or the body is not such an answer.
        pub fn $action(body: &[u8]) -> Result<$answer, AnswerError> {
            read::<$wire>(body).map(<$answer>::from)
        }
    )*};
}

answers! {
    version: node::Version => node::Version;
    uptime: node::UptimeWire => Duration;
    block_count: node::BlockCount => node::BlockCount;
    telemetry: node::Telemetry => node::Telemetry;
    active_difficulty: node::ActiveDifficulty => node::ActiveDifficulty;
    account_info: account::AccountInfo => account::AccountInfo;
    account_balance: account::AccountBalance => account::AccountBalance;
    account_representative: account::RepresentativeWire => Account;
    account_key: account::KeyWire => PublicKey;
    account_get: account::AccountWire => Account;
    accounts_frontiers: Many<BlockHash> => PerAccount<BlockHash>;
    accounts_balances: Many<account::AccountBalance> => PerAccount<account::AccountBalance>;
    account_history: account::History => account::History;
    block_info: block::BlockInfo => block::BlockInfo;
    blocks_info: block::BlocksInfo => block::BlocksInfo;
    block_hash: block::HashWire => BlockHash;
    confirmation_info: block::ConfirmationInfo => block::ConfirmationInfo;
    receivable: receivable::ReceivableWire => Vec<receivable::ReceivableEntry>;
    accounts_receivable:
        receivable::AccountsReceivableWire => BTreeMap<Account, Vec<receivable::ReceivableEntry>>;
    process: block::HashWire => BlockHash;
    process_async: block::StartedWire => bool;
    work_generate: node::WorkWire => Work;
    work_validate: node::WorkVerdict => node::WorkVerdict;
    work_cancel: node::DoneWire => ();
}
