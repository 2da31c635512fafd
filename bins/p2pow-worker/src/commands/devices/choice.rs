//! Which devices to search with.

#[cfg(feature = "gpu")]
mod gpus;
mod kernels;
mod threads;

pub(crate) use threads::Threads;

use super::cores;
use kernels::KernelName;
use nano_pow::{Backend, CpuBackend, cpu};
use p2pow_cli::Failure;
use serde::Deserialize;
use std::str::FromStr;

/// What to search with.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Devices")]
pub(crate) struct DeviceArgs {
    /// Devices by name: cpu, gpu (every graphics card), gpu:N (see `p2pow-worker devices`)
    /// [default: all of them]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    devices: Vec<DeviceName>,
    /// Threads of the processor, 1 to 1024 [default: one for each core]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    threads: Option<Threads>,
    /// Let the processor's threads give way to everything else that runs (Linux)
    #[arg(long)]
    low_priority: bool,
    /// Keep each of the processor's threads on one core (Linux)
    #[arg(long)]
    pin: bool,
    /// Kernels by name: avx512-asm, avx512, avx2 or portable for the processor, u64 or u32 for graphics cards
    /// [default: the fastest, for `bench` all]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    kernel: Vec<KernelName>,
}

/// A device as people name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) enum DeviceName {
    Cpu,
    Gpus,
    Gpu(usize),
}

/// Which kernels a device is opened with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kernels {
    /// The first that is named, or the fastest.
    Best,
    /// All that are named, or all there are.
    All,
}

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

impl Opened {
    /// Whether it is the processor, in person.
    fn is_cpu(&self) -> bool {
        self.threads.is_some()
    }
}

impl DeviceArgs {
    /// These, and what a configuration says where they are silent.
    pub(crate) fn or(mut self, devices: &[DeviceName], threads: Option<Threads>) -> Self {
        if self.devices.is_empty() {
            self.devices = devices.to_vec();
        }
        self.threads = self.threads.or(threads);
        self
    }

    /// The devices, at least one, each with one kernel.
    pub(crate) fn open(&self) -> Result<Vec<Box<dyn Backend>>, Failure> {
        let opened = self.opened(Kernels::Best)?;
        check_any(&opened)?;
        Ok(backends(opened))
    }

    /// The devices, each with one kernel; none if others search too and there is none here.
    pub(crate) fn open_beside(&self, others: usize) -> Result<Vec<Box<dyn Backend>>, Failure> {
        if others == 0 {
            return self.open();
        }
        self.opened(Kernels::Best).map(backends)
    }

    /// The devices, at least one, each with every kernel it has, or those that are named.
    pub(crate) fn open_all(&self) -> Result<Vec<Opened>, Failure> {
        let opened = self.opened(Kernels::All)?;
        check_any(&opened)?;
        Ok(opened)
    }

    fn opened(&self, kernels: Kernels) -> Result<Vec<Opened>, Failure> {
        let mut opened = Vec::new();
        if self.takes_cpu() {
            opened.extend(self.cpus(kernels)?);
        }
        opened.extend(self.gpus(kernels)?);
        self.check_kernels(&opened)?;
        Ok(opened)
    }

    fn takes_cpu(&self) -> bool {
        self.devices.is_empty() || self.devices.contains(&DeviceName::Cpu)
    }

    pub(crate) fn threads(&self) -> usize {
        self.threads.map_or_else(cores, Threads::get)
    }

    fn cpus(&self, kernels: Kernels) -> Result<Vec<Opened>, Failure> {
        let named = self.cpu_kernels();
        let best = named.first().copied().unwrap_or_else(cpu::Kernel::best);
        let kernels = match kernels {
            Kernels::Best => vec![best],
            Kernels::All if named.is_empty() => cpu::Kernel::available().collect(),
            Kernels::All => named,
        };
        let open = |kernel: cpu::Kernel| {
            let backend = CpuBackend::with_options(&self.options(kernel))?;
            Ok(Opened {
                device: "cpu".to_owned(),
                kernel: kernel.name().to_owned(),
                threads: Some(self.threads()),
                is_best: kernel == best,
                backend: Box::new(backend),
            })
        };
        kernels.into_iter().map(open).collect()
    }

    fn options(&self, kernel: cpu::Kernel) -> cpu::CpuOptions {
        cpu::CpuOptions {
            threads: Some(self.threads()),
            kernel: Some(kernel),
            low_priority: self.low_priority,
            pinned: self.pin,
        }
    }
}

fn backends(opened: Vec<Opened>) -> Vec<Box<dyn Backend>> {
    opened.into_iter().map(|opened| opened.backend).collect()
}

/// Refuses a choice that leaves nothing to search with. Only `gpu` alone can: the other names are of one device each.
fn check_any(opened: &[Opened]) -> Result<(), Failure> {
    if opened.is_empty() { Err(Failure::Usage(no_card())) } else { Ok(()) }
}

#[cfg(not(feature = "gpu"))]
impl DeviceArgs {
    fn gpus(&self, _: Kernels) -> Result<Vec<Opened>, Failure> {
        if self.devices.iter().all(|device| *device == DeviceName::Cpu) {
            return Ok(Vec::new());
        }
        let words =
            "--devices: graphics cards are not in this build, see `cargo build --features gpu`";
        Err(Failure::Usage(words.to_owned()))
    }
}

#[cfg(feature = "gpu")]
fn no_card() -> String {
    gpus::no_card(&nano_pow::gpu::adapters())
}

#[cfg(not(feature = "gpu"))]
fn no_card() -> String {
    "--devices: found no device, wanted cpu".to_owned()
}

impl TryFrom<String> for DeviceName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl FromStr for DeviceName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match (text, text.strip_prefix("gpu:").map(str::parse)) {
            ("cpu", _) => Ok(Self::Cpu),
            ("gpu", _) => Ok(Self::Gpus),
            (_, Some(Ok(index))) => Ok(Self::Gpu(index)),
            _ => Err(format!("found {text:?}, wanted cpu, gpu or gpu:N")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::DeviceName;

    #[test]
    fn devices_are_read_by_name() {
        assert_eq!("cpu".parse(), Ok(DeviceName::Cpu));
        assert_eq!("gpu".parse(), Ok(DeviceName::Gpus));
        assert_eq!("gpu:12".parse(), Ok(DeviceName::Gpu(12)));
        for text in ["", "CPU", "gpu:", "gpu:x", "gpu:-1", "0"] {
            assert!(text.parse::<DeviceName>().is_err(), "{text:?}");
        }
    }
}
