//! [`History`]: what workers asked, how quickly they answered and what they had earned, over an hour, a day and a month.
//!
//! Each series has so many samples and no more, and there are so many series and no more. They are kept in the store,
//! written now and then: what a crash loses is a minute of a chart.

use crate::row::{Presence, Row};
use nano_primitives::Amount;
use p2pow_store::{Records, Store, StoreError};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tracing::debug;

/// Workers that are followed, at most: those that made an offer last.
const MOST: usize = 300;
/// How often what is new is written.
pub(crate) const WRITE_EVERY: Duration = Duration::from_secs(60);
/// The name of the series of all workers together.
const MARKET: &str = "market";

/// How far a chart goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Range {
    #[default]
    Hour,
    Day,
    Month,
}

impl Range {
    /// Seconds between two samples.
    pub(crate) const fn step(self) -> u64 {
        match self {
            Self::Hour => 20,
            Self::Day => 600,
            Self::Month => 4 * 3600,
        }
    }

    /// Samples that are kept.
    const fn most(self) -> usize {
        match self {
            Self::Hour | Self::Month => 180,
            Self::Day => 144,
        }
    }
}

/// What was seen at one time. Of all workers together: the lowest fee, the shortest answer, and sums.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Sample {
    /// Seconds since 1970.
    at: u64,
    fee_raw: Amount,
    latency_ms: u64,
    /// What the ledger shows that it was paid, as far as that is looked at.
    earned_raw: Amount,
    rewards: usize,
    /// Workers that made an offer: 1 of one, 0 where it made none.
    online: usize,
}

/// The samples of one worker.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
struct Series {
    hour: VecDeque<Sample>,
    day: VecDeque<Sample>,
    month: VecDeque<Sample>,
}

impl Series {
    const fn of(&self, range: Range) -> &VecDeque<Sample> {
        match range {
            Range::Hour => &self.hour,
            Range::Day => &self.day,
            Range::Month => &self.month,
        }
    }

    /// Of those in one step the last one counts.
    fn add(&mut self, sample: Sample) {
        for range in [Range::Hour, Range::Day, Range::Month] {
            let samples = match range {
                Range::Hour => &mut self.hour,
                Range::Day => &mut self.day,
                Range::Month => &mut self.month,
            };
            let is_same = |last: &Sample| last.at / range.step() == sample.at / range.step();
            if samples.back().is_some_and(is_same) {
                samples.pop_back();
            }
            samples.push_back(sample);
            while samples.len() > range.most() {
                samples.pop_front();
            }
        }
    }

    fn newest(&self) -> u64 {
        self.hour.back().map_or(0, |sample| sample.at)
    }
}

#[derive(Debug, Default)]
struct Kept {
    series: Series,
    is_written: bool,
}

/// All series.
#[derive(Debug)]
pub(crate) struct History {
    records: Records<Series>,
    /// The network, which is a part of the records' names.
    network: &'static str,
    kept: Mutex<BTreeMap<String, Kept>>,
}

impl History {
    /// Reads what was kept. What cannot be read is not there: it is for charts alone.
    pub(crate) async fn open(store: &Arc<dyn Store>, network: &'static str) -> Self {
        let records = Records::<Series>::new(Arc::clone(store), "web-history");
        let prefix = format!("{network}/");
        let entries = records.all(&prefix).await.unwrap_or_else(|error| {
            debug!(%error, "the history of workers cannot be read");
            Vec::new()
        });
        let kept = entries.into_iter().filter_map(|entry| {
            let name = entry.key.strip_prefix(&prefix)?.to_owned();
            Some((name, Kept { series: entry.value, is_written: true }))
        });
        Self { records, network, kept: Mutex::new(kept.collect()) }
    }

    /// Takes a look at all workers.
    pub(crate) fn look(&self, rows: &[Arc<Row>], at: u64) {
        let samples: Vec<(String, Sample)> = rows
            .iter()
            .filter_map(|row| Some((row.address.to_string(), sample(row, at)?)))
            .collect();
        let mut kept = self.lock();
        let all = samples.iter().map(|(_, sample)| *sample).filter(|sample| sample.online > 0);
        if let Some(market) = all.reduce(together) {
            kept.entry(MARKET.to_owned()).or_default().add(market);
        }
        for (name, sample) in samples {
            // Who never made an offer begins no series.
            if sample.online > 0 || kept.contains_key(&name) {
                kept.entry(name).or_default().add(sample);
            }
        }
        while kept.len() > MOST + 1 {
            let others = kept.iter().filter(|(name, _)| *name != MARKET);
            let Some((name, _)) = others.min_by_key(|(_, kept)| kept.series.newest()) else {
                break;
            };
            let name = name.clone();
            kept.remove(&name);
        }
    }

