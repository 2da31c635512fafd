//! Graphics cards: hashes per second of the kernels, the time to the first result, and all devices
//! together.
//!
//! ```sh
//! cargo bench -p nano-pow --features gpu --bench gpu -- [--software] [--kernel mixed|u64|u32]
//!     [--phase rate|latency|queue|together] [--seconds S] [--threads N]
//! ```
//!
//! Each rate stands beside its ratio to one thread of the plain loop over the `blake2` crate in the
//! same run. `scripts/measure-gpu.sh` adds clocks and power.

use nano_pow::{
    Backend, CpuBackend, Pool, Puzzle,
    gpu::{self, AdapterInfo, GpuBackend, GpuError, GpuKernel, GpuOptions},
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
    let bench = Bench::from_args()?;
    let adapters: Vec<_> = gpu::adapters().into_iter().filter(|a| bench.takes(a)).collect();
    println!("{:<52} {:>10} {:>8}", "device", "MH/s", "ratio");
    bench.row("blake2 crate, one thread", bench.reference);
    if adapters.is_empty() {
        println!("there is no adapter (software ones are measured with --software)");
    }
    for adapter in &adapters {
        println!("{adapter}");
        if bench.has_phase("rate") {
            bench.rates(adapter)?;
        }
        if bench.has_phase("latency") {
            bench.latency(adapter)?;
        }
        if bench.has_phase("queue") {
            bench.queue(adapter)?;
        }
    }
    if bench.has_phase("together") { bench.together(&adapters) } else { Ok(()) }
}

/// What is measured, and what it is compared with.
struct Bench {
    software: bool,
    phase: Option<String>,
    kernel: Option<GpuKernel>,
    time: Duration,
    threads: Option<usize>,
    reference: f64,
}

impl Bench {
    /// Flags that `cargo bench` adds are passed over.
    fn from_args() -> Result<Self, Box<dyn Error>> {
        let args: Vec<_> = std::env::args().collect();
        let time = Duration::from_secs_f64(value(&args, "--seconds")?.unwrap_or(3.0));
        Ok(Self {
            software: args.iter().any(|arg| arg == "--software"),
            phase: value(&args, "--phase")?,
            kernel: value(&args, "--kernel")?,
            time,
            threads: value(&args, "--threads")?,
            reference: reference(time),
        })
    }

    fn takes(&self, adapter: &AdapterInfo) -> bool {
        self.software || !adapter.is_software()
    }

    fn has_phase(&self, phase: &str) -> bool {
        self.phase.as_ref().is_none_or(|only| only == phase)
    }

    fn open(
        &self,
        adapter: &AdapterInfo,
        kernel: Option<GpuKernel>,
    ) -> Result<GpuBackend, GpuError> {
        GpuBackend::new(adapter, &GpuOptions { kernel, allow_software: self.software })
    }

    fn cpu(&self) -> CpuBackend {
        self.threads.map_or_else(CpuBackend::all_cores, CpuBackend::new)
    }

    fn row(&self, device: &str, rate: f64) {
        println!("{device:<52} {:>10.2} {:>8.1}", rate / 1e6, rate / self.reference);
    }

    /// Each kernel alone.
    fn rates(&self, adapter: &AdapterInfo) -> Result<(), Box<dyn Error>> {
        let wanted = |kernel: &GpuKernel| {
            self.kernel.is_none_or(|only| only == *kernel)
                && (adapter.has_u64 || !kernel.needs_u64())
        };
        for kernel in GpuKernel::ALL.iter().copied().filter(wanted) {
            let device = self.open(adapter, Some(kernel))?;
            self.row(&device.info().name, measure(&device, self.time)?);
        }
        Ok(())
    }

    /// From the asking to the answer.
    fn latency(&self, adapter: &AdapterInfo) -> Result<(), Box<dyn Error>> {
        let since = Instant::now();
        let device = self.open(adapter, self.kernel)?;
        println!("  opened in {:.0?}, kernel {}", since.elapsed(), device.kernel());
        let pool = Pool::new(vec![Box::new(device)]);
        self.solve(&pool, "receive", RECEIVE)?;
        self.solve(&pool, "send", SEND)
    }

    /// Jobs of a millisecond each, as receives are on a fast card: one after the other, then all at
    /// once.
    #[allow(clippy::cast_possible_truncation)] // a share of the nonces fits 64 bits
    fn queue(&self, adapter: &AdapterInfo) -> Result<(), Box<dyn Error>> {
        let pool = Pool::new(vec![Box::new(self.open(adapter, self.kernel)?)]);
        let rate = pool.measure(self.time);
        let threshold = Difficulty::from_u64(u64::MAX - (u64::MAX as f64 * 1e3 / rate) as u64);
        let jobs = u64::try_from(self.time.as_millis())? * 2 / 5;
        let puzzle = |index: u64| {
            let mut root = [0x77; 32];
            root[..8].copy_from_slice(&index.to_le_bytes());
            Puzzle::new(Root::from_bytes(root), threshold)
        };
        let row = |what: &str, took: Duration| {
            let per_second = jobs as f64 / took.as_secs_f64();
            let share = per_second * threshold.expected_hashes() / rate;
            println!(
                "  jobs of 1 ms, {what}: {per_second:.0} a second, {share:.2} of the full rate"
            );
        };
        let since = Instant::now();
        for index in 0..jobs {
            pool.submit(puzzle(index)).wait()?;
        }
        row("one after the other", since.elapsed());
        let since = Instant::now();
        let tickets: Vec<_> = (jobs..2 * jobs).map(|index| pool.submit(puzzle(index))).collect();
        for ticket in tickets {
            ticket.wait()?;
        }
        row("all queued at once", since.elapsed());
        Ok(())
    }

    /// The processor, and the processor with all adapters.
    fn together(&self, adapters: &[AdapterInfo]) -> Result<(), Box<dyn Error>> {
        self.row(&self.cpu().info().name, measure(&self.cpu(), self.time)?);
        let mut devices: Vec<Box<dyn Backend>> = vec![Box::new(self.cpu())];
        for adapter in adapters {
            devices.push(Box::new(self.open(adapter, self.kernel)?));
        }
        let pool = Pool::new(devices);
        self.row("all together", pool.measure(self.time));
        self.solve(&pool, "receive", RECEIVE)
    }

    /// Solves one root after the other.
    fn solve(&self, pool: &Pool, what: &str, threshold: Difficulty) -> Result<(), Box<dyn Error>> {
        let (begin, mut times, mut root) = (Instant::now(), Vec::new(), [0; 32]);
        while begin.elapsed() < self.time {
            root[..8].copy_from_slice(&times.len().to_le_bytes());
            let since = Instant::now();
            pool.submit(Puzzle::new(Root::from_bytes(root), threshold)).wait()?;
            times.push(since.elapsed());
        }
        times.sort_unstable();
        let mean = times.iter().sum::<Duration>() / u32::try_from(times.len())?;
        let [least, median] = [times[0], times[times.len() / 2]];
        let count = times.len();
        println!(
            "  {what}: {count} solved, mean {mean:.2?}, median {median:.2?}, least {least:.2?}"
        );
        Ok(())
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
