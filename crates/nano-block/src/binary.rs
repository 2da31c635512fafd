//! The binary wire form: a type byte, the hashed fields, the signature, the work.
//!
//! Source: nano-node, `nano/lib/blocks.cpp`. Balances are big endian. The work of a state block is big endian, that of
//! a legacy block little endian.

use crate::{
    Block, BlockKind, ChangeBlock, OpenBlock, ReceiveBlock, SendBlock, SignedBlock, StateBlock,
};
use alloc::vec::Vec;
use nano_primitives::{Account, Amount, BlockHash, Link, PublicKey, Signature, Work};

/// Why a block cannot be written in binary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The wire form has no way to say that work is missing.
    #[error("block {hash} has no work yet, and its binary form needs one")]
    NoWork {
        /// The block.
        hash: BlockHash,
    },
}

/// Why bytes are no block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// There is not even a type byte.
    #[error("no bytes, wanted a block")]
    Empty,
    /// The type byte names no kind of block.
    #[error("block type {found} is unknown, wanted 2 (send) to 6 (state)")]
    Kind {
        /// The byte found.
        found: u8,
    },
    /// The number of bytes does not fit the kind.
    #[error("{kind} block is {found} bytes long with its type byte, wanted {wanted}")]
    Length {
        /// The kind that the first byte names.
        kind: BlockKind,
        /// Bytes found.
        found: usize,
        /// Bytes wanted.
        wanted: usize,
    },
}

/// Bytes of a signature and of work.
const TAIL: usize = 64 + 8;

/// The length in binary, with the type byte.
const fn length(kind: BlockKind) -> usize {
    let fields = match kind {
        BlockKind::Send => 32 + 32 + 16,
        BlockKind::Receive | BlockKind::Change => 32 + 32,
        BlockKind::Open => 32 * 3,
        BlockKind::State => 32 * 4 + 16,
    };
    1 + fields + TAIL
}

impl SignedBlock {
    /// The binary wire form: the type byte (2 to 6), the fields, 64 bytes of signature, 8 bytes of work.
    ///
    /// # Errors
    /// The block has no work.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        let work = self.work.ok_or_else(|| EncodeError::NoWork { hash: self.hash() })?.to_u64();
        let kind = self.block.kind();
        let mut bytes = Vec::with_capacity(length(kind));
        bytes.push(kind.to_byte());
        push_fields(&mut bytes, &self.block);
        bytes.extend(self.signature.as_bytes());
        bytes.extend(match kind {
            BlockKind::State => work.to_be_bytes(),
            _ => work.to_le_bytes(),
        });
        Ok(bytes)
    }

    /// Reads the binary wire form, which must fill `bytes` exactly.
    ///
    /// # Errors
    /// The type byte is unknown or the length does not fit it.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let (&byte, rest) = bytes.split_first().ok_or(DecodeError::Empty)?;
        let kind = BlockKind::from_byte(byte).ok_or(DecodeError::Kind { found: byte })?;
        let (found, wanted) = (bytes.len(), length(kind));
        if found != wanted {
            return Err(DecodeError::Length { kind, found, wanted });
        }
        let mut reader = Reader(rest);
        let block = reader.fields(kind);
        let signature = Signature::from_bytes(reader.take());
        let work = match kind {
            BlockKind::State => u64::from_be_bytes(reader.take()),
            _ => u64::from_le_bytes(reader.take()),
        };
        Ok(Self { block, signature, work: Some(Work::from_u64(work)) })
    }
}

fn push_fields(bytes: &mut Vec<u8>, block: &Block) {
    let mut push = |part: &[u8]| bytes.extend_from_slice(part);
    match block {
        Block::Send(send) => {
            push(send.previous.as_bytes());
            push(send.destination.as_bytes());
            push(&send.balance.to_raw().to_be_bytes());
        }
        Block::Receive(receive) => {
            push(receive.previous.as_bytes());
            push(receive.source.as_bytes());
        }
        Block::Open(open) => {
            push(open.source.as_bytes());
            push(open.representative.as_bytes());
            push(open.account.as_bytes());
        }
        Block::Change(change) => {
            push(change.previous.as_bytes());
            push(change.representative.as_bytes());
        }
        Block::State(state) => {
            push(state.account.as_bytes());
            push(state.previous.as_bytes());
            push(state.representative.as_bytes());
            push(&state.balance.to_raw().to_be_bytes());
            push(state.link.as_bytes());
        }
    }
}

/// Takes fields from the front of bytes whose length was checked.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let (head, tail) = self.0.split_first_chunk().expect("the length was checked");
        self.0 = tail;
        *head
    }

    fn hash(&mut self) -> BlockHash {
        BlockHash::from_bytes(self.take())
    }

    fn account(&mut self) -> Account {
        Account::new(PublicKey::from_bytes(self.take()))
    }

    fn balance(&mut self) -> Amount {
        Amount::from_raw(u128::from_be_bytes(self.take()))
    }

    // Fields are read in the order in which the expressions stand.
    fn fields(&mut self, kind: BlockKind) -> Block {
        match kind {
            BlockKind::Send => Block::Send(SendBlock {
                previous: self.hash(),
                destination: self.account(),
                balance: self.balance(),
            }),
            BlockKind::Receive => {
                Block::Receive(ReceiveBlock { previous: self.hash(), source: self.hash() })
            }
            BlockKind::Open => Block::Open(OpenBlock {
                source: self.hash(),
                representative: self.account(),
                account: self.account(),
            }),
            BlockKind::Change => {
                Block::Change(ChangeBlock { previous: self.hash(), representative: self.account() })
            }
            BlockKind::State => Block::State(StateBlock {
                account: self.account(),
                previous: self.hash(),
                representative: self.account(),
                balance: self.balance(),
                link: Link::from_bytes(self.take()),
            }),
        }
    }
}
