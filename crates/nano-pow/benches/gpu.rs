//! Graphics cards: hashes per second of both kernels, the time to the first result, and all together with the processor.
//!
//! `cargo bench -p nano-pow --features gpu --bench gpu -- [--software] [--seconds S] [--threads N]`
//!
//! Prints a table, each rate with its ratio to one thread of the plain loop over the `blake2` crate in the same run.
//! `scripts/measure-gpu.sh` adds clocks and power.

use nano_pow::{
    Backend, CpuBackend, Job, Pool,
    gpu::{self, AdapterInfo, GpuBackend, GpuOptions, Kernel},
    measure,
};
use nano_primitives::{Difficulty, Root, Work};
use std::{
    error::Error,
    hint::black_box,
    str::FromStr,
    time::{Duration, Instant},
};

/// What a receive needs on the live network.
const RECEIVE: Difficulty = Difficulty::from_u64(0xffff_fe00_0000_0000);
/// What a send needs.
const SEND: Difficulty = Difficulty::from_u64(0xffff_fff8_0000_0000);

fn main() -> Result<(), Box<dyn Error>> {
    let settings = Settings::from_args()?;
    let reference = reference(settings.time);
    println!("{:<52} {:>10} {:>8}", "device", "MH/s", "ratio");
    row("blake2 crate, one thread", reference, reference);
    let adapters: Vec<_> = gpu::adapters().into_iter().filter(|a| settings.takes(a)).collect();
    if adapters.is_empty() {
        println!("there is no adapter (software ones are measured with --software)");
    }
    for adapter in &adapters {
        measure_adapter(adapter, &settings, reference)?;
    }
    measure_together(&adapters, &settings, reference)
}

struct Settings {
    software: bool,
    time: Duration,
    threads: Option<usize>,
}

impl Settings {
    /// Flags that `cargo bench` adds are passed over.
    fn from_args() -> Result<Self, Box<dyn Error>> {
        let args: Vec<_> = std::env::args().collect();
        Ok(Self {
            software: args.iter().any(|arg| arg == "--software"),
            time: Duration::from_secs_f64(value(&args, "--seconds")?.unwrap_or(3.0)),
            threads: value(&args, "--threads")?,
        })
    }

    fn takes(&self, adapter: &AdapterInfo) -> bool {
        self.software || !adapter.is_software()
    }
}

fn value<T: FromStr>(args: &[String], flag: &str) -> Result<Option<T>, T::Err> {
    let place = args.iter().position(|arg| arg == flag);
    place.and_then(|place| args.get(place + 1)).map(|text| text.parse()).transpose()
}

/// Hashes per second of the plain loop.
fn reference(time: Duration) -> f64 {
    let (root, since) = (Root::from_bytes([0x5a; 32]), Instant::now());
    let mut done = 0u64;
    while since.elapsed() < time {
        for nonce in done..done + 4096 {
            black_box(Work::from_u64(nonce).value(black_box(&root)));
        }
        done += 4096;
    }
    done as f64 / since.elapsed().as_secs_f64()
}

fn row(device: &str, rate: f64, reference: f64) {
    println!("{device:<52} {:>10.2} {:>8.1}", rate / 1e6, rate / reference);
}

fn measure_adapter(
    adapter: &AdapterInfo,
    settings: &Settings,
    reference: f64,
) -> Result<(), Box<dyn Error>> {
    println!("{adapter}");
    for kernel in Kernel::ALL.into_iter().filter(|kernel| adapter.has_u64 || *kernel != Kernel::U64)
    {
        let options = GpuOptions { kernel: Some(kernel), allow_software: true };
        let device = GpuBackend::new(adapter, &options)?;
        let rate = measure(&device, settings.time)?;
        row(&device.name(), rate, reference);
    }
    let since = Instant::now();
    let device = GpuBackend::new(adapter, &GpuOptions { kernel: None, allow_software: true })?;
    println!("  opened in {:.0?}, chose {}", since.elapsed(), device.kernel());
    let pool = Pool::new(vec![Box::new(device)]);
    first_results(&pool, "  receive", RECEIVE, settings.time)?;
    first_results(&pool, "  send", SEND, settings.time)
}

/// The time from the asking to the answer, for one root after the other.
fn first_results(
    pool: &Pool,
    what: &str,
    threshold: Difficulty,
    time: Duration,
) -> Result<(), Box<dyn Error>> {
    let (begin, mut times, mut root) = (Instant::now(), Vec::new(), [0; 32]);
    while times.is_empty() || begin.elapsed() < time {
        root[..8].copy_from_slice(&times.len().to_le_bytes());
        let since = Instant::now();
        pool.submit(Job::new(Root::from_bytes(root), threshold)).wait()?;
        times.push(since.elapsed());
    }
    times.sort_unstable();
    let mean = times.iter().sum::<Duration>() / u32::try_from(times.len())?;
    let [least, median] = [times[0], times[times.len() / 2]];
    println!(
        "{what}: {} solved, mean {mean:.2?}, median {median:.2?}, least {least:.2?}",
        times.len()
    );
    Ok(())
}

/// The processor, and the processor with all adapters.
fn measure_together(
    adapters: &[AdapterInfo],
    settings: &Settings,
    reference: f64,
) -> Result<(), Box<dyn Error>> {
    let cpu = || settings.threads.map_or_else(CpuBackend::all_cores, CpuBackend::new);
    row(&cpu().name(), measure(&cpu(), settings.time)?, reference);
    let mut devices: Vec<Box<dyn Backend>> = vec![Box::new(cpu())];
    for adapter in adapters {
        let options = GpuOptions { kernel: None, allow_software: true };
        devices.push(Box::new(GpuBackend::new(adapter, &options)?));
    }
    let pool = Pool::new(devices);
    row("all together", pool.measure(settings.time), reference);
    first_results(&pool, "  receive", RECEIVE, settings.time)
}
