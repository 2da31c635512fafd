//! A server that is cut off from the others of its cluster.

use super::{
    netns::Network,
    setup::{name, within},
    three::leader,
};
use p2pow_fleet::{Broker, JetStreamStore};
use p2pow_store::Records;

/// Whichever server the store is connected to: that of the leader, who still thinks that it leads, takes the writes and
/// can give none an answer.
#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_is_cut_off_from_the_others_writes_nothing_and_loses_nothing() {
    let Some(network) = Network::new(3) else { return };
    let Some(servers) = network.cluster() else { return };
    let open = async |index: usize| {
        let broker = Broker::new([servers[index].address()], name("p2pow")).unwrap();
        let store = within(JetStreamStore::open(&broker, &name("p2pow"), 3)).await.unwrap();
        Records::<u64>::new(store.shared(), "counter")
    };
    // Each connected to one of them; the cluster tells it of the others.
    let stores = [open(0).await, open(1).await, open(2).await];
    let mut revision = stores[0].create("a", &0).await.unwrap();
    let leader = leader(&servers).await;
    // Right after the first write by the others the store at the leader's server has its turn: that server refuses it by
    // what it has, as if somebody else had written.
    let turns = [(leader + 1) % 3, leader, (leader + 2) % 3];
    for (count, turn) in (1..=12u64).zip(turns.into_iter().cycle()) {
        let store = &stores[turn];
        if count == 4 {
            network.cut(leader, true);
        }
        if count == 9 {
            network.cut(leader, false);
        }
        revision = within(store.update("a", &count, revision)).await.unwrap();
        store.create(&count.to_string(), &count).await.unwrap();
    }
    for store in &stores {
        let entry = within(store.get("a")).await.unwrap().unwrap();
        assert_eq!((entry.value, entry.revision), (12, revision));
        assert_eq!(within(store.all("")).await.unwrap().len(), 13);
    }
}
