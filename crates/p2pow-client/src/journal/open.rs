//! [`OpenDeals`]: the list of an account's deals that are not over, so that they are looked up again.
//!
//! A deal that is missing there is found by its root all the same, and one that is there too long does no harm. What the
//! list said last is kept, so that it can be written together with the deal without being read again: the store refuses
//! it where somebody else has written it since.

use super::term::{Term, Termed};
use nano_primitives::Account;
use p2pow_store::{Note, Records, Revision, Store, StoreError};
use serde::{Deserialize, Serialize};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// Writes of a list that are tried again because somebody else wrote it, at most.
const TRIES: usize = 8;

/// The lists of all accounts.
#[derive(Debug)]
pub(super) struct OpenDeals {
    records: Records<List>,
    known: Mutex<HashMap<Account, (List, Option<Revision>)>>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct List {
    deals: Vec<String>,
    #[serde(default, skip_serializing_if = "Term::is_none")]
    term: Term,
}

impl Termed for List {
    fn term(&mut self) -> Option<&mut Term> {
        Some(&mut self.term)
    }
}

/// What becomes of a list, and in which term.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entering<'a> {
    pub(super) deal: &'a str,
    pub(super) is_open: bool,
    pub(super) term: Term,
}

/// A list that is about to be written, if it is still as it was known.
pub(super) struct Guess {
    account: Account,
    list: List,
    pub(super) note: Note,
}

impl OpenDeals {
    pub(super) fn new(store: Arc<dyn Store>) -> Self {
        Self { records: Records::new(store, "open"), known: Mutex::default() }
    }

    /// The keys of the account's deals.
    pub(super) async fn keys(&self, account: Account) -> Result<Vec<String>, StoreError> {
        let found = self.records.get(&account.to_string()).await?;
        let (list, revision) =
            found.map_or_else(Default::default, |entry| (entry.value, Some(entry.revision)));
        self.remember(account, list.clone(), revision);
        Ok(list.deals)
    }

    /// The write that puts a deal on the list or takes it off, by what is known of it. Nothing if that is not enough.
    pub(super) fn guess(
        &self,
        account: Account,
        change: Entering<'_>,
    ) -> Result<Option<Guess>, StoreError> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((list, revision)) = known.get(&account) else { return Ok(None) };
        let Some(list) = list.with(account, change)? else { return Ok(None) };
        let note = self.records.noting(&account.to_string(), &list, *revision)?;
        Ok(Some(Guess { account, list, note }))
    }

    /// Takes over that it was written.
    pub(super) fn accept(&self, Guess { account, list, .. }: Guess, revision: Revision) {
        self.remember(account, list, Some(revision));
    }

    /// Puts a deal on the list, or takes it off, whoever else writes it meanwhile.
    pub(super) async fn mark(
        &self,
        account: Account,
        change: Entering<'_>,
    ) -> Result<(), StoreError> {
        self.write(account, |list| list.with(account, change)).await
    }

    /// Has the list be of this term.
    pub(super) async fn enter(&self, account: Account, term: Term) -> Result<(), StoreError> {
        let enter = |list: &List| {
            let mut entered = list.clone();
            term.sign_in(&account.to_string(), &mut entered)?;
            Ok((entered != *list).then_some(entered))
        };
        self.write(account, enter).await
    }

    /// Changes the list, as long as there is something to be changed.
    async fn write(
        &self,
        account: Account,
        change: impl Fn(&List) -> Result<Option<List>, StoreError>,
    ) -> Result<(), StoreError> {
        let (records, name) = (&self.records, account.to_string());
        for tries in 0.. {
            let known = records.get(&name).await?;
            let before = known.as_ref().map(|entry| entry.value.clone()).unwrap_or_default();
            let Some(list) = change(&before)? else { return Ok(()) };
            let written = match known {
                Some(entry) => records.note(&name, &list, entry.revision).await,
                None => records.note_new(&name, &list).await,
            };
            match written {
                Err(error) if error.is_conflict() && tries < TRIES => {}
                written => {
                    self.remember(account, list, Some(written?));
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn remember(&self, account: Account, list: List, revision: Option<Revision>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(account, (list, revision));
    }
}

impl List {
    /// The list with the deal on it or off it; nothing if it is so already.
    fn with(
        &self,
        account: Account,
        Entering { deal, is_open, term }: Entering<'_>,
    ) -> Result<Option<Self>, StoreError> {
        let mut list = self.clone();
        term.sign_in(&account.to_string(), &mut list)?;
        let is_there = self.deals.iter().any(|known| known == deal);
        if is_there == is_open {
            return Ok(None);
        }
        list.deals.retain(|known| known != deal);
        list.deals.extend(is_open.then(|| deal.to_owned()));
        Ok(Some(list))
    }
}
