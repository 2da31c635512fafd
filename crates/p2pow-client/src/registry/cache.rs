//! [`Cache`]: what was read of the registry, kept in a [`Store`] between runs.
//!
//! Accounts stand in chunks, each with those from one account up to the next. A header says with which account each of
//! them begins and which stamp it has. A chunk with another stamp is of another writer: then there is no memory, and
//! everything is read again. Only chunks in which something is new are written anew. Nothing here can fail a search.

use nano_block::Network;
use nano_primitives::{Account, Amount, BlockHash};
use p2pow_store::{Change, Expect, Note, Revision, Store, StoreError};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    ops::Bound,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use tracing::debug;

const BUCKET: &str = "registry";
/// Accounts of a chunk that is new, and the most that it may grow to: two thirds of what a record may hold.
const CHUNK: usize = 500;
const MOST: usize = 3_000;

/// Memories that this process has written: with the time and the process, no two have the same stamp.
static WRITTEN: AtomicU64 = AtomicU64::new(0);

/// What is remembered of an account that has registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Registered {
    /// Its entries.
    #[serde(rename = "n")]
    pub(super) count: usize,
    /// The newest of them, if it can be read.
    #[serde(rename = "e")]
    pub(super) entry: Option<Place>,
}

/// Where an account has registered last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    #[serde(rename = "a")]
    pub(super) address: IpAddr,
    #[serde(rename = "b")]
    pub(super) block: BlockHash,
    #[serde(rename = "h")]
    pub(super) height: u64,
    #[serde(rename = "t")]
    pub(super) seen: Option<u64>,
}

/// All that is remembered.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// What was sent to the registry in all when it was read.
    pub(super) total: Option<Amount>,
    pub(super) accounts: BTreeMap<Account, Registered>,
    /// How it is kept.
    kept: Option<Kept>,
}

#[derive(Debug)]
struct Kept {
    revision: Revision,
    header: Header,
    /// The revision of each chunk.
    chunks: Vec<Revision>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Header {
    /// The first account of each chunk, and the chunk's stamp.
    chunks: Vec<(Account, String)>,
    total: Amount,
}

#[derive(Serialize, Deserialize)]
struct Chunk {
    stamp: String,
    accounts: Vec<(Account, Registered)>,
}

/// The memory's place in a store.
#[derive(Debug)]
pub(super) struct Cache {
    store: Arc<dyn Store>,
    network: Network,
}

impl Cache {
    pub(super) fn new(store: Arc<dyn Store>, network: Network) -> Self {
        Self { store, network }
    }

    /// What is remembered; nothing, if it cannot be read.
    pub(super) async fn load(&self) -> Memory {
        let memory = self.read().await;
        memory.unwrap_or_else(|error| {
            debug!(%error, "what was known of the registry cannot be read");
            Memory::default()
        })
    }

    async fn read(&self) -> Result<Memory, StoreError> {
        let Some((header, revision)) = self.get::<Header>(&self.key("header")).await? else {
            return Ok(Memory::default());
        };
        let (mut accounts, mut chunks) = (BTreeMap::new(), Vec::new());
        for (number, (_, stamp)) in header.chunks.iter().enumerate() {
            match self.get::<Chunk>(&self.chunk(number)).await? {
                Some((chunk, revision)) if chunk.stamp == *stamp => {
                    chunks.push(revision);
                    accounts.extend(chunk.accounts);
                }
                _ => return Ok(Memory::default()),
            }
        }
        let total = Some(header.total);
        Ok(Memory { total, accounts, kept: Some(Kept { revision, header, chunks }) })
    }

    /// Remembers that something is new of these accounts; another process may do so at the same time, and then the next
    /// search may read everything again.
    pub(super) async fn save(&self, memory: &Memory, news: &BTreeSet<Account>, now: u64) {
        if let Err(error) = self.write(memory, news, now).await {
            debug!(%error, "what is known of the registry cannot be kept");
        }
    }

