//! Several front ends as processes of their own, with one journal in a real broker.

#![cfg(all(unix, feature = "fleet"))]
#![allow(clippy::unwrap_used)]

#[path = "../../../../crates/p2pow-fleet/tests/fleet/broker.rs"]
#[allow(dead_code)] // not all of it is used here
mod broker;
mod clocks;
mod cluster;
mod looks;
#[path = "../../../../crates/p2pow-fleet/tests/fleet/netns.rs"]
mod netns;
mod races;
mod setup;
mod tap;
#[path = "../../../../crates/p2pow-fleet/tests/fleet/three.rs"]
mod three;

use nano_primitives::Root;
use p2pow_fleet::{Broker, JetStreamStore, Name};
use p2pow_protocol::WorkRequest;
use p2pow_store::{Page, Store};
use serde_json::{Value, json};
use setup::{FEE, Front, PATIENCE, amount, books, george, net, request, tell};
use std::{collections::BTreeMap, sync::Arc};
use tap::{Moment, Tap};

/// Long enough for a busy machine to renew a lease of it in time.
const SHORT: u64 = 3;
const LONG: u64 = 60;

/// The records of the workers' journal.
const WORKER: [&str; 1] = ["$KV.p2pow.worker-"];

/// On one server, or on as many as there are addresses.
async fn store(fleet: &str) -> Arc<dyn Store> {
    let name: Name = "p2pow".parse().unwrap();
    let servers: Vec<&str> = fleet.split(',').collect();
    let broker = Broker::new(&servers, name.clone()).unwrap();
    JetStreamStore::open(&broker, &name, servers.len()).await.unwrap().shared()
}

/// The works in the journal by their roots.
async fn works(store: &Arc<dyn Store>) -> BTreeMap<Root, String> {
    let all = Page { prefix: "", after: None, limit: 1000 };
    let records = store.list("worker-works", all).await.unwrap();
    let works = records.into_iter().map(|record| {
        let value: Value = serde_json::from_str(&record.value).unwrap();
        (record.key.parse().unwrap(), value["work"].as_str().unwrap().to_owned())
    });
    works.collect()
}

