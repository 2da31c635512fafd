//! [`StateBlock`], the four legacy kinds from before 2018, and [`Block`], which is any of them: the hashed fields, without
//! signature and work.
//!
//! A state block holds the whole state of its account after it; a legacy block only what it changes.

use crate::{
    Epoch,
    kind::{BlockKind, Subtype},
};
use blake2::{Blake2b, Digest, digest::consts::U32};
use nano_primitives::{Account, Amount, BlockHash, Link, Root};

/// What stands before a state block's fields when it is hashed: the block type 6 as a 256-bit number.
const PREAMBLE: [u8; 32] = {
    let mut bytes = [0; 32];
    bytes[31] = 6;
    bytes
};

/// The hashed fields of a state block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StateBlock {
    /// Whose chain the block is on.
    pub account: Account,
    /// The block before it in the chain; zero for the first block.
    pub previous: BlockHash,
    /// Who votes with the account's weight.
    pub representative: Account,
    /// The balance after the block, in raw.
    pub balance: Amount,
    /// A destination, the hash of a received send, an epoch's marker, or zero.
    pub link: Link,
}

impl StateBlock {
    /// The block's hash: Blake2b-256 of the preamble and the fields (source: nano-docs, "blocks").
    #[must_use]
    pub fn hash(&self) -> BlockHash {
        let hash = Blake2b::<U32>::new()
            .chain_update(PREAMBLE)
            .chain_update(self.account.as_bytes())
            .chain_update(self.previous.as_bytes())
            .chain_update(self.representative.as_bytes())
            .chain_update(self.balance.to_raw().to_be_bytes())
            .chain_update(self.link.as_bytes())
            .finalize();
        BlockHash::from_bytes(hash.into())
    }

    /// What the block's work is bound to.
    #[must_use]
    pub fn root(&self) -> Root {
        if self.is_first() { self.account.into() } else { self.previous.into() }
    }

    /// Whether this is the account's first block.
    #[must_use]
    pub fn is_first(&self) -> bool {
        self.previous.is_zero()
    }

    /// What the block does, given the balance before it (zero for a first block). `None`: a balance that stays with a
    /// link that is neither zero nor an epoch's, which no ledger accepts.
    #[must_use]
    pub fn subtype(&self, balance_before: Amount) -> Option<Subtype> {
        let is_epoch = Epoch::from_link(&self.link).is_some();
        if self.balance == balance_before && is_epoch {
            Some(Subtype::Epoch)
        } else if self.is_first() {
            Some(Subtype::Open)
        } else if self.balance < balance_before {
            Some(Subtype::Send)
        } else if self.balance > balance_before {
            Some(Subtype::Receive)
        } else {
            self.link.is_zero().then_some(Subtype::Change)
        }
    }
}

/// The hashed fields of a legacy send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SendBlock {
    /// The block before it in the chain.
    pub previous: BlockHash,
    /// Who may receive the difference.
    pub destination: Account,
    /// The balance after the block, in raw.
    pub balance: Amount,
}

impl SendBlock {
    /// The block's hash.
    #[must_use]
    pub fn hash(&self) -> BlockHash {
        let balance = self.balance.to_raw().to_be_bytes();
        hash(&[self.previous.as_bytes(), self.destination.as_bytes(), &balance])
    }
}

/// The hashed fields of a legacy receive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReceiveBlock {
    /// The block before it in the chain.
    pub previous: BlockHash,
    /// The send that is received.
    pub source: BlockHash,
}

impl ReceiveBlock {
    /// The block's hash.
    #[must_use]
    pub fn hash(&self) -> BlockHash {
        hash(&[self.previous.as_bytes(), self.source.as_bytes()])
    }
}

/// The hashed fields of a legacy open, an account's first block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OpenBlock {
    /// The send that is received.
    pub source: BlockHash,
    /// Who votes with the account's weight.
    pub representative: Account,
    /// The account that is opened.
    pub account: Account,
}

impl OpenBlock {
    /// The block's hash.
    #[must_use]
    pub fn hash(&self) -> BlockHash {
        hash(&[self.source.as_bytes(), self.representative.as_bytes(), self.account.as_bytes()])
    }
}

/// The hashed fields of a legacy change of representative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChangeBlock {
    /// The block before it in the chain.
    pub previous: BlockHash,
    /// Who votes with the account's weight from now on.
    pub representative: Account,
}

impl ChangeBlock {
    /// The block's hash.
    #[must_use]
    pub fn hash(&self) -> BlockHash {
        hash(&[self.previous.as_bytes(), self.representative.as_bytes()])
    }
}

fn hash(parts: &[&[u8]]) -> BlockHash {
    let mut hasher = Blake2b::<U32>::new();
    for part in parts {
        hasher.update(part);
    }
    BlockHash::from_bytes(hasher.finalize().into())
}

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
}

impl From<StateBlock> for Block {
    fn from(block: StateBlock) -> Self {
        Self::State(block)
    }
}
