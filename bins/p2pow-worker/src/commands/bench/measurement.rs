//! Measuring in turns.

use super::reference::reference;
use crate::devices::Opened;
use nano_pow::{Backend, BackendError};
use std::{thread, time::Duration};

/// The longest turn of a device.
const TURN: Duration = Duration::from_millis(500);

/// A graphics card's clock takes some 200 ms to rise when it was idle, as while others had their turn.
const WARM_UP: Duration = Duration::from_millis(400);

/// How fast something is.
#[derive(Debug)]
pub(super) struct Measurement {
    pub(super) device: String,
    pub(super) kernel: String,
    pub(super) threads: Option<usize>,
    /// Hashes per second.
    pub(super) rate: f64,
}

/// A device that does not get through its measurement.
#[derive(Debug, thiserror::Error)]
#[error("{device} failed")]
pub(super) struct MeasureError {
    device: String,
    source: BackendError,
}

/// What is measured: one device, or several at once.
struct Subject<'a> {
    device: String,
    kernel: String,
    threads: Option<usize>,
    backends: Vec<&'a dyn Backend>,
}

/// Measures the reference, every device with every kernel, and at last the devices together, for `time` each.
pub(super) fn measure_all(
    opened: Vec<Opened>,
    threads: usize,
    time: Duration,
) -> Result<Vec<Measurement>, MeasureError> {
    let reference = reference(threads);
    let subjects = subjects((&reference, threads), &opened);
    let turns = u32::try_from(time.as_millis().div_ceil(TURN.as_millis())).unwrap_or(u32::MAX);
    let mut rates = vec![0.0; subjects.len()];
    for _ in 0..turns {
        for (subject, rate) in subjects.iter().zip(&mut rates) {
            if subject.has_card() {
                subject.measure(WARM_UP)?;
            }
            *rate += subject.measure(time / turns)? / f64::from(turns);
        }
    }
    Ok(subjects.into_iter().zip(rates).map(|(subject, rate)| subject.result(rate)).collect())
}

fn subjects<'a>(
    (reference, threads): (&'a dyn Backend, usize),
    opened: &'a [Opened],
) -> Vec<Subject<'a>> {
    let first = Subject {
        device: "cpu".to_owned(),
        kernel: "blake2 crate".to_owned(),
        threads: Some(threads),
        backends: vec![reference],
    };
    let each = opened.iter().map(|opened| Subject {
        device: opened.device.clone(),
        kernel: opened.kernel.clone(),
        threads: opened.threads,
        backends: vec![&*opened.backend],
    });
    [first].into_iter().chain(each).chain(together(opened)).collect()
}

fn together(opened: &[Opened]) -> Option<Subject<'_>> {
    let best = opened.iter().filter(|opened| opened.is_best);
    let backends: Vec<&dyn Backend> = best.map(|opened| &*opened.backend).collect();
    let is_any = backends.len() > 1;
    is_any.then(|| Subject {
        device: "all together".to_owned(),
        kernel: "best".to_owned(),
        threads: None,
        backends,
    })
}

impl Subject<'_> {
    /// Everything else has threads of the processor.
    const fn has_card(&self) -> bool {
        self.threads.is_none()
    }

    fn measure(&self, time: Duration) -> Result<f64, MeasureError> {
        let failed = |(device, source): (String, BackendError)| MeasureError { device, source };
        thread::scope(|scope| {
            let runs: Vec<_> = self
                .backends
                .iter()
                .map(|backend| scope.spawn(move || measure(*backend, time)))
                .collect();
            let rates = runs.into_iter().map(|run| run.join().expect("panics are caught inside"));
            rates.sum::<Result<f64, _>>().map_err(failed)
        })
    }

    fn result(self, rate: f64) -> Measurement {
        let Self { device, kernel, threads, .. } = self;
        Measurement { device, kernel, threads, rate }
    }
}

fn measure(backend: &dyn Backend, time: Duration) -> Result<f64, (String, BackendError)> {
    nano_pow::measure(backend, time).map_err(|error| (backend.info().name, error))
}
