//! Graphics cards as devices, through Vulkan, Metal or Direct3D 12.
//!
//! The kernel is written for the occasion (see `docs/work.md`): one description of the hash is
//! divided into what the host computes once a root and what the device computes for each nonce, and
//! the second part becomes a shader without loops or arrays. A device gets submissions of a few
//! milliseconds, two at a time. What it finds is checked here, and a device that errs, hangs or is
//! lost is thrown away and opened anew when it is asked next.
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
mod blake2b;
mod device;
mod engine;
mod error;
mod graph;
mod hunt;
mod kernel;
mod launch;
mod order;
mod pace;
mod pipeline;
mod shader;
mod stretch;
mod trial;
mod values;

pub use adapter::{AdapterInfo, AdapterKind, adapters};
pub use error::GpuError;
pub use kernel::{GpuKernel, UnknownKernel};

use crate::{Backend, BackendError, NonceRange, Task};
use engine::Engine;
use nano_primitives::{Difficulty, Root, Work};
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
            None => trial::open(adapter, &GpuKernel::ALL)?,
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
    fn name(&self) -> String {
        format!("gpu {} ({}, {})", self.adapter.index, self.adapter.name, self.kernel)
    }

    fn search(&self, task: &Task<'_>) -> Result<Option<Work>, BackendError> {
        Ok(self.with_engine(|engine| engine.search(task))?)
    }

    fn batch_size(&self) -> usize {
        engine::SLOTS
    }

    fn search_batch(
        &self,
        tasks: &[Task<'_>],
        found: &(dyn Fn(usize, Work) + Sync),
    ) -> Result<(), BackendError> {
        let batches = (0..).step_by(engine::SLOTS).zip(tasks.chunks(engine::SLOTS));
        for (begin, batch) in batches {
            let found = |index, work| found(begin + index, work);
            self.with_engine(|engine| engine.search_batch(batch, &found))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{GpuBackend, GpuOptions, adapters};
    use crate::{Backend, Job, NonceRange, Stop, Task};
    use nano_primitives::{Difficulty, Root, Work};
    use std::sync::atomic::AtomicU64;

    #[test]
    fn a_lost_device_is_an_error_once_and_opened_anew() {
        let options = GpuOptions { allow_software: true, ..GpuOptions::default() };
        let (stop, hashes) = (Stop::new(), AtomicU64::new(0));
        let job = Job::new(Root::ZERO, Difficulty::MIN);
        let task = Task::new(job, NonceRange::new(8, 8), &stop, &hashes);
        let adapters = adapters();
        println!("{} adapters", adapters.len()); // tests/gpu.rs insists on one where it has to
        for adapter in adapters {
            let backend = GpuBackend::new(&adapter, &options).unwrap();
            assert_eq!(backend.search(&task).unwrap(), Some(Work::from_u64(8)));
            backend.engine.lock().unwrap().as_ref().unwrap().queue().destroy();
            let error = backend.search(&task).unwrap_err();
            println!("{adapter}: {}", reasons(&error));
            assert_eq!(backend.search(&task).unwrap(), Some(Work::from_u64(8)));
        }
    }

    fn reasons(error: &dyn std::error::Error) -> String {
        let source = error.source().map(|source| format!(": {}", reasons(source)));
        format!("{error}{}", source.unwrap_or_default())
    }
}
