//! [`Backend`]: a device that searches nonces, be it a processor, a graphics card or a remote server.
//!
//! A backend is asked with a slice of [`Task`]s and tells each task what it finds and what it has
//! tried; [`DeviceInfo`] says what the device is. [`backend_fn`] makes a backend of a closure,
//! [`measure`] says how fast a device is.

use crate::{NonceRange, Puzzle, Stop, Task, WrongWork};
use nano_primitives::{Difficulty, Root};
use std::{
    any::Any,
    error::Error,
    fmt::{self, Debug},
    slice, thread,
    time::{Duration, Instant},
};

/// A device that searches nonces.
///
/// ```
/// use nano_pow::{Backend, BackendError, DeviceInfo, Task};
///
/// /// One nonce after the other, by the plain definition.
/// #[derive(Debug)]
/// struct Plain;
///
/// impl Backend for Plain {
///     fn info(&self) -> DeviceInfo {
///         DeviceInfo::new("plain")
///     }
///
///     fn search(&self, tasks: &[Task<'_>]) -> Result<(), BackendError> {
///         for task in tasks {
///             for work in task.nonces().iter().take_while(|_| !task.is_stopped()) {
///                 task.count(1);
///                 if task.puzzle().check(work).is_ok() {
///                     task.found(work);
///                 }
///             }
///         }
///         Ok(())
///     }
/// }
/// ```
pub trait Backend: Debug + Send + Sync {
    /// What the device is. Always the same for a device.
    fn info(&self) -> DeviceInfo;

    /// Searches the nonces of some tasks, at least one and at most [`DeviceInfo::batch_size`], at
    /// the same time or one after the other. Ends when each of them is solved, stopped, or out of
    /// nonces.
    ///
    /// Blocks the calling thread. Must look at [`Task::is_stopped`] at least every millisecond
    /// where the device allows it, and [`Task::count`] what it has tried at least every few
    /// milliseconds. Work is told by [`Task::found`] as soon as there is some, from any thread; it
    /// is checked by the caller.
    ///
    /// # Errors
    /// The device failed: it is left alone for a while. What it found before counts.
    fn search(&self, tasks: &[Task<'_>]) -> Result<(), BackendError>;
}

/// What a pool has to know of a device.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeviceInfo {
    /// What people call it, in logs and lists.
    pub name: String,
    /// How many small tasks it likes to search at the same time, where the queue has them: one, if
    /// not said.
    pub batch_size: usize,
    /// How long those that it takes at the same time are expected to take together, at most: 20 ms, if not said. Urgent
    /// requests that come meanwhile wait for it.
    pub batch_time: Duration,
    /// Whether another program searches: such a device is not asked for work that another program
    /// asked for, or two that ask each other would never be done.
    pub is_remote: bool,
}

impl DeviceInfo {
    const BATCH_TIME: Duration = Duration::from_millis(20);

    /// A local device that is asked for one task at a time.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        let (name, batch_time) = (name.into(), Self::BATCH_TIME);
        Self { name, batch_size: 1, batch_time, is_remote: false }
    }

    /// The same for a device that likes so many tasks at a time, at least one.
    #[must_use]
    pub const fn with_batch_size(mut self, tasks: usize) -> Self {
        self.batch_size = if tasks == 0 { 1 } else { tasks };
        self
    }

    /// The same for a device whose batches may take so long.
    #[must_use]
    pub const fn with_batch_time(mut self, time: Duration) -> Self {
        self.batch_time = time;
        self
    }

    /// The same for another program.
    #[must_use]
    pub const fn remote(mut self) -> Self {
        self.is_remote = true;
        self
    }
}

impl<S: Into<String>> From<S> for DeviceInfo {
    fn from(name: S) -> Self {
        Self::new(name)
    }
}

