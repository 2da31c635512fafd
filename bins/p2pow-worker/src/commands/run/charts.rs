//! [`Charts`]: the looks that the operator's charts are drawn from, kept beside the journal, so that a restart loses none.
//!
//! Each range has a bounded number of places, and a look of a step that is over overwrites what stood in its place. A
//! look that cannot be written is lost, and nothing else: charts are no books.

use p2pow_admin::{History, Range, Sample};
use p2pow_store::{Records, Store, StoreError};
use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{sync::oneshot, time::timeout};
use tracing::warn;

const BUCKET: &str = "worker-charts";
/// How often looks are written: no range has shorter steps.
const EVERY: Duration = Duration::from_secs(10);

/// The looks of one worker of those that share a store.
pub(super) struct Charts {
    records: Records<Sample>,
    /// In front of the keys: the address of the operator's listener.
    worker: String,
    pub(super) history: History,
    /// When the last look of each range was that is written, in milliseconds since 1970.
    written: BTreeMap<&'static str, u64>,
    is_failing: bool,
}

impl Charts {
    /// Reads the looks that are kept. What cannot be read is told, and missing.
    pub(super) async fn load(store: Arc<dyn Store>, worker: SocketAddr, now_ms: u64) -> Self {
        let worker = name(worker);
        let records = Records::new(store, BUCKET);
        let mut kept = Vec::new();
        for range in Range::ALL {
            match records.all(&prefix(&worker, range)).await {
                Ok(entries) => kept.extend(entries.into_iter().map(|entry| (range, entry.value))),
                Err(error) => warn!(%error, "the charts from before cannot be read"),
            }
        }
        let history = History::restored(kept, now_ms);
        let mut charts =
            Self { records, worker, history, written: BTreeMap::new(), is_failing: false };
        for range in Range::ALL {
            let newest = charts.history.of(range).last().map_or(0, |sample| sample.at_ms);
            charts.written.insert(range.name(), newest);
        }
        charts
    }

    /// Writes the looks of steps that are over now and then, and all when the worker stops.
    pub(super) async fn keep(mut self, mut stopped: oneshot::Receiver<()>) {
        while timeout(EVERY, &mut stopped).await.is_err() {
            self.write(false).await;
        }
        self.write(true).await;
    }

    /// Writes the looks that are not written yet; those of steps that are not over only at the end.
    async fn write(&mut self, is_end: bool) {
        for range in Range::ALL {
            let mut samples = self.history.of(range);
            if !is_end {
                samples.pop();
            }
            let written = self.written.get(range.name()).copied().unwrap_or(0);
            for sample in samples.iter().filter(|sample| sample.at_ms > written) {
                let put = self.put(range, sample).await;
                self.hear(put.as_ref().err());
                if put.is_err() {
                    break;
                }
                self.written.insert(range.name(), sample.at_ms);
            }
        }
    }

    /// Tells of the first failure of several.
    fn hear(&mut self, failure: Option<&StoreError>) {
        if let Some(error) = failure.filter(|_| !self.is_failing) {
            warn!(%error, "the charts are not kept over a restart now");
        }
        self.is_failing = failure.is_some();
    }

    async fn put(&self, range: Range, sample: &Sample) -> Result<(), StoreError> {
        let key = format!("{}{:03}", prefix(&self.worker, range), range.place(sample));
        match self.records.get(&key).await? {
            Some(old) => self.records.note(&key, sample, old.revision).await?,
            None => self.records.note_new(&key, sample).await?,
        };
        Ok(())
    }
}

/// An address as a key has it.
fn name(address: SocketAddr) -> String {
    format!("{}-{}", address.ip().to_string().replace(':', "="), address.port())
}

fn prefix(worker: &str, range: Range) -> String {
    format!("{worker}/{}/", range.name())
}

#[cfg(test)]
mod tests {
    use super::Charts;
    use p2pow_admin::{Range, Sample, Status};
    use p2pow_store::{Page, SqliteStore, Store};
    use std::sync::Arc;

    fn sample(second: u64) -> Sample {
        Sample::from(&Status { now_ms: second * 1000, hashes: second, ..Status::default() })
    }

    async fn count(store: &Arc<dyn Store>) -> usize {
        let page = Page { prefix: "", after: None, limit: 10_000 };
        store.list(super::BUCKET, page).await.unwrap().len()
    }

    async fn charts(store: &Arc<dyn Store>, now: u64) -> Charts {
        Charts::load(Arc::clone(store), "[::1]:7091".parse().unwrap(), now * 1000).await
    }

    #[tokio::test]
    async fn looks_outlive_the_process_and_take_up_no_more_than_their_places() {
        let store = SqliteStore::in_memory().unwrap().shared();
        let mut first = charts(&store, 0).await;
        for second in 0..5000 {
            first.history.add(sample(second * 10));
            if second % 300 == 299 {
                first.write(false).await;
            }
        }
        first.write(true).await;
        let (hour, day) = (first.history.of(Range::Hour), first.history.of(Range::Day));
        // An hour that is full, a day of 50,000 s in steps of 240 s, and its seven steps of 7200 s in the month.
        let kept = count(&store).await;
        assert!((361 + 200..=361 + 209 + 8).contains(&kept), "{kept}");

        let second = charts(&store, 49_990).await;
        let seen = second.history.of(Range::Hour);
        assert_eq!(
            (seen.len(), seen.first(), seen.last()),
            (hour.len(), hour.first(), hour.last())
        );
        assert_eq!(second.history.of(Range::Day).last(), day.last());
        let port = "[::1]:7092".parse().unwrap();
        let other = Charts::load(Arc::clone(&store), port, 50_000_000).await;
        assert!(other.history.of(Range::Hour).is_empty(), "another worker has its own");
    }
}
