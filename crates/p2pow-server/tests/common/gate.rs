//! A device that works only while its gate is open, so that a test decides when work is found.

use nano_pow::{Backend, BackendError, CpuBackend, DeviceInfo, Task};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

#[derive(Debug, Clone)]
pub(crate) struct Gate(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    is_open: AtomicBool,
    searches: AtomicUsize,
    searching: AtomicBool,
}

impl Gate {
    pub(crate) fn open() -> Self {
        Self(Arc::new(Inner {
            is_open: AtomicBool::new(true),
            searches: AtomicUsize::new(0),
            searching: AtomicBool::new(false),
        }))
    }

    pub(crate) fn set(&self, is_open: bool) {
        self.0.is_open.store(is_open, Ordering::SeqCst);
    }

    /// How many works were searched for.
    pub(crate) fn searches(&self) -> usize {
        self.0.searches.load(Ordering::SeqCst)
    }

    /// Whether the device is at work or waits at the gate.
    pub(crate) fn is_searching(&self) -> bool {
        self.0.searching.load(Ordering::SeqCst)
    }

    pub(crate) fn backend(&self, cpu: CpuBackend) -> Gated {
        Gated { gate: self.clone(), cpu }
    }
}

#[derive(Debug)]
pub(crate) struct Gated {
    gate: Gate,
    cpu: CpuBackend,
}

impl Backend for Gated {
    fn info(&self) -> DeviceInfo {
        DeviceInfo::new("gated")
    }

    fn search(&self, tasks: &[Task<'_>]) -> Result<(), BackendError> {
        let inner = &self.gate.0;
        inner.searches.fetch_add(1, Ordering::SeqCst);
        inner.searching.store(true, Ordering::SeqCst);
        while !inner.is_open.load(Ordering::SeqCst) && !tasks.iter().all(Task::is_stopped) {
            thread::sleep(Duration::from_micros(200));
        }
        let found = self.cpu.search(tasks);
        inner.searching.store(false, Ordering::SeqCst);
        found
    }
}
