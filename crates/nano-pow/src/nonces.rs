//! Stretches of the nonce space.

use nano_primitives::Work;

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

#[cfg(test)]
mod tests {
    use super::NonceRange;

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
}
