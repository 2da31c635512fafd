//! Kernels by name, and whether a device has those that are named.

use super::{DeviceArgs, Opened};
use nano_pow::cpu;
use p2pow_cli::Failure;
use std::{fmt, str::FromStr};

/// A kernel that this build and this processor have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KernelName {
    Cpu(cpu::Kernel),
    #[cfg(feature = "gpu")]
    Gpu(nano_pow::gpu::GpuKernel),
}

impl DeviceArgs {
    /// The processor's kernels among the names, each once.
    pub(super) fn cpu_kernels(&self) -> Vec<cpu::Kernel> {
        let cpu = |name: &KernelName| match name {
            KernelName::Cpu(kernel) => Some(*kernel),
            #[cfg(feature = "gpu")]
            KernelName::Gpu(_) => None,
        };
        once(self.kernel.iter().filter_map(cpu))
    }

    /// The kernels of graphics cards among the names, each once.
    #[cfg(feature = "gpu")]
    pub(super) fn gpu_kernels(&self) -> Vec<nano_pow::gpu::GpuKernel> {
        let gpu = |name: &KernelName| match name {
            KernelName::Gpu(kernel) => Some(*kernel),
            KernelName::Cpu(_) => None,
        };
        once(self.kernel.iter().filter_map(gpu))
    }

    /// Refuses a name that none of the devices can do anything with.
    pub(super) fn check_kernels(&self, opened: &[Opened]) -> Result<(), Failure> {
        let is_idle = |name: &&KernelName| !opened.iter().any(|opened| name.is_for(opened));
        let Some(name) = self.kernel.iter().find(is_idle).filter(|_| !opened.is_empty()) else {
            return Ok(());
        };
        let has = |opened: &Opened| format!("{} has {}", opened.device, known_to(opened));
        let have = once(opened.iter().map(has)).join("; ");
        Err(Failure::Usage(format!("--kernel: found {name}, which no device here has: {have}")))
    }
}

impl KernelName {
    fn is_for(&self, opened: &Opened) -> bool {
        match self {
            Self::Cpu(_) => opened.is_cpu(),
            #[cfg(feature = "gpu")]
            Self::Gpu(_) => !opened.is_cpu(),
        }
    }
}

fn known_to(opened: &Opened) -> String {
    if opened.is_cpu() { names_of_cpu() } else { names_of_gpu() }
}

fn names_of_cpu() -> String {
    cpu::Kernel::available().map(cpu::Kernel::name).collect::<Vec<_>>().join(", ")
}

#[cfg(feature = "gpu")]
fn names_of_gpu() -> String {
    nano_pow::gpu::GpuKernel::ALL.map(nano_pow::gpu::GpuKernel::name).join(", ")
}

#[cfg(not(feature = "gpu"))]
fn names_of_gpu() -> String {
    String::new()
}

/// The values in their order, without those that came before.
fn once<T: PartialEq>(values: impl Iterator<Item = T>) -> Vec<T> {
    values.fold(Vec::new(), |mut seen, value| {
        if !seen.contains(&value) {
            seen.push(value);
        }
        seen
    })
}

impl fmt::Display for KernelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cpu(kernel) => kernel.name(),
            #[cfg(feature = "gpu")]
            Self::Gpu(kernel) => kernel.name(),
        })
    }
}

impl FromStr for KernelName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(kernel) = cpu::Kernel::by_name(text) {
            return Ok(Self::Cpu(kernel));
        }
        #[cfg(feature = "gpu")]
        if let Ok(kernel) = text.parse() {
            return Ok(Self::Gpu(kernel));
        }
        let more = if cfg!(feature = "gpu") { ", u64, u32" } else { "" };
        Err(format!("found {text:?}, here are {}{more}", names_of_cpu()))
    }
}

#[cfg(test)]
mod tests {
    use super::{KernelName, once};

    #[test]
    fn an_unknown_kernel_is_told_which_there_are() {
        assert!(matches!("portable".parse(), Ok(KernelName::Cpu(_))));
        let wanted = if cfg!(feature = "gpu") { "u32" } else { "portable" };
        assert!("mmx".parse::<KernelName>().unwrap_err().ends_with(wanted));
    }

    #[test]
    fn what_is_named_twice_counts_once() {
        assert_eq!(once([2, 1, 2, 2, 1].into_iter()), [2, 1]);
    }
}
