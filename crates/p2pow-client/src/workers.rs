//! [`Plan`]: which workers are asked for their offers, and in which order.
//!
//! There may be any number of them, mostly dead or hostile, so only some are asked: those that answered before, and a
//! few of the others in turn. Who floods the registry takes the turns of newcomers, never the places of those known.

use crate::{
    Config, Worker,
    market::{Contact, Recollection},
    registry::Scan,
};
use nano_block::Network;
use nano_primitives::Account;
use p2pow_protocol::registry::is_dialable;
use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
    net::IpAddr,
};

/// Of those that answered before, so many are asked for a payment.
const KNOWN: usize = 32;
/// Who made no offer so often in a row is as good as one that never did.
const MISSES: u32 = 3;

/// How many are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Breadth {
    /// As many as a payment takes.
    Payment,
    /// As many as the bounds of the search allow.
    All,
}

/// The workers to ask.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Those that are asked in any case, at once.
    pub(crate) first: Vec<Worker>,
    /// Those that are asked if too few of the first make an offer.
    pub(crate) then: Vec<Worker>,
    /// Registrations that were left out because of their addresses.
    pub(crate) not_dialable: usize,
    /// Registrations at addresses that may be dialled.
    pub(crate) registered: usize,
}

impl Plan {
    /// To ask those that the user named.
    pub(crate) fn named(addresses: &[IpAddr]) -> Self {
        let named = |&address| Worker { address, registration: None };
        let first: Vec<Worker> = addresses.iter().map(named).collect();
        Self { first, ..Self::default() }
    }

    /// To ask some of those that have registered.
    pub(crate) fn of(
        scan: &Scan,
        recollection: &Recollection,
        config: &Config,
        breadth: Breadth,
    ) -> Self {
        let (workers, others): (Vec<Worker>, Vec<Worker>) =
            scan.workers.values().partition(|worker| may_dial(worker.address, config));
        let registered = workers.len();
        let (known, rest) = sort(by_address(workers), recollection);
        let most = config.search.max_workers;
        let (all_known, explored) = match breadth {
            Breadth::All => (most, most),
            Breadth::Payment => (KNOWN.min(most), config.search.explore),
        };
        let mut first: Vec<Worker> = known.into_iter().take(all_known).collect();
        let explored = explored.min(most - first.len());
        let mut rest = rest.into_iter();
        first.extend(rest.by_ref().take(explored));
        let then = rest.take(most - first.len()).collect();
        Self { first, then, not_dialable: others.len(), registered }
    }
}

/// Everybody that may be dialled, each address once.
pub(crate) fn dialable(scan: &Scan, config: &Config) -> Vec<Worker> {
    let workers = scan.workers.values().copied();
    by_address(workers.filter(|worker| may_dial(worker.address, config)).collect())
}

/// Whether an address from the registry may be dialled. Where there is real money, `allow_local` opens this computer's
/// own addresses alone: anybody may have registered one of the user's network.
fn may_dial(address: IpAddr, config: &Config) -> bool {
    let opens_private = config.network != Network::Live;
    let is_open = opens_private || address.is_loopback();
    is_dialable(address, config.allow_local && is_open)
}

/// Each address once, as its oldest registration has it: who registers another's address later takes nothing from it.
fn by_address(mut workers: Vec<Worker>) -> Vec<Worker> {
    workers.sort_by_key(|worker| (age(worker), worker.registration.map(|entry| entry.account)));
    let mut first = BTreeMap::new();
    for worker in &workers {
        first.entry(worker.address).or_insert(*worker);
    }
    workers.retain(|worker| first.get(&worker.address) == Some(worker));
    workers
}

/// When it was registered; what has no date counts as new.
fn age(worker: &Worker) -> u64 {
    worker.registration.and_then(|entry| entry.seen).unwrap_or(u64::MAX)
}

/// Those that answered lately, the best first, and the others in the order in which they have their turn.
fn sort(workers: Vec<Worker>, recollection: &Recollection) -> (Vec<Worker>, Vec<Worker>) {
    let contact =
        |worker: &Worker| recollection.contacts.get(&worker.address).copied().unwrap_or_default();
    let is_known = |worker: &Worker| {
        let Contact { answered, misses, .. } = contact(worker);
        answered.is_some() && misses < MISSES
    };
    let (mut known, rest): (Vec<Worker>, Vec<Worker>) = workers.into_iter().partition(is_known);
    let merit = |worker: &Worker| {
        let records = recollection.records.range((worker.address, Account::ZERO)..);
        let mut own = records.take_while(|((address, _), _)| *address == worker.address);
        let is_proven = own.any(|(_, record)| record.experience.is_proven());
        (!is_proven, contact(worker).experience.is_bad(), Reverse(contact(worker).answered))
    };
    known.sort_by_key(merit);
    let mut rest = spread(from_both_ends(rest));
    // Stable: those that were never asked come first, in that order, and the others as long as they have waited.
    rest.sort_by_key(|worker| (contact(worker).misses, contact(worker).asked));
    (known, rest)
}

/// The oldest, the newest, the second oldest, …: neither who came first nor who comes last can push the others away.
fn from_both_ends(sorted: Vec<Worker>) -> Vec<Worker> {
    let mut left = std::collections::VecDeque::from(sorted);
    let mut mixed = Vec::with_capacity(left.len());
    while let Some(oldest) = left.pop_front() {
        mixed.push(oldest);
        mixed.extend(left.pop_back());
    }
    mixed
}

/// One of each network before the second of any: addresses of one network cost little.
fn spread(workers: Vec<Worker>) -> Vec<Worker> {
    let mut taken: HashMap<u128, usize> = HashMap::new();
    let mut ranked: Vec<(usize, Worker)> = workers
        .into_iter()
        .map(|worker| {
            let rank = taken.entry(network_of(worker.address)).or_default();
            *rank += 1;
            (*rank, worker)
        })
        .collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, worker)| worker).collect()
}

/// The network that an address is in: the first 24 bits of IPv4, 48 of IPv6. No two of different kinds are equal: those
/// of IPv6 that are dialled begin with 001, and an IPv4 network is far smaller than that.
fn network_of(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits() >> 8),
        IpAddr::V6(v6) => v6.to_bits() >> 80,
    }
}

#[cfg(test)]
mod tests;
