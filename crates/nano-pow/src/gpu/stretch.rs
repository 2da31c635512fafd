//! The nonces of a search in portions for a device.

use crate::NonceRange;

/// Nonces that are counted from one base, so that 32 bits tell them apart. Leaves room for the
/// last row of a dispatch to reach beyond its end.
const WINDOW: u64 = 1 << 31;

/// Nonces for one submission: `base` plus the offsets from `start` to `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) base: u64,
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Stretch {
    /// Whether the offsets begin anew, and with them the search for the least.
    pub(super) const fn is_fresh(&self) -> bool {
        self.start == 0
    }

    /// How many nonces these are.
    pub(super) const fn count(&self) -> u32 {
        self.end - self.start
    }

    /// The nonce at an offset.
    pub(super) fn nonce(&self, offset: u32) -> u64 {
        self.base.wrapping_add(u64::from(offset))
    }

    /// How many nonces were tried until the one at an offset was found.
    pub(super) fn tried(&self, offset: u32) -> u64 {
        u64::from(offset.saturating_sub(self.start)) + 1
    }
}

/// Cuts nonces into stretches as long as the device likes.
#[derive(Debug)]
pub(super) struct Cutter {
    window: NonceRange,
    rest: NonceRange,
    used: u64,
}

impl Cutter {
    pub(super) const fn new(nonces: NonceRange) -> Self {
        let (window, rest) = nonces.split_at(WINDOW);
        Self { window, rest, used: 0 }
    }

    /// The next stretch, of up to `count` nonces, or `None` when all are given away.
    pub(super) fn cut(&mut self, count: u64) -> Option<Stretch> {
        if self.used == self.window.count() {
            *self = Self::new(self.rest);
        }
        let start = self.used;
        self.used = start.saturating_add(count.max(1)).min(self.window.count());
        let offset = |count| {
            u32::try_from(count).expect("a window has fewer nonces than 32 bits tell apart")
        };
        let stretch =
            Stretch { base: self.window.first(), start: offset(start), end: offset(self.used) };
        (stretch.count() > 0).then_some(stretch)
    }
}

#[cfg(test)]
mod tests {
    use super::{Cutter, WINDOW};
    use crate::NonceRange;

    #[test]
    fn stretches_cover_the_nonces_in_order() {
        for (count, piece) in
            [(0, 5), (1, 5), (10, 3), (3 * WINDOW + 7, WINDOW / 2 + 1), (WINDOW, u64::MAX)]
        {
            let first = u64::MAX - 5;
            let mut cutter = Cutter::new(NonceRange::new(first, count));
            let mut done = 0;
            while let Some(stretch) = cutter.cut(piece) {
                assert_eq!(stretch.nonce(stretch.start), first.wrapping_add(done));
                assert!(u64::from(stretch.count()) <= piece && u64::from(stretch.end) <= WINDOW);
                assert_eq!(stretch.is_fresh(), done % WINDOW == 0);
                done += u64::from(stretch.count());
            }
            assert_eq!(done, count);
        }
    }
}
