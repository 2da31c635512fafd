//! Front ends of a cluster of three brokers, one of which dies or is cut off; and an agent that is cut off alone.

use super::{
    LONG, broker,
    netns::Network,
    setup::{FEE, Front, PATIENCE, amount, books, george, net, request},
    store, three,
};
use nano_pow::{Pool, Puzzle};
use nano_primitives::{Difficulty, Root};
use p2pow_fleet::{Agent, Broker, FleetBackend, Name, Strength};
use serde_json::json;
use std::process::{Child, Command, Stdio};
use tokio::{sync::watch, time::timeout};

fn all(servers: &[broker::Server]) -> String {
    servers.iter().map(broker::Server::address).collect::<Vec<_>>().join(",")
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_go_on_when_the_server_is_killed_that_leads_their_journal() {
    let Some(mut servers) = three::start() else { return };
    let (net, fleet) = (net(3).await, all(&servers));
    net.faults().leave_unconfirmed(true);
    let store = store(&fleet).await;
    let one = Front::start(&net, &fleet, LONG, None);
    let other = Front::start(&net, &fleet, LONG, None);
    let asked: Vec<_> = (1..=3).map(|sender| request(&net, sender, 1000)).collect();
    let first = one.ask(&asked[0]).join().unwrap();
    assert_eq!(first.as_ref().unwrap().0, 201);
    let leader = three::leader(&servers).await;
    servers[leader].kill();
    let asking = [one.ask(&asked[1]), other.ask(&asked[2]), other.ask(&asked[0])];
    let [mine, theirs, joined] = asking.map(|asking| asking.join().unwrap());
    assert_eq!((mine.unwrap().0, theirs.unwrap().0), (201, 201));
    assert_eq!(joined, first, "the same answer");
    servers[leader].restart();
    net.faults().leave_unconfirmed(false);
    settled(&net, &fleet, 3);
    assert_eq!((one.stop()["won"].clone(), other.stop()["won"].clone()), (json!(2), json!(1)));
    drop(store);
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_go_on_at_a_front_end_whose_server_is_cut_off_from_its_cluster() {
    let Some(network) = Network::new(3) else { return };
    let Some(servers) = network.cluster() else { return };
    let (net, fleet) = (net(4).await, all(&servers));
    net.faults().leave_unconfirmed(true);
    let store = store(&fleet).await;
    let leader = three::leader(&servers).await;
    // Each connected to one of them; the cluster tells it of the others.
    let one = Front::start(&net, &servers[leader].address(), LONG, None);
    let other = Front::start(&net, &servers[(leader + 1) % 3].address(), LONG, None);
    let asked: Vec<_> = (1..=4).map(|sender| request(&net, sender, 1000)).collect();
    let first = one.ask(&asked[0]).join().unwrap();
    assert_eq!(first.as_ref().unwrap().0, 201);
    assert_eq!(other.ask(&asked[1]).join().unwrap().unwrap().0, 201);
    network.cut(leader, true);
    let asking = [one.ask(&asked[2]), other.ask(&asked[3]), other.ask(&asked[0])];
    let [mine, theirs, joined] = asking.map(|asking| asking.join().unwrap());
    assert_eq!((mine.unwrap().0, theirs.unwrap().0), (201, 201));
    assert_eq!(joined, first, "the same answer");
    network.cut(leader, false);
    net.faults().leave_unconfirmed(false);
    settled(&net, &fleet, 4);
    assert_eq!((one.stop()["won"].clone(), other.stop()["won"].clone()), (json!(2), json!(2)));
    drop(store);
}

/// Each of so many jobs was won, and paid once.
fn settled(net: &nano_devnet::Devnet, fleet: &str, jobs: usize) {
    let books = books(fleet, jobs);
    assert_eq!(books.len(), jobs, "{books:?}");
    assert!(books.iter().all(|line| line["outcome"] == "won"), "{books:?}");
    assert_eq!(net.receivable_total(&george()), amount(FEE * jobs as u128));
}

/// An agent as a process of its own in a network namespace, killed when it is dropped.
struct Remote(Child);

impl Remote {
    fn start(namespace: &str, fleet: &str) -> Self {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", namespace, env!("CARGO_BIN_EXE_p2pow-worker"), "agent"]);
        command.args(["--fleet", fleet, "--fleet-member", "alone"]);
        command.args(["--devices", "cpu", "--threads", "1"]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().unwrap())
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits until the front end counts on so many agents.
async fn until(strength: &mut watch::Receiver<Strength>, agents: usize) {
    let is_so = strength.wait_for(|strength| strength.agents == agents);
    timeout(PATIENCE, is_so).await.expect("there are so many agents").unwrap();
}

async fn solve(pool: &Pool, numbers: std::ops::Range<u8>) {
    // 2^16 hashes.
    let threshold = Difficulty::from_u64(0xffff_0000_0000_0000);
    let puzzle = |number| Puzzle::new(Root::from_bytes([number; 32]), threshold);
    let tickets: Vec<_> = numbers.map(|number| pool.submit(puzzle(number))).collect();
    for ticket in tickets {
        timeout(PATIENCE, ticket).await.expect("it is found in time").unwrap();
    }
}

/// Nothing tells the broker that it is gone, nor the agent that nobody hears it: the cable is out.
#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_is_cut_off_alone_is_not_waited_for_and_searches_again_when_it_is_back() {
    let Some(network) = Network::new(1) else { return };
    let Some(broker) = broker::start_in(network.outside(), "") else { return };
    let fleet = Broker::new([broker.address()], "p2pow".parse().unwrap()).unwrap();
    let near = Agent::start(&fleet, Name::random("near"), Pool::cpu(Some(1))).await.unwrap();
    let _alone = Remote::start(&network.namespace(0), &broker.address());
    let start = move || FleetBackend::start(&fleet, Name::random("front")).unwrap();
    let device = tokio::task::spawn_blocking(start).await.unwrap();
    let mut strength = device.strength();
    let pool = Pool::new(vec![Box::new(device)]);
    until(&mut strength, 2).await;
    solve(&pool, 0..20).await;
    network.unplug(0, true);
    // What it alone had goes to the other one.
    solve(&pool, 20..60).await;
    until(&mut strength, 1).await;
    network.unplug(0, false);
    until(&mut strength, 2).await;
    drop(near);
    until(&mut strength, 1).await;
    solve(&pool, 60..70).await;
}
