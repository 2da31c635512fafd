//! [`Works`]: the works that were found lately, in memory and on disk.

use super::record::FoundWork;
use crate::clock::unix_ms;
use futures_util::{StreamExt, TryStreamExt, stream};
use nano_pow::Puzzle;
use nano_primitives::{Root, Work};
use p2pow_store::{Entry, Records, Revision, StoreError};
use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// How long a work is kept: nobody comes back for it after a day.
const KEPT_MS: u64 = 24 * 3600 * 1000;
/// Works that are read at the same time.
const TOGETHER: usize = 16;

/// Found works by their roots. Clones share them.
#[derive(Debug, Clone)]
pub(super) struct Works {
    records: Records<FoundWork>,
    known: Arc<Mutex<HashMap<Root, Known>>>,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    work: Work,
    found_ms: u64,
    /// `None` until it is on disk.
    revision: Option<Revision>,
}

impl Works {
    pub(super) async fn load(records: Records<FoundWork>) -> Result<Self, StoreError> {
        let mut known = HashMap::new();
        for entry in records.all("").await? {
            let FoundWork { work, found_ms } = entry.value;
            if let Ok(root) = entry.key.parse() {
                known.insert(root, Known { work, found_ms, revision: Some(entry.revision) });
            }
        }
        Ok(Self { records, known: Arc::new(Mutex::new(known)) })
    }

    /// Reads the works of some roots that are not known here.
    pub(super) async fn learn(&self, roots: impl Iterator<Item = Root>) -> Result<(), StoreError> {
        let unknown: Vec<Root> = {
            let known = self.lock();
            roots.filter(|root| !known.contains_key(root)).collect()
        };
        let look = async |root: Root| Ok((root, self.records.get(&root.to_string()).await?));
        let mut looks = stream::iter(unknown).map(look).buffer_unordered(TOGETHER);
        while let Some((root, found)) = looks.try_next().await? {
            if let Some(Entry { revision, value: FoundWork { work, found_ms }, .. }) = found {
                let known = Known { work, found_ms, revision: Some(revision) };
                self.lock().entry(root).or_insert(known);
            }
        }
        Ok(())
    }

    /// A work that solves this.
    pub(super) fn get(&self, puzzle: &Puzzle) -> Option<Work> {
        let known = self.lock().get(&puzzle.root).copied()?;
        (known.work.value(&puzzle.root) >= puzzle.threshold).then_some(known.work)
    }

    /// Keeps a work, in memory at once, and by the future where it outlives the process. The next write that is flushed
    /// makes it outlive the power, too.
    pub(super) fn put(
        &self,
        puzzle: &Puzzle,
        work: Work,
    ) -> impl Future<Output = Result<(), StoreError>> + Send + 'static {
        let (root, found_ms) = (puzzle.root, unix_ms());
        let before = self.lock().insert(root, Known { work, found_ms, revision: None });
        let works = self.clone();
        async move {
            let (key, value) = (root.to_string(), FoundWork { work, found_ms });
            let written = match before.and_then(|known| known.revision) {
                Some(revision) => works.records.note(&key, &value, revision).await,
                None => works.records.note_new(&key, &value).await,
            };
            match written {
                Ok(revision) => {
                    if let Some(known) = works.lock().get_mut(&root) {
                        known.revision = Some(revision);
                    }
                    Ok(())
                }
                // Another worker on this store was as fast.
                Err(error) if error.is_conflict() => Ok(()),
                Err(error) => Err(error),
            }
        }
    }

    /// Forgets what nobody will come back for. What is `wanted` by a job that goes on is kept: the time of day may jump.
    pub(super) async fn forget_old(&self, wanted: &HashSet<Root>) -> Result<(), StoreError> {
        let oldest = unix_ms().saturating_sub(KEPT_MS);
        let old: Vec<(Root, Option<Revision>)> = {
            let mut known = self.lock();
            known
                .extract_if(|root, known| known.found_ms < oldest && !wanted.contains(root))
                .map(|(root, known)| (root, known.revision))
                .collect()
        };
        for (root, revision) in old {
            let Some(revision) = revision else { continue };
            match self.records.remove(&root.to_string(), revision).await {
                Err(error) if !error.is_conflict() => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Root, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
