//! Workers that are killed at every write of their journal, and go on with what they find in it.

#![allow(clippy::unwrap_used)]

mod common;

use common::{
    FEE, PATIENCE, Scene, alice, amount, bind, bob,
    disk::Disk,
    eventually,
    front::{Front, Manner},
    george, http,
    kept::{booked, books_have, memory, net},
    payments, request, worker_with,
};
use nano_devnet::Devnet;
use p2pow_protocol::WorkRequest;
use p2pow_server::{EndedJob, Phase, books};
use p2pow_store::{
    Page, Store,
    crash::{CrashAt, Moment},
};
use std::{sync::Arc, time::Duration};
use tokio::time::timeout;

const EVERYTHING: Page<'_> = Page { prefix: "", after: None, limit: 1000 };

/// How a worker's life went that was killed at a write, and the next one's.
struct Fate {
    /// Whether there was such a write.
    was_killed: bool,
    /// The works that were on disk when it was killed, and the searches of the next life.
    works: usize,
    searches: usize,
    books: Vec<EndedJob>,
}

/// A worker that is killed at its write number `last`, and one that goes on where it was.
async fn killed_at(net: &Devnet, asked: &WorkRequest, last: usize, moment: Moment) -> Fate {
    let store = memory();
    let dying = Arc::new(CrashAt::new(Arc::clone(&store), last, moment));
    let (server, gate) = worker_with(net, |_, _| {}, dying.clone()).await.unwrap();
    let body = asked.to_json();
    let address = server.local_addr();
    let asking = tokio::spawn(async move { http::post(address, "/request_work", &body).await });
    let ended = async {
        while !dying.is_dead() && booked(&store).await.is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(PATIENCE, ended).await.expect("it ends or dies");
    let was_killed = dying.is_dead();
    asking.abort();
    drop(server);
    drop(gate);
    let works = store.list("worker-works", EVERYTHING).await.unwrap().len();
    let (server, gate) = worker_with(net, |_, _| {}, Arc::clone(&store)).await.unwrap();
    if server.jobs().is_empty() && booked(&store).await.is_empty() {
        // The first life ended before the job was written down, so that its client has to come again.
        let response = http::post(server.local_addr(), "/request_work", &asked.to_json()).await;
        assert_eq!(response.status, 201, "{:?}", response.json());
    }
    let books = books_have(&store, 1).await;
    eventually(|| server.jobs().is_empty().then_some(())).await;
    Fate { was_killed, works, searches: gate.searches(), books }
}

async fn every_kill(users: usize) {
    for moment in [Moment::Before, Moment::After] {
        let mut last = 1;
        loop {
            let net = net().await;
            let state = common::state(&net, &alice());
            let price = (users as u128 + 1) * FEE / 2;
            let asked = request(&payments(&state, users), price);
            let fate = killed_at(&net, &asked, last, moment).await;
            let place = format!("killed {moment:?} write {last}");
            assert_eq!(fate.books.len(), 1, "{place}");
            assert_eq!(
                (fate.books[0].id, fate.books[0].outcome),
                (asked.id(), Phase::Confirmed),
                "{place}"
            );
            assert_eq!(
                net.receivable_total(&george()),
                amount(price),
                "{place}: the books balance"
            );
            assert_eq!(fate.books[0].paid, amount(price));
            let searched = fate.searches + fate.works;
            assert!(searched <= users + 1, "{place}: what was solved is not solved again");
            if !fate.was_killed {
                assert!(last > users + 3, "there are writes of the job, its works and its end");
                break;
            }
            last += 1;
        }
    }
}

#[tokio::test]
async fn a_job_survives_every_kill() {
    every_kill(1).await;
}

#[tokio::test]
async fn a_batch_survives_every_kill() {
    every_kill(3).await;
}

/// A worker in a runtime of its own, which dies when so many blocks are on the ledger: the node has taken the last of
/// them, and the worker has not heard so.
async fn killed_between_blocks(
    net: &Devnet,
    asked: &WorkRequest,
    blocks: usize,
    store: &Arc<dyn Store>,
) {
    let front = Front::start(net, Manner::Honest).await;
    front.take(blocks);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let life = bind(common::config(), front.client(), Arc::clone(store));
    let (server, gate) = runtime.spawn(life).await.unwrap().unwrap();
    let (address, body) = (server.local_addr(), asked.to_json());
    let asking = tokio::spawn(async move { http::post(address, "/request_work", &body).await });
    let mut taken = front.blocks();
    timeout(PATIENCE, taken.wait_for(|taken| *taken == blocks))
        .await
        .expect("it publishes")
        .unwrap();
    runtime.shutdown_background();
    asking.abort();
    assert_eq!(gate.searches(), asked.users().len() + 1);
    assert!(net.block(&asked.id()).is_none() || blocks > asked.users().len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_survives_a_kill_between_any_two_of_its_blocks() {
    let users = 3;
    for blocks in 1..=users + 1 {
        let net = net().await;
        let price = (users as u128 + 1) * FEE / 2;
        let asked = request(&payments(&common::state(&net, &alice()), users), price);
        let store = memory();
        killed_between_blocks(&net, &asked, blocks, &store).await;
        let (server, gate) = worker_with(&net, |_, _| {}, Arc::clone(&store)).await.unwrap();
        let books = books_have(&store, 1).await;
        let place = format!("killed with {blocks} blocks on the ledger");
        assert_eq!((books[0].id, books[0].outcome), (asked.id(), Phase::Confirmed), "{place}");
        assert_eq!(net.receivable_total(&george()), amount(price), "{place}");
        assert_eq!(gate.searches(), 0, "{place}: all works are on disk before any block goes out");
        eventually(|| server.jobs().is_empty().then_some(())).await;
    }
}

#[tokio::test]
async fn a_job_that_is_lost_meanwhile_is_booked_as_lost() {
    let net = net().await;
    let store = memory();
    let (server, gate) = worker_with(&net, |_, _| {}, Arc::clone(&store)).await.unwrap();
    gate.set(false);
    let scene = Scene { net, server, gate };
    let asked = request(&[scene.send(1000)], FEE);
    let other = scene.send(2);
    let (address, body) = (scene.server.local_addr(), asked.to_json());
    let asking = tokio::spawn(async move { http::post(address, "/request_work", &body).await });
    scene.job_in(Phase::Solving).await;
    let Scene { net, server, .. } = scene;
    server.shutdown().await;
    assert_eq!(asking.await.unwrap().refusal(), (503, "Worker is shutting down".to_owned()));
    assert_eq!(booked(&store).await, [], "a job that was given up by a shutdown is open");
    net.seed(&other.sign(&alice()).into()).unwrap();
    let (_server, gate) = worker_with(&net, |_, _| {}, Arc::clone(&store)).await.unwrap();
    let books = books_have(&store, 1).await;
    assert_eq!(
        (books[0].outcome, books[0].refusal.as_deref()),
        (Phase::Lost, Some("user_work_failed"))
    );
    assert_eq!(gate.searches(), 0, "a lost race is seen before any work");
}

#[tokio::test]
async fn a_job_that_is_resumed_is_joined_by_its_client() {
    let net = net().await;
    let store = memory();
    let (server, gate) = worker_with(&net, |_, _| {}, Arc::clone(&store)).await.unwrap();
    net.faults().leave_unconfirmed(true);
    let scene = Scene { net, server, gate };
    let asked = request(&[scene.send(1000)], FEE);
    let first = scene.ask(&asked).await;
    assert_eq!(first.status, 201);
    let tried = scene.server.reports()[0].hashes;
    assert!(tried > 0);
    let Scene { net, server, .. } = scene;
    server.shutdown().await;
    let (server, gate) = worker_with(&net, |_, _| {}, Arc::clone(&store)).await.unwrap();
    let scene = Scene { net, server, gate };
    let again = scene.ask(&asked).await;
    assert_eq!((again.status, again.body), (201, first.body));
    assert_eq!(scene.gate.searches(), 0);
    scene.net.faults().leave_unconfirmed(false);
    scene.won(1).await;
    let booked = &books_have(&store, 1).await[0];
    assert_eq!((booked.paid, booked.hashes), (amount(FEE), tried), "with what it took");
}

/// The job of a request on a ledger that does not have it yet, which is won, or lost to a rival's block.
async fn ends_as(outcome: Phase, store: &Arc<dyn Store>) -> WorkRequest {
    let net = net().await;
    let (server, gate) = worker_with(&net, |_, _| {}, Arc::clone(store)).await.unwrap();
    let scene = Scene { net, server, gate };
    let (asked, rival) = (request(&[scene.send(1000)], FEE), scene.send(2));
    scene.gate.set(outcome == Phase::Confirmed);
    let (response, ()) = tokio::join!(scene.ask(&asked), async {
        if outcome == Phase::Lost {
            scene.job_in(Phase::Solving).await;
            scene.net.seed(&rival.sign(&alice()).into()).unwrap();
        }
    });
    assert_eq!(response.status == 201, outcome == Phase::Confirmed, "{:?}", response.json());
    eventually(|| scene.server.jobs().is_empty().then_some(())).await;
    asked
}

/// A node that lags behind, or is put back to an earlier state, lets a worker take a job anew. It was booked anew too.
#[tokio::test]
async fn a_reward_that_is_asked_for_again_is_one_line_of_the_books() {
    for (outcomes, last) in [
        ([Phase::Confirmed, Phase::Confirmed], Phase::Confirmed),
        ([Phase::Lost, Phase::Confirmed], Phase::Confirmed),
        ([Phase::Confirmed, Phase::Lost], Phase::Confirmed),
        ([Phase::Lost, Phase::Lost], Phase::Lost),
    ] {
        let store = memory();
        let mut ids = Vec::new();
        for outcome in outcomes {
            // What was solved is known: the second time there would be no search in which to lose.
            for found in store.list("worker-works", EVERYTHING).await.unwrap() {
                store.remove("worker-works", &found.key, found.revision).await.unwrap();
            }
            ids.push(ends_as(outcome, &store).await.id());
        }
        let books = booked(&store).await;
        assert_eq!(ids, [books[0].id, books[0].id], "the ledgers are the same");
        let found: Vec<_> = books.iter().map(|job| job.outcome).collect();
        assert_eq!(found, [last], "after {outcomes:?}");
        let wanted = if last == Phase::Confirmed { amount(FEE) } else { amount(0) };
        assert_eq!(books::Earnings::of(&books).income, wanted);
    }
}

/// A lost job of which the reward was published: the next worker on the store finds the rival's block.
#[tokio::test]
async fn of_two_workers_on_one_journal_each_job_has_one() {
    let net = net().await;
    let store = memory();
    let (first, gate) = worker_with(&net, |_, _| {}, Arc::clone(&store)).await.unwrap();
    gate.set(false);
    let scene = Scene { net, server: first, gate };
    let asked = request(&[scene.send(1000)], FEE);
    let (address, body) = (scene.server.local_addr(), asked.to_json());
    let asking = tokio::spawn(async move { http::post(address, "/request_work", &body).await });
    scene.job_in(Phase::Solving).await;
    let (second, _gate) = worker_with(&scene.net, |_, _| {}, Arc::clone(&store)).await.unwrap();
    let books = books_have(&store, 1).await;
    assert_eq!(books[0].outcome, Phase::Confirmed);
    eventually(|| (second.status().won == 1).then_some(())).await;
    scene.gate.set(true);
    // The first one finds the job taken over, and neither publishes nor books it again.
    let response = asking.await.unwrap();
    assert!(response.status >= 500, "{}", response.status);
    assert_eq!(scene.server.status().won, 0);
    assert_eq!(booked(&store).await.len(), 1);
    assert_eq!(scene.net.receivable_total(&bob()), amount(1000));
}

#[tokio::test]
async fn a_full_disk_stops_the_taking_of_jobs_and_is_told() {
    let net = net().await;
    let disk = Arc::new(Disk::new(memory()));
    disk.fill(true);
    let (server, gate) = worker_with(&net, |_, _| {}, disk.clone()).await.unwrap();
    let scene = Scene { net, server, gate };
    let asked = request(&[scene.send(1000)], FEE);
    let refused = (503, "Worker cannot write its journal".to_owned());
    assert_eq!(scene.ask(&asked).await.refusal(), refused);
    assert_eq!(scene.gate.searches(), 0, "nothing is worked on that is not written down");
    let error = scene.server.status().journal_error.unwrap();
    assert!(error.contains("the disk of worker.db is full"), "{error}");
    let info = http::get(scene.server.local_addr(), "/request_info").await.json();
    assert_eq!(
        (info["status"].as_str(), info["error"].as_str()),
        (Some("unavailable"), Some(refused.1.as_str()))
    );
    assert!(scene.ask(&asked).await.header("retry-after").is_some());
    // It stays so as long as there is no room: at one time the next look took it for well.
    let before = disk.refused();
    let looks = || disk.refused() - before;
    eventually(|| (looks() >= 2).then_some(())).await;
    assert!(scene.server.status().journal_error.is_some());
    disk.fill(false);
    eventually(|| scene.server.status().journal_error.is_none().then_some(())).await;
    assert_eq!(scene.ask(&asked).await.status, 201);
}

#[tokio::test]
async fn a_disk_that_fills_up_does_not_cost_the_job_in_hand() {
    let net = net().await;
    let disk = Arc::new(Disk::new(memory()));
    let (server, gate) = worker_with(&net, |_, _| {}, disk.clone()).await.unwrap();
    gate.set(false);
    let scene = Scene { net, server, gate };
    let asked = request(&[scene.send(1000)], FEE);
    let fill = async {
        scene.job_in(Phase::Solving).await;
        disk.fill(true);
        scene.gate.set(true);
    };
    let (response, ()) = tokio::join!(scene.ask(&asked), fill);
    assert_eq!(response.status, 201, "{:?}", response.json());
    scene.won(1).await;
    assert!(scene.server.status().journal_error.is_some());
    // The next start finds the job open, and the reward confirmed.
    disk.fill(false);
    let Scene { net, server, .. } = scene;
    server.shutdown().await;
    let (_server, _gate) = worker_with(&net, |_, _| {}, disk.clone()).await.unwrap();
    let store: Arc<dyn Store> = disk;
    assert_eq!(books_have(&store, 1).await[0].outcome, Phase::Confirmed);
}
