//! [`Owners`]: who of those that share a store is there.

use crate::BoxFuture;
use std::fmt;

/// Those who share a store's records, as one of them sees them. A record that names its owner is that one's to go on
/// with, until it is gone; then it is anybody's, and compare-and-set decides between several.
///
/// A name is had by one start of one program, and never again. No clocks are compared: who is gone to one of them may
/// be there to another for a while.
pub trait Owners: fmt::Debug + Send + Sync {
    /// The name under which this one owns records now. `None` while the others may take it for gone: it must begin
    /// nothing then.
    fn me(&self) -> Option<String>;

    /// Whether somebody is gone. Who was never heard of is gone some time after this was asked first.
    fn is_gone(&self, owner: &str) -> bool;

    /// Waits until this one owns nothing by that name any more.
    fn lost<'a>(&'a self, owner: &'a str) -> BoxFuture<'a, ()>;

    /// Waits until more than `seen` changes have been: somebody has gone, or this one has another name. Says how many
    /// have been.
    fn changed(&self, seen: u64) -> BoxFuture<'_, u64>;
}