    /// The samples of a worker, or of all together.
    pub(crate) fn samples(&self, worker: Option<&str>, range: Range) -> Vec<Sample> {
        let kept = self.lock();
        let found = kept.get(worker.unwrap_or(MARKET));
        found.map_or_else(Vec::new, |kept| kept.series.of(range).iter().copied().collect())
    }

    /// Writes what is new, and removes what is followed no more.
    pub(crate) async fn write(&self) -> Result<(), StoreError> {
        let news: Vec<(String, Series)> = {
            let mut kept = self.lock();
            let news = kept.iter_mut().filter(|(_, kept)| !kept.is_written);
            news.map(|(name, kept)| {
                kept.is_written = true;
                (name.clone(), kept.series.clone())
            })
            .collect()
        };
        for (name, series) in news {
            let key = format!("{}/{name}", self.network);
            match self.records.get(&key).await? {
                Some(before) => self.records.note(&key, &series, before.revision).await?,
                None => self.records.note_new(&key, &series).await?,
            };
        }
        let entries = self.records.all(&format!("{}/", self.network)).await?;
        for entry in entries {
            let name = entry.key.split_once('/').map_or("", |(_, name)| name);
            if !self.lock().contains_key(name) {
                self.records.remove(&entry.key, entry.revision).await?;
            }
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn add(&mut self, sample: Sample) {
        self.series.add(sample);
        self.is_written = false;
    }
}

/// What is seen of a worker; nothing of one that was never asked.
fn sample(row: &Row, at: u64) -> Option<Sample> {
    let offer = row.offer.as_ref()?;
    let (earned_raw, rewards) = offer
        .ledger
        .as_ref()
        .map_or((Amount::ZERO, 0), |ledger| (ledger.earned_raw, ledger.rewards));
    let online = usize::from(matches!(row.state, Presence::Online | Presence::Busy));
    Some(Sample {
        at,
        fee_raw: offer.fee_raw,
        latency_ms: offer.latency_ms,
        earned_raw,
        rewards,
        online,
    })
}

fn together(a: Sample, b: Sample) -> Sample {
    Sample {
        at: a.at,
        fee_raw: a.fee_raw.min(b.fee_raw),
        latency_ms: a.latency_ms.min(b.latency_ms),
        earned_raw: a.earned_raw.checked_add(b.earned_raw).unwrap_or(Amount::MAX),
        rewards: a.rewards + b.rewards,
        online: a.online + b.online,
    }
}

#[cfg(test)]
mod tests {
    use super::{History, Range, Sample, Series};
    use p2pow_store::SqliteStore;

    fn at(at: u64) -> Sample {
        Sample { at, online: 1, ..Sample::default() }
    }

    #[test]
    fn a_series_has_one_sample_a_step_and_never_more_than_its_bound() {
        let mut series = Series::default();
        for second in 0..200_000 {
            series.add(at(second));
        }
        for range in [Range::Hour, Range::Day, Range::Month] {
            let samples = series.of(range);
            assert!(samples.len() <= range.most(), "{range:?}: {}", samples.len());
            assert_eq!(samples.back().unwrap().at, 199_999);
            let steps: Vec<u64> = samples.iter().map(|sample| sample.at / range.step()).collect();
            assert!(steps.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{range:?}: {steps:?}");
        }
        assert_eq!(series.of(Range::Hour).len(), 180);
    }

    #[tokio::test]
    async fn what_is_written_is_there_after_a_restart() {
        let store = SqliteStore::in_memory().unwrap().shared();
        let history = History::open(&store, "dev").await;
        history.lock().entry("192.0.2.1".to_owned()).or_default().add(at(7));
        history.write().await.unwrap();
        history.write().await.unwrap();
        let again = History::open(&store, "dev").await;
        assert_eq!(again.samples(Some("192.0.2.1"), Range::Hour), [at(7)]);
        again.lock().clear();
        again.write().await.unwrap();
        assert_eq!(History::open(&store, "dev").await.samples(Some("192.0.2.1"), Range::Day), []);
    }
}
