//! What people call devices and kernels: [`DeviceName`], [`KernelName`], [`Threads`].

use nano_pow::cpu;
use p2pow_cli::values::ValueError;
use std::{fmt, num::NonZero, str::FromStr, thread};

/// No processor has more threads, and starting many more takes minutes.
const MOST_THREADS: usize = 1024;

/// A device as people name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeviceName {
    Cpu,
    Gpus,
    Gpu(usize),
}

/// A kernel that this build and this processor have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KernelName {
    Cpu(cpu::Kernel),
    #[cfg(feature = "gpu")]
    Gpu(nano_pow::gpu::GpuKernel),
}

/// How many threads of the processor search: from 1 to 1024.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Threads(usize);

impl Threads {
    pub(crate) const fn get(self) -> usize {
        self.0
    }

    /// One for each that the processor runs at once.
    pub(crate) fn all() -> Self {
        Self(thread::available_parallelism().map_or(1, NonZero::get))
    }
}

impl FromStr for Threads {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let threads = text.parse().ok().filter(|threads| (1..=MOST_THREADS).contains(threads));
        let wanted = || ValueError::new(format_args!("1 to {MOST_THREADS}"));
        threads.map(Self).ok_or_else(wanted)
    }
}

impl FromStr for DeviceName {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        match (text, text.strip_prefix("gpu:").map(str::parse)) {
            ("cpu", _) => Ok(Self::Cpu),
            ("gpu", _) => Ok(Self::Gpus),
            (_, Some(Ok(index))) => Ok(Self::Gpu(index)),
            _ => Err(ValueError::new("cpu, gpu or gpu:N")),
        }
    }
}

impl FromStr for KernelName {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        if let Some(kernel) = cpu::Kernel::by_name(text) {
            return Ok(Self::Cpu(kernel));
        }
        #[cfg(feature = "gpu")]
        if let Ok(kernel) = text.parse() {
            return Ok(Self::Gpu(kernel));
        }
        let more = if cfg!(feature = "gpu") { ", u64, u32" } else { "" };
        Err(ValueError::new(format_args!("a kernel of this computer: {}{more}", names_of_cpu())))
    }
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

/// The processor's kernels among the names, each once.
pub(super) fn cpu_kernels(names: &[KernelName]) -> Vec<cpu::Kernel> {
    let cpu = |name: &KernelName| match name {
        KernelName::Cpu(kernel) => Some(*kernel),
        #[cfg(feature = "gpu")]
        KernelName::Gpu(_) => None,
    };
    once(names.iter().filter_map(cpu))
}

/// The kernels of graphics cards among the names, each once.
#[cfg(feature = "gpu")]
pub(super) fn gpu_kernels(names: &[KernelName]) -> Vec<nano_pow::gpu::GpuKernel> {
    let gpu = |name: &KernelName| match name {
        KernelName::Gpu(kernel) => Some(*kernel),
        KernelName::Cpu(_) => None,
    };
    once(names.iter().filter_map(gpu))
}

pub(super) fn names_of_cpu() -> String {
    cpu::Kernel::available().map(cpu::Kernel::name).collect::<Vec<_>>().join(", ")
}

#[cfg(feature = "gpu")]
pub(super) fn names_of_gpu() -> String {
    let names = nano_pow::gpu::GpuKernel::ALL.iter().map(|kernel| kernel.name());
    names.collect::<Vec<_>>().join(", ")
}

/// The values in their order, without those that came before.
pub(super) fn once<T: PartialEq>(values: impl Iterator<Item = T>) -> Vec<T> {
    values.fold(Vec::new(), |mut seen, value| {
        if !seen.contains(&value) {
            seen.push(value);
        }
        seen
    })
}

#[cfg(test)]
mod tests {
    use super::{DeviceName, KernelName, Threads, once};

    #[test]
    fn devices_are_read_by_name() {
        assert_eq!("cpu".parse(), Ok(DeviceName::Cpu));
        assert_eq!("gpu".parse(), Ok(DeviceName::Gpus));
        assert_eq!("gpu:12".parse(), Ok(DeviceName::Gpu(12)));
        for text in ["", "CPU", "gpu:", "gpu:x", "gpu:-1", "0"] {
            assert!(text.parse::<DeviceName>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn threads_are_neither_none_nor_more_than_a_processor_has() {
        assert_eq!("1".parse(), Ok(Threads(1)));
        assert_eq!("1024".parse(), Ok(Threads(1024)));
        for text in ["0", "-1", "1025", "9999999999999999999999", "all", ""] {
            let error = text.parse::<Threads>().unwrap_err();
            assert_eq!(error.wanted(), "wanted 1 to 1024", "{text}");
        }
    }

    #[test]
    fn an_unknown_kernel_is_told_which_there_are() {
        assert!(matches!("portable".parse(), Ok(KernelName::Cpu(_))));
        let wanted = if cfg!(feature = "gpu") { "u32" } else { "portable" };
        assert!("mmx".parse::<KernelName>().unwrap_err().wanted().ends_with(wanted));
    }

    #[test]
    fn what_is_named_twice_counts_once() {
        assert_eq!(once([2, 1, 2, 2, 1].into_iter()), [2, 1]);
    }
}
