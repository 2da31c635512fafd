//! The block that a ledger starts with.

use super::{Change, change::Effect};
use nano_block::{Block, Epoch, OpenBlock, SecretKey, SignedBlock, Subtype};
use nano_primitives::{Account, Amount, BlockHash, Work};

/// The private key of the dev network's genesis account, public in the sources of nano_node.
const DEV_KEY: [u8; 32] = [
    0x34, 0xf0, 0xa3, 0x7a, 0xad, 0x20, 0xf4, 0xa2, 0x60, 0xf0, 0xa5, 0xb3, 0xcb, 0x3d, 0x7f, 0xb5,
    0x06, 0x73, 0x21, 0x22, 0x63, 0xe5, 0x8a, 0x38, 0x0b, 0xc1, 0x04, 0x74, 0xbb, 0x03, 0x9c, 0xe4,
];
/// The work of the dev network's genesis block, as every node has it.
const DEV_WORK: Work = Work::from_u64(0x7b42_a00e_e91d_5810);

/// A genesis block and the key of the account that it opens with the whole supply.
#[derive(Debug, Clone)]
pub struct Genesis {
    key: SecretKey,
    block: SignedBlock,
}

impl Genesis {
    /// The genesis of Nano's dev network. Everybody knows its key; its money is worth nothing.
    #[must_use]
    pub fn dev() -> Self {
        let key = SecretKey::from_bytes(DEV_KEY);
        let account = key.account();
        let source = BlockHash::from_bytes(*account.as_bytes());
        let open = Block::Open(OpenBlock { source, representative: account, account });
        let block = open.sign(&key).with_work(DEV_WORK);
        Self { key, block }
    }

    /// The key of the genesis account, which also signs epochs.
    #[must_use]
    pub fn key(&self) -> &SecretKey {
        &self.key
    }

    /// The account with the whole supply.
    #[must_use]
    pub fn account(&self) -> Account {
        self.key.account()
    }

    /// The block.
    #[must_use]
    pub fn block(&self) -> &SignedBlock {
        &self.block
    }

    /// The block's hash.
    #[must_use]
    pub fn hash(&self) -> BlockHash {
        self.block.hash()
    }

    pub(super) fn to_change(&self) -> Change {
        Change {
            signed: self.block,
            account: self.account(),
            before: None,
            subtype: Subtype::Open,
            amount: Amount::MAX,
            balance: Amount::MAX,
            representative: Some(self.account()),
            epoch: Epoch::Epoch0,
            effect: Effect::None,
        }
    }
}
