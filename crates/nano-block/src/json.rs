//! JSON in the node's spelling.
//!
//! Every value is a string; the balance of a state block is decimal, that of a legacy send 32 hexadecimal digits. A
//! state block is written with `link` and `link_as_account`; either is enough to read one, an account may stand in
//! `link`, and where both are there `link` counts, as in a node. Unknown keys are ignored.

mod fields;

use crate::{Block, BlockKind, Signed, SignedBlock, SignedState, StateBlock};
use fields::Fields;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// What is wrong with a block in JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FieldError {
    /// A field of this kind of block is missing.
    #[error("{kind} block has no `{field}`")]
    Missing {
        /// The kind of block.
        kind: BlockKind,
        /// The field wanted.
        field: &'static str,
    },
    /// The field `type` is missing, or names no kind of block.
    #[error("`type` of the block: {problem}")]
    Kind {
        /// What is wrong with it.
        problem: String,
    },
    /// A legacy block where a state block is wanted.
    #[error("block has `type` {found}, wanted state")]
    NotState {
        /// The kind found.
        found: BlockKind,
    },
    /// A field is not of its form.
    #[error("`{field}` of the {kind} block: {problem}")]
    Malformed {
        /// The kind of block.
        kind: BlockKind,
        /// The field.
        field: &'static str,
        /// What was found and what was wanted.
        problem: String,
    },
}

impl Serialize for Block {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Fields::from(*self).serialize(serializer)
    }
}

impl Serialize for StateBlock {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Block::State(*self).serialize(serializer)
    }
}

impl<B: Copy + Into<Block>> Serialize for Signed<B> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Fields::signed(self.block.into(), self.signature, self.work).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Block {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Fields::deserialize(deserializer)?.to_block().map_err(D::Error::custom)
    }
}

impl<'de> Deserialize<'de> for StateBlock {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Fields::deserialize(deserializer)?.to_state().map_err(D::Error::custom)
    }
}

impl<'de> Deserialize<'de> for SignedBlock {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = Fields::deserialize(deserializer)?;
        let block = fields.to_block().map_err(D::Error::custom)?;
        fields.with_signature(block, block.kind()).map_err(D::Error::custom)
    }
}

impl<'de> Deserialize<'de> for SignedState {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = Fields::deserialize(deserializer)?;
        let block = fields.to_state().map_err(D::Error::custom)?;
        fields.with_signature(block, BlockKind::State).map_err(D::Error::custom)
    }
}
