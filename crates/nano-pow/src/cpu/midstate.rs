//! What the hash of a root needs once, whatever the nonce.

use crate::blake2b::{INITIAL, MIXES, SCHEDULE, root_words};
use nano_primitives::Root;

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
        let root = root_words(root);
        let mut v = INITIAL;
        for column in 1..4 {
            let [x, y] = [0, 1].map(|half| word(&root, SCHEDULE[0][2 * column + half]));
            mix(&mut v, MIXES[column], x, y);
        }
        v[0] = v[0].wrapping_add(v[4]);
        v[1] = v[1].wrapping_add(v[6]);
        v[2] = v[2].wrapping_add(v[7]);
        v[13] = (v[13] ^ v[2]).rotate_right(32);
        Self { state: v, root }
    }
}

/// A word of the message, but for the nonce.
fn word(root: &[u64; 4], index: usize) -> u64 {
    let place = index.checked_sub(1).and_then(|place| root.get(place));
    place.copied().unwrap_or(0)
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
