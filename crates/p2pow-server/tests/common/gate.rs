//! A device that works only while its gate is open, so that a test decides when work is found.

use nano_pow::{Backend, BackendError, CpuBackend, DeviceInfo, Task};
use nano_primitives::Root;
use std::{
    sync::{
        Arc, Mutex,
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
    roots: Mutex<Vec<Root>>,
}

impl Gate {
    pub(crate) fn open() -> Self {
        Self(Arc::new(Inner {
            is_open: AtomicBool::new(true),
            searches: AtomicUsize::new(0),
            searching: AtomicBool::new(false),
            roots: Mutex::default(),
        }))
    }

    pub(crate) fn set(&self, is_open: bool) {
        self.0.is_open.store(is_open, Ordering::SeqCst);
    }

    /// How many works were searched for.
    pub(crate) fn searches(&self) -> usize {
        self.0.searches.load(Ordering::SeqCst)
    }

    /// The roots that were searched, in the order in which that began.
    pub(crate) fn roots(&self) -> Vec<Root> {
        self.0.roots.lock().unwrap().clone()
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
        inner.roots.lock().unwrap().extend(tasks.iter().map(|task| task.puzzle().root));
        while !inner.is_open.load(Ordering::SeqCst) && !tasks.iter().all(Task::is_stopped) {
            thread::sleep(Duration::from_micros(200));
        }
        let found = self.cpu.search(tasks);
        inner.searching.store(false, Ordering::SeqCst);
        found
    }
}
