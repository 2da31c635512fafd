//! A flag that says: nobody wants this any more.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// A flag to stop a search, shared by its clones. Once set it stays set.
///
/// A backend looks at it at least every millisecond while it searches.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// A flag that is not set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the flag, for all clones.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether the flag is set.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}
