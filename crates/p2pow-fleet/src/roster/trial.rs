//! [`Trial`]: whether what an agent finds speaks for the hashes that it claims.
//!
//! Every nonce has the same chance, so the works found follow Poisson's law, whatever the orders were and whoever
//! ended them. Who claims a hundred times its rate, to be given everything and to look important, does not stand it.

/// Works to be expected of the claims before anybody is judged.
const ENOUGH: f64 = 25.0;
/// Who has found less than this share of them is lost: 6 or fewer where 25 are expected happens to an honest one in one
/// of 100,000 judgements.
const SHARE: f64 = 0.25;
/// Works to be expected after which what was before counts half.
const MEMORY: f64 = 100.0;

/// Claims and finds, of which the latest count most.
#[derive(Debug, Default)]
pub(super) struct Trial {
    expected: f64,
    found: f64,
}

impl Trial {
    /// So many nonces were tried, by its own word, where a work takes `expected`.
    #[allow(clippy::cast_precision_loss)] // a ratio needs no more than 53 bits
    pub(super) fn tried(&mut self, hashes: u64, expected: f64) {
        self.expected += hashes as f64 / expected.max(1.0);
        if self.expected > MEMORY {
            self.expected /= 2.0;
            self.found /= 2.0;
        }
    }

    pub(super) fn found(&mut self) {
        self.found += 1.0;
    }

    /// Whether the finds speak against the claims.
    pub(super) fn is_lost(&self) -> bool {
        self.expected >= ENOUGH && self.found < self.expected * SHARE
    }
}

#[cfg(test)]
mod tests {
    use super::Trial;

    /// Chances by a fixed sequence (splitmix64), so that the test is the same each time.
    struct Chance(u64);

    impl Chance {
        fn is(&mut self, share: f64) -> bool {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = self.0;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64 <= share
        }
    }

    /// Reports of a hundredth of a work each; how many until the agent is lost, who in truth tries `share` of them.
    fn lasts(share: f64, seed: u64) -> Option<u32> {
        let (mut trial, mut chance) = (Trial::default(), Chance(seed));
        (0..100_000).find(|_| {
            trial.tried(1_000_000, 1e8);
            if chance.is(share / 100.0) {
                trial.found();
            }
            trial.is_lost()
        })
    }

    #[test]
    fn who_tries_what_it_claims_stays_and_who_claims_tenfold_goes() {
        for seed in 0..20 {
            assert_eq!(lasts(1.0, seed), None, "seed {seed}");
            assert_eq!(lasts(0.8, seed), None, "seed {seed}: a little too much is no lie");
            assert!(lasts(0.1, seed).is_some_and(|reports| reports < 5_000), "seed {seed}");
            assert_eq!(lasts(0.0, seed), Some(2499));
        }
    }

    #[test]
    fn a_claim_beyond_all_measure_is_a_number_like_others() {
        let mut trial = Trial::default();
        trial.tried(u64::MAX, 0.0);
        assert!(trial.is_lost());
    }
}
