//! The kernels by name.

use std::{fmt, str::FromStr};

/// How a kernel computes with 64-bit words. The computation is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GpuKernel {
    /// With pairs of 32-bit integers, which are added as the device's own 64-bit integers, where it has them.
    Mixed,
    /// With the device's own 64-bit integers, where it has them.
    U64,
    /// With pairs of 32-bit integers, on any device.
    U32,
}

impl GpuKernel {
    /// All kernels.
    pub const ALL: &[Self] = &[Self::Mixed, Self::U64, Self::U32];

    /// The name, as it is written and read.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mixed => "mixed",
            Self::U64 => "u64",
            Self::U32 => "u32",
        }
    }

    /// Whether it needs a device with 64-bit integers.
    #[must_use]
    pub const fn needs_u64(self) -> bool {
        !matches!(self, Self::U32)
    }
}

impl fmt::Display for GpuKernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for GpuKernel {
    type Err = UnknownKernel;

    fn from_str(text: &str) -> Result<Self, UnknownKernel> {
        let kernel = Self::ALL.iter().copied().find(|kernel| kernel.name() == text);
        kernel.ok_or_else(|| UnknownKernel(text.to_owned()))
    }
}

/// A name that no kernel has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no kernel {0:?}, only mixed, u64 and u32")]
pub struct UnknownKernel(String);

#[cfg(test)]
mod tests {
    use super::GpuKernel;

    #[test]
    fn a_kernel_is_read_as_it_is_written() {
        for kernel in GpuKernel::ALL {
            assert_eq!(kernel.to_string().parse(), Ok(*kernel));
        }
        let error = "u16".parse::<GpuKernel>().map_err(|error| error.to_string());
        assert_eq!(error, Err("there is no kernel \"u16\", only mixed, u64 and u32".to_owned()));
    }
}
