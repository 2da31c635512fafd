//! [`Experience`]: what a sender has seen of a worker by itself, fading with time.
//!
//! Good and bad deeds are counted, and the counts halve: the good ones slowly, as a worker that did its part does so
//! again; the bad ones faster, so that one that was in trouble gets another chance. Nothing here is a worker's own word.

use serde::{Deserialize, Serialize};

/// Seconds after which a good deed counts half: 30 days.
const GOOD_HALVES: f64 = 30.0 * DAY;
/// Seconds after which a bad deed counts half: 7 days.
const BAD_HALVES: f64 = 7.0 * DAY;
const DAY: f64 = 86_400.0;
/// A deed that counts less than this is forgotten: one that was seen once is remembered for one time of halving.
const COUNTS: f64 = 0.5;
/// How much the newest speed counts in the mean of those shown.
const NEWEST: f64 = 0.5;

/// What was seen of a worker. Counts are those of [`as_of`](Self::as_of); see [`at`](Self::at).
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Experience {
    /// Jobs that it was paid for.
    pub won: f64,
    /// Jobs that it did while another was quicker.
    pub lost: f64,
    /// Refusals, wrong works, answers that are none.
    pub failed: f64,
    /// Jobs that it took and did not deliver; half a job if it was overtaken by a worker that was hired later.
    pub withheld: f64,
    /// The hashes a second that it has shown.
    pub hashrate: Option<f64>,
    /// The most user blocks of a job that it did.
    pub blocks: usize,
    /// When it was last seen to do anything of this, in seconds since 1970.
    pub as_of: u64,
}

/// One thing that was seen of a worker.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Deed {
    /// It was paid.
    Won(Effort),
    /// It found all the work, and another was quicker to be paid.
    Lost(Effort),
    /// It refused, or answered what is wrong.
    Failed,
    /// It took the job and did not deliver at all.
    Withheld,
    /// It took too long: a worker that was hired for that was quicker.
    Overtaken,
}

/// What a job took.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Effort {
    /// The job's user blocks.
    pub(crate) blocks: usize,
    /// Hashes a second, if they can be told.
    pub(crate) hashrate: Option<f64>,
}

impl Experience {
    /// The same at a later time.
    #[must_use]
    pub fn at(&self, now: u64) -> Self {
        let (good, bad) = (left(self.as_of, now, GOOD_HALVES), left(self.as_of, now, BAD_HALVES));
        Self {
            won: self.won * good,
            lost: self.lost * good,
            failed: self.failed * bad,
            withheld: self.withheld * bad,
            as_of: self.as_of.max(now),
            ..*self
        }
    }

    /// The same after one thing more was seen.
    pub(crate) fn after(&self, deed: Deed, now: u64) -> Self {
        let mut after = self.at(now);
        match deed {
            Deed::Won(effort) => {
                after.won += 1.0;
                after.show(effort);
            }
            Deed::Lost(effort) => {
                after.lost += 1.0;
                after.show(effort);
            }
            Deed::Failed => after.failed += 1.0,
            Deed::Withheld => after.withheld += 1.0,
            Deed::Overtaken => after.withheld += 0.5,
        }
        after
    }

    fn show(&mut self, effort: Effort) {
        self.blocks = self.blocks.max(effort.blocks);
        self.hashrate = match (self.hashrate, effort.hashrate) {
            (Some(old), Some(new)) => Some(old + (new - old) * NEWEST),
            (old, new) => new.or(old),
        };
    }

    /// What speaks for it.
    #[must_use]
    pub fn good(&self) -> f64 {
        self.won + self.lost
    }

    /// What speaks against it. Who withholds costs a whole delay, who refuses a moment.
    #[must_use]
    pub fn bad(&self) -> f64 {
        self.failed + 2.0 * self.withheld
    }

    /// Whether it did its part lately, and more often than not.
    #[must_use]
    pub fn is_proven(&self) -> bool {
        self.good() >= COUNTS && self.good() >= self.bad()
    }

