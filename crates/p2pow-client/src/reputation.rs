//! [`Reputation`]: what speaks for and against a worker: what this sender has seen of it, and what the ledger shows.
//!
//! A worker is an address together with the account that it has itself paid on. Who names another's account has
//! nothing of its reputation, and cannot harm it. What an address has done badly stays with it under every account.

use crate::Experience;
use nano_primitives::Amount;
use serde::{Deserialize, Serialize};

/// User blocks that a job for a worker may have that has shown nothing.
pub const UNPROVEN_BLOCKS: usize = 8;
const DAY: u64 = 86_400;

/// What the ledger shows of a reward account.
///
/// It is evidence and no proof: who pays for the work can send rewards to itself. It counts only where the account has
/// itself registered the address, as everybody can name a respected account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct LedgerRecord {
    /// What it was sent, received or not, up to the number that is looked at.
    pub rewards: usize,
    /// From how many accounts.
    pub senders: usize,
    /// The sum of that, in raw.
    pub earned: Amount,
    /// When the last of it came, in seconds since 1970, if the node knows.
    pub last: Option<u64>,
    /// When the ledger was looked at.
    pub as_of: u64,
}

/// How far a worker is trusted with a job. What stands first is hired first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// It did jobs for this sender lately, more often than not.
    Proven,
    /// The ledger shows that it was paid by many, for long and lately.
    Vouched,
    /// Nothing is known of it.
    New,
    /// It failed this sender lately, more often than not.
    Distrusted,
}

impl Standing {
    /// The standing in a word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Proven => "proven",
            Self::Vouched => "vouched",
            Self::New => "new",
            Self::Distrusted => "distrusted",
        }
    }
}

/// All that is known of a worker beside its own words.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reputation {
    /// How far it is trusted.
    pub standing: Standing,
    /// What this sender has seen of it.
    pub experience: Experience,
    /// What the ledger shows of its reward account, if it was looked at.
    pub ledger: Option<LedgerRecord>,
    /// Whether the account that is paid is the one that registered this address.
    pub is_bound: bool,
    /// Whether the user has named the worker, and so believes what it says of itself.
    pub is_named: bool,
}

/// What a standing follows from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Evidence {
    /// Of this account at this address.
    pub(crate) experience: Experience,
    /// Of this address, whatever account it named.
    pub(crate) address: Experience,
    pub(crate) ledger: Option<LedgerRecord>,
    /// When the address was registered, in seconds since 1970, by the account that is paid.
    pub(crate) bound_since: Option<u64>,
    pub(crate) is_bound: bool,
    pub(crate) is_named: bool,
}

impl Reputation {
    pub(crate) fn of(evidence: Evidence, now: u64) -> Self {
        let Evidence { experience, address, ledger, is_bound, is_named, .. } = evidence;
        let (experience, address) = (experience.at(now), address.at(now));
        let standing = if experience.is_bad() || (address.is_bad() && !experience.is_proven()) {
            Standing::Distrusted
        } else if experience.is_proven() {
            Standing::Proven
        } else if ledger.is_some_and(|ledger| vouches(&ledger, evidence.bound_since, now)) {
            Standing::Vouched
        } else {
            Standing::New
        };
        Self { standing, experience, ledger, is_bound, is_named }
    }

    /// How many of the user blocks that it claims to take at once it is believed to: what it did, and twice as many.
    #[must_use]
    pub fn believed_blocks(&self, claimed: usize) -> usize {
        if self.is_named {
            return claimed;
        }
        let shown = if self.standing == Standing::Proven { self.experience.blocks } else { 0 };
        claimed.min(shown.saturating_mul(2).max(UNPROVEN_BLOCKS))
    }

    /// The hashes a second that it is believed to have: what it has shown, or what it claims if that is less. `None`
    /// for one that has shown nothing, whatever it says.
    #[must_use]
    pub fn believed_hashrate(&self, claimed: Option<f64>) -> Option<f64> {
        let shown = self.experience.hashrate?;
        Some(claimed.filter(|rate| *rate > 0.0).map_or(shown, |claimed| claimed.min(shown)))
    }
}

