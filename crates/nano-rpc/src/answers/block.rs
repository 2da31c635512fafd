//! What nodes answer about blocks: [`BlockInfo`], [`BlocksInfo`], and [`ConfirmationInfo`] of a running election.

use super::{account::real, reader::AnswerError};
use crate::lenient::{self, Text};
use nano_block::{SignedBlock, Subtype};
use nano_primitives::{Account, Amount, BlockHash};
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::Value;
use std::collections::BTreeMap;

/// A block of the ledger and its place there.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "BlockInfoWire")]
#[non_exhaustive]
pub struct BlockInfo {
    /// The account whose chain the block is in.
    pub account: Account,
    /// How much the block sent or received; `None` if the node does not know any more.
    pub amount: Option<Amount>,
    /// The account's balance after the block.
    pub balance: Amount,
    /// The block's number in its chain, 1 for the first.
    pub height: u64,
    /// Whether the block is confirmed: only then it is there for good.
    pub confirmed: bool,
    /// What a state block does; `None` for legacy blocks.
    pub subtype: Option<Subtype>,
    /// The next block of the chain, if there is one.
    pub successor: Option<BlockHash>,
    /// The block itself.
    pub contents: SignedBlock,
    /// When the node saw the block, in seconds since 1970.
    pub local_timestamp: Option<u64>,
}

#[derive(Deserialize)]
struct BlockInfoWire {
    #[serde(deserialize_with = "lenient::text")]
    block_account: Account,
    #[serde(default, deserialize_with = "lenient::optional_text")]
    amount: Option<Amount>,
    #[serde(deserialize_with = "lenient::text")]
    balance: Amount,
    #[serde(deserialize_with = "lenient::number")]
    height: u64,
    #[serde(deserialize_with = "lenient::flag")]
    confirmed: bool,
    #[serde(default, deserialize_with = "lenient::known_text")]
    subtype: Option<Subtype>,
    #[serde(default, deserialize_with = "lenient::optional_text")]
    successor: Option<BlockHash>,
    #[serde(deserialize_with = "contents")]
    contents: SignedBlock,
    #[serde(default, deserialize_with = "lenient::optional_number")]
    local_timestamp: Option<u64>,
}

impl From<BlockInfoWire> for BlockInfo {
    fn from(wire: BlockInfoWire) -> Self {
        Self {
            account: wire.block_account,
            amount: wire.amount,
            balance: wire.balance,
            height: wire.height,
            confirmed: wire.confirmed,
            subtype: wire.subtype,
            successor: real(wire.successor),
            contents: wire.contents,
            local_timestamp: wire.local_timestamp,
        }
    }
}

/// A block as an object, or as the text of one, which nodes write where `json_block` was not asked for or not known.
pub(crate) fn contents<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<SignedBlock, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::String(text) => serde_json::from_str(&text).map_err(D::Error::custom),
        value => serde_json::from_value(value).map_err(D::Error::custom),
    }
}

/// [`contents`], or nothing.
pub(crate) fn optional_contents<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<SignedBlock>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(None),
        Value::String(text) if text.is_empty() => Ok(None),
        value => contents(value).map(Some).map_err(D::Error::custom),
    }
}

/// Blocks that were asked for by hash.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[non_exhaustive]
pub struct BlocksInfo {
    /// Those that the node has.
    #[serde(deserialize_with = "lenient::map")]
    pub blocks: BTreeMap<BlockHash, BlockInfo>,
    /// Those that it has not.
    #[serde(default, rename = "blocks_not_found", deserialize_with = "hashes")]
    pub not_found: Vec<BlockHash>,
}

fn hashes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<BlockHash>, D::Error> {
    let hashes: Vec<Text<BlockHash>> = lenient::list(deserializer)?;
    Ok(hashes.into_iter().map(|Text(hash)| hash).collect())
}

#[derive(Deserialize)]
pub(crate) struct HashWire {
    #[serde(deserialize_with = "lenient::text")]
    hash: BlockHash,
}

impl From<HashWire> for BlockHash {
    fn from(wire: HashWire) -> Self {
        wire.hash
    }
}

/// Checks that the node talks about the block that was asked for.
pub(crate) fn same_hash(
    field: &'static str,
    found: BlockHash,
    wanted: &BlockHash,
) -> Result<(), AnswerError> {
    if found == *wanted {
        return Ok(());
    }
    let wanted = format!("a block of hash {wanted}");
    Err(AnswerError::Untrue { field, found: format!("of hash {found}"), wanted })
}

/// A running election.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct ConfirmationInfo {
    /// How often the node has asked for votes.
    #[serde(default, deserialize_with = "lenient::optional_number")]
    pub announcements: Option<u64>,
    /// How many representatives have voted.
    #[serde(default, deserialize_with = "lenient::optional_number")]
    pub voters: Option<u64>,
    /// The block that leads.
    #[serde(deserialize_with = "lenient::text")]
    pub last_winner: BlockHash,
    /// The weight of all votes.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub total_tally: Option<Amount>,
    /// The weight of the votes that are final.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub final_tally: Option<Amount>,
    /// The blocks that compete.
    #[serde(default, deserialize_with = "lenient::map")]
    pub blocks: BTreeMap<BlockHash, Candidate>,
}

/// A block in a running election.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Candidate {
    /// The weight of the votes for it.
    #[serde(deserialize_with = "lenient::text")]
    pub tally: Amount,
    /// The block itself.
    #[serde(default, deserialize_with = "optional_contents")]
    pub contents: Option<SignedBlock>,
}

/// An answer that only says whether something was begun.
#[derive(Deserialize)]
pub(crate) struct StartedWire {
    #[serde(deserialize_with = "lenient::flag")]
    started: bool,
}

impl From<StartedWire> for bool {
    fn from(wire: StartedWire) -> Self {
        wire.started
    }
}
