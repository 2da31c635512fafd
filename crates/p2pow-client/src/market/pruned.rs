//! What is forgotten of workers, so that nobody can make the market grow without end: addresses and accounts cost those
//! who register or name them next to nothing.

use super::{Contact, Market, Record, notes};
use crate::Experience;
use futures_util::{StreamExt, stream};
use nano_block::Network;
use p2pow_store::{Entry, Records, StoreError};
use serde::{Serialize, de::DeserializeOwned};
use std::cmp::Reverse;
use tracing::debug;

/// Notes of one kind that are kept. Above it a quarter is forgotten.
const MOST: usize = 4096;
/// Removals that share a flush of the disk.
const AT_ONCE: usize = 64;

impl Market {
    /// Forgets the notes that say least, where there are too many: addresses that never answered, the longest ago first,
    /// then those that did; accounts that were never hired, then those that were.
    pub(crate) async fn prune(&self, network: Network, (contacts, records): (usize, usize)) {
        let Some(store) = self.store() else { return };
        let prefix = format!("{}/", network.as_str());
        let addresses = Records::<Contact>::new(store.clone(), notes::ADDRESSES);
        let workers = Records::<Record>::new(store.clone(), notes::WORKERS);
        let worth = |contact: &Contact| {
            (contact.answered, contact.experience != Experience::default(), contact.asked)
        };
        let merit = |record: &Record| {
            let looked = record.ledger.map(|ledger| ledger.as_of);
            (record.experience.as_of, looked)
        };
        if contacts > MOST {
            tell(forget(&addresses, &prefix, worth).await);
        }
        if records > MOST {
            tell(forget(&workers, &prefix, merit).await);
        }
    }
}

fn tell(pruned: Result<usize, StoreError>) {
    match pruned {
        Ok(gone) => debug!(gone, "notes on workers are forgotten"),
        Err(error) => debug!(%error, "notes on workers cannot be forgotten"),
    }
}

/// Removes the records of the least worth until three quarters of the bound are left; how many.
async fn forget<T: Serialize + DeserializeOwned, W: Ord>(
    records: &Records<T>,
    prefix: &str,
    worth: impl Fn(&T) -> W,
) -> Result<usize, StoreError> {
    let mut entries: Vec<Entry<T>> = records.all(prefix).await?;
    entries.sort_by_cached_key(|entry| Reverse(worth(&entry.value)));
    let gone = entries.split_off(entries.len().min(MOST / 4 * 3));
    let count = gone.len();
    stream::iter(gone)
        // One that somebody has written meanwhile stays.
        .map(|entry| async move { drop(records.remove(&entry.key, entry.revision).await) })
        .buffer_unordered(AT_ONCE)
        .collect::<()>()
        .await;
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::{MOST, Market};
    use nano_block::Network;
    use std::net::{IpAddr, Ipv4Addr};

    #[tokio::test]
    async fn dead_addresses_are_forgotten_before_those_that_answered() {
        let market = Market::in_memory();
        let address = |number: usize| {
            IpAddr::from(Ipv4Addr::from_bits(0x0100_0000 + u32::try_from(number).unwrap()))
        };
        let dead = (0..MOST).map(|number| (address(number), false)).collect();
        market.note_answers(Network::Dev, dead, 2_000).await;
        let alive = (MOST..MOST + 10).map(|number| (address(number), true)).collect();
        market.note_answers(Network::Dev, alive, 1_000).await;
        let before = market.recall(Network::Dev).await.contacts.len();
        assert_eq!(before, MOST + 10);
        market.prune(Network::Dev, (before, 0)).await;
        let left = market.recall(Network::Dev).await.contacts;
        assert_eq!(left.len(), MOST / 4 * 3);
        assert!((MOST..MOST + 10).all(|number| left.contains_key(&address(number))));
        market.prune(Network::Dev, (left.len(), 0)).await;
        assert_eq!(market.recall(Network::Dev).await.contacts.len(), MOST / 4 * 3);
    }
}
