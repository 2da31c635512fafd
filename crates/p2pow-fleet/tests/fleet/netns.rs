//! Networks that are cut: network namespaces on one bridge. Needs root and `ip` (iproute2); elsewhere the tests say that
//! they were skipped, unless `P2POW_REQUIRE_NETNS=1`.

use super::broker::{self, Place, Server};
use std::{
    env,
    process::{self, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

/// A bridge with namespaces, gone when it is dropped.
pub(crate) struct Network {
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
    pub(crate) fn new(namespaces: usize) -> Option<Self> {
        static NETWORKS: AtomicU32 = AtomicU32::new(0);
        let number = (8 * process::id() + NETWORKS.fetch_add(1, Ordering::Relaxed)) % 10_000;
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

    pub(crate) fn namespace(&self, index: usize) -> String {
        format!("{}n{index}", self.id)
    }

    fn address(&self, index: usize) -> String {
        format!("{}.{}", self.subnet, index + 1)
    }

    fn place(&self, index: usize) -> Place {
        Place { namespace: Some(self.namespace(index)), address: self.address(index) }
    }

    /// Cuts a namespace off from the others, or joins it again. Others, this one's clients too, still reach it.
    pub(crate) fn cut(&self, index: usize, is_cut: bool) {
        let what = if is_cut { "add" } else { "del" };
        for other in (0..self.namespaces).filter(|other| *other != index) {
            let (space, address) = (self.namespace(index), self.address(other));
            assert!(ip(&format!("-n {space} route {what} blackhole {address}/32")));
        }
    }

    /// The place of a program in no namespace of its own, which all others reach.
    pub(crate) fn outside(&self) -> Place {
        Place { namespace: None, address: format!("{}.254", self.subnet) }
    }

    /// Pulls a namespace's cable, so that nothing gets there any more, or puts it in again.
    pub(crate) fn unplug(&self, index: usize, is_out: bool) {
        let what = if is_out { "nomaster" } else { &format!("master {}", self.id) };
        assert!(ip(&format!("link set {} {what}", self.namespace(index))));
    }

    /// A broker in each of the first three namespaces, of one cluster.
    pub(crate) fn cluster(&self) -> Option<Vec<Server>> {
        let routes: Vec<_> =
            (0..3).map(|index| format!("\"nats://{}:6222\"", self.address(index))).collect();
        let server = |index: usize| {
            let (place, routes) = (self.place(index), routes.join(", "));
            let listen = format!("{}:6222", place.address);
            let cluster = format!("name: c, listen: \"{listen}\", routes: [{routes}]");
            broker::start_in(place, &format!("server_name: s{index}\ncluster {{ {cluster} }}"))
        };
        (0..3).map(server).collect()
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
