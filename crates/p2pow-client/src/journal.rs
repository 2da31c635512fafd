//! [`Journal`]: what a sender has signed and what became of it, written before anything leaves the machine, so that a
//! restart or another process never signs a second block in the place of one that may still be published.
//!
//! Everything rests on compare-and-set of single records. A deal's record is made under the root of its first block and
//! must not be there yet: making it is the right to sign for that root. Each later block of its chain has a record
//! that points back at the deal. An order's record names its deals. What is signed is flushed before it leaves, and with
//! it all that was noted before. See `docs/adr/0012-the-senders-journal.md`.

mod book;
mod error;
mod open;
mod record;
mod steps;
mod term;
mod turn;

pub(crate) use {
    book::Book,
    record::{DealRecord, OrderRecord, Part, RewardRecord, Said, UserRecord},
    steps::Claim,
    term::Term,
    turn::Turn,
};

pub use error::JournalError;

use crate::order::OrderKey;
use nano_primitives::{Account, Root};
use open::OpenDeals;
#[cfg(feature = "sqlite")]
use p2pow_store::SqliteStore;
use p2pow_store::{Entry, LogStore, Records, Store, StoreError};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
#[cfg(feature = "sqlite")]
use std::path::Path;
use std::sync::Arc;
use tokio::time::Instant;
use turn::Turns;

/// What a sender has signed, durable. Clones are the same journal.
#[derive(Debug, Clone)]
pub struct Journal {
    buckets: Arc<Buckets>,
    /// In which term it is written.
    term: Term,
}

#[derive(Debug)]
struct Buckets {
    store: Arc<dyn Store>,
    orders: Records<OrderRecord>,
    deals: Records<DealRecord>,
    /// The deals that are not over, by account.
    open: OpenDeals,
    /// The roots of all blocks of a chain but the first.
    roots: Records<Inside>,
    /// The payment that was ordered last without a key, by fingerprint.
    last: Records<Last>,
    turns: Turns,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Inside {
    deal: String,
}

/// See [`Journal::last`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Last {
    pub(crate) number: usize,
}

/// A root is somebody else's, or the payment is.
#[derive(Debug)]
pub(crate) enum ReserveError {
    /// The deal that has the root.
    Taken(Box<DealRecord>),
    /// Somebody else has written the order's record.
    Contested,
    Store(StoreError),
}

impl From<StoreError> for ReserveError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Who has the right to a root.
pub(crate) struct Owner {
    /// The deal, if it was not replaced.
    pub(crate) deal: Option<Book<DealRecord>>,
    /// The deal that had it last and was replaced.
    pub(crate) replaced: Option<String>,
    /// The key of the deal that could be next.
    free: String,
}

impl Owner {
    /// The key that a deal gets that is made now.
    pub(crate) fn key(&self) -> &str {
        &self.free
    }
}

impl Journal {
    /// A journal over these records. Processes that share them sign no two blocks for one root, and see each other's
    /// payments; only [`open`](Self::open) makes them wait for each other.
    #[must_use]
    pub fn new(store: impl Store + 'static) -> Self {
        Self::over(Arc::new(store), Turns::default())
    }

    /// The journal in this file, which is made if it is not there, and its folder too. Any number of processes may use
    /// it; those that pay from the same account wait for each other.
    ///
    /// # Errors
    /// The file cannot be had, is damaged, or is of a newer version.
    #[cfg(feature = "sqlite")]
    pub fn open(file: impl AsRef<Path>) -> Result<Self, JournalError> {
        let file = file.as_ref();
        if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            let failed = |source| JournalError::Folder { path: folder.to_owned(), source };
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        Ok(Self::over(SqliteStore::open(file)?.shared(), Turns::beside(file)))
    }

