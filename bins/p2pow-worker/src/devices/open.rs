//! Opening devices: each becomes an [`Opened`] for every kernel that it is to have.

use super::names::{KernelName, Threads, cpu_kernels};
use nano_pow::{Backend, CpuBackend, cpu};
use p2pow_cli::Failure;

#[cfg(feature = "gpu")]
use {
    super::names::{DeviceName, gpu_kernels},
    nano_pow::gpu::{self, AdapterInfo, GpuBackend, GpuError, GpuKernel, GpuOptions},
};

/// A device that is ready.
#[derive(Debug)]
pub(crate) struct Opened {
    /// What it is called in lists: `cpu`, or `gpu:0 NAME`.
    pub(crate) device: String,
    pub(crate) kernel: String,
    /// Threads of the processor; graphics cards have thousands of another kind.
    pub(crate) threads: Option<usize>,
    /// Whether this is what the device does when no kernel is named.
    pub(crate) is_best: bool,
    pub(crate) backend: Box<dyn Backend>,
}

/// Which kernels a device is opened with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kernels<'a> {
    /// Those that are named; if none is, any.
    pub(super) named: &'a [KernelName],
    /// All of these, for a comparison, in place of the best.
    pub(super) all: bool,
}

/// How the processor is used.
#[derive(Debug, Clone, Copy)]
pub(super) struct CpuUse {
    pub(super) threads: Threads,
    pub(super) low_priority: bool,
    pub(super) pinned: bool,
}

impl Opened {
    /// Whether it is the processor, in person.
    pub(super) fn is_cpu(&self) -> bool {
        self.threads.is_some()
    }
}

/// The processor with its kernels.
pub(super) fn cpu(kernels: Kernels<'_>, usage: CpuUse) -> Result<Vec<Opened>, Failure> {
    let named = cpu_kernels(kernels.named);
    let best = named.first().copied().unwrap_or_else(cpu::Kernel::best);
    let chosen = match kernels.all {
        false => vec![best],
        true if named.is_empty() => cpu::Kernel::available().collect(),
        true => named,
    };
    let threads = Some(usage.threads.get());
    let open = |kernel: cpu::Kernel| {
        let CpuUse { low_priority, pinned, .. } = usage;
        let options = cpu::CpuOptions { threads, kernel: Some(kernel), low_priority, pinned };
        Ok(Opened {
            device: "cpu".to_owned(),
            kernel: kernel.name().to_owned(),
            threads,
            is_best: kernel == best,
            backend: Box::new(CpuBackend::with_options(&options)?),
        })
    };
    chosen.into_iter().map(open).collect()
}

/// The cards that are named, or, if `names` is empty or asks for all, those that are no software. One that nobody named
/// and that does not work is left out.
#[cfg(feature = "gpu")]
pub(super) fn gpus(names: &[DeviceName], kernels: Kernels<'_>) -> Result<Vec<Opened>, Failure> {
    if !names.is_empty() && names.iter().all(|name| *name == DeviceName::Cpu) {
        return Ok(Vec::new());
    }
    let adapters = gpu::adapters();
    check_indexes(names, adapters.len())?;
    let takes_all = names.is_empty() || names.contains(&DeviceName::Gpus);
    let mut opened = Vec::new();
    for adapter in &adapters {
        if names.contains(&DeviceName::Gpu(adapter.index)) {
            opened.extend(with_kernels(adapter, kernels)?);
        } else if takes_all && !adapter.is_software() {
            let card = with_kernels(adapter, kernels);
            opened.extend(card.unwrap_or_else(|error| skip(adapter, &error)));
        }
    }
    let is_beside_cpu = names.contains(&DeviceName::Gpus) && names.contains(&DeviceName::Cpu);
    if opened.is_empty() && is_beside_cpu {
        tracing::warn!("{}: the processor searches alone", found(&adapters));
    }
    Ok(opened)
}

/// Why there is no device to search with, and what to do.
#[cfg(feature = "gpu")]
pub(super) fn nothing() -> String {
    format!("{}; wanted a card, or cpu", found(&gpu::adapters()))
}

#[cfg(not(feature = "gpu"))]
pub(super) fn nothing() -> String {
    "--devices: found no device, wanted cpu".to_owned()
}

#[cfg(feature = "gpu")]
fn check_indexes(names: &[DeviceName], count: usize) -> Result<(), Failure> {
    let missing = names.iter().find_map(|name| match name {
        DeviceName::Gpu(index) if *index >= count => Some(index),
        _ => None,
    });
    match missing {
        Some(index) => Err(Failure::Usage(format!(
            "--devices: there is no gpu:{index}, `p2pow-worker devices` lists {count}"
        ))),
        None => Ok(()),
    }
}

/// The card with the kernel that is best there and, if wanted, with the others that work.
#[cfg(feature = "gpu")]
fn with_kernels(adapter: &AdapterInfo, kernels: Kernels<'_>) -> Result<Vec<Opened>, GpuError> {
    let named = gpu_kernels(kernels.named);
    let best = open(adapter, named.first().copied())?;
    let mut others = match kernels.all {
        false => Vec::new(),
        true if named.is_empty() => GpuKernel::ALL.to_vec(),
        true => named,
    };
    others.retain(|kernel| *kernel != best.kernel());
    let others = others.into_iter().filter_map(|kernel| open(adapter, Some(kernel)).ok());
    let others = others.map(|backend| describe(backend, false));
    Ok([describe(best, true)].into_iter().chain(others).collect())
}

#[cfg(feature = "gpu")]
fn open(adapter: &AdapterInfo, kernel: Option<GpuKernel>) -> Result<GpuBackend, GpuError> {
    // Software adapters come here only if somebody named them.
    GpuBackend::new(adapter, &GpuOptions { kernel, allow_software: true })
}

#[cfg(feature = "gpu")]
fn describe(backend: GpuBackend, is_best: bool) -> Opened {
    let adapter = backend.adapter();
    Opened {
        device: format!("gpu:{} {}", adapter.index, adapter.name),
        kernel: backend.kernel().name().to_owned(),
        threads: None,
        is_best,
        backend: Box::new(backend),
    }
}

#[cfg(feature = "gpu")]
fn skip(adapter: &AdapterInfo, error: &GpuError) -> Vec<Opened> {
    let error = error as &dyn std::error::Error;
    tracing::warn!(%adapter, error, "this graphics card cannot be used");
    Vec::new()
}

#[cfg(feature = "gpu")]
fn found(adapters: &[AdapterInfo]) -> String {
    let software = adapters.iter().find(|adapter| adapter.is_software());
    let found = match (adapters.iter().all(AdapterInfo::is_software), software) {
        (false, _) => "graphics card that works".to_owned(),
        (true, Some(first)) => format!(
            "graphics card, only software adapters, which are used when named (gpu:{})",
            first.index
        ),
        (true, None) => {
            "graphics card, and no driver of one (`p2pow-worker devices` lists them)".to_owned()
        }
    };
    format!("--devices gpu: found no {found}")
}
