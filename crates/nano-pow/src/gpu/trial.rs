//! [`open`]: opens a device with a short trial of each kernel: does it find what there is, and how
//! fast?

use super::{
    AdapterInfo, GpuError, GpuKernel, adapter::OpenDevice, engine::Engine, pace::per_second,
    pipeline::Pipeline, shader::Shape,
};
use crate::{NonceRange, Puzzle, Stop, Task};
use nano_primitives::{Difficulty, Root, Work};
use std::{
    slice,
    time::{Duration, Instant},
};

/// Long enough to tell two kernels apart.
const ENOUGH: Duration = Duration::from_millis(30);
/// How often.
const TRIALS: u32 = 3;

/// Nonces of a check, about four of which reach the threshold.
const CHECKED: u64 = 1 << 12;
const EASY: Difficulty = Difficulty::from_u64(!(u64::MAX >> 10));

/// Where checks begin: anywhere, and where a carry runs from the low half into the high one and out
/// of it.
const STARTS: [u64; 3] = [0x0123_4567_89ab_cdef, 0x7fff_ffff_ffff_fc00, 0xffff_ffff_ffff_fc00];

type Candidate = (u64, Engine<Pipeline>);

/// Opens an adapter with the fastest of these kernels that works on it.
pub(super) fn open(
    adapter: &AdapterInfo,
    kernels: &[GpuKernel],
) -> Result<Engine<Pipeline>, GpuError> {
    let mut best: Option<Candidate> = None;
    let mut failure = GpuError::NoU64 { name: adapter.name.clone() };
    for kernel in kernels.iter().filter(|kernel| adapter.has_u64 || !kernel.needs_u64()) {
        match candidate(adapter, *kernel) {
            Ok(next) => best = Some(faster(best, next)),
            Err(error) => failure = report(adapter, *kernel, error),
        }
    }
    best.map(|(_, engine)| engine).ok_or(failure)
}

/// Each candidate has a device of its own, because an error reported for one kernel is no error of
/// the other.
fn candidate(adapter: &AdapterInfo, kernel: GpuKernel) -> Result<Candidate, GpuError> {
    let pipeline = Pipeline::new(&OpenDevice::open(adapter)?, kernel, shape(adapter))?;
    let mut engine = Engine::new(pipeline);
    check(&mut engine, kernel)?;
    let rate = rate(&mut engine)?;
    tracing::debug!(adapter = adapter.name, %kernel, rate, "kernel tried");
    Ok((rate, engine))
}

fn faster(best: Option<Candidate>, next: Candidate) -> Candidate {
    best.filter(|best| best.0 >= next.0).unwrap_or(next)
}

fn report(adapter: &AdapterInfo, kernel: GpuKernel, error: GpuError) -> GpuError {
    let reason = &error as &dyn std::error::Error;
    tracing::warn!(adapter = adapter.name, %kernel, error = reason, "kernel does not work");
    error
}

/// An invocation that takes more turns saves a little. One that takes fewer leaves less of the
/// device idle at the end of a submission, and notices sooner that work is found. Software has few
/// threads to keep busy.
fn shape(adapter: &AdapterInfo) -> Shape {
    Shape { lanes: 128, turns: if adapter.is_software() { 16 } else { 4 } }
}

/// Compares what the device finds with what there is to be found.
fn check(engine: &mut Engine<Pipeline>, kernel: GpuKernel) -> Result<(), GpuError> {
    for (index, start) in (1..).zip(STARTS) {
        let puzzle = Puzzle::new(Root::from_bytes([index; 32]), EASY);
        let nonces = NonceRange::new(start, CHECKED);
        let expected = nonces.iter().find(|work| puzzle.check(*work).is_ok());
        if search(engine, puzzle, nonces)? != expected {
            return Err(GpuError::Blind { kernel });
        }
    }
    Ok(())
}

/// Nonces per second, from searches in vain: the best of a few, since what slows one down is something
/// else that happens to run.
fn rate(engine: &mut Engine<Pipeline>) -> Result<u64, GpuError> {
    let mut count = 1 << 14;
    while in_vain(engine, count)? < ENOUGH {
        count *= 2;
    }
    let mut best = 0;
    for _ in 0..TRIALS {
        best = best.max(per_second(count, in_vain(engine, count)?));
    }
    Ok(best)
}

/// How long a search of so many nonces takes that finds nothing.
fn in_vain(engine: &mut Engine<Pipeline>, count: u64) -> Result<Duration, GpuError> {
    let puzzle = Puzzle::new(Root::from_bytes([0xa5; 32]), Difficulty::MAX);
    let since = Instant::now();
    search(engine, puzzle, NonceRange::new(0, count))?;
    Ok(since.elapsed())
}

fn search(
    engine: &mut Engine<Pipeline>,
    puzzle: Puzzle,
    nonces: NonceRange,
) -> Result<Option<Work>, GpuError> {
    let stop = Stop::new();
    let task = Task::new(puzzle, nonces, &stop);
    engine.search(slice::from_ref(&task)).map(|()| task.work())
}
