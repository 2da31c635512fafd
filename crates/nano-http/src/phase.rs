//! [`Phase`]: whether a connection waits for a request or answers one.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// How many requests of a connection have begun and ended, both counted. Odd: one is being answered.
#[derive(Debug, Clone, Default)]
pub(crate) struct Phase(Arc<AtomicUsize>);

impl Phase {
    /// A request has been read. It is being answered until what is returned is dropped.
    pub(crate) fn begin(&self) -> Answering {
        self.0.fetch_add(1, Ordering::Release);
        Answering { phase: self.clone(), is_for_ever: false }
    }

    pub(crate) fn now(&self) -> usize {
        self.0.load(Ordering::Acquire)
    }

    /// Whether a request is being answered.
    pub(crate) fn is_answering(&self) -> bool {
        !self.now().is_multiple_of(2)
    }
}

/// A request that is being answered.
#[derive(Debug)]
pub(crate) struct Answering {
    phase: Phase,
    is_for_ever: bool,
}

impl Answering {
    /// The connection speaks another protocol from now on, which is not waited for.
    pub(crate) const fn upgrade(&mut self) {
        self.is_for_ever = true;
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        if !self.is_for_ever {
            self.phase.0.fetch_add(1, Ordering::Release);
        }
    }
}
