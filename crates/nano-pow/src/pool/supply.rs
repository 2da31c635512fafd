//! Where the nonces of a search come from.

use crate::NonceRange;

/// Nonces in one piece: more than a processor tries in a week, and still pieces for thousands.
const PIECE: u64 = 1 << 48;
const PIECES: u32 = 1 << 16;

/// Hands out the whole nonce space in pieces, none of them twice.
#[derive(Debug)]
pub(super) struct Supply {
    next: u64,
    pieces: u32,
}

impl Supply {
    /// A supply that starts at random, so that two programs with the same root do not search the
    /// same nonces.
    pub(super) fn new() -> Self {
        let next = getrandom::u64().expect("the system has random numbers");
        Self { next, pieces: PIECES }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.pieces == 0
    }
}

impl Iterator for Supply {
    type Item = NonceRange;

    fn next(&mut self) -> Option<NonceRange> {
        self.pieces = self.pieces.checked_sub(1)?;
        let piece = NonceRange::new(self.next, PIECE);
        self.next = self.next.wrapping_add(PIECE);
        Some(piece)
    }
}

#[cfg(test)]
mod tests {
    use super::{PIECE, Supply};

    #[test]
    fn the_pieces_cover_the_space_once() {
        let supply = Supply::new();
        let first = supply.next;
        let mut count = 0;
        for (index, piece) in (0u64..).zip(supply) {
            assert_eq!(piece.first(), first.wrapping_add(index * PIECE));
            count += u128::from(piece.count());
        }
        assert_eq!(count, 1 << 64);
    }

    #[test]
    fn two_supplies_start_apart() {
        assert_ne!(Supply::new().next, Supply::new().next);
    }
}
