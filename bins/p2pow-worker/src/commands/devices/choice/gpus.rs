//! The graphics cards among the devices.

use super::{DeviceArgs, DeviceName, Kernels, Opened};
use nano_pow::gpu::{self, AdapterInfo, GpuBackend, GpuError, GpuKernel, GpuOptions};
use p2pow_cli::Failure;

impl DeviceArgs {
    /// The cards that are named, or all that are no software. One that nobody named and that does not work is left out.
    pub(super) fn gpus(&self, kernels: Kernels) -> Result<Vec<Opened>, Failure> {
        if !self.devices.is_empty() && self.devices.iter().all(|name| *name == DeviceName::Cpu) {
            return Ok(Vec::new());
        }
        let adapters = gpu::adapters();
        self.check_indexes(adapters.len())?;
        let mut opened = Vec::new();
        for adapter in &adapters {
            let is_named = self.devices.contains(&DeviceName::Gpu(adapter.index));
            if is_named {
                opened.extend(self.kernels_of(adapter, kernels)?);
            } else if self.takes_all_gpus() && !adapter.is_software() {
                opened.extend(
                    self.kernels_of(adapter, kernels).unwrap_or_else(|error| skip(adapter, &error)),
                );
            }
        }
        if opened.is_empty() && self.devices.contains(&DeviceName::Gpus) && self.takes_cpu() {
            tracing::warn!("{}: the processor searches alone", found(&adapters));
        }
        Ok(opened)
    }

    fn takes_all_gpus(&self) -> bool {
        self.devices.is_empty() || self.devices.contains(&DeviceName::Gpus)
    }

    fn check_indexes(&self, count: usize) -> Result<(), Failure> {
        let missing = self.devices.iter().find_map(|name| match name {
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
    fn kernels_of(&self, adapter: &AdapterInfo, kernels: Kernels) -> Result<Vec<Opened>, GpuError> {
        let named = self.gpu_kernels();
        let best = open(adapter, named.first().copied())?;
        let mut others = match kernels {
            Kernels::Best => Vec::new(),
            Kernels::All if named.is_empty() => GpuKernel::ALL.to_vec(),
            Kernels::All => named,
        };
        others.retain(|kernel| *kernel != best.kernel());
        let others = others.into_iter().filter_map(|kernel| open(adapter, Some(kernel)).ok());
        let others = others.map(|backend| describe(backend, false));
        Ok([describe(best, true)].into_iter().chain(others).collect())
    }
}

/// Why there is no card to search with, and what to do.
pub(super) fn no_card(adapters: &[AdapterInfo]) -> String {
    format!("{}; wanted a card, or cpu", found(adapters))
}

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

fn open(adapter: &AdapterInfo, kernel: Option<GpuKernel>) -> Result<GpuBackend, GpuError> {
    // Software adapters come here only if somebody named them.
    GpuBackend::new(adapter, &GpuOptions { kernel, allow_software: true })
}

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

fn skip(adapter: &AdapterInfo, error: &GpuError) -> Vec<Opened> {
    let error = error as &dyn std::error::Error;
    tracing::warn!(%adapter, error, "this graphics card cannot be used");
    Vec::new()
}
