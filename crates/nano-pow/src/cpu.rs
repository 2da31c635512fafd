//! The processor as a device: one hash kernel on every thread of a pool of its own.

#[macro_use]
mod rounds;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod avx512_asm;
mod kernel;
mod midstate;
mod options;
mod portable;
mod thread;

pub use kernel::Kernel;
pub use midstate::Midstate;
pub use options::{CpuError, CpuOptions};

use crate::{Backend, BackendError, NonceRange, Task};
use nano_primitives::Work;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::{
    num::NonZero,
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

/// The processor, or some threads of it.
///
/// The threads sleep while nothing is searched. Searches asked for at the same time are done one
/// after the other.
#[derive(Debug)]
pub struct CpuBackend {
    threads: ThreadPool,
    kernel: Kernel,
}

impl CpuBackend {
    /// A device of `threads` threads, at least one, with the fastest kernel there is.
    ///
    /// # Panics
    /// The system gives no more threads.
    #[must_use]
    pub fn new(threads: usize) -> Self {
        let options = CpuOptions { threads: Some(threads), ..CpuOptions::default() };
        Self::with_options(&options).expect("the system starts the threads of a device")
    }

    /// A device of a thread for each core that this process may use.
    ///
    /// # Panics
    /// The system gives no more threads.
    #[must_use]
    pub fn all_cores() -> Self {
        Self::new(cores())
    }

    /// A device as asked for.
    ///
    /// # Errors
    /// The threads do not start, or this system does not have what is asked for.
    pub fn with_options(options: &CpuOptions) -> Result<Self, CpuError> {
        options.check()?;
        let prepare = {
            let options = options.clone();
            move |index| thread::prepare(&options, index)
        };
        let threads = ThreadPoolBuilder::new()
            .num_threads(options.threads.unwrap_or_else(cores).max(1))
            .thread_name(|index| format!("nano-pow-cpu-{index}"))
            .start_handler(prepare)
            .build()?;
        Ok(Self { threads, kernel: options.kernel.unwrap_or_else(Kernel::best) })
    }

    /// The same device with another kernel, for tests and measurements.
    #[must_use]
    pub fn with_kernel(self, kernel: Kernel) -> Self {
        Self { kernel, ..self }
    }

    /// What computes the hashes.
    #[must_use]
    pub const fn kernel(&self) -> Kernel {
        self.kernel
    }

    /// How many threads search.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.threads.current_num_threads()
    }
}

/// The cores that this process may use.
fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

impl Backend for CpuBackend {
    fn name(&self) -> String {
        format!("cpu {} x {}", self.threads(), self.kernel)
    }

    fn search(&self, task: &Task<'_>) -> Result<Option<Work>, BackendError> {
        let found = OnceLock::new();
        self.hunt(task, &|work| {
            let _ = found.set(work); // told once
        });
        Ok(found.into_inner())
    }

    fn search_batch(
        &self,
        tasks: &[Task<'_>],
        found: &(dyn Fn(usize, Work) + Sync),
    ) -> Result<(), BackendError> {
        for (index, task) in tasks.iter().enumerate() {
            self.hunt(task, &|work| found(index, work));
        }
        Ok(())
    }
}

impl CpuBackend {
    /// Searches with all threads. The one that finds work tells of it before the others have
    /// noticed: a system with more to do than it has cores may let these wait for milliseconds.
    fn hunt(&self, task: &Task<'_>, tell: &(dyn Fn(Work) + Sync)) {
        let hunt = Hunt::new(*task, self.kernel, tell);
        let parts: Vec<_> = task.nonces().parts(self.threads() as u64).collect();
        self.threads.broadcast(|thread| hunt.search(parts[thread.index()]));
    }
}

/// A search that all threads take part in.
struct Hunt<'a> {
    task: Task<'a>,
    kernel: Kernel,
    midstate: Midstate,
    is_found: AtomicBool,
    tell: &'a (dyn Fn(Work) + Sync),
}

impl<'a> Hunt<'a> {
    fn new(task: Task<'a>, kernel: Kernel, tell: &'a (dyn Fn(Work) + Sync)) -> Self {
        let midstate = Midstate::new(&task.job().root);
        Self { task, kernel, midstate, is_found: AtomicBool::new(false), tell }
    }

    /// Searches one thread's share, a fraction of a millisecond at a time.
    fn search(&self, mut rest: NonceRange) {
        while !rest.is_empty() && !self.is_over() {
            let (batch, after) = rest.split_at(self.kernel.batch());
            match self.kernel.search(&self.midstate, self.task.job().threshold, batch) {
                Some(work) => self.finish(batch, work),
                None => self.task.count(batch.count()),
            }
            rest = after;
        }
    }

    fn is_over(&self) -> bool {
        self.task.is_stopped() || self.is_found.load(Ordering::Relaxed)
    }

    /// Tells of the first work found by any thread.
    fn finish(&self, batch: NonceRange, work: Work) {
        self.task.count(work.to_u64().wrapping_sub(batch.first()).wrapping_add(1));
        // A second thread that finds work in the same fraction of a millisecond is too late.
        if !self.is_found.swap(true, Ordering::Relaxed) {
            (self.tell)(work);
        }
    }
}
