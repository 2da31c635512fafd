//! The choice of a hash kernel by what the processor can do.

use super::{midstate::Midstate, portable};
use crate::NonceRange;
use nano_primitives::{Difficulty, Work};
use std::fmt;

/// A way to compute the hashes that runs on this processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kernel(Isa);

/// The instruction sets there is a kernel for, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Isa {
    Portable,
}

impl Isa {
    const ALL: [Self; 1] = [Self::Portable];

    fn is_available(self) -> bool {
        match self {
            Self::Portable => true,
        }
    }
}

impl Kernel {
    /// The kernels that run on this processor, the fastest first.
    pub fn available() -> impl Iterator<Item = Self> {
        Isa::ALL.into_iter().filter(|isa| isa.is_available()).map(Self)
    }

    /// The fastest kernel that runs on this processor.
    #[must_use]
    pub fn best() -> Self {
        Self::available().next().unwrap_or(Self::portable())
    }

    /// The kernel that runs anywhere.
    #[must_use]
    pub const fn portable() -> Self {
        Self(Isa::Portable)
    }

    /// The name of the instruction set.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self.0 {
            Isa::Portable => "portable",
        }
    }

    /// How many nonces are tried at once.
    #[must_use]
    pub const fn lanes(self) -> u64 {
        match self.0 {
            Isa::Portable => 1,
        }
    }

    /// How many nonces take a fraction of a millisecond.
    pub(super) const fn batch(self) -> u64 {
        1024 * self.lanes()
    }

    /// Finds the first of `nonces` whose value reaches the threshold.
    #[must_use]
    pub fn search(
        self,
        midstate: &Midstate,
        threshold: Difficulty,
        nonces: NonceRange,
    ) -> Option<Work> {
        let threshold = threshold.to_u64();
        let found = match self.0 {
            Isa::Portable => portable::search(midstate, threshold, nonces.first(), nonces.count()),
        };
        found.map(Work::from_u64)
    }
}

impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
