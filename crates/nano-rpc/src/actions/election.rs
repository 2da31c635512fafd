//! Elections that are running.

use super::{block::optional_contents, found};
use crate::{Client, Request, RpcError, answers, lenient};
use nano_block::{Block, SignedBlock};
use nano_primitives::{Amount, BlockHash, Root};
use serde::Deserialize;
use std::{collections::BTreeMap, fmt};

/// What an election is about: a root and the previous block, 64 bytes in hexadecimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QualifiedRoot {
    /// The block's root.
    pub root: Root,
    /// The previous block; zeros for a first block.
    pub previous: BlockHash,
}

impl From<&Block> for QualifiedRoot {
    fn from(block: &Block) -> Self {
        Self { root: block.root(), previous: block.previous().unwrap_or(BlockHash::ZERO) }
    }
}

impl fmt::Display for QualifiedRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.root, self.previous)
    }
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

impl Client {
    /// The election about a block, while it runs; `None` if none does.
    ///
    /// # Errors
    /// The call failed, or the node answered something else.
    pub async fn confirmation_info(
        &self,
        root: &QualifiedRoot,
    ) -> Result<Option<ConfirmationInfo>, RpcError> {
        let request = Request::new("confirmation_info")
            .set("json_block", true)
            .set("contents", true)
            .set("root", root);
        found(
            self.ask(request, answers::confirmation_info).await,
            &["Active confirmation not found", "Confirmation not found"],
        )
    }
}
