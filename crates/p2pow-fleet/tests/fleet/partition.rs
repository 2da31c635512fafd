//! Networks that are cut: brokers in network namespaces of their own, on one bridge. Needs root and `ip` (iproute2);
//! elsewhere the tests say that they were skipped, unless `P2POW_REQUIRE_NETNS=1`.

use super::{
    broker::{self, Place, Server},
    cluster::leader,
    setup::{name, within},
};
use p2pow_fleet::{Broker, JetStreamStore};
use p2pow_store::Records;
use std::{
    env,
    process::{self, Command, Stdio},
};

/// A bridge with namespaces, gone when it is dropped.
struct Network {
    id: String,
    subnet: String,
    namespaces: usize,
}

fn ip(arguments: &str) -> bool {
    let mut command = Command::new("ip");
    command.args(arguments.split(' ')).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

impl Network {
    fn new(namespaces: usize) -> Option<Self> {
        let number = process::id() % 10_000;
        let (id, subnet) =
            (format!("pw{number}"), format!("10.{}.{}", 200 + number / 250, number % 250));
        let network = Self { id, subnet, namespaces };
        if network.build() {
            return Some(network);
        }
        let is_required = env::var("P2POW_REQUIRE_NETNS").is_ok_and(|value| value == "1");
        assert!(!is_required, "P2POW_REQUIRE_NETNS=1, and no network namespaces can be made");
        println!("skipped: no network namespaces can be made here: that takes root and iproute2");
        None
    }

    fn build(&self) -> bool {
        let Self { id, subnet, .. } = self;
        let bridge = [
            format!("link add {id} type bridge"),
            format!("addr add {subnet}.254/24 dev {id}"),
            format!("link set {id} up"),
        ];
        let joined = (0..self.namespaces).flat_map(|index| {
            let (space, address) = (self.namespace(index), self.address(index));
            [
                format!("netns add {space}"),
                format!("link add {space} type veth peer name eth0 netns {space}"),
                format!("link set {space} master {id} up"),
                format!("-n {space} addr add {address}/24 dev eth0"),
                format!("-n {space} link set eth0 up"),
                format!("-n {space} link set lo up"),
            ]
        });
        bridge.into_iter().chain(joined).all(|command| ip(&command))
    }

    fn namespace(&self, index: usize) -> String {
        format!("{}n{index}", self.id)
    }

    fn address(&self, index: usize) -> String {
        format!("{}.{}", self.subnet, index + 1)
    }

    fn place(&self, index: usize) -> Place {
        Place { namespace: Some(self.namespace(index)), address: self.address(index) }
    }

    /// Cuts a namespace off from the others, or joins it again. Others, this one's clients too, still reach it.
    fn cut(&self, index: usize, is_cut: bool) {
        let what = if is_cut { "add" } else { "del" };
        for other in (0..self.namespaces).filter(|other| *other != index) {
            let (space, address) = (self.namespace(index), self.address(other));
            assert!(ip(&format!("-n {space} route {what} blackhole {address}/32")));
        }
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for index in 0..self.namespaces {
            ip(&format!("netns del {}", self.namespace(index)));
        }
        ip(&format!("link del {}", self.id));
    }
}

fn start(network: &Network) -> Option<Vec<Server>> {
    let routes: Vec<_> =
        (0..3).map(|index| format!("\"nats://{}:6222\"", network.address(index))).collect();
    let server = |index: usize| {
        let (place, routes) = (network.place(index), routes.join(", "));
        let listen = format!("{}:6222", place.address);
        let cluster = format!("name: c, listen: \"{listen}\", routes: [{routes}]");
        broker::start_in(place, &format!("server_name: s{index}\ncluster {{ {cluster} }}"))
    };
    (0..3).map(server).collect()
}

/// Whichever server the store is connected to: that of the leader, who still thinks that it leads, takes the writes and
/// can give none an answer.
#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_is_cut_off_from_the_others_writes_nothing_and_loses_nothing() {
    let Some(network) = Network::new(3) else { return };
    let Some(servers) = start(&network) else { return };
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
