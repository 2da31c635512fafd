//! [`CpuBackend`]: the processor as a device, one hash kernel on every thread of a pool of its own.

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
mod portable;
mod threads;

pub use kernel::Kernel;
pub use midstate::Midstate;
pub use threads::{CpuError, CpuOptions};

use crate::{Backend, BackendError, DeviceInfo, NonceRange, Task};
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::num::NonZero;

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
            move |index| threads::prepare(&options, index)
        };
        let threads = ThreadPoolBuilder::new()
            .num_threads(options.threads.unwrap_or_else(cores).max(1))
            .thread_name(|index| format!("nano-pow-cpu-{index}"))
            .start_handler(prepare)
            .build()
            .map_err(|error| CpuError::Threads(error.into()))?;
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
    fn info(&self) -> DeviceInfo {
        DeviceInfo::new(format!("cpu {} x {}", self.threads(), self.kernel))
    }

    /// Searches for each task with all threads. The one that finds work tells of it before the
    /// others have noticed: a system with more to do than it has cores may let these wait for
    /// milliseconds.
    fn search(&self, tasks: &[Task<'_>]) -> Result<(), BackendError> {
        for task in tasks {
            let midstate = Midstate::new(&task.puzzle().root);
            let parts: Vec<_> = task.nonces().parts(self.threads() as u64).collect();
            self.threads.broadcast(|thread| {
                search_share(self.kernel, &midstate, task, parts[thread.index()]);
            });
        }
        Ok(())
    }
}

/// Searches one thread's share, a fraction of a millisecond at a time.
fn search_share(kernel: Kernel, midstate: &Midstate, task: &Task<'_>, mut rest: NonceRange) {
    while !rest.is_empty() && !task.is_stopped() {
        let (batch, after) = rest.split_at(kernel.batch());
        match kernel.search(midstate, task.puzzle().threshold, batch) {
            Some(work) => {
                task.count(work.to_u64().wrapping_sub(batch.first()).wrapping_add(1));
                task.found(work);
            }
            None => task.count(batch.count()),
        }
        rest = after;
    }
}
