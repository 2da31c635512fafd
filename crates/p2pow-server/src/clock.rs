//! The time of day, asked for here alone. It orders and dates what is written down; nothing waits for it.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

/// How far the clock of this process has jumped, in milliseconds.
static JUMPED: AtomicI64 = AtomicI64::new(0);

/// Milliseconds since 1970.
pub(crate) fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
    now.saturating_add_signed(JUMPED.load(Ordering::Relaxed))
}

/// Sets the clock of all workers of this process wrong by so many milliseconds, for tests of clocks that jump.
pub fn jump_to(wrong_by: i64) {
    JUMPED.store(wrong_by, Ordering::Relaxed);
}
