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

use crate::{
    actions::{
        Many, PerAccount, account, block, election, history, node, process, receivable, work,
    },
    text::{excerpt, excerpt_bytes},
};
use nano_primitives::{Account, BlockHash, PublicKey, Work};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::{collections::BTreeMap, time::Duration};

/// An answer that is not what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// The node refused.
    #[error("the node answered {text:?}")]
    Node {
        /// The node's words.
        text: String,
    },
    /// The answer is not JSON.
    #[error("found {found:?}, wanted JSON: {reason}")]
    NotJson {
        /// The start of the answer.
        found: String,
        /// Where and why it is not JSON.
        reason: String,
    },
    /// The answer is JSON of another shape.
    #[error("`{path}` of the answer: {reason}")]
    Shape {
        /// The field, by its path from the top; `.` is the top.
        path: String,
        /// What was found and what was wanted.
        reason: String,
    },
    /// The answer is well formed but cannot be true.
    #[error("`{field}` of the answer is {found}, wanted {wanted}")]
    Untrue {
        /// The field.
        field: &'static str,
        /// The value found.
        found: String,
        /// What it had to be.
        wanted: String,
    },
}

/// Reads the body of an answer of HTTP status 200: JSON, unless it is one of the ways to say an error.
///
/// # Errors
/// The body is not JSON, an object with `error`, or a bare string, which RsNano answers where it has nothing yet.
pub fn body(body: &[u8]) -> Result<Value, AnswerError> {
    match serde_json::from_slice(body) {
        Ok(Value::String(text)) => Err(AnswerError::Node { text: excerpt(&text) }),
        Ok(value) => match error_text(&value) {
            Some(text) => Err(AnswerError::Node { text }),
            None => Ok(value),
        },
        Err(error) => Err(AnswerError::NotJson {
            found: excerpt_bytes(body),
            reason: excerpt(&error.to_string()),
        }),
    }
}

/// The node's words in an answer of a 4xx status: JSON with `error`, a bare JSON string, or for 400 and 422, which
/// RsNano uses for what it cannot read, plain text. `None` if it is rather a server in between that speaks.
#[must_use]
pub fn words(status: u16, body: &[u8]) -> Option<String> {
    match self::body(body) {
        Err(AnswerError::Node { text }) => Some(text),
        _ if !matches!(status, 400 | 422) => None,
        Err(AnswerError::NotJson { found, .. }) if !found.is_empty() => Some(found),
        _ => None,
    }
}

/// The text of `{"error": …}`.
pub(crate) fn error_text(value: &Value) -> Option<String> {
    match value.get("error")? {
        Value::Null => None,
        Value::String(text) => Some(excerpt(text)),
        other => Some(excerpt(&other.to_string())),
    }
}

/// Reads a value of the shape of `T`.
pub(crate) fn shape<T: DeserializeOwned>(value: Value) -> Result<T, AnswerError> {
    serde_path_to_error::deserialize(value).map_err(|error| AnswerError::Shape {
        path: excerpt(&error.path().to_string()),
        reason: excerpt(&error.inner().to_string()),
    })
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, AnswerError> {
    shape(body(bytes)?)
}

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
    account_history: history::History => history::History;
    block_info: block::BlockInfo => block::BlockInfo;
    blocks_info: block::BlocksInfo => block::BlocksInfo;
    block_hash: block::HashWire => BlockHash;
    confirmation_info: election::ConfirmationInfo => election::ConfirmationInfo;
    receivable: receivable::ReceivableWire => Vec<receivable::ReceivableEntry>;
    accounts_receivable:
        receivable::AccountsReceivableWire => BTreeMap<Account, Vec<receivable::ReceivableEntry>>;
    process: block::HashWire => BlockHash;
    process_async: process::StartedWire => bool;
    work_generate: work::WorkWire => Work;
    work_validate: work::WorkVerdict => work::WorkVerdict;
    work_cancel: node::DoneWire => ();
}
