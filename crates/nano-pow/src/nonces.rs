//! [`NonceRange`]: a stretch of the nonce space, and [`Supply`], which hands the space out.

use nano_primitives::{Root, Work};

/// `count` nonces from `first` on. The space is a circle: 0 follows [`u64::MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NonceRange {
    first: u64,
    count: u64,
}

impl NonceRange {
    /// `count` nonces, of which `first` is the first.
    #[must_use]
    pub const fn new(first: u64, count: u64) -> Self {
        Self { first, count }
    }

    /// The first nonce, where the range is not empty.
    #[must_use]
    pub const fn first(&self) -> u64 {
        self.first
    }

    /// How many nonces these are.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Whether there is no nonce.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Whether `nonce` is one of these.
    #[must_use]
    pub const fn contains(&self, nonce: u64) -> bool {
        nonce.wrapping_sub(self.first) < self.count
    }

    /// The first `count` nonces (all, where there are fewer), and the rest.
    #[must_use]
    pub const fn split_at(self, count: u64) -> (Self, Self) {
        let count = if count < self.count { count } else { self.count };
        let rest = Self::new(self.first.wrapping_add(count), self.count - count);
        (Self::new(self.first, count), rest)
    }

    /// `parts` ranges that follow one another and differ in length by one nonce at most.
    pub fn parts(self, parts: u64) -> impl Iterator<Item = Self> {
        let mut rest = self;
        (0..parts).map(move |done| {
            let (part, after) = rest.split_at(rest.count.div_ceil(parts - done));
            rest = after;
            part
        })
    }

    /// The nonces in order.
    pub fn iter(self) -> impl Iterator<Item = Work> {
        (0..self.count).map(move |offset| Work::from_u64(self.first.wrapping_add(offset)))
    }
}

/// Nonces in one piece: more than a processor tries in a week, and still pieces for thousands.
const PIECE: u64 = 1 << 48;
const PIECES: u32 = 1 << 16;

/// Hands out the nonce space in pieces, none of them twice before all were handed out.
///
/// It starts anywhere, so that programs that race for one root do not try the same nonces. Pieces
/// that are given up halfway, as when a request joins or leaves, do not count as searched: after
/// the last one comes the first again.
#[derive(Debug)]
pub(crate) struct Supply {
    next: u64,
    searched: u32,
}

impl Supply {
    /// A supply that starts at random, or at a place that follows from a seed and the root.
    pub(crate) fn new(root: &Root, seed: Option<u64>) -> Self {
        let random = || getrandom::u64().expect("the system has random numbers");
        let next = seed.map_or_else(random, |seed| Work::from_u64(seed).value(root).to_u64());
        Self { next, searched: 0 }
    }

    /// The next piece.
    pub(crate) const fn next(&mut self) -> NonceRange {
        let piece = NonceRange::new(self.next, PIECE);
        self.next = self.next.wrapping_add(PIECE);
        piece
    }

    /// A piece was searched to its end.
    pub(crate) const fn finish(&mut self) {
        self.searched = self.searched.saturating_add(1);
    }

    /// Whether there is nothing left to search.
    pub(crate) const fn is_exhausted(&self) -> bool {
        self.searched >= PIECES
    }
}

#[cfg(test)]
mod tests {
    use super::{NonceRange, PIECE, PIECES, Supply};
    use nano_primitives::Root;

    #[test]
    fn parts_cover_the_range_without_overlap() {
        for (count, parts) in [(10, 3), (3, 5), (0, 2), (64, 1), (u64::MAX, 7)] {
            let mut next = u64::MAX - 4;
            let mut total = 0;
            for part in NonceRange::new(next, count).parts(parts) {
                assert_eq!(part.first(), next);
                assert!(part.count() >= count / parts && part.count() <= count.div_ceil(parts));
                next = next.wrapping_add(part.count());
                total += part.count();
            }
            assert_eq!(total, count);
        }
    }

    #[test]
    fn a_range_goes_on_at_zero() {
        let range = NonceRange::new(u64::MAX, 3);
        let nonces: Vec<_> = range.iter().map(|work| work.to_u64()).collect();
        assert_eq!(nonces, [u64::MAX, 0, 1]);
        assert!(range.contains(u64::MAX) && range.contains(1) && !range.contains(2));
        assert_eq!(range.split_at(1).1, NonceRange::new(0, 2));
        assert!(range.split_at(9).1.is_empty());
    }

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
