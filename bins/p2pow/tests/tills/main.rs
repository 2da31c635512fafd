//! Several `p2pow serve` as processes of their own, with wallets, payments and journal in a real broker.

#![cfg(all(unix, feature = "fleet"))]
#![allow(clippy::unwrap_used)]

#[path = "../../../../crates/p2pow-fleet/tests/fleet/broker.rs"]
#[allow(dead_code)] // not all of it is used here
mod broker;
#[path = "../cli/program.rs"]
#[allow(dead_code)]
mod program;
mod setup;
#[path = "../../../p2pow-worker/tests/front_ends/tap.rs"]
#[allow(dead_code)] // the rest is used by the tests of the worker's program
mod tap;

use nano_primitives::{Account, BlockHash};
use serde_json::{Value, json};
use setup::{LONG, PATIENCE, SHORT, Till, World, somebody};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};
use tap::{Moment, Tap};

/// The records of the queue and of the sender's journal.
const MONEY: [&str; 4] = [
    "$KV.p2pow-wallet-dev.task-",
    "$KV.p2pow-wallet-dev.order.",
    "$KV.p2pow-wallet-dev.deal.",
    "$KV.p2pow-wallet-dev.open.",
];
/// So many of them a payout of one account takes, at least.
const WRITES: u8 = 16;

/// Each server is cut off and killed at another one of its writes, and one that is started then goes on with all of it.
async fn every_kill(moment: Moment) {
    let Some(world) = World::with_payers(WRITES).await else { return };
    let fleet = world.broker.address();
    let payees: Vec<Account> = (0..WRITES).map(|_| somebody()).collect();
    let taps: Vec<Tap> =
        (1..=WRITES).map(|last| Tap::new(&fleet, &MONEY, (last.into(), moment))).collect();
    for (place, tap) in taps.iter().enumerate() {
        let till = Till::open(world.starting(&tap.url(), SHORT, &[]));
        thread::scope(|scope| {
            let (from, to) = (world.payers[place], payees[place]);
            let key = place.to_string();
            let asking = scope.spawn({
                let till = &till;
                move || till.pay(from, to, 1000 + place as u128, &key)
            });
            tap.cut.recv_timeout(PATIENCE).expect("there is such a write");
            till.running.kill();
            let _ = asking.join();
        });
    }
    let other = world.serve(SHORT);
    let mut paid = Vec::new();
    for (place, to) in payees.into_iter().enumerate() {
        let raw = 1000 + place as u128;
        let block = other.paid(world.payers[place], to, raw, &place.to_string());
        paid.push((to, block, raw));
    }
    other.stop();
    world.check(&paid).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_payout_is_made_once_if_its_server_is_killed_before_any_write() {
    every_kill(Moment::Before).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_payout_is_made_once_if_its_server_is_killed_after_any_write() {
    every_kill(Moment::After).await;
}

fn send(world: &World, from: Account, to: Account, id: &str) -> Value {
    json!({
        "action": "send", "wallet": world.wallet, "source": from, "destination": to, "amount": "7", "id": id,
    })
}

fn block(answer: Option<Value>) -> BlockHash {
    let answer = answer.expect("the server is there");
    answer["block"].as_str().unwrap_or_else(|| panic!("{answer}")).parse().unwrap()
}

/// By both doors, at both servers, in the same moment.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_two_are_asked_for_at_once_is_one_payment() {
    let Some(world) = World::with_payers(1).await else { return };
    let (one, other) = (world.serve(LONG), world.serve(LONG));
    let (alice, bob) = (world.payers[0], somebody());
    let mut paid = Vec::new();
    for n in 0..6 {
        let (sent, key) = (send(&world, alice, bob, &format!("rpc{n}")), format!("rest{n}"));
        let (key, sent) = (&key, &sent);
        let blocks = thread::scope(|scope| {
            let asked = [&one, &other].map(|till| {
                (
                    scope.spawn(move || block(till.rpc(sent))),
                    scope.spawn(move || till.paid(alice, bob, 11, key)),
                )
            });
            asked.map(|(rpc, rest)| (rpc.join().unwrap(), rest.join().unwrap()))
        });
        assert_eq!(blocks[0], blocks[1], "both answer the same");
        paid.extend([(bob, blocks[0].0, 7), (bob, blocks[0].1, 11)]);
    }
    one.stop();
    other.stop();
    world.check(&paid).await;
}

/// Stopped in the middle of its payments for longer than its lease, it finds them paid when it goes on, and pays nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_stopped_for_long_pays_nothing_twice() {
    const PAYERS: u8 = 8;
    let Some(world) = World::with_payers(PAYERS).await else { return };
    let one = world.serve(SHORT);
    let other = world.serve(SHORT);
    let payees: Vec<Account> = world.payers.iter().map(|_| somebody()).collect();
    let mut paid = Vec::new();
    // What is on the ledger and not confirmed is in nobody's hands yet.
    world.net.faults().leave_unconfirmed(true);
    for (place, (from, to)) in world.payers.iter().zip(&payees).enumerate() {
        one.pay(*from, *to, 5, &format!("a{place}")).unwrap();
        // Each of them is in another place by then.
        thread::sleep(Duration::from_millis(25));
    }
    assert!(one.running.signal("-STOP"));
    world.net.faults().leave_unconfirmed(false);
    for (place, (from, to)) in world.payers.iter().zip(&payees).enumerate() {
        paid.push((*to, other.paid(*from, *to, 5, &format!("a{place}")), 5));
        // The account goes on, so that nothing old has a place there any more.
        paid.push((*to, other.paid(*from, *to, 6, &format!("b{place}")), 6));
    }
    assert!(one.running.signal("-CONT"));
    for (place, (from, to)) in world.payers.iter().zip(&payees).enumerate() {
        assert_eq!(one.paid(*from, *to, 5, &format!("a{place}")), paid[2 * place].1);
        paid.push((*to, one.paid(*from, *to, 7, &format!("c{place}")), 7));
    }
    one.stop();
    other.stop();
    world.check(&paid).await;
}

