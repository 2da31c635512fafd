//! What the hash of a root needs once, whatever the nonce.

use crate::blake2b::{IV, MESSAGE_BYTES, PARAMETERS};
use nano_primitives::Root;

/// First word of the chained state, with which the digest is finished.
pub(super) const H0: u64 = IV[0] ^ PARAMETERS;

/// The state of Blake2b for a root, just before the nonce comes in.
///
/// The nonce is the first of 16 message words; it enters the first column of round 0 and spreads
/// from there. All that happens beside it until then is done here, once a root. Only words 0 to 4
/// of the message are not zero.
#[derive(Debug, Clone)]
pub struct Midstate {
    /// The 16 words of the state. Columns 1 to 3 of round 0 are done. The first addition is done
    /// for column 0 (the nonce to be added) and for diagonals 1 and 2, diagonal 2 with the rotation
    /// after it.
    pub(super) state: [u64; 16],
    /// The root, message words 1 to 4.
    pub(super) root: [u64; 4],
}

impl Midstate {
    /// Prepares the search of nonces for a root.
    #[must_use]
    pub fn new(root: &Root) -> Self {
        let root = words(root.as_bytes());
        let mut v = initial();
        let [_, m2, m3, m4] = root;
        mix(&mut v, [1, 5, 9, 13], m2, m3);
        mix(&mut v, [2, 6, 10, 14], m4, 0);
        mix(&mut v, [3, 7, 11, 15], 0, 0);
        v[0] = v[0].wrapping_add(v[4]);
        v[1] = v[1].wrapping_add(v[6]);
        v[2] = v[2].wrapping_add(v[7]);
        v[13] = (v[13] ^ v[2]).rotate_right(32);
        Self { state: v, root }
    }
}

/// The state before round 0 of a single last block.
fn initial() -> [u64; 16] {
    let mut v = [0; 16];
    v[..8].copy_from_slice(&IV);
    v[8..].copy_from_slice(&IV);
    v[0] = H0;
    v[12] ^= MESSAGE_BYTES;
    v[14] = !v[14];
    v
}

fn words(bytes: &[u8; 32]) -> [u64; 4] {
    let (chunks, _) = bytes.as_chunks::<8>();
    std::array::from_fn(|index| u64::from_le_bytes(chunks[index]))
}

/// The mixing function G (RFC 7693, section 3.1) on four words of the state.
fn mix(v: &mut [u64; 16], [a, b, c, d]: [usize; 4], x: u64, y: u64) {
    for (word, first, second) in [(x, 32, 24), (y, 16, 63)] {
        v[a] = v[a].wrapping_add(v[b]).wrapping_add(word);
        v[d] = (v[d] ^ v[a]).rotate_right(first);
        v[c] = v[c].wrapping_add(v[d]);
        v[b] = (v[b] ^ v[c]).rotate_right(second);
    }
}
