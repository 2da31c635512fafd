//! How fast a device is.

use crate::{Backend, BackendError, NonceRange, Puzzle, Stop, Task};
use nano_primitives::{Difficulty, Root};
use std::{
    slice, thread,
    time::{Duration, Instant},
};

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