/// A backend that gives one task after the other to a closure, which follows the rules of
/// [`Backend::search`].
///
/// ```
/// use nano_pow::{Pool, Puzzle, backend_fn};
/// # use nano_primitives::{Difficulty, Root};
///
/// let plain = backend_fn("plain", |task| {
///     let mut nonces = task.nonces().iter().take_while(|_| !task.is_stopped());
///     if let Some(work) = nonces.find(|work| task.puzzle().check(*work).is_ok()) {
///         task.found(work);
///     }
///     Ok(())
/// });
/// let pool = Pool::new(vec![Box::new(plain)]);
/// # let threshold = Difficulty::from_u64(0xff00_0000_0000_0000);
/// # let puzzle = Puzzle::new(Root::from_bytes([7; 32]), threshold);
/// let solution = pool.submit(puzzle).wait()?;
/// # Ok::<_, nano_pow::PoolError>(())
/// ```
pub fn backend_fn<F>(info: impl Into<DeviceInfo>, search: F) -> BackendFn<F>
where
    F: Fn(&Task<'_>) -> Result<(), BackendError> + Send + Sync,
{
    BackendFn { info: info.into(), search }
}

/// A backend made of a closure, by [`backend_fn`].
pub struct BackendFn<F> {
    info: DeviceInfo,
    search: F,
}

impl<F> Debug for BackendFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BackendFn").field("info", &self.info).finish_non_exhaustive()
    }
}

impl<F> Backend for BackendFn<F>
where
    F: Fn(&Task<'_>) -> Result<(), BackendError> + Send + Sync,
{
    fn info(&self) -> DeviceInfo {
        self.info.clone()
    }

    fn search(&self, tasks: &[Task<'_>]) -> Result<(), BackendError> {
        tasks.iter().try_for_each(&self.search)
    }
}

/// Measures the hashes per second of a device by letting it search in vain for `time`.
///
/// Blocks the calling thread. Measure devices that are idle.
///
/// # Errors
/// The device failed.
pub fn measure(backend: &dyn Backend, time: Duration) -> Result<f64, BackendError> {
    let puzzle = Puzzle::new(Root::from_bytes([0xa5; 32]), Difficulty::MAX);
    let stop = Stop::new();
    let task = Task::new(puzzle, NonceRange::new(0, u64::MAX), &stop);
    let started = Instant::now();
    thread::scope(|scope| {
        let search = scope.spawn(|| backend.search(slice::from_ref(&task)));
        thread::sleep(time);
        stop.stop();
        search.join().map_err(|panic| BackendError::panicked(&*panic))?
    })?;
    Ok(per_second(task.hashes(), started.elapsed()))
}

/// The sum, where that of nothing is 0 and not -0, as the standard library's is.
pub(crate) fn total(numbers: impl Iterator<Item = f64>) -> f64 {
    numbers.fold(0.0, |sum, number| sum + number)
}

/// Hashes per second; zero where no time has passed.
#[allow(clippy::cast_precision_loss)] // a rate needs no more than 53 bits
pub(crate) fn per_second(hashes: u64, time: Duration) -> f64 {
    if time.is_zero() { 0.0 } else { hashes as f64 / time.as_secs_f64() }
}

/// A device that did not do its work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackendError {
    /// It proposed work that is none.
    #[error("the device proposed wrong work")]
    Wrong(#[from] WrongWork),
    /// Its code panicked.
    #[error("the device's code panicked: {message}")]
    Panicked {
        /// What the panic said.
        message: String,
    },
    /// It failed for a reason of its own.
    #[error("the device failed")]
    Device(#[source] Box<dyn Error + Send + Sync>),
}

impl BackendError {
    /// A failure for a reason that only this kind of device knows.
    pub fn device(reason: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Device(reason.into())
    }

    /// What a caught panic had to say.
    pub(crate) fn panicked(payload: &(dyn Any + Send)) -> Self {
        let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
        Self::Panicked { message: text.unwrap_or_else(|| "no message".to_owned()) }
    }
}
