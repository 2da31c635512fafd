//! [`Cost`]: how much work a password costs, for its owner once and for a thief with each guess.

use crate::Password;
use argon2::{Algorithm, Argon2, Block, Params, Version};
use zeroize::Zeroizing;

/// Argon2 needs this much memory for each lane (RFC 9106, 3.1).
const KIB_A_LANE: u32 = 8;
const MAX_MEMORY_KIB: u32 = 1024 * 1024;
const MAX_PASSES: u32 = 32;
const MAX_LANES: u32 = 16;
/// Memory times passes: some seconds on a small computer.
const MAX_TOTAL_KIB: u64 = 4 * 1024 * 1024;

/// The parameters of Argon2id, within bounds that a small computer can bear: a file may come from anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

/// Parameters out of bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CostError {
    /// Memory too small for the lanes, or too large.
    #[error(
        "found memory of {found} KiB, wanted {least} to {MAX_MEMORY_KIB} (8 for each lane at least)"
    )]
    Memory {
        /// What was found.
        found: u32,
        /// The least for so many lanes.
        least: u32,
    },
    /// No pass, or too many.
    #[error("found {found} passes, wanted 1 to {MAX_PASSES}")]
    Passes {
        /// What was found.
        found: u32,
    },
    /// No lane, or too many.
    #[error("found {found} lanes, wanted 1 to {MAX_LANES}")]
    Lanes {
        /// What was found.
        found: u32,
    },
    /// Each is in bounds, but together they take too long.
    #[error("found {found} KiB in all passes together, wanted at most {MAX_TOTAL_KIB}")]
    Total {
        /// Memory times passes.
        found: u64,
    },
}

impl Default for Cost {
    /// 64 MiB, 3 passes, 4 lanes: the second recommended choice of RFC 9106 (section 4), for where 2 GiB are not at hand.
    fn default() -> Self {
        Self { memory_kib: 64 * 1024, passes: 3, lanes: 4 }
    }
}

impl Cost {
    /// So much memory in KiB, passes over it, and lanes.
    ///
    /// # Errors
    /// One of them is out of bounds, or all together cost too much time.
    pub fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, CostError> {
        if !(1..=MAX_LANES).contains(&lanes) {
            return Err(CostError::Lanes { found: lanes });
        }
        if !(1..=MAX_PASSES).contains(&passes) {
            return Err(CostError::Passes { found: passes });
        }
        let least = KIB_A_LANE * lanes;
        if !(least..=MAX_MEMORY_KIB).contains(&memory_kib) {
            return Err(CostError::Memory { found: memory_kib, least });
        }
        let total = u64::from(memory_kib) * u64::from(passes);
        if total > MAX_TOTAL_KIB {
            return Err(CostError::Total { found: total });
        }
        Ok(Self { memory_kib, passes, lanes })
    }

    /// Memory in KiB.
    #[must_use]
    pub const fn memory_kib(&self) -> u32 {
        self.memory_kib
    }

    /// Passes over the memory.
    #[must_use]
    pub const fn passes(&self) -> u32 {
        self.passes
    }

    /// Lanes: how much of it may run at once.
    #[must_use]
    pub const fn lanes(&self) -> u32 {
        self.lanes
    }

    /// The key that this password and salt make. `None` if the system gives no memory for it.
    pub(crate) fn key(&self, password: &Password, salt: &[u8; 16]) -> Option<Zeroizing<[u8; 32]>> {
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(32))
            .expect("the bounds are within those of Argon2");
        let mut memory = Zeroizing::new(Vec::new());
        memory.try_reserve_exact(params.block_count()).ok()?;
        memory.resize(params.block_count(), Block::default());
        let mut key = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into_with_memory(
                password.bytes(),
                salt,
                key.as_mut(),
                memory.as_mut_slice(),
            )
            .expect("password, salt and key have lengths that Argon2 takes");
        Some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::{Cost, CostError};

    #[test]
    fn costs_out_of_bounds_are_refused_before_any_memory_is_taken() {
        let refused = |memory, passes, lanes| Cost::new(memory, passes, lanes).unwrap_err();
        assert_eq!(refused(u32::MAX, 1, 1), CostError::Memory { found: u32::MAX, least: 8 });
        assert_eq!(refused(31, 1, 4), CostError::Memory { found: 31, least: 32 });
        assert_eq!(refused(64, 0, 1), CostError::Passes { found: 0 });
        assert_eq!(refused(64, 33, 1), CostError::Passes { found: 33 });
        assert_eq!(refused(1 << 20, 1, 17), CostError::Lanes { found: 17 });
        assert_eq!(refused(64, 1, 0), CostError::Lanes { found: 0 });
        assert_eq!(refused(1 << 20, 5, 1), CostError::Total { found: 5 << 20 });
        assert!(Cost::new(1 << 20, 4, 16).is_ok());
    }

    #[test]
    fn the_default_is_within_bounds() {
        let Cost { memory_kib, passes, lanes } = Cost::default();
        assert_eq!(Cost::new(memory_kib, passes, lanes), Ok(Cost::default()));
    }
}