    /// A journal that ends with this value: a restart forgets what was signed.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::new(LogStore::in_memory())
    }

    fn over(store: Arc<dyn Store>, turns: Turns) -> Self {
        let buckets = Arc::new(Buckets {
            orders: Records::new(Arc::clone(&store), "order"),
            deals: Records::new(Arc::clone(&store), "deal"),
            open: OpenDeals::new(Arc::clone(&store)),
            roots: Records::new(Arc::clone(&store), "root"),
            last: Records::new(Arc::clone(&store), "last"),
            store,
            turns,
        });
        Self { buckets, term: Term::default() }
    }

    /// The same, written in this term.
    pub(crate) fn in_term(&self, term: Term) -> Self {
        Self { buckets: Arc::clone(&self.buckets), term }
    }

    /// A record that was read or written.
    fn book<T>(&self, records: &Records<T>, entry: Entry<T>) -> Book<T>
    where
        T: Clone + PartialEq + Serialize + DeserializeOwned + term::Termed,
    {
        Book::of(records.clone(), entry, self.term)
    }

    /// Waits for the account's turn.
    pub(crate) async fn turn(
        &self,
        account: Account,
        until: Instant,
        tell: impl Fn(&str),
    ) -> Result<Turn, JournalError> {
        self.buckets.turns.take(account, until, tell).await
    }

    /// The payment of this key, if there is one.
    pub(crate) async fn order(
        &self,
        account: Account,
        key: &OrderKey,
    ) -> Result<Option<Book<OrderRecord>>, StoreError> {
        let found = self.buckets.orders.get(&under(account, &key.hashed())).await?;
        Ok(found.map(|entry| self.book(&self.buckets.orders, entry)))
    }

    /// The number of the payment that these orders were given last, if they had no key.
    pub(crate) async fn last(&self, account: Account, digest: &str) -> Result<usize, StoreError> {
        let found = self.buckets.last.get(&under(account, digest)).await?;
        Ok(found.map_or(0, |entry| entry.value.number))
    }

    /// Notes that number before the payment begins.
    pub(crate) async fn set_last(
        &self,
        account: Account,
        digest: &str,
        number: usize,
    ) -> Result<(), StoreError> {
        let key = under(account, digest);
        let last = Last { number };
        match self.buckets.last.get(&key).await? {
            Some(entry) if entry.value == last => Ok(()),
            Some(entry) => self.buckets.last.note(&key, &last, entry.revision).await.map(drop),
            None => self.buckets.last.note_new(&key, &last).await.map(drop),
        }
    }

    /// The deal of this key, if there is one.
    pub(crate) async fn deal(&self, key: &str) -> Result<Option<Book<DealRecord>>, StoreError> {
        let found = self.buckets.deals.get(key).await?;
        Ok(found.map(|entry| self.book(&self.buckets.deals, entry)))
    }

    /// The account's deals that are not over.
    pub(crate) async fn open_deals(
        &self,
        account: Account,
    ) -> Result<Vec<Book<DealRecord>>, StoreError> {
        let mut deals = Vec::new();
        for key in self.buckets.open.keys(account).await? {
            // Without a deal the process was killed before it made it.
            deals.extend(self.deal(&key).await?);
        }
        Ok(deals)
    }

    /// All deals of the account, or of all accounts, the oldest first.
    pub(crate) async fn deals(
        &self,
        account: Option<Account>,
    ) -> Result<Vec<Book<DealRecord>>, StoreError> {
        let prefix = account.map_or_else(String::new, |account| under(account, ""));
        let mut entries = self.buckets.deals.all(&prefix).await?;
        entries.sort_by_key(|entry| (entry.value.created, entry.revision));
        let book = |entry| self.book(&self.buckets.deals, entry);
        Ok(entries.into_iter().map(book).collect())
    }

    /// Shuts out those who held the account in earlier terms.
    pub(crate) async fn enter(&self, account: Account) -> Result<(), StoreError> {
        if self.term.is_none() {
            return Ok(());
        }
        // A deal that is not on the list after this is not signed, see `reserve`.
        self.buckets.open.enter(account, self.term).await?;
        for deal in self.open_deals(account).await? {
            deal.enter().await?;
        }
        Ok(())
    }

    /// Who has the right to sign for a root.
    pub(crate) async fn owner(&self, account: Account, root: Root) -> Result<Owner, StoreError> {
        let key = under(account, &root.to_string());
        let (inside, mut next) =
            futures_util::future::try_join(self.buckets.roots.get(&key), self.deal(&key)).await?;
        let inside = match inside {
            Some(inside) => self.deal(&inside.value.deal).await?,
            None => None,
        };
        let is_inside =
            |deal: &DealRecord| deal.users.iter().skip(1).any(|user| user.block.root() == root);
        let mut last = inside.filter(|deal| deal.read(is_inside));
        let (mut free, mut generation) = (key.clone(), 1);
        while let Some(deal) = next {
            last = Some(deal);
            generation += 1;
            free = format!("{key}.{generation}");
            next = self.deal(&free).await?;
        }
        let is_replaced = |deal: &Book<DealRecord>| deal.read(|deal| deal.is_replaced);
        let replaced = last.as_ref().filter(|deal| is_replaced(deal));
        let replaced = replaced.map(|deal| deal.key().to_owned());
        Ok(Owner { deal: last.filter(|deal| !is_replaced(deal)), replaced, free })
    }

    /// Makes the records of the roots of all blocks but the first. Before anything of the deal is signed.
    pub(crate) async fn secure(&self, deal: &Book<DealRecord>) -> Result<(), StoreError> {
        let (account, roots) = deal.read(|deal| {
            let roots = deal.users.iter().skip(1).map(|user| user.block.root());
            (deal.account, roots.collect::<Vec<_>>())
        });
        let inside = Inside { deal: deal.key().to_owned() };
        let writes = roots.into_iter().map(|root| {
            let (key, inside) = (under(account, &root.to_string()), &inside);
            async move {
                match self.buckets.roots.get(&key).await? {
                    None => self.buckets.roots.note_new(&key, inside).await.map(drop),
                    Some(known) if known.value == *inside => Ok(()),
                    // The same blocks in a deal that was given up or replaced before.
                    Some(known) => {
                        self.buckets.roots.note(&key, inside, known.revision).await.map(drop)
                    }
                }
            }
        });
        futures_util::future::try_join_all(writes).await.map(drop)
    }

    /// Gives a root back: nothing is signed for it.
    pub(crate) async fn release(&self, deal: Book<DealRecord>) -> Result<(), StoreError> {
        deal.remove().await?;
        self.mark(&deal, false).await
    }
}

/// The key of what belongs to an account.
fn under(account: Account, name: &str) -> String {
    format!("{account}.{name}")
}
