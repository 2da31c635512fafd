//! Where the nonces of a search come from.

use crate::NonceRange;
use nano_primitives::{Root, Work};

/// Nonces in one piece: more than a processor tries in a week, and still pieces for thousands.
const PIECE: u64 = 1 << 48;
const PIECES: u32 = 1 << 16;

/// Hands out the nonce space in pieces, none of them twice before all were handed out.
///
/// Pieces that are given up halfway, as when a job joins or leaves, do not count as searched: after
/// the last one comes the first again.
#[derive(Debug)]
pub(super) struct Supply {
    next: u64,
    searched: u32,
}

impl Supply {
    /// A supply that starts at random, or at a place that follows from a seed and the root.
    pub(super) fn new(root: &Root, seed: Option<u64>) -> Self {
        let random = || getrandom::u64().expect("the system has random numbers");
        let next = seed.map_or_else(random, |seed| Work::from_u64(seed).value(root).to_u64());
        Self { next, searched: 0 }
    }

    /// The next piece.
    pub(super) const fn next(&mut self) -> NonceRange {
        let piece = NonceRange::new(self.next, PIECE);
        self.next = self.next.wrapping_add(PIECE);
        piece
    }

    /// A piece was searched to its end.
    pub(super) const fn finish(&mut self) {
        self.searched = self.searched.saturating_add(1);
    }

    /// Whether there is nothing left to search.
    pub(super) const fn is_exhausted(&self) -> bool {
        self.searched >= PIECES
    }
}

#[cfg(test)]
mod tests {
    use super::{PIECE, PIECES, Supply};
    use nano_primitives::Root;

    #[test]
    fn the_pieces_cover_the_space_once() {
        let mut supply = Supply::new(&Root::ZERO, None);
        let first = supply.next;
        let mut count = 0;
        for index in 0..u64::from(PIECES) {
            assert!(!supply.is_exhausted());
            let piece = supply.next();
            assert_eq!(piece.first(), first.wrapping_add(index * PIECE));
            count += u128::from(piece.count());
            supply.finish();
        }
        assert_eq!(count, 1 << 64);
        assert!(supply.is_exhausted());
        assert_eq!(supply.next().first(), first);
    }

    #[test]
    fn two_supplies_start_apart() {
        let start = |seed| Supply::new(&Root::ZERO, seed).next;
        assert_ne!(start(None), start(None));
        assert_ne!(start(Some(1)), start(Some(2)));
    }

    #[test]
    fn a_seed_fixes_the_start_of_each_root() {
        let start = |byte| Supply::new(&Root::from_bytes([byte; 32]), Some(1)).next;
        assert_eq!(start(1), start(1));
        assert_ne!(start(1), start(2));
    }
}
