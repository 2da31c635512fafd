//! Several workers that share a journal: who has a job, who follows it, and who goes on with it.

#![allow(clippy::unwrap_used)]

mod common;

use common::{
    FEE, PATIENCE, RICHES, alice, amount, bob, config, eventually,
    gate::Gate,
    george, http,
    kept::{booked, books_have, memory, net},
    key, payments, request, request_by, state,
};
use nano_devnet::Devnet;
use nano_pow::{CpuBackend, Pool};
use nano_rpc::Client;
use p2pow_protocol::WorkRequest;
use p2pow_server::{Job, JournalIn, Phase, Server};
use p2pow_store::{
    BoxFuture, Owners, Store,
    crash::{CrashAt, Moment},
};
use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{sync::watch, time::timeout};

/// What all know who share a journal: who is gone, and how many changes there have been.
#[derive(Debug, Clone)]
struct Town(Arc<(Mutex<BTreeSet<String>>, watch::Sender<u64>)>);

/// One of them, and how often it has taken another name.
#[derive(Debug)]
struct Member {
    town: Town,
    name: &'static str,
    term: Arc<AtomicUsize>,
}

impl Town {
    fn new() -> Self {
        Self(Arc::new((Mutex::default(), watch::Sender::new(0))))
    }

    fn member(&self, name: &'static str) -> Arc<Member> {
        Arc::new(Member { town: self.clone(), name, term: Arc::default() })
    }

    fn is_gone(&self, owner: &str) -> bool {
        self.0.0.lock().unwrap().contains(owner)
    }

    /// From now on everybody takes this one for gone.
    fn gone(&self, owner: &str) {
        self.0.0.lock().unwrap().insert(owner.to_owned());
        self.0.1.send_modify(|changes| *changes += 1);
    }
}

impl Member {
    fn name(&self) -> String {
        format!("{}.{}", self.name, self.term.load(Ordering::SeqCst))
    }

    /// Its lease is lost, and it has another.
    fn lapse(&self) {
        let before = self.name();
        self.term.fetch_add(1, Ordering::SeqCst);
        self.town.gone(&before);
    }
}

impl Owners for Member {
    fn me(&self) -> Option<String> {
        Some(self.name()).filter(|name| !self.town.is_gone(name))
    }

    fn is_gone(&self, owner: &str) -> bool {
        self.town.is_gone(owner)
    }

    fn lost<'a>(&'a self, owner: &'a str) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let mut changes = self.town.0.1.subscribe();
            let _ = changes.wait_for(|_| self.town.is_gone(owner)).await;
        })
    }

    fn changed(&self, seen: u64) -> BoxFuture<'_, u64> {
        Box::pin(async move {
            let mut changes = self.town.0.1.subscribe();
            let changed = changes.wait_for(|changes| *changes > seen).await;
            *changed.unwrap()
        })
    }
}

/// A worker of those that share a journal.
struct Front {
    server: Server,
    gate: Gate,
}

impl Front {
    async fn start(net: &Devnet, store: &Arc<dyn Store>, member: &Arc<Member>) -> Self {
        let gate = Gate::open();
        let pool = Pool::new(vec![Box::new(gate.backend(CpuBackend::new(1)))]);
        let node = Client::new(&net.rpc_url()).unwrap();
        let owners = Arc::clone(member) as Arc<dyn Owners>;
        let journal = JournalIn::shared(Arc::clone(store), owners);
        let server = Server::bind_with(config(), node, pool, journal).await.unwrap();
        Self { server, gate }
    }

    fn ask(&self, asked: &WorkRequest) -> tokio::task::JoinHandle<http::Response> {
        let (address, body) = (self.server.local_addr(), asked.to_json());
        tokio::spawn(async move { http::post(address, "/request_work", &body).await })
    }

    async fn job_in(&self, phase: Phase) -> Job {
        eventually(|| self.server.jobs().into_iter().find(|job| job.phase() >= phase)).await
    }

    /// Waits until it follows a job that another has.
    async fn follows(&self) {
        let is_following = || self.server.reports().iter().any(|report| report.is_elsewhere);
        eventually(|| is_following().then_some(())).await;
    }

    async fn idle(&self) {
        eventually(|| self.server.jobs().is_empty().then_some(())).await;
    }
}

async fn answer(asking: tokio::task::JoinHandle<http::Response>) -> http::Response {
    timeout(PATIENCE, asking).await.expect("there is an answer").unwrap()
}

#[tokio::test]
async fn an_equal_request_at_another_worker_joins_and_another_block_is_a_conflict() {
    let (net, store, town) = (net().await, memory(), Town::new());
    let one = Front::start(&net, &store, &town.member("one")).await;
    let other = Front::start(&net, &store, &town.member("other")).await;
    one.gate.set(false);
    let alice_now = state(&net, &alice());
    let asked = request(&payments(&alice_now, 1), FEE);
    let first = one.ask(&asked);
    one.job_in(Phase::Solving).await;
    let joined = other.ask(&asked);
    other.follows().await;
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
    let one = Front::start(&net, &store, &town.member("one")).await;
    let other = Front::start(&net, &store, &town.member("other")).await;
    one.gate.set(false);
    let alice_now = state(&net, &alice());
    let asked = request(&payments(&alice_now, 1), FEE);
    let first = one.ask(&asked);
    one.job_in(Phase::Solving).await;
    let joined = other.ask(&asked);
    other.follows().await;
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
    let one = Front::start(&net, &store, &town.member("one")).await;
    let other = Front::start(&net, &store, &town.member("other")).await;
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
    let path = format!("{place}/events");
    let events = tokio::spawn(async move { http::get(there, &path).await });
    one.gate.set(true);
    assert_eq!(answer(asking).await.status, 201);
    let events = String::from_utf8(answer(events).await.body).unwrap();
    let states: Vec<&str> = events.matches(r#""state":"solving""#).collect();
    assert!(!states.is_empty() && events.contains(r#""state":"confirmed""#), "{events}");
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
    let one = Front::start(&net, &store, &town.member("one")).await;
    let other = Front::start(&net, &store, &town.member("other")).await;
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
    timeout(PATIENCE, ended).await.expect("it ends or dies");
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
