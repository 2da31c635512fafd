//! Blocks, as JSON and on the wire.

use nano_block::{Block, SignedBlock, SignedState};

/// What reads as a block is written and read again as the same block; a state block is one by either way of reading.
pub fn block_json(bytes: &[u8]) {
    if let Ok(signed) = serde_json::from_slice::<SignedBlock>(bytes) {
        let json = serde_json::to_vec(&signed).expect("a block is JSON");
        assert_eq!(serde_json::from_slice::<SignedBlock>(&json).expect("it was written"), signed);
        let state = serde_json::from_slice::<SignedState>(bytes);
        assert_eq!(state.is_ok(), matches!(signed.block, Block::State(_)));
        let unsigned = serde_json::from_slice::<Block>(bytes).expect("it has all that and more");
        assert_eq!(unsigned.hash(), signed.hash());
    }
}

/// What decodes as a block encodes to the same bytes, and survives JSON.
pub fn block_binary(bytes: &[u8]) {
    if let Ok(signed) = SignedBlock::decode(bytes) {
        assert_eq!(signed.encode().expect("it has work"), bytes);
        let json = serde_json::to_vec(&signed).expect("a block is JSON");
        assert_eq!(serde_json::from_slice::<SignedBlock>(&json).expect("it was written"), signed);
        let _ = SignedState::try_from(signed).map(|state| state.verify());
    }
}
