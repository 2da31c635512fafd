//! The wall clock, read in this place alone: what a sender remembers is dated by it. Deadlines use tokio's clock.

use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since 1970; 0 for a clock that is before it.
pub(crate) fn unix_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
