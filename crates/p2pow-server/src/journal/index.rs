//! [`Index`]: finds open jobs by their ids, of which the journal's keys say nothing.

use super::{elsewhere::Elsewhere, record::OpenJob};
use nano_primitives::BlockHash;
use p2pow_store::{Entry, Records, StoreError};
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::{
    sync::{Mutex, RwLock},
    time::{Instant, sleep_until},
};

/// How long after one reading of all open jobs the next one is, however many ids are asked for that are no job's.
const READ_EVERY: Duration = Duration::from_millis(100);

/// The keys of open jobs by their ids. Clones share it.
///
/// The reward's hash fixes the block before it, and so on to the first one, whose root is the key. So what is known of an
/// id stays true; only which jobs are open has to be read again.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    keys: Arc<RwLock<HashMap<BlockHash, String>>>,
    /// When all open jobs were read the last time. Locked while they are read, and before `keys`.
    read_at: Arc<Mutex<Option<Instant>>>,
}

impl Index {
    /// The open job of this id, at whichever worker.
    pub(super) async fn find(
        &self,
        id: &BlockHash,
        open: &Records<OpenJob>,
    ) -> Result<Option<Elsewhere>, StoreError> {
        let asked = Instant::now();
        if self.key(id).await.is_none() {
            self.read_since(asked, open).await?;
        }
        let Some(key) = self.key(id).await else { return Ok(None) };
        let found = open.get(&key).await?.and_then(Elsewhere::of);
        Ok(found.filter(|job| job.request().id() == *id))
    }

    async fn key(&self, id: &BlockHash) -> Option<String> {
        self.keys.read().await.get(id).cloned()
    }

    /// Reads all open jobs, unless somebody else has begun to since this moment: one reading serves all who wait.
    async fn read_since(&self, asked: Instant, open: &Records<OpenJob>) -> Result<(), StoreError> {
        let mut read_at = self.read_at.lock().await;
        if let Some(last) = *read_at {
            if last >= asked {
                return Ok(());
            }
            sleep_until(last + READ_EVERY).await;
        }
        let begun = Instant::now();
        let id = |Entry { key, value, .. }: Entry<OpenJob>| Some((value.request()?.id(), key));
        let keys = open.all("").await?.into_iter().filter_map(id).collect();
        *self.keys.write().await = keys;
        *read_at = Some(begun);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Index, READ_EVERY};
    use nano_primitives::BlockHash;
    use p2pow_store::{Around, BoxFuture, Call, Kind, Records, SqliteStore, Store, StoreError};
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };
    use tokio::time::Instant;

    /// A store that counts how often it is listed.
    #[derive(Debug)]
    struct Counted(Arc<dyn Store>, Arc<AtomicUsize>);

    impl Around for Counted {
        fn store(&self) -> &dyn Store {
            &*self.0
        }

        fn call<'a, T: Send + 'a>(
            &'a self,
            call: Call<'a>,
            answer: BoxFuture<'a, Result<T, StoreError>>,
        ) -> BoxFuture<'a, Result<T, StoreError>> {
            if call.kind == Kind::Read {
                self.1.fetch_add(1, Ordering::Relaxed);
            }
            answer
        }
    }

    #[tokio::test]
    async fn who_asks_for_jobs_that_there_are_not_has_the_journal_read_ten_times_a_second_at_most()
    {
        let lists = Arc::new(AtomicUsize::new(0));
        let counted = Counted(SqliteStore::in_memory().unwrap().shared(), Arc::clone(&lists));
        let (index, open) = (Index::default(), Records::new(Arc::new(counted), "worker-open"));
        let (begun, mut asked) = (Instant::now(), 0);
        while begun.elapsed() < 4 * READ_EVERY {
            let id = |number: u8| BlockHash::from_bytes([number; 32]);
            let (one, other) = (id(asked), id(asked + 1));
            let (one, other) = tokio::join!(index.find(&one, &open), index.find(&other, &open));
            assert!(one.unwrap().is_none() && other.unwrap().is_none());
            asked += 2;
        }
        let most = begun.elapsed().as_millis().div_ceil(READ_EVERY.as_millis());
        let lists = lists.load(Ordering::Relaxed) as u128;
        assert!((1..=most).contains(&lists), "{lists} readings for {asked} ids, wanted {most}");
    }
}