    /// Whether it did not do its part lately, more often than it did.
    #[must_use]
    pub fn is_bad(&self) -> bool {
        self.bad() >= COUNTS && self.bad() > self.good()
    }
}

/// The part of a count that is left: 2^-x after x half-lives, to 9 digits.
///
/// Not by `powf`, which alone would bring the system's library of mathematics into small programs: a tenth of their
/// memory.
#[allow(clippy::cast_precision_loss)] // seconds of some years
fn left(since: u64, now: u64, halves: f64) -> f64 {
    let mut rest = now.saturating_sub(since) as f64 / halves;
    let (mut left, mut root) = (1.0, 0.5_f64);
    while rest >= 1.0 && left > 0.0 {
        (left, rest) = (left * root, rest - 1.0);
    }
    // Each binary digit of what is left of x is a root of one half.
    for _ in 0..32 {
        (root, rest) = (root.sqrt(), rest * 2.0);
        if rest >= 1.0 {
            (left, rest) = (left * root, rest - 1.0);
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::{Deed, Effort, Experience, left};

    const DAY: u64 = 86_400;
    const EFFORT: Effort = Effort { blocks: 3, hashrate: Some(1e6) };

    fn after(deeds: &[Deed]) -> Experience {
        deeds.iter().fold(Experience::default(), |seen, deed| seen.after(*deed, 1000))
    }

    #[test]
    fn one_job_done_proves_a_worker_for_a_month() {
        let once = after(&[Deed::Won(EFFORT)]);
        assert!(once.is_proven() && !once.is_bad());
        assert!(once.at(1000 + 29 * DAY).is_proven());
        assert!(!once.at(1000 + 31 * DAY).is_proven());
        assert_eq!((once.blocks, once.hashrate), (3, Some(1e6)));
    }

    #[test]
    fn who_withholds_is_bad_for_two_weeks_and_then_gets_another_chance() {
        let withheld = after(&[Deed::Withheld]);
        assert!(withheld.is_bad() && !withheld.is_proven());
        assert!(withheld.at(1000 + 13 * DAY).is_bad());
        assert!(!withheld.at(1000 + 15 * DAY).is_bad());
    }

    #[test]
    fn one_failure_does_not_undo_many_jobs_and_one_job_does_not_undo_many_failures() {
        let honest = after(&[Deed::Won(EFFORT), Deed::Lost(EFFORT), Deed::Failed]);
        assert!(honest.is_proven());
        let bait = after(&[Deed::Won(EFFORT), Deed::Withheld, Deed::Withheld]);
        assert!(bait.is_bad() && !bait.is_proven());
    }

    #[test]
    #[allow(clippy::cast_precision_loss)]
    fn what_is_left_is_a_power_of_one_half() {
        assert_eq!([left(5, 5, 7.0), left(5, 12, 7.0), left(5, 19, 7.0)], [1.0, 0.5, 0.25]);
        for passed in (0..100).chain((0..40).map(|bit| 3 << bit)) {
            let wanted = 0.5_f64.powf(passed as f64 / 7.0);
            let found = left(1, 1 + passed, 7.0);
            assert!((found - wanted).abs() <= wanted * 1e-8, "{passed}: {found}, wanted {wanted}");
        }
    }

    #[test]
    fn speed_is_a_mean_that_follows_the_newest() {
        let slower = Effort { blocks: 1, hashrate: Some(5e5) };
        let seen = after(&[Deed::Won(EFFORT), Deed::Won(slower)]);
        assert_eq!((seen.hashrate, seen.blocks), (Some(7.5e5), 3));
        let silent = seen.after(Deed::Won(Effort { blocks: 9, hashrate: None }), 1000);
        assert_eq!((silent.hashrate, silent.blocks), (Some(7.5e5), 9));
    }

    #[test]
    fn a_clock_that_goes_back_changes_nothing() {
        let seen = after(&[Deed::Won(EFFORT)]);
        assert_eq!(seen.at(5), seen);
    }
}
