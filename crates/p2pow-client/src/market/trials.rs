//! How often newcomers were tried before proven workers: a bounded share of the jobs.

use super::{Market, notes::alter};
use nano_block::Network;
use p2pow_store::Records;
use serde::{Deserialize, Serialize};
use tracing::debug;

const BUCKET: &str = "trials";
/// The share of the jobs in which a newcomer may come first.
const SHARE: f64 = 0.2;
/// Jobs that are remembered: older ones fade, so that the share holds for the latest ones too.
const MEMORY: f64 = 20.0;

/// The latest jobs for which there was a choice, and those of them in which a newcomer came first.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
struct Trials {
    jobs: f64,
    trials: f64,
}

impl Trials {
    fn may_try(self) -> bool {
        self.trials + 1.0 <= SHARE * (self.jobs + 1.0)
    }

    fn after(self, is_trial: bool) -> Self {
        let (jobs, trials) = (self.jobs + 1.0, self.trials + f64::from(u8::from(is_trial)));
        let left = (MEMORY / jobs).min(1.0);
        Self { jobs: jobs * left, trials: trials * left }
    }
}

impl Market {
    /// Whether it is a newcomer's turn.
    pub(crate) async fn may_try(&self, network: Network) -> bool {
        let Some(store) = self.store() else { return false };
        match Records::<Trials>::new(store.clone(), BUCKET).get(network.as_str()).await {
            Ok(entry) => entry.is_some_and(|entry| entry.value.may_try()),
            Err(error) => {
                debug!(%error, "how often newcomers were tried cannot be read");
                false
            }
        }
    }

    /// Notes a job for which a proven worker was there, and whether a newcomer came first.
    pub(crate) async fn note_trial(&self, network: Network, is_trial: bool) {
        let Some(store) = self.store() else { return };
        let records = Records::<Trials>::new(store.clone(), BUCKET);
        let noted = alter(&records, network.as_str(), |trials| trials.after(is_trial)).await;
        if let Err(error) = noted {
            debug!(%error, "how often newcomers were tried cannot be kept");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Trials;

    #[test]
    fn one_job_in_five_tries_a_newcomer_however_many_there_are() {
        let (mut state, mut tried) = (Trials::default(), Vec::new());
        for job in 0..1000 {
            let is_trial = state.may_try();
            tried.extend(is_trial.then_some(job));
            state = state.after(is_trial);
        }
        assert_eq!(tried[0], 4);
        assert!((150..=201).contains(&tried.len()), "{}", tried.len());
        let in_a_row = tried.windows(2).filter(|pair| pair[1] - pair[0] < 3).count();
        assert_eq!(in_a_row, 0, "{tried:?}");
    }
}
