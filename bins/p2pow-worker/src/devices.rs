//! [`DeviceArgs`]: the options that choose what to search with, and the devices that they choose.

mod names;
mod open;

pub(crate) use {names::Threads, open::Opened};

use clap::ArgAction;
use names::{DeviceName, KernelName, names_of_cpu, once};
use nano_pow::Backend;
use open::{CpuUse, Kernels};
use p2pow_cli::{Failure, values};

/// What to search with.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Devices")]
pub(crate) struct DeviceArgs {
    /// What searches, such as cpu,gpu:0 by the names of `p2pow-worker devices`; cpu, gpu (every graphics card), gpu:N.
    /// Without it all of them
    #[arg(long, value_name = "LIST", env = "P2POW_DEVICES", value_delimiter = ',')]
    devices: Vec<DeviceName>,
    /// Threads of the processor, from 1 to 1024, such as 8; without it one for each that it runs at once
    #[arg(long, value_name = "N", env = "P2POW_THREADS", allow_negative_numbers = true)]
    threads: Option<Threads>,
    /// Let the processor's threads give way to everything else that runs (Linux)
    #[arg(long, env = "P2POW_LOW_PRIORITY", value_parser = values::switch, action = ArgAction::Set)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(default_value = "false")]
    low_priority: bool,
    /// Keep each of the processor's threads on one core (Linux)
    #[arg(long, env = "P2POW_PIN", value_parser = values::switch, action = ArgAction::Set)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(default_value = "false")]
    pin: bool,
    /// Kernels by name, such as portable; avx2 and avx512 where the processor has them, mixed, u64 and u32 for graphics
    /// cards. Without it the fastest, for `bench` all
    #[arg(long, value_name = "LIST", env = "P2POW_KERNEL", value_delimiter = ',')]
    kernel: Vec<KernelName>,
}

impl DeviceArgs {
    /// The devices, at least one, each with one kernel.
    pub(crate) fn open(&self) -> Result<Vec<Box<dyn Backend>>, Failure> {
        let opened = self.opened(false)?;
        check_any(&opened)?;
        Ok(backends(opened))
    }

    /// The devices, each with one kernel; none if others search too and there is none here.
    pub(crate) fn open_beside(&self, others: usize) -> Result<Vec<Box<dyn Backend>>, Failure> {
        if others == 0 {
            return self.open();
        }
        self.opened(false).map(backends)
    }

    /// The devices, at least one, each with every kernel it has, or those that are named.
    pub(crate) fn open_all(&self) -> Result<Vec<Opened>, Failure> {
        let opened = self.opened(true)?;
        check_any(&opened)?;
        Ok(opened)
    }

    pub(crate) fn threads(&self) -> Threads {
        self.threads.unwrap_or_else(Threads::all)
    }

    fn opened(&self, all: bool) -> Result<Vec<Opened>, Failure> {
        let kernels = Kernels { named: &self.kernel, all };
        let mut opened = Vec::new();
        if self.devices.is_empty() || self.devices.contains(&DeviceName::Cpu) {
            let (threads, pinned) = (self.threads(), self.pin);
            let usage = CpuUse { threads, low_priority: self.low_priority, pinned };
            opened.extend(open::cpu(kernels, usage)?);
        }
        opened.extend(self.gpus(kernels)?);
        self.check_kernels(&opened)?;
        Ok(opened)
    }

    #[cfg(feature = "gpu")]
    fn gpus(&self, kernels: Kernels<'_>) -> Result<Vec<Opened>, Failure> {
        open::gpus(&self.devices, kernels)
    }

    #[cfg(not(feature = "gpu"))]
    fn gpus(&self, _: Kernels<'_>) -> Result<Vec<Opened>, Failure> {
        if self.devices.iter().all(|device| *device == DeviceName::Cpu) {
            return Ok(Vec::new());
        }
        let words =
            "--devices: graphics cards are not in this build, see `cargo build --features gpu`";
        Err(Failure::Usage(words.to_owned()))
    }

    /// Refuses a kernel that none of the devices can do anything with.
    fn check_kernels(&self, opened: &[Opened]) -> Result<(), Failure> {
        let is_idle = |name: &&KernelName| !opened.iter().any(|opened| is_for(**name, opened));
        let Some(name) = self.kernel.iter().find(is_idle).filter(|_| !opened.is_empty()) else {
            return Ok(());
        };
        let has = |opened: &Opened| format!("{} has {}", opened.device, known_to(opened));
        let have = once(opened.iter().map(has)).join("; ");
        Err(Failure::Usage(format!("--kernel: found {name}, which no device here has: {have}")))
    }
}

fn backends(opened: Vec<Opened>) -> Vec<Box<dyn Backend>> {
    opened.into_iter().map(|opened| opened.backend).collect()
}

/// Refuses a choice that leaves nothing to search with. Only `gpu` alone can: the other names are of one device each.
fn check_any(opened: &[Opened]) -> Result<(), Failure> {
    if opened.is_empty() { Err(Failure::Usage(open::nothing())) } else { Ok(()) }
}

fn is_for(kernel: KernelName, opened: &Opened) -> bool {
    matches!(kernel, KernelName::Cpu(_)) == opened.is_cpu()
}

fn known_to(opened: &Opened) -> String {
    #[cfg(feature = "gpu")]
    if !opened.is_cpu() {
        return names::names_of_gpu();
    }
    debug_assert!(opened.is_cpu());
    names_of_cpu()
}
