//! The actions of a node, a file per family: what is asked, and the shape of the answer.

pub(crate) mod account;
pub(crate) mod block;
pub(crate) mod election;
pub(crate) mod history;
pub(crate) mod node;
pub(crate) mod process;
pub(crate) mod receivable;
pub(crate) mod work;

use crate::{RpcError, lenient};
use nano_primitives::{Account, BlockHash};
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::Value;
use std::collections::BTreeMap;

/// A value for each account that was asked for, or the node's words why there is none.
pub type PerAccount<T> = BTreeMap<Account, Result<T, String>>;

/// What nodes say of an account without blocks.
pub(crate) const ACCOUNT_NOT_FOUND: &str = "Account not found";
/// What nodes say of a block that they do not have.
pub(crate) const BLOCK_NOT_FOUND: &str = "Block not found";

/// Turns the node's word that there is no such thing into `None`.
pub(crate) fn found<T>(
    result: Result<T, RpcError>,
    missing: &[&str],
) -> Result<Option<T>, RpcError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) => match error.node_text() {
            Some(text) if missing.iter().any(|known| known.eq_ignore_ascii_case(text)) => Ok(None),
            _ => Err(error),
        },
    }
}

/// All zeros stand for "no such block".
pub(crate) fn real(hash: Option<BlockHash>) -> Option<BlockHash> {
    hash.filter(|hash| !hash.is_zero())
}

/// One account's entry in an answer for many: the value, or in its place an error, as a text (V24.0:
/// `"error: Account not found"`) or as an object.
pub(crate) struct Entry<T>(Result<T, String>);

impl<'de, T: FromEntry> Deserialize<'de> for Entry<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        if let Some(text) = crate::answers::error_text(&value) {
            return Ok(Self(Err(text)));
        }
        if let Some(text) = value.as_str().and_then(|text| text.strip_prefix("error:")) {
            return Ok(Self(Err(text.trim().to_owned())));
        }
        T::from_entry(value).map(|value| Self(Ok(value))).map_err(D::Error::custom)
    }
}

/// What may stand for one account in an answer for many.
pub(crate) trait FromEntry: Sized {
    /// Reads the value.
    fn from_entry(value: Value) -> Result<Self, serde_json::Error>;
}

impl FromEntry for BlockHash {
    fn from_entry(value: Value) -> Result<Self, serde_json::Error> {
        lenient::text(value)
    }
}

/// An answer for many accounts: values, and errors, which newer nodes write apart. Where nobody has a value newer
/// nodes leave out the values; an answer with neither is no answer.
#[derive(Deserialize)]
#[serde(try_from = "ManyWire<T>", bound = "T: FromEntry")]
pub(crate) struct Many<T>(PerAccount<T>);

#[derive(Deserialize)]
#[serde(bound = "T: FromEntry")]
struct ManyWire<T> {
    #[serde(alias = "frontiers", alias = "balances")]
    values: Option<lenient::Map<Account, Entry<T>>>,
    errors: Option<lenient::Map<Account, lenient::Text<String>>>,
}

impl<T> TryFrom<ManyWire<T>> for Many<T> {
    type Error = &'static str;

    fn try_from(wire: ManyWire<T>) -> Result<Self, &'static str> {
        if wire.values.is_none() && wire.errors.is_none() {
            return Err("found neither values nor errors of accounts, wanted at least one of them");
        }
        let values = wire.values.unwrap_or_default().0;
        let errors = wire.errors.unwrap_or_default().0;
        let errors = errors.into_iter().map(|(account, lenient::Text(text))| (account, Err(text)));
        let values = values.into_iter().map(|(account, Entry(entry))| (account, entry));
        Ok(Self(errors.chain(values).collect()))
    }
}

impl<T> From<Many<T>> for PerAccount<T> {
    fn from(many: Many<T>) -> Self {
        many.0
    }
}