    async fn write(
        &self,
        memory: &Memory,
        news: &BTreeSet<Account>,
        now: u64,
    ) -> Result<(), StoreError> {
        let written = WRITTEN.fetch_add(1, Ordering::Relaxed);
        let stamp = format!("{now}-{}-{written}", std::process::id());
        let plan = memory.plan(news, &stamp);
        let mut notes = Vec::with_capacity(plan.fresh.len() + 1);
        for &number in &plan.fresh {
            let accounts = memory.between(&plan.header, number);
            let known = memory.kept.as_ref().and_then(|kept| kept.chunks.get(number).copied());
            let chunk = Chunk { stamp: stamp.clone(), accounts };
            notes.push(self.note(self.chunk(number), known, &chunk).await?);
        }
        let known = memory.kept.as_ref().map(|kept| kept.revision);
        notes.push(self.note(self.key("header"), known, &plan.header).await?);
        self.store.note_all(notes).await.pop().unwrap_or(Err(StoreError::Closed)).map(drop)
    }

    /// The write of a record over what is known to be there, or over what is there.
    async fn note(
        &self,
        key: String,
        known: Option<Revision>,
        value: &impl Serialize,
    ) -> Result<Note, StoreError> {
        let there = match known {
            Some(revision) => Some(revision),
            None => self.store.get(BUCKET, &key).await?.map(|record| record.revision),
        };
        let expect = there.map_or(Expect::Absent, Expect::At);
        let value = serde_json::to_string(value).expect("texts and numbers have a JSON form");
        Ok(Note { bucket: BUCKET, key, change: Change::Write(value, expect) })
    }

    fn key(&self, name: &str) -> String {
        format!("{}/{name}", self.network.as_str())
    }

    fn chunk(&self, number: usize) -> String {
        self.key(&number.to_string())
    }

    /// A record and its revision; one of another form is as good as none.
    async fn get<T: DeserializeOwned>(
        &self,
        key: &str,
    ) -> Result<Option<(T, Revision)>, StoreError> {
        let Some(record) = self.store.get(BUCKET, key).await? else { return Ok(None) };
        let value = serde_json::from_str(&record.value).ok();
        Ok(value.map(|value| (value, record.revision)))
    }
}

/// What is to be written.
struct Rewrite {
    header: Header,
    /// The chunks that are written, by number.
    fresh: BTreeSet<usize>,
}

impl Memory {
    /// The same as it was kept, with other content.
    pub(super) fn with(self, total: Amount, accounts: BTreeMap<Account, Registered>) -> Self {
        Self { total: Some(total), accounts, ..self }
    }

    /// The chunks that have news, as long as none of them grows too large; else all, divided anew.
    fn plan(&self, news: &BTreeSet<Account>, stamp: &str) -> Rewrite {
        let total = self.total.unwrap_or_default();
        if let Some(Kept { header, .. }) = &self.kept {
            let chunk_of = |account: &Account| {
                header.chunks.partition_point(|(first, _)| first <= account).saturating_sub(1)
            };
            let fresh: BTreeSet<usize> = news.iter().map(chunk_of).collect();
            let mut header = Header { total, ..header.clone() };
            let is_small = |number: &usize| self.between(&header, *number).len() <= MOST;
            if !header.chunks.is_empty() && fresh.iter().all(is_small) {
                fresh.iter().for_each(|&number| header.chunks[number].1 = stamp.to_owned());
                return Rewrite { header, fresh };
            }
        }
        let firsts = self.accounts.keys().step_by(CHUNK);
        let chunks: Vec<_> = firsts.map(|first| (*first, stamp.to_owned())).collect();
        Rewrite { fresh: (0..chunks.len()).collect(), header: Header { chunks, total } }
    }

    /// The accounts of a chunk; the first one has those below it too.
    fn between(&self, header: &Header, number: usize) -> Vec<(Account, Registered)> {
        let first = |number: usize| header.chunks.get(number).map(|(first, _)| *first);
        let start = match first(number) {
            Some(first) if number > 0 => Bound::Included(first),
            _ => Bound::Unbounded,
        };
        let end = first(number + 1).map_or(Bound::Unbounded, Bound::Excluded);
        let accounts = self.accounts.range((start, end));
        accounts.map(|(account, known)| (*account, known.clone())).collect()
    }
}
