//! The choice of a hash kernel by what the processor can do.
//!
//! Here is the `unsafe` step into a function that needs an instruction set. To add one (NEON, say),
//! write its file, a variant of [`Isa`] and a line in each `match`.
#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
use super::{avx2, avx512, avx512_asm};
use super::{midstate::Midstate, portable};
use crate::NonceRange;
use nano_primitives::{Difficulty, Root, Work};
use std::{fmt, iter};

/// A way to compute the hashes that runs on this processor.
///
/// Only detection makes one, so its instructions are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kernel(Isa);

/// The kernels, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Isa {
    #[cfg(target_arch = "x86_64")]
    Avx512Asm,
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Portable,
}

impl Isa {
    const ALL: &[Self] = &[
        #[cfg(target_arch = "x86_64")]
        Self::Avx512Asm,
        #[cfg(target_arch = "x86_64")]
        Self::Avx512,
        #[cfg(target_arch = "x86_64")]
        Self::Avx2,
        Self::Portable,
    ];

    fn is_available(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Asm => avx512_asm::is_available(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => avx512::is_available(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => avx2::is_available(),
            Self::Portable => true,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Asm => "avx512-asm",
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => "avx512",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => "avx2",
            Self::Portable => "portable",
        }
    }

    const fn lanes(self) -> u64 {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Asm => avx512_asm::LANES,
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => avx512::LANES,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => avx2::LANES,
            Self::Portable => 1,
        }
    }
}

impl Kernel {
    /// The kernels whose instructions this processor has, the fastest first.
    pub fn available() -> impl Iterator<Item = Self> {
        Isa::ALL.iter().filter(|isa| isa.is_available()).map(|isa| Self(*isa))
    }

    /// The names of the kernels of this build whose instructions this processor lacks.
    pub fn missing() -> impl Iterator<Item = &'static str> {
        Isa::ALL.iter().filter(|isa| !isa.is_available()).map(|isa| isa.name())
    }

    /// The fastest kernel that runs on this processor and proves itself in a short comparison with
    /// the plain definition.
    #[must_use]
    pub fn best() -> Self {
        let mut kernels = Self::available().filter(|kernel| {
            let is_right = kernel.is_right();
            if !is_right {
                tracing::warn!(%kernel, "the kernel computes wrong hashes here, left out");
            }
            is_right
        });
        kernels.next().unwrap_or(Self::portable())
    }

    /// The kernel of this name, where the processor has its instructions.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::available().find(|kernel| kernel.name() == name)
    }

    /// The kernel that runs anywhere.
    #[must_use]
    pub const fn portable() -> Self {
        Self(Isa::Portable)
    }

    /// The name: `avx512-asm`, `avx512`, `avx2` or `portable`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.0.name()
    }

    /// How many nonces are tried at once.
    #[must_use]
    pub const fn lanes(self) -> u64 {
        self.0.lanes()
    }

    /// How many nonces take less than a tenth of a millisecond: a search that is stopped goes on to
    /// the end of a batch.
    pub(super) const fn batch(self) -> u64 {
        const MOST: u64 = 4096;
        let batch = 512 * self.lanes();
        if batch < MOST { batch } else { MOST }
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
        let blocks = nonces.count() / self.lanes();
        let (whole, rest) = nonces.split_at(blocks * self.lanes());
        let found = match self.0 {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: this kernel exists only where AVX-512 was detected.
            Isa::Avx512Asm => unsafe {
                avx512_asm::search(midstate, threshold, whole.first(), blocks)
            },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Isa::Avx512 => unsafe { avx512::search(midstate, threshold, whole.first(), blocks) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: this kernel exists only where AVX2 was detected.
            Isa::Avx2 => unsafe { avx2::search(midstate, threshold, whole.first(), blocks) },
            Isa::Portable => portable::search(midstate, threshold, whole.first(), blocks),
        };
        let in_rest = || portable::search(midstate, threshold, rest.first(), rest.count());
        found.or_else(in_rest).map(Work::from_u64)
    }

    /// Whether the kernel finds what the plain definition finds: the first nonce that reaches the
    /// value of each of these in turn, across a carry into the upper half of the nonce.
    fn is_right(self) -> bool {
        let root = Root::from_bytes(std::array::from_fn(|index| b"nano-pow"[index % 8]));
        let (midstate, nonces) = (Midstate::new(&root), NonceRange::new(0xffff_ffe0, 64));
        let values: Vec<_> = nonces.iter().map(|work| work.value(&root)).collect();
        let right = |threshold| {
            let place = values.iter().position(|value| *value >= threshold);
            let work = place.and_then(|place| nonces.iter().nth(place));
            self.search(&midstate, threshold, nonces) == work
        };
        values.iter().copied().chain(iter::once(Difficulty::MAX)).all(right)
    }
}

impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