/// The broker is killed and started again while payments are under way, and while they are asked for.
#[tokio::test(flavor = "multi_thread")]
async fn payments_go_on_when_the_broker_is_started_again() {
    const PAYERS: u8 = 4;
    let Some(mut world) = World::with_payers(PAYERS).await else { return };
    let (one, other) = (world.serve(LONG), world.serve(LONG));
    let bob = somebody();
    for (place, from) in world.payers.iter().enumerate() {
        let till = if place % 2 == 0 { &one } else { &other };
        till.pay(*from, bob, 5, &format!("a{place}")).unwrap();
    }
    world.broker.kill();
    let from = world.payers[0];
    let late = thread::scope(|scope| {
        let asking = scope.spawn(|| one.pay(from, bob, 6, "late"));
        thread::sleep(Duration::from_millis(300));
        world.broker.restart();
        asking.join().unwrap()
    });
    assert!(late.is_some(), "it waits for the broker");
    let mut paid = vec![(bob, other.paid(from, bob, 6, "late"), 6)];
    for (place, from) in world.payers.iter().enumerate() {
        let blocks = [&one, &other].map(|till| till.paid(*from, bob, 5, &format!("a{place}")));
        assert_eq!(blocks[0], blocks[1]);
        paid.push((bob, blocks[0], 5));
    }
    one.stop();
    other.stop();
    world.check(&paid).await;
}

/// Listens, and keeps the id of each delivery.
fn listen() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let heard = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&heard);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let mut length = 0;
            for line in stream.by_ref().lines().map_while(Result::ok) {
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                if line.is_empty() {
                    break;
                }
            }
            let mut body = vec![0; length];
            stream.read_exact(&mut body).unwrap();
            let event: Value = serde_json::from_slice(&body).unwrap();
            log.lock().unwrap().push(event["id"].as_str().unwrap().to_owned());
            let answer = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
            stream.get_mut().write_all(answer.as_bytes()).unwrap();
        }
    });
    (url, heard)
}

/// Each event is told once, by whichever server; one that is killed before it could tell is followed by another.
#[tokio::test(flavor = "multi_thread")]
async fn webhooks_hear_of_each_payment_once() {
    const PAYMENTS: usize = 12;
    let Some(world) = World::with_payers(2).await else { return };
    let (url, heard) = listen();
    let text = format!("[[webhook]]\nurl = \"{url}\"\nsecret = \"0123456789abcdef\"\n");
    let file = world.desk.file("p2pow.toml", text);
    let fleet = world.broker.address();
    let open = |lease| Till::open(world.starting(&fleet, lease, &["--config", &file]));
    let (one, other) = (open(LONG), open(LONG));
    let bob = somebody();
    for n in 0..PAYMENTS {
        let till = if n % 2 == 0 { &one } else { &other };
        till.pay(world.payers[n / 2 % 2], bob, 5, &n.to_string()).unwrap();
    }
    let end = Instant::now() + PATIENCE;
    while heard.lock().unwrap().len() < PAYMENTS {
        assert!(Instant::now() < end, "{heard:?}");
        thread::sleep(Duration::from_millis(50));
    }
    // Longer than the servers need to look for what is left.
    thread::sleep(Duration::from_secs(5));
    let mut heard = heard.lock().unwrap().clone();
    heard.sort_unstable();
    heard.dedup();
    assert_eq!(heard.len(), PAYMENTS);
    one.kill();
    other.stop();
}
