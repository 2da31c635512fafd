//! [`Cache`]: what was read of the registry, kept in a [`Store`] between runs.
//!
//! Accounts stand in chunks, of which a header says how many there are and which stamp they have. A chunk with another
//! stamp is of another writer: then there is no memory, and everything is read again. Nothing here can fail a search.

use nano_block::Network;
use nano_primitives::{Account, Amount, BlockHash};
use p2pow_store::{Expect, Store, StoreError};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use tracing::debug;

const BUCKET: &str = "registry";
/// Accounts of a chunk: a third of what a record may hold.
const CHUNK: usize = 1_500;

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
}

#[derive(Serialize, Deserialize)]
struct Header {
    stamp: String,
    chunks: usize,
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
        let Some(header) = self.get::<Header>(&self.key("header")).await? else {
            return Ok(Memory::default());
        };
        let mut accounts = BTreeMap::new();
        for number in 0..header.chunks {
            match self.get::<Chunk>(&self.chunk(number)).await? {
                Some(chunk) if chunk.stamp == header.stamp => accounts.extend(chunk.accounts),
                _ => return Ok(Memory::default()),
            }
        }
        Ok(Memory { total: Some(header.total), accounts })
    }

    /// Remembers; another process may do so at the same time, and then the next search reads everything again.
    pub(super) async fn save(&self, memory: Memory, now: u64) {
        if let Err(error) = self.write(memory, now).await {
            debug!(%error, "what is known of the registry cannot be kept");
        }
    }

    async fn write(&self, memory: Memory, now: u64) -> Result<(), StoreError> {
        let Memory { total, accounts } = memory;
        let number = WRITTEN.fetch_add(1, Ordering::Relaxed);
        let stamp = format!("{now}-{}-{number}", std::process::id());
        let accounts: Vec<(Account, Registered)> = accounts.into_iter().collect();
        let chunks = accounts.chunks(CHUNK);
        let header =
            Header { stamp: stamp.clone(), chunks: chunks.len(), total: total.unwrap_or_default() };
        for (number, accounts) in chunks.enumerate() {
            let chunk = Chunk { stamp: stamp.clone(), accounts: accounts.to_vec() };
            self.put(&self.chunk(number), &chunk).await?;
        }
        self.put(&self.key("header"), &header).await
    }

    fn key(&self, name: &str) -> String {
        format!("{}/{name}", self.network.as_str())
    }

    fn chunk(&self, number: usize) -> String {
        self.key(&number.to_string())
    }

    /// A record; one of another form is as good as none.
    async fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, StoreError> {
        let record = self.store.get(BUCKET, key).await?;
        Ok(record.and_then(|record| serde_json::from_str(&record.value).ok()))
    }

    async fn put(&self, key: &str, value: &impl Serialize) -> Result<(), StoreError> {
        let before = self.store.get(BUCKET, key).await?;
        let expect = before.map_or(Expect::Absent, |record| Expect::At(record.revision));
        let text = serde_json::to_string(value).expect("texts and numbers have a JSON form");
        self.store.put(BUCKET, key, text, expect).await.map(drop)
    }
}
