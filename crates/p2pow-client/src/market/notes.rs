//! The market's notes on workers: reading them all, and adding to one.

use super::{Contact, Market, Name, Recollection, Record};
use crate::{LedgerRecord, experience::Deed};
use futures_util::{StreamExt, stream};
use nano_block::Network;
use nano_primitives::Account;
use p2pow_store::{Records, StoreError};
use serde::{Serialize, de::DeserializeOwned};
use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};
use tracing::debug;

pub(super) const ADDRESSES: &str = "worker-address";
pub(super) const WORKERS: &str = "worker";
/// How often a record is read again that somebody else has written meanwhile.
const TRIES: usize = 8;
/// Notes that are written at the same time, so that they share a transaction.
const AT_ONCE: usize = 64;

impl Market {
    /// All that is remembered of this network's workers; nothing where it cannot be read.
    pub(crate) async fn recall(&self, network: Network) -> Recollection {
        let Some(store) = self.store() else { return Recollection::default() };
        let prefix = format!("{}/", network.as_str());
        let contacts = Records::new(store.clone(), ADDRESSES);
        let records = Records::new(store.clone(), WORKERS);
        Recollection {
            contacts: all(&contacts, &prefix, address_of).await,
            records: all(&records, &prefix, name_of).await,
        }
    }

    /// Notes who made an offer and who did not.
    pub(crate) async fn note_answers(
        &self,
        network: Network,
        asked: Vec<(IpAddr, bool)>,
        now: u64,
    ) {
        let note = |(address, has_answered): (IpAddr, bool)| async move {
            let key = key_of_address(network, address);
            self.note(ADDRESSES, &key, move |before: Contact| {
                let answered = if has_answered { Some(now) } else { before.answered };
                let misses = if has_answered { 0 } else { before.misses.saturating_add(1) };
                Contact { asked: now, answered, misses, ..before }
            })
            .await;
        };
        stream::iter(asked).map(note).buffer_unordered(AT_ONCE).collect::<()>().await;
    }

    /// Notes what a hired worker did.
    pub(crate) async fn note_deed(&self, network: Network, name: Name, deed: Deed, now: u64) {
        let (address, account) = name;
        self.note(WORKERS, &key_of_worker(network, name), move |before: Record| Record {
            experience: before.experience.after(deed, now),
            ..before
        })
        .await;
        let is_bad = matches!(deed, Deed::Failed | Deed::Withheld | Deed::Overtaken);
        debug!(%address, %account, ?deed, "noted");
        if is_bad {
            self.note(ADDRESSES, &key_of_address(network, address), move |before: Contact| {
                Contact { experience: before.experience.after(deed, now), ..before }
            })
            .await;
        }
    }

    /// Notes what the ledger shows of a worker's account.
    pub(crate) async fn note_ledger(&self, network: Network, name: Name, ledger: LedgerRecord) {
        self.note(WORKERS, &key_of_worker(network, name), move |before: Record| Record {
            ledger: Some(ledger),
            ..before
        })
        .await;
    }

    /// Changes one record, whoever else does at the same time.
    async fn note<T>(&self, bucket: &'static str, key: &str, change: impl Fn(T) -> T)
    where
        T: Default + Serialize + DeserializeOwned,
    {
        let Some(store) = self.store() else { return };
        if let Err(error) = alter(&Records::new(store.clone(), bucket), key, change).await {
            debug!(%error, "a note on a worker cannot be kept");
        }
    }
}

/// Reads, changes and notes a record until nobody else came between. What a lost power supply takes of it is a hint.
pub(super) async fn alter<T>(
    records: &Records<T>,
    key: &str,
    change: impl Fn(T) -> T,
) -> Result<(), StoreError>
where
    T: Default + Serialize + DeserializeOwned,
{
    let mut tries = 0;
    loop {
        let written = match records.get(key).await? {
            Some(entry) => records.note(key, &change(entry.value), entry.revision).await,
            None => records.note_new(key, &change(T::default())).await,
        };
        match written {
            Err(error) if error.is_conflict() && tries < TRIES => tries += 1,
            other => return other.map(drop),
        }
    }
}

async fn all<T: Serialize + DeserializeOwned, K: Ord>(
    records: &Records<T>,
    prefix: &str,
    key_of: fn(&str) -> Option<K>,
) -> BTreeMap<K, T> {
    let entries = records.all(prefix).await.unwrap_or_else(|error| {
        debug!(%error, "what is known of workers cannot be read");
        Vec::new()
    });
    let rest = |key: &str| key.strip_prefix(prefix).and_then(key_of);
    entries.into_iter().filter_map(|entry| Some((rest(&entry.key)?, entry.value))).collect()
}

/// `network/address`, the address in hexadecimal digits.
pub(super) fn key_of_address(network: Network, address: IpAddr) -> String {
    let digits = match address {
        IpAddr::V4(v4) => format!("{:08x}", v4.to_bits()),
        IpAddr::V6(v6) => format!("{:032x}", v6.to_bits()),
    };
    format!("{}/{digits}", network.as_str())
}

/// `network/address/account`.
pub(super) fn key_of_worker(network: Network, (address, account): Name) -> String {
    format!("{}/{account}", key_of_address(network, address))
}

fn address_of(key: &str) -> Option<IpAddr> {
    match key.len() {
        8 => Some(Ipv4Addr::from_bits(u32::from_str_radix(key, 16).ok()?).into()),
        32 => Some(Ipv6Addr::from_bits(u128::from_str_radix(key, 16).ok()?).into()),
        _ => None,
    }
}

fn name_of(key: &str) -> Option<Name> {
    let (address, account) = key.split_once('/')?;
    Some((address_of(address)?, account.parse::<Account>().ok()?))
}