/// Whether it was paid by many, for a while and lately.
fn vouches(ledger: &LedgerRecord, bound_since: Option<u64>, now: u64) -> bool {
    let ago = |time: Option<u64>| time.map(|time| now.saturating_sub(time));
    ledger.rewards >= 10
        && ledger.senders >= 5
        && ago(bound_since).is_some_and(|age| age >= 7 * DAY)
        && ago(ledger.last).is_some_and(|age| age <= 30 * DAY)
}

#[cfg(test)]
mod tests {
    use super::{Evidence, LedgerRecord, Reputation, Standing, UNPROVEN_BLOCKS};
    use crate::experience::{Deed, Effort, Experience};
    use nano_primitives::Amount;

    const DAY: u64 = 86_400;
    const NOW: u64 = 100 * DAY;

    fn nothing() -> Evidence {
        Evidence {
            experience: Experience::default(),
            address: Experience::default(),
            ledger: None,
            bound_since: None,
            is_bound: false,
            is_named: false,
        }
    }

    fn seen(deed: Deed) -> Experience {
        Experience::default().after(deed, NOW)
    }

    fn standing(evidence: Evidence) -> Standing {
        Reputation::of(evidence, NOW).standing
    }

    #[test]
    fn an_address_that_withheld_is_distrusted_under_every_account() {
        let address = seen(Deed::Withheld);
        assert_eq!(standing(Evidence { address, ..nothing() }), Standing::Distrusted);
        let won = seen(Deed::Won(Effort { blocks: 1, hashrate: None }));
        let other = Evidence { address, experience: won, ..nothing() };
        assert_eq!(standing(other), Standing::Proven, "this account kept its word there");
    }

    #[test]
    fn the_ledger_vouches_for_old_hands_that_registered_by_themselves() {
        let ledger = LedgerRecord {
            rewards: 10,
            senders: 5,
            earned: Amount::from_raw(1),
            last: Some(NOW - 29 * DAY),
            as_of: NOW,
        };
        let old = Evidence { ledger: Some(ledger), bound_since: Some(NOW - 8 * DAY), ..nothing() };
        assert_eq!(standing(old), Standing::Vouched);
        let weak = [
            LedgerRecord { senders: 4, ..ledger },
            LedgerRecord { rewards: 9, ..ledger },
            LedgerRecord { last: Some(NOW - 31 * DAY), ..ledger },
            LedgerRecord { last: None, ..ledger },
        ];
        for ledger in weak {
            assert_eq!(standing(Evidence { ledger: Some(ledger), ..old }), Standing::New);
        }
        // One's own experience outweighs it, either way.
        let failed = Evidence { experience: seen(Deed::Failed), ..old };
        assert_eq!(standing(failed), Standing::Distrusted);
        let won = seen(Deed::Won(Effort { blocks: 1, hashrate: None }));
        assert_eq!(standing(Evidence { experience: won, ..old }), Standing::Proven);
        // Another's account, or its own of yesterday.
        for bound_since in [None, Some(NOW - DAY)] {
            assert_eq!(standing(Evidence { bound_since, ..old }), Standing::New);
        }
    }

    #[test]
    fn claims_are_believed_as_far_as_they_were_shown() {
        let stranger = Reputation::of(nothing(), NOW);
        assert_eq!(stranger.believed_blocks(usize::MAX), UNPROVEN_BLOCKS);
        assert_eq!(stranger.believed_blocks(3), 3);
        assert_eq!(stranger.believed_hashrate(Some(1e308)), None);
        let effort = Effort { blocks: 20, hashrate: Some(1e9) };
        let shown = Evidence { experience: seen(Deed::Won(effort)), ..nothing() };
        let proven = Reputation::of(shown, NOW);
        assert_eq!(proven.believed_blocks(usize::MAX), 40);
        assert_eq!(proven.believed_hashrate(Some(1e308)), Some(1e9));
        assert_eq!(proven.believed_hashrate(Some(1e6)), Some(1e6));
        assert_eq!(proven.believed_hashrate(None), Some(1e9));
        let named = Reputation::of(Evidence { is_named: true, ..nothing() }, NOW);
        assert_eq!(named.believed_blocks(128), 128);
    }
}
