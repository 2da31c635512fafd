//! [`Sightings`]: who was seen when, by the clock of who looks.

use p2pow_store::Revision;
use std::{collections::HashMap, time::Duration};
use tokio::time::Instant;

/// How many times a lease's time the record of one that is gone is left, so that everybody has seen it.
const REMEMBERED: u32 = 10;

/// When the state of each lease was seen first.
#[derive(Debug, Default)]
pub(super) struct Sightings(HashMap<String, Sighting>);

/// A lease as it was found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    pub(super) revision: Revision,
    pub(super) is_over: bool,
    /// How long after a write it is over.
    pub(super) lasts: Duration,
}

#[derive(Debug)]
struct Sighting {
    /// `None` where there is no record.
    revision: Option<Revision>,
    /// When it was seen to be so first.
    since: Instant,
    is_gone: bool,
}

impl Sighting {
    fn new(revision: Option<Revision>, since: Instant) -> Self {
        Self { revision, since, is_gone: false }
    }
}

impl Sightings {
    /// Whether this owner is gone. Who was never heard of is looked out for from now on.
    pub(super) fn is_gone(&mut self, owner: &str) -> bool {
        if let Some(seen) = self.0.get(owner) {
            return seen.is_gone;
        }
        self.0.insert(owner.to_owned(), Sighting::new(None, Instant::now()));
        false
    }

    /// A look at all leases, which began and ended at these times. Says whether somebody is gone who was not before. Who
    /// has no lease is gone after `time`.
    pub(super) fn saw(
        &mut self,
        found: &HashMap<String, Seen>,
        (began, ended): (Instant, Instant),
        time: Duration,
    ) -> bool {
        for owner in found.keys() {
            self.0.entry(owner.clone()).or_insert_with(|| Sighting::new(None, ended));
        }
        let mut is_news = false;
        for (owner, seen) in &mut self.0 {
            let now = found.get(owner);
            let revision = now.map(|now| now.revision);
            if revision != seen.revision {
                // What is gone stays gone: its name is not had again.
                *seen = Sighting { is_gone: seen.is_gone, ..Sighting::new(revision, ended) };
            }
            let is_over = now.is_some_and(|now| now.is_over);
            let lasts = now.map_or(time, |now| now.lasts);
            let is_silent = began.saturating_duration_since(seen.since) >= lasts;
            if !seen.is_gone && (is_over || is_silent) {
                seen.is_gone = true;
                is_news = true;
            }
        }
        self.0.retain(|_, seen| {
            let is_old = ended.saturating_duration_since(seen.since) >= time * REMEMBERED * 2;
            seen.revision.is_some() || !(seen.is_gone && is_old)
        });
        is_news
    }

    /// Whether this owner is gone for so long that its record is of no use any more.
    pub(super) fn is_forgotten(&self, owner: &str, time: Duration) -> bool {
        let seen = self.0.get(owner);
        seen.is_some_and(|seen| seen.is_gone && seen.since.elapsed() >= time * REMEMBERED)
    }
}
