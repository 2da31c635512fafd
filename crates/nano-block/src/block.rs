//! Any block, of the five kinds.

use crate::{
    ChangeBlock, OpenBlock, ReceiveBlock, SecretKey, SendBlock, SignedBlock, StateBlock,
    names::read_by_name,
};
use nano_primitives::{Account, BlockHash, Root};

/// The kind of a block, as in the JSON field `type` and the wire's type byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BlockKind {
    /// Legacy send.
    Send,
    /// Legacy receive.
    Receive,
    /// Legacy open.
    Open,
    /// Legacy change of representative.
    Change,
    /// State block.
    State,
}

impl BlockKind {
    const ALL: [Self; 5] = [Self::Send, Self::Receive, Self::Open, Self::Change, Self::State];

    /// The kind's name in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::Receive => "receive",
            Self::Open => "open",
            Self::Change => "change",
            Self::State => "state",
        }
    }

    /// The kind's byte on the wire.
    #[must_use]
    pub const fn to_byte(self) -> u8 {
        match self {
            Self::Send => 2,
            Self::Receive => 3,
            Self::Open => 4,
            Self::Change => 5,
            Self::State => 6,
        }
    }

    /// The kind of a byte on the wire.
    #[must_use]
    pub fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.to_byte() == byte)
    }
}

read_by_name!(BlockKind, UnknownKind, "type of block", "state, send, receive, open or change");

/// The hashed fields of a block of any kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Block {
    /// Legacy send.
    Send(SendBlock),
    /// Legacy receive.
    Receive(ReceiveBlock),
    /// Legacy open.
    Open(OpenBlock),
    /// Legacy change of representative.
    Change(ChangeBlock),
    /// State block.
    State(StateBlock),
}

impl Block {
    /// The kind of the block.
    #[must_use]
    pub const fn kind(&self) -> BlockKind {
        match self {
            Self::Send(_) => BlockKind::Send,
            Self::Receive(_) => BlockKind::Receive,
            Self::Open(_) => BlockKind::Open,
            Self::Change(_) => BlockKind::Change,
            Self::State(_) => BlockKind::State,
        }
    }

    /// The block's hash.
    #[must_use]
    pub fn hash(&self) -> BlockHash {
        match self {
            Self::Send(block) => block.hash(),
            Self::Receive(block) => block.hash(),
            Self::Open(block) => block.hash(),
            Self::Change(block) => block.hash(),
            Self::State(block) => block.hash(),
        }
    }

    /// What the block's work is bound to: the previous block, or the account of a first block.
    #[must_use]
    pub fn root(&self) -> Root {
        match (self, self.previous()) {
            (_, Some(previous)) => previous.into(),
            (Self::Open(block), None) => block.account.into(),
            (Self::State(block), None) => block.account.into(),
            (_, None) => Root::ZERO,
        }
    }

    /// The block before it in the chain; `None` for a first block.
    #[must_use]
    pub fn previous(&self) -> Option<BlockHash> {
        match self {
            Self::Send(block) => Some(block.previous),
            Self::Receive(block) => Some(block.previous),
            Self::Change(block) => Some(block.previous),
            Self::Open(_) => None,
            Self::State(block) => (!block.is_first()).then_some(block.previous),
        }
    }

    /// The account that the block itself names as its own; legacy blocks other than open name none.
    #[must_use]
    pub const fn account(&self) -> Option<Account> {
        match self {
            Self::Open(block) => Some(block.account),
            Self::State(block) => Some(block.account),
            _ => None,
        }
    }

    /// The block with `key`'s signature, without work.
    #[must_use]
    pub fn sign(self, key: &SecretKey) -> SignedBlock {
        let signature = key.sign(&self.hash());
        SignedBlock { block: self, signature, work: None }
    }
}

impl From<StateBlock> for Block {
    fn from(block: StateBlock) -> Self {
        Self::State(block)
    }
}
