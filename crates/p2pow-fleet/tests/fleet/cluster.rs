//! Records in a cluster of three, of which any one may be killed.

use super::{
    broker::Server,
    setup::{EASY, agent_on, name, puzzle, solve, within},
    three::{leader, start},
};
use nano_pow::Pool;
use p2pow_fleet::{Broker, FleetBackend, JetStreamStore, Lease, Name};
use p2pow_store::{Expect, Records, Store};
use std::{sync::Arc, time::Duration};

fn at(servers: &[Server]) -> Broker {
    Broker::new(servers.iter().map(Server::address), name("p2pow")).unwrap()
}

/// Right after the start: the cluster has not agreed yet on who leads it.
async fn open(servers: &[Server]) -> Arc<dyn Store> {
    within(JetStreamStore::open(&at(servers), &name("p2pow"), 3)).await.unwrap().shared()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_record_is_lost_and_none_is_written_twice_when_the_leader_is_killed() {
    let Some(mut servers) = start() else { return };
    let counters = Records::<u64>::new(open(&servers).await, "counter");
    let mut revision = counters.create("a", &0).await.unwrap();
    // A counter that two count, so that a write that is done twice, or lost, shows.
    for round in 0..2 {
        let leader = leader(&servers).await;
        for count in 1..=20u64 {
            if count == 10 {
                servers[leader].kill();
                // While nobody leads, a server may know less than the last leader did.
                let all = within(counters.all("")).await.unwrap();
                assert_eq!(all.len() as u64, 20 * round + count, "{all:?}");
            }
            let value = 20 * round + count;
            revision = within(counters.update("a", &value, revision)).await.unwrap();
            counters.create(&value.to_string(), &value).await.unwrap();
        }
        servers[leader].restart();
    }
    let entry = within(counters.get("a")).await.unwrap().unwrap();
    assert_eq!((entry.value, entry.revision), (40, revision));
    let all = counters.all("").await.unwrap();
    assert_eq!(all.len(), 41, "{all:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn searches_and_leases_go_on_when_any_server_is_killed() {
    let Some(mut servers) = start() else { return };
    let store = open(&servers).await;
    let broker = at(&servers);
    let _agent = agent_on(&broker, "one").await;
    let start = move || FleetBackend::start(&broker, Name::random("front")).unwrap();
    let device = tokio::task::spawn_blocking(start).await.unwrap();
    within(device.strength().wait_for(|strength| strength.agents == 1)).await.unwrap();
    let pool = Pool::new(vec![Box::new(device), Box::new(super::setup::vain())]);
    let lease =
        Lease::acquire(Arc::clone(&store), "worker", name("front"), Duration::from_secs(100));
    let lease = within(lease).await.unwrap();
    for (index, byte) in [(0, 1), (1, 2), (2, 3)] {
        servers[index].kill();
        solve(&pool, puzzle(byte, EASY)).await;
        servers[index].restart();
        let revision =
            within(store.put("job", &byte.to_string(), "1".into(), Expect::Absent)).await.unwrap();
        assert_eq!(
            within(store.get("job", &byte.to_string())).await.unwrap().unwrap().revision,
            revision
        );
        // It has its three again before the next is killed.
        leader(&servers).await;
    }
    let is_lost = tokio::time::timeout(Duration::from_millis(1), lease.lost()).await.is_ok();
    assert!(!is_lost, "it was renewed all the time");
}
