use super::{Breadth, Plan};
use crate::{
    Config, Registration, Search, Worker,
    market::{Contact, Recollection},
    registry::Scan,
};
use nano_block::Network;
use nano_primitives::{Account, BlockHash, PublicKey};
use std::net::{IpAddr, Ipv4Addr};

fn account(number: u32) -> Account {
    let mut bytes = [0; 32];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    Account::new(PublicKey::from_bytes(bytes))
}

fn entry(address: impl Into<IpAddr>, by: u32, seen: u64) -> Worker {
    let (account, block) = (account(by), BlockHash::from_bytes([9; 32]));
    let registration = Some(Registration { account, block, height: 1, seen: Some(seen) });
    Worker { address: address.into(), registration }
}

fn scan(workers: impl IntoIterator<Item = Worker>) -> Scan {
    let by = |worker: Worker| (worker.registration.unwrap().account, worker);
    Scan { workers: workers.into_iter().map(by).collect() }
}

fn plan(scan: &Scan, recollection: &Recollection, config: &Config) -> Plan {
    Plan::of(scan, recollection, config, Breadth::Payment)
}

fn all(plan: &Plan) -> Vec<IpAddr> {
    plan.first.iter().chain(&plan.then).map(|worker| worker.address).collect()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn an_address_is_asked_once_by_its_oldest_registration() {
    let scan = scan([entry(ip("8.8.8.8"), 1, 20), entry(ip("8.8.8.8"), 2, 10)]);
    let plan = plan(&scan, &Recollection::default(), &Config::default());
    assert_eq!(all(&plan), [ip("8.8.8.8")]);
    assert_eq!(plan.first[0].registration.unwrap().account, account(2));
    assert_eq!(plan.registered, 2);
}

#[test]
fn neither_the_oldest_nor_the_newest_take_all_the_turns() {
    let far = |n: u8| Ipv4Addr::new(8, n, 0, 1);
    let scan = scan((1..=5).map(|n| entry(far(n), n.into(), n.into())));
    let plan = plan(&scan, &Recollection::default(), &Config::default());
    assert_eq!(all(&plan), [far(1), far(5), far(2), far(4), far(3)].map(IpAddr::from));
}

#[test]
fn one_of_each_network_is_asked_before_the_second_of_any() {
    let near = (1..=9).map(|n| entry(Ipv4Addr::new(8, 8, 8, n), n.into(), n.into()));
    let scan = scan(near.chain([entry(ip("9.9.9.9"), 50, 5)]));
    let plan = plan(&scan, &Recollection::default(), &Config::default());
    assert!(all(&plan)[..2].contains(&ip("9.9.9.9")));
}

#[test]
fn a_flood_of_registrations_displaces_nobody_who_is_known_and_newcomers_only_share_the_rest() {
    let flood =
        (0..10_000_u32).map(|n| entry(Ipv4Addr::from_bits(0x1000_0000 + n * 256), 100 + n, 999));
    let (old, gone, late) = (ip("8.8.8.8"), ip("8.8.4.4"), ip("8.8.1.1"));
    let honest = [entry(old, 1, 10), entry(gone, 2, 10), entry(late, 3, 10)];
    let scan = scan(flood.chain(honest));
    let answered = |misses| Contact { asked: 50, answered: Some(50), misses, ..Contact::default() };
    let contacts = [(old, answered(0)), (gone, answered(3))].into();
    let recollection = Recollection { contacts, ..Recollection::default() };
    let plan = plan(&scan, &recollection, &Config::default());
    assert_eq!(plan.first[0].address, old);
    let most = Search::default().max_workers;
    assert_eq!((all(&plan).len(), plan.registered), (most, 10_003));
    assert!(all(&plan).contains(&late), "the oldest of the others has its turn");
    assert!(!all(&plan).contains(&gone), "who does not answer any more waits behind the new ones");
}

#[test]
fn everybody_has_a_turn_in_time() {
    let near = |n: u32| Ipv4Addr::from_bits(0x0808_0000 + n);
    let scan = scan((0..300).map(|n| entry(near(n), n, 7)));
    let mut recollection = Recollection::default();
    for round in 1..=3 {
        for address in all(&plan(&scan, &recollection, &Config::default())) {
            let contact = recollection.contacts.entry(address).or_default();
            (contact.asked, contact.misses) = (round, contact.misses + 1);
        }
    }
    assert_eq!(recollection.contacts.len(), 300);
    assert!(recollection.contacts.values().all(|contact| contact.misses == 1));
}

#[test]
fn local_addresses_are_dialled_on_networks_of_ones_own_alone() {
    let local = ["127.0.0.1", "10.0.0.1", "192.168.1.1", "169.254.169.254", "::1", "fe80::1"];
    let workers = local.iter().zip(1..).map(|(address, by)| entry(ip(address), by, 1));
    let scan = scan(workers);
    let dialled = |network, allow_local| {
        let config = Config { network, allow_local, ..Config::default() };
        let plan = plan(&scan, &Recollection::default(), &config);
        assert_eq!(plan.not_dialable + plan.registered, local.len());
        let mut addresses = all(&plan);
        addresses.sort();
        addresses
    };
    assert_eq!(dialled(Network::Live, false), Vec::<IpAddr>::new());
    assert_eq!(dialled(Network::Dev, false), Vec::<IpAddr>::new());
    assert_eq!(dialled(Network::Live, true), [ip("127.0.0.1"), ip("::1")]);
    let own = ["10.0.0.1", "127.0.0.1", "192.168.1.1", "::1"].map(ip);
    assert_eq!(dialled(Network::Dev, true), own);
}
