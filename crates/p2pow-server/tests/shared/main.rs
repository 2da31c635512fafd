//! Several workers that share a journal: who has a job, who follows it, and who goes on with it.

#![allow(clippy::unwrap_used)]

#[path = "../common/mod.rs"]
mod common;
mod town;

use common::{
    FEE, RICHES, alice, amount, bob, eventually, george, http,
    kept::{booked, books_have, memory, net},
    key, payments, request, request_by, state,
};
use p2pow_server::{Contest, Phase};
use p2pow_store::{
    Store,
    crash::{CrashAt, Moment},
};
use std::{sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use town::{Deaf, Front, Town, answer, join};

#[tokio::test]
async fn an_equal_request_at_another_worker_joins_and_another_block_is_a_conflict() {
    let (net, store, town) = (net().await, memory(), Town::new());
    let (one, other) = town.two(&net, &store).await;
    one.gate.set(false);
    let alice_now = state(&net, &alice());
    let (first, joined) = join(&one, &other, &request(&payments(&alice_now, 1), FEE)).await;
    let fork = request(&[alice_now.send(bob(), amount(77)).unwrap()], FEE);
    let refused = answer(other.ask(&fork)).await;
    assert_eq!(refused.status, 409, "{:?}", refused.json());
    one.gate.set(true);
    let (first, joined) = (answer(first).await, answer(joined).await);
    assert_eq!((first.status, joined.status), (201, 201), "{:?}", joined.json());
    assert_eq!(first.body, joined.body, "the same works");
    other.idle().await;
    assert_eq!(other.gate.searches(), 0);
    assert_eq!((one.server.status().won, other.server.status().won), (1, 0));
    assert_eq!(books_have(&store, 1).await.len(), 1);
    assert_eq!(net.receivable_total(&george()), amount(FEE));
}

#[tokio::test]
async fn who_follows_a_job_is_told_how_it_was_lost() {
    let (net, store, town) = (net().await, memory(), Town::new());
    let (one, other) = town.two(&net, &store).await;
    one.gate.set(false);
    let alice_now = state(&net, &alice());
    let (first, joined) = join(&one, &other, &request(&payments(&alice_now, 1), FEE)).await;
    let fork = alice_now.send(bob(), amount(77)).unwrap();
    net.seed(&fork.sign(&alice()).into()).unwrap();
    let (first, joined) = (answer(first).await, answer(joined).await);
    assert_eq!(first.refusal(), (500, "User PoW fail".to_owned()));
    assert_eq!(joined.refusal(), first.refusal());
    assert_eq!((one.server.status().lost, other.server.status().lost), (1, 0));
    other.idle().await;
}

#[tokio::test]
async fn any_worker_says_how_a_job_stands_and_none_of_those_has_it() {
    let (net, store, town) = (net().await, memory(), Town::new());
    let (one, other) = town.two(&net, &store).await;
    one.gate.set(false);
    let asked = request(&payments(&state(&net, &alice()), 2), 2 * FEE);
    let place = format!("/jobs/{}", asked.id());
    let there = other.server.local_addr();
    assert_eq!(http::get(there, &place).await.refusal(), (404, "Job not found".to_owned()));
    let asking = one.ask(&asked);
    // Known at once: whoever was told no a moment ago is not told so again.
    one.job_in(Phase::Solving).await;
    let state = http::get(there, &place).await.json();
    assert_eq!(state["state"], "solving", "{state}");
    assert_eq!((&state["works_done"], &state["works_needed"]), (&0.into(), &3.into()), "{state}");
    let mut stream = TcpStream::connect(there).await.unwrap();
    let line = format!("GET {place}/events HTTP/1.1\r\nHost: w\r\nConnection: close\r\n\r\n");
    stream.write_all(line.as_bytes()).await.unwrap();
    let mut events = Vec::new();
    while !String::from_utf8_lossy(&events).contains(r#""state":"solving""#) {
        assert!(stream.read_buf(&mut events).await.unwrap() > 0);
    }
    one.gate.set(true);
    assert_eq!(answer(asking).await.status, 201);
    timeout(common::PATIENCE, stream.read_to_end(&mut events)).await.expect("an end").unwrap();
    let events = String::from_utf8(events).unwrap();
    assert!(events.contains(r#""state":"confirmed""#), "{events}");
    one.idle().await;
    let here = http::get(one.server.local_addr(), &place).await.json();
    assert_eq!(http::get(there, &place).await.json(), here);
    assert_eq!((&here["state"], &here["works_done"]), (&"confirmed".into(), &3.into()), "{here}");
    assert!(other.server.jobs().is_empty() && other.gate.searches() == 0);
}

/// What was refused here may have come about elsewhere.
#[tokio::test]
async fn what_the_journal_says_of_a_job_counts_more_than_an_earlier_refusal() {
    let (net, store, town) = (net().await, memory(), Town::new());
    let (one, other) = town.two(&net, &store).await;
    let before = payments(&state(&net, &alice()), 1)[0];
    let asked = request(&payments(&state(&net, &alice()).after(&before), 1), FEE);
    let place = format!("/jobs/{}", asked.id());
    let there = other.server.local_addr();
    assert_eq!(answer(other.ask(&asked)).await.status, 400, "the block before it is not there yet");
    let state = http::get(there, &place).await.json();
    assert_eq!(state["state"], "failed", "{state}");
    net.seed(&before.sign(&alice()).into()).unwrap();
    assert_eq!(answer(one.ask(&asked)).await.status, 201);
    one.idle().await;
    let state = http::get(there, &place).await.json();
    assert_eq!((&state["state"], state.get("error")), (&"confirmed".into(), None), "{state}");
}

#[tokio::test]
async fn the_jobs_of_who_is_gone_are_gone_on_with_by_one_of_the_others_and_those_of_nobody_else() {
    let (net, store, town) = (net().await, memory(), Town::new());
    net.open(&key(4), amount(RICHES)).unwrap();
    let (first, second) = (town.member("first"), town.member("second"));
    let one = Front::start(&net, &store, &first).await;
    let two = Front::start(&net, &store, &second).await;
    one.gate.set(false);
    two.gate.set(false);
    let asked = request(&payments(&state(&net, &alice()), 1), FEE);
    let asking = one.ask(&asked);
    one.job_in(Phase::Solving).await;
    let own = request_by(&key(4), &payments(&state(&net, &key(4)), 1), FEE);
    let theirs = two.ask(&own);
    two.job_in(Phase::Solving).await;
    // One that starts leaves both where they are.
    let three = Front::start(&net, &store, &town.member("third")).await;
    assert!(three.server.jobs().is_empty(), "their workers are there");
    town.gone(&first.name());
    let job = three.job_in(Phase::Solving).await;
    assert_eq!(job.id(), asked.id());
    assert_eq!(books_have(&store, 1).await[0].id, asked.id());
    three.idle().await;
    two.gate.set(true);
    assert_eq!(answer(theirs).await.status, 201);
    two.idle().await;
    let won = two.server.status().won + three.server.status().won;
    assert_eq!(won, 2, "each once");
    assert_eq!(books_have(&store, 2).await.len(), 2);
    // Its client is told how the job went at the other one.
    let response = answer(asking).await;
    assert_eq!(response.status, 201, "{:?}", response.json());
    one.idle().await;
    assert_eq!(one.server.status().won, 0);
    assert_eq!(net.receivable_total(&george()), amount(2 * FEE));
}

#[tokio::test]
async fn who_has_lost_its_lease_stops_to_search_and_goes_on_if_nobody_else_does() {
    let (net, store, town) = (net().await, memory(), Town::new());
    let member = town.member("one");
    let one = Front::start(&net, &store, &member).await;
    one.gate.set(false);
    let asked = request(&payments(&state(&net, &alice()), 1), FEE);
    let asking = one.ask(&asked);
    one.job_in(Phase::Solving).await;
    eventually(|| one.gate.is_searching().then_some(())).await;
    let before = one.gate.searches();
    member.lapse();
    // It takes its own job again, by its new name, and begins to search anew.
    eventually(|| (one.gate.searches() > before).then_some(())).await;
    one.gate.set(true);
    assert_eq!(answer(asking).await.status, 201);
    one.idle().await;
    assert_eq!(one.server.status().won, 1);
    assert_eq!(booked(&store).await.len(), 1);
}

/// Who has been stopped for long does not know that its job is another's, and decides on an end of it.
#[tokio::test]
async fn the_end_that_a_worker_decides_on_whose_job_is_anothers_is_not_booked() {
    let (net, store, town) = (net().await, memory(), Town::new());
    let first = town.member("first");
    let deaf = Arc::new(Deaf(Arc::clone(&first)));
    let one = Front::start_with(&net, &store, &deaf, |config| config.contest = Contest::Never);
    let two = town.member("second");
    let two = Front::start_with(&net, &store, &two, |config| config.contest = Contest::Always);
    let (one, two) = (one.await, two.await);
    one.gate.set(false);
    two.gate.set(false);
    let asked = request(&payments(&state(&net, &alice()), 1), FEE);
    let asking = one.ask(&asked);
    one.job_in(Phase::Solving).await;
    town.gone(&first.name());
    two.job_in(Phase::Solving).await;
    // The payment is on the ledger without its reward: the one gives the job up as lost, the other goes on for it.
    net.seed(&(*asked.first()).into()).unwrap();
    let decided = || {
        let jobs = one.server.reports();
        (jobs.is_empty() || jobs.iter().any(|job| job.is_elsewhere)).then_some(())
    };
    eventually(decided).await;
    two.gate.set(true);
    two.idle().await;
    let books = booked(&store).await;
    assert_eq!((books.len(), books[0].outcome), (1, Phase::Confirmed), "{books:?}");
    assert_eq!(net.receivable_total(&george()), amount(FEE));
    assert_eq!(answer(asking).await.status, 201, "as its owner says");
    one.idle().await;
    let (one, two) = (one.server.status(), two.server.status());
    assert_eq!((one.won, one.lost, two.won, two.lost), (0, 0, 1, 0));
}

#[tokio::test]
async fn who_has_no_lease_takes_no_jobs_and_says_why() {
    let (net, store, town) = (net().await, memory(), Town::new());
    let member = town.member("one");
    let one = Front::start(&net, &store, &member).await;
    town.gone(&member.name());
    let asked = request(&payments(&state(&net, &alice()), 1), FEE);
    let refused = answer(one.ask(&asked)).await;
    assert_eq!(refused.refusal(), (503, "Worker cannot write its journal".to_owned()));
    let trouble = one.server.status().journal_error.unwrap();
    assert!(trouble.contains("no lease"), "{trouble}");
}

/// A worker that is killed at its write number `last`, and another one that has looked on: whether there was such a
/// write.
async fn killed_at(last: usize, moment: Moment) -> bool {
    let (net, store, town) = (net().await, memory(), Town::new());
    let (first, second) = (town.member("first"), town.member("second"));
    let dying = Arc::new(CrashAt::new(Arc::clone(&store), last, moment));
    let one = Front::start(&net, &(dying.clone() as Arc<dyn Store>), &first).await;
    let two = Front::start(&net, &store, &second).await;
    let asked = request(&payments(&state(&net, &alice()), 1), FEE);
    let asking = one.ask(&asked);
    let everything = p2pow_store::Page { prefix: "", after: None, limit: 100 };
    let is_open = async || !store.list("worker-open", everything).await.unwrap().is_empty();
    let ended = async {
        // It is booked before it is taken from the open ones, and that is a write, too.
        while !dying.is_dead() && (booked(&store).await.is_empty() || is_open().await) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(common::PATIENCE, ended).await.expect("it ends or dies");
    let was_killed = dying.is_dead();
    asking.abort();
    let Front { server, gate } = one;
    drop(server);
    let works = store.list("worker-works", everything).await.unwrap().len();
    // Its client comes to the other one, which joins it to what is open, or begins.
    let again = two.ask(&asked);
    if is_open().await {
        two.follows().await;
    }
    town.gone(&first.name());
    let place = format!("killed {moment:?} write {last}");
    let books = books_have(&store, 1).await;
    assert_eq!(books.len(), 1, "{place}");
    assert_eq!((books[0].id, books[0].outcome), (asked.id(), Phase::Confirmed), "{place}");
    let response = answer(again).await;
    // Where the ledger has the blocks and the journal has nothing, it is no job any more.
    let is_over = response.refusal() == (400, "Wrong previous block".to_owned());
    assert!(response.status == 201 || is_over, "{place}: {:?}", response.json());
    two.idle().await;
    assert!(works + two.gate.searches() <= 2, "{place}: what was solved is not solved again");
    assert_eq!(net.receivable_total(&george()), amount(FEE), "{place}: paid once");
    assert!(!is_open().await, "{place}: nothing is left");
    drop(gate);
    was_killed
}

#[tokio::test]
async fn a_job_survives_every_kill_of_its_worker_at_another_one() {
    for moment in [Moment::Before, Moment::After] {
        let mut last = 1;
        while killed_at(last, moment).await {
            last += 1;
        }
        assert!(last > 8, "there are writes of the job, its works, its end and the books: {last}");
    }
}
