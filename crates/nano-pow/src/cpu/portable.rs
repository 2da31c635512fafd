//! The kernel for any processor: one nonce at a time.

use super::midstate::{H0, Midstate};

type Lanes = u64;

#[inline]
fn splat(word: u64) -> Lanes {
    word
}

#[inline]
fn add(a: Lanes, b: Lanes) -> Lanes {
    a.wrapping_add(b)
}

#[inline]
fn xor(a: Lanes, b: Lanes) -> Lanes {
    a ^ b
}

#[inline]
fn rotr32(a: Lanes) -> Lanes {
    a.rotate_right(32)
}

#[inline]
fn rotr24(a: Lanes) -> Lanes {
    a.rotate_right(24)
}

#[inline]
fn rotr16(a: Lanes) -> Lanes {
    a.rotate_right(16)
}

#[inline]
fn rotr63(a: Lanes) -> Lanes {
    a.rotate_right(63)
}

/// The first of `count` nonces from `first` on whose value reaches the threshold.
pub(super) fn search(midstate: &Midstate, threshold: u64, first: u64, count: u64) -> Option<u64> {
    (0..count)
        .map(|offset| first.wrapping_add(offset))
        .find(|nonce| blake2b_value!(midstate, *nonce) ^ H0 >= threshold)
}
