//! The kernel for any processor: one nonce at a time.

use super::midstate::Midstate;

/// Words of the processor.
struct Words;

impl Words {
    fn splat(&self, word: u64) -> u64 {
        word
    }

    fn add(&self, a: u64, b: u64) -> u64 {
        a.wrapping_add(b)
    }

    fn xor(&self, a: u64, b: u64) -> u64 {
        a ^ b
    }

    fn rotr32(&self, a: u64) -> u64 {
        a.rotate_right(32)
    }

    fn rotr24(&self, a: u64) -> u64 {
        a.rotate_right(24)
    }

    fn rotr16(&self, a: u64) -> u64 {
        a.rotate_right(16)
    }

    fn rotr63(&self, a: u64) -> u64 {
        a.rotate_right(63)
    }
}

/// The first of `count` nonces from `first` on whose value reaches the threshold.
pub(super) fn search(midstate: &Midstate, threshold: u64, first: u64, count: u64) -> Option<u64> {
    (0..count)
        .map(|offset| first.wrapping_add(offset))
        .find(|nonce| value(midstate, *nonce) >= threshold)
}

/// Not inlined, or the compiler makes vectors of the loop around it: half as fast with SSE2.
#[inline(never)]
fn value(midstate: &Midstate, nonce: u64) -> u64 {
    let words = Words;
    value!(words, midstate, nonce)
}
