//! [`GpuBackend`]: a graphics card as a device, through Vulkan, Metal or Direct3D 12.
//!
//! The kernel is written for the occasion (see `docs/work.md`): one description of the hash is
//! divided into what the host computes once a root and what the device computes for each nonce, and
//! the second part becomes a shader without loops or arrays. A device gets submissions of a few
//! milliseconds, two at a time. What it finds is checked here, and a device that errs, hangs or is
//! lost is thrown away and opened anew when it is asked next.
//!
//! The way of a search: the tasks are a `Batch` of nonces (`batch.rs`), of which the `Engine`
//! (`engine.rs`) submits parts as large as the `Pace` (`pace.rs`) says; the `Pipeline`
//! (`pipeline.rs`) makes each part the run of a compiled kernel (`launch.rs`).
//!
//! What follows needs a graphics card, so it is compiled and not run.
//!
//! ```no_run
//! use nano_pow::{Backend, CpuBackend, Pool, gpu::{self, GpuOptions}};
//!
//! let mut devices: Vec<Box<dyn Backend>> = vec![Box::new(CpuBackend::all_cores())];
//! for device in gpu::open_all(&GpuOptions::default()) {
//!     devices.push(Box::new(device?));
//! }
//! let pool = Pool::new(devices);
//! # Ok::<_, gpu::GpuError>(())
//! ```

mod adapter;
mod batch;
mod blake2b;
mod engine;
mod error;
mod graph;
mod kernel;
mod launch;
mod pace;
mod pipeline;
mod shader;
mod trial;

pub use adapter::{AdapterInfo, AdapterKind, adapters};
pub use error::GpuError;
pub use kernel::{GpuKernel, UnknownKernel};

use crate::{Backend, BackendError, DeviceInfo, NonceRange, Task};
use engine::Engine;
use nano_primitives::{Difficulty, Root};
use pipeline::Pipeline;
use std::{
    panic,
    sync::{Mutex, PoisonError},
    thread::{self, ScopedJoinHandle},
};

/// How an adapter is used.
#[derive(Debug, Clone, Default)]
pub struct GpuOptions {
    /// The kernel, or the faster one by a short trial.
    pub kernel: Option<GpuKernel>,
    /// Whether software adapters may be used: for tests, they are slower than the processor used
    /// directly.
    pub allow_software: bool,
}

/// A graphics card.
///
/// Searches asked for at the same time are done one after the other. Stopping a search takes a
/// millisecond (eight with software, whose driver does not return before the work is done), but the
/// device may be busy with it for some more, up to 16, before it begins with the next.
#[derive(Debug)]
pub struct GpuBackend {
    adapter: AdapterInfo,
    kernel: GpuKernel,
    /// Empty after a failure.
    engine: Mutex<Option<Engine<Pipeline>>>,
}

impl GpuBackend {
    /// Opens an adapter and tries its kernels. Takes a fraction of a second, or some seconds when
    /// the driver compiles the kernels for the first time.
    ///
    /// # Errors
    /// The adapter is software and that is not allowed, the driver opens no device, or no kernel
    /// works on it.
    pub fn new(adapter: &AdapterInfo, options: &GpuOptions) -> Result<Self, GpuError> {
        if adapter.is_software() && !options.allow_software {
            return Err(GpuError::Software { name: adapter.name.clone() });
        }
        let engine = match &options.kernel {
            Some(kernel) => trial::open(adapter, &[*kernel])?,
            None => trial::open(adapter, GpuKernel::ALL)?,
        };
        let kernel = engine.queue().kernel();
        Ok(Self { adapter: adapter.clone(), kernel, engine: Mutex::new(Some(engine)) })
    }

    /// The adapter.
    #[must_use]
    pub const fn adapter(&self) -> &AdapterInfo {
        &self.adapter
    }

    /// The kernel that was chosen.
    #[must_use]
    pub const fn kernel(&self) -> GpuKernel {
        self.kernel
    }

    /// Computes the values of all nonces of a range on the device, to compare them with the
    /// reference.
    ///
    /// # Errors
    /// The range is longer than 65536 nonces, or the device failed.
    pub fn values(&self, root: &Root, nonces: NonceRange) -> Result<Vec<Difficulty>, GpuError> {
        self.with_engine(|engine| engine.queue_mut().values(root, nonces))
    }