/// Each front end is cut off and killed at another one of its writes, and one that looks on goes on with all their jobs.
async fn every_kill(moment: Moment) {
    const WRITES: u8 = 9;
    let Some(broker) = broker::start("") else { return };
    let net = net(WRITES).await;
    let fleet = broker.address();
    let other = Front::start(&net, &fleet, SHORT, None);
    let taps: Vec<Tap> =
        (1..=WRITES).map(|last| Tap::new(&fleet, &WORKER, (last.into(), moment))).collect();
    let urls: Vec<String> = taps.iter().map(Tap::url).collect();
    let mut fronts = Front::start_all(&net, &urls, SHORT);
    let asked: Vec<WorkRequest> = (1..=WRITES).map(|sender| request(&net, sender, 1000)).collect();
    let _asking: Vec<_> =
        fronts.iter().zip(&asked).map(|(front, asked)| front.ask(asked)).collect();
    // Its job has one write less: it comes to its end, and is not cut off.
    let (ended, killed) = asked.split_last().unwrap();
    fronts.pop().unwrap().job(&ended.id(), "confirmed");
    for (tap, front) in taps.iter().zip(fronts) {
        tap.cut.recv_timeout(PATIENCE).expect("there is such a write");
        drop(front);
    }
    let store = store(&fleet).await;
    let known = works(&store).await;
    assert!(known.len() >= 2, "some works are in the journal: {known:?}");
    let again: Vec<_> = killed.iter().map(|asked| other.ask(asked)).collect();
    for (place, again) in again.into_iter().enumerate() {
        let answer = again.join().unwrap();
        let is_over = answer == Some((400, json!({ "error": "Wrong previous block" })));
        let (status, _) = answer.clone().unwrap();
        assert!(status == 201 || is_over, "killed {moment:?} write {}: {answer:?}", place + 1);
    }
    let books = books(&fleet, asked.len());
    for (place, asked) in asked.iter().enumerate() {
        let lines: Vec<_> =
            books.iter().filter(|line| line["id"] == asked.id().to_string()).collect();
        assert_eq!(lines.len(), 1, "killed {moment:?} write {}", place + 1);
        assert_eq!(lines[0]["outcome"], "won", "killed {moment:?} write {}", place + 1);
        for block in asked.blocks() {
            let on_ledger = net.block(&block.hash()).unwrap().block.work.unwrap().to_string();
            if let Some(work) = known.get(&block.root()) {
                assert_eq!(*work, on_ledger, "what was solved is not solved again");
            }
        }
    }
    assert_eq!(books.len(), asked.len(), "{books:?}");
    assert_eq!(net.receivable_total(&george()), amount(FEE * u128::from(WRITES)), "paid once each");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_survives_a_kill_before_any_write_of_its_front_end() {
    every_kill(Moment::Before).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_survives_a_kill_after_any_write_of_its_front_end() {
    every_kill(Moment::After).await;
}

/// Of two, each goes on with a part of what a third one leaves; one that starts again, and by its name succeeds itself,
/// has its own jobs back, and the other keeps its own.
#[tokio::test(flavor = "multi_thread")]
async fn two_race_for_the_jobs_of_a_third_and_a_restart_takes_its_own() {
    const JOBS: u8 = 8;
    let Some(broker) = broker::start("") else { return };
    let (net, fleet) = (net(JOBS).await, broker.address());
    net.faults().leave_unconfirmed(true);
    let mut third = Front::start(&net, &fleet, SHORT, Some("third"));
    let mut two = [
        Front::start(&net, &fleet, LONG, Some("one")),
        Front::start(&net, &fleet, LONG, Some("two")),
    ];
    let asked: Vec<_> = (1..=JOBS).map(|sender| request(&net, sender, 1000)).collect();
    let asking: Vec<_> = asked.iter().map(|asked| third.ask(asked)).collect();
    for (asked, asking) in asked.iter().zip(asking) {
        assert_eq!(asking.join().unwrap().unwrap().0, 201);
        third.job(&asked.id(), "published");
    }
    let status = &tell(&["fleet", "status"], &fleet)[0]["journal"];
    assert_eq!((&status["jobs"], &status["jobs_of_nobody"]), (&json!(JOBS), &json!(0)), "{status}");
    third.signal("-STOP");
    // It is stopped, so that nobody hears it. Then it is gone.
    let mut who = BTreeMap::new();
    for asked in &asked {
        let id = asked.id();
        let end = std::time::Instant::now() + PATIENCE;
        let taken = loop {
            let place = two.iter_mut().position(|front| !front.said_of(&id).is_empty());
            if let Some(place) = place {
                break place;
            }
            assert!(std::time::Instant::now() < end, "nobody goes on with {id}");
            std::thread::sleep(std::time::Duration::from_millis(20));
        };
        who.insert(id, taken);
    }
    // Killed with the lease in hand, and started again by the same name: it does not wait for that to run out.
    let [one, two] = two;
    drop(one);
    let mut one = Front::start(&net, &fleet, LONG, Some("one"));
    third.signal("-CONT");
    net.faults().leave_unconfirmed(false);
    let books = books(&fleet, usize::from(JOBS));
    assert!(books.iter().all(|line| line["outcome"] == "won"), "{books:?}");
    for (id, place) in &who {
        let is_at_one = one.said_of(id).iter().any(|line| line["elsewhere"] == false);
        // Those of who died may be the other's now, if that looked just then. Of who lives none is taken.
        assert!(*place == 0 || !is_at_one, "{id}");
    }
    let third = third.stop();
    let won: Vec<u64> =
        [third, one.stop(), two.stop()].iter().map(|last| last["won"].as_u64().unwrap()).collect();
    assert_eq!(won[0], 0, "what it had is others'");
    assert_eq!(won.iter().sum::<u64>(), u64::from(JOBS), "each has one winner: {won:?}");
    assert_eq!(net.receivable_total(&george()), amount(FEE * u128::from(JOBS)));
    let status = &tell(&["fleet", "status"], &fleet)[0]["journal"];
    assert_eq!(status["jobs"], 0, "{status}");
}

/// The broker is killed and started again while jobs are open: they go on, and equal requests join at the other one.
#[tokio::test(flavor = "multi_thread")]
async fn jobs_go_on_when_the_broker_is_started_again() {
    let Some(mut broker) = broker::start("") else { return };
    let (net, fleet) = (net(2).await, broker.address());
    net.faults().leave_unconfirmed(true);
    let mut one = Front::start(&net, &fleet, LONG, None);
    let mut other = Front::start(&net, &fleet, LONG, None);
    let asked = request(&net, 1, 1000);
    let first = one.ask(&asked).join().unwrap().unwrap();
    assert_eq!(first.0, 201);
    one.job(&asked.id(), "published");
    broker.kill();
    broker.restart();
    let joined = other.ask(&asked).join().unwrap().unwrap();
    assert_eq!(joined, first, "the same answer");
    let line = other.job(&asked.id(), "published");
    assert_eq!(line["elsewhere"], true, "{line}");
    // A job that begins while the broker is away waits for it.
    broker.kill();
    let late = request(&net, 2, 1000);
    let asking = one.ask(&late);
    broker.restart();
    assert_eq!(asking.join().unwrap().unwrap().0, 201);
    net.faults().leave_unconfirmed(false);
    assert_eq!(books(&fleet, 2).len(), 2);
    assert_eq!((one.stop()["won"].clone(), other.stop()["won"].clone()), (json!(2), json!(0)));
    assert_eq!(net.receivable_total(&george()), amount(2 * FEE));
}