    /// Lends the engine, rebuilt if it was thrown away, and throws it away if this fails.
    fn with_engine<T>(
        &self,
        work: impl FnOnce(&mut Engine<Pipeline>) -> Result<T, GpuError>,
    ) -> Result<T, GpuError> {
        let mut slot = self.engine.lock().unwrap_or_else(PoisonError::into_inner);
        let mut engine = slot.take().map_or_else(|| self.reopen(), Ok)?;
        match work(&mut engine) {
            Ok(result) => {
                *slot = Some(engine);
                Ok(result)
            }
            Err(error) => {
                // A device that hangs can hang its owner too.
                thread::spawn(move || drop(engine));
                Err(error)
            }
        }
    }

    fn reopen(&self) -> Result<Engine<Pipeline>, GpuError> {
        let engine = trial::open(&self.adapter, &[self.kernel])?;
        tracing::info!(adapter = self.adapter.name, "device opened again");
        Ok(engine)
    }
}

/// Opens every adapter that the options allow, all at the same time.
///
/// # Panics
/// The system gives no more threads.
#[must_use]
pub fn open_all(options: &GpuOptions) -> Vec<Result<GpuBackend, GpuError>> {
    let adapters = adapters();
    let allowed = |adapter: &&AdapterInfo| options.allow_software || !adapter.is_software();
    let join = |opening: ScopedJoinHandle<'_, _>| match opening.join() {
        Ok(opened) => opened,
        Err(panic) => panic::resume_unwind(panic),
    };
    thread::scope(|scope| {
        let open = |adapter| scope.spawn(move || GpuBackend::new(adapter, options));
        let openings: Vec<_> = adapters.iter().filter(allowed).map(open).collect();
        openings.into_iter().map(join).collect()
    })
}

impl Backend for GpuBackend {
    fn info(&self) -> DeviceInfo {
        let name = format!("gpu {} ({}, {})", self.adapter.index, self.adapter.name, self.kernel);
        DeviceInfo::new(name).with_batch_size(engine::SLOTS)
    }

    fn search(&self, tasks: &[Task<'_>]) -> Result<(), BackendError> {
        for tasks in tasks.chunks(engine::SLOTS) {
            self.with_engine(|engine| engine.search(tasks))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{GpuBackend, GpuOptions, adapters};
    use crate::{Backend, BackendError, NonceRange, Puzzle, Stop, Task};
    use nano_primitives::{Difficulty, Root, Work};
    use std::{
        env,
        io::{self, Write},
        slice,
    };

    fn search(backend: &GpuBackend) -> Result<Option<Work>, BackendError> {
        let stop = Stop::new();
        let puzzle = Puzzle::new(Root::ZERO, Difficulty::MIN);
        let task = Task::new(puzzle, NonceRange::new(8, 8), &stop);
        backend.search(slice::from_ref(&task)).map(|()| task.work())
    }

    #[test]
    fn a_lost_device_is_an_error_once_and_opened_anew() {
        let options = GpuOptions { allow_software: true, ..GpuOptions::default() };
        let adapters = adapters();
        if adapters.is_empty() {
            assert!(env::var_os("P2POW_REQUIRE_GPU").is_none(), "no adapter, and one is required");
            // Past the capture of a test that passes.
            io::stderr().write_all(b"skipped: there is no adapter\n").unwrap();
        }
        for adapter in adapters {
            let backend = GpuBackend::new(&adapter, &options).unwrap();
            assert_eq!(search(&backend).unwrap(), Some(Work::from_u64(8)));
            backend.engine.lock().unwrap().as_ref().unwrap().queue().destroy();
            let error = search(&backend).unwrap_err();
            println!("{adapter}: {}", reasons(&error));
            assert_eq!(search(&backend).unwrap(), Some(Work::from_u64(8)));
        }
    }

    fn reasons(error: &dyn std::error::Error) -> String {
        let source = error.source().map(|source| format!(": {}", reasons(source)));
        format!("{error}{}", source.unwrap_or_default())
    }
}
