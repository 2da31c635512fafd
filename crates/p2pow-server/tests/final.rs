//! When a job is at its end: what is published may be paid as long as nothing that is confirmed excludes it, and no one
//! node decides.

#![allow(clippy::unwrap_used)]

mod common;

use common::{
    FEE, Scene, alice, amount, bind, config, eventually,
    front::{Front, Manner},
    http,
    kept::{booked, books_have, memory, net},
    key, request, work_of, worker_with,
};
use nano_block::{SignedState, StateBlock};
use nano_devnet::Devnet;
use p2pow_protocol::WorkRequest;
use p2pow_server::{Config, FrontierPolicy, Job, Nodes, Phase};
use p2pow_store::SqliteStore;
use std::{sync::Arc, time::Duration};

/// A worker that asks its node by this front, on a network that confirms nothing by itself.
async fn scene(change: impl FnOnce(&mut Config)) -> (Scene, Front) {
    let net = net().await;
    net.faults().leave_unconfirmed(true);
    let front = Front::start(&net, Manner::Honest).await;
    let mut config = Config { frontier: FrontierPolicy::Any, ..config() };
    change(&mut config);
    let store = SqliteStore::in_memory().unwrap().shared();
    let (server, gate) = bind(config, front.client(), store).await.unwrap();
    (Scene { net, server, gate }, front)
}

/// Waits until the worker has looked twice and more, from the beginning.
async fn looked(front: &Front) {
    let before = front.looks();
    eventually(|| (front.looks() >= before + 8).then_some(())).await;
}

fn put(net: &Devnet, block: &SignedState) {
    net.process(&block.with_work(work_of(block)).into()).unwrap();
}

/// Another block in the place of the request's first one.
fn fork(asked: &WorkRequest) -> SignedState {
    StateBlock { link: key(9).account().into(), ..asked.first().block }.sign(&alice())
}

/// Replaces a request's blocks by another, which is not confirmed.
fn overtake(net: &Devnet, asked: &WorkRequest) -> SignedState {
    let fork = fork(asked);
    let solved = fork.with_work(work_of(&fork)).into();
    // The worker publishes again what was rolled back, and may be faster than the fork.
    while net.block(&fork.hash()).is_none() {
        let _ = net.faults().rollback(&asked.first().hash());
        let _ = net.process(&solved);
    }
    fork
}

/// A job whose blocks are on the ledger, and not confirmed.
async fn published(scene: &Scene) -> (WorkRequest, Job) {
    let asked = request(&[scene.send(1000)], FEE);
    assert_eq!(scene.ask(&asked).await.status, 201);
    (asked, scene.job_in(Phase::Published).await)
}

/// It was booked as lost, and paid.
#[tokio::test]
async fn a_published_reward_is_not_lost_to_a_block_that_is_not_confirmed() {
    let (scene, front) = scene(|_| {}).await;
    let (asked, job) = published(&scene).await;
    let fork = overtake(&scene.net, &asked);
    looked(&front).await;
    assert_eq!((job.phase(), scene.server.status().lost), (Phase::Published, 0));
    scene.net.faults().rollback(&fork.hash()).unwrap();
    eventually(|| scene.has(&asked.id()).then_some(())).await;
    scene.net.faults().leave_unconfirmed(false);
    assert_eq!(job.end().await, Phase::Confirmed);
    scene.won(1).await;
    assert_eq!(scene.server.status().income, amount(FEE));
}

#[tokio::test]
async fn a_published_reward_is_lost_as_soon_as_the_block_in_its_place_is_confirmed() {
    let (scene, front) = scene(|_| {}).await;
    let (asked, job) = published(&scene).await;
    let fork = overtake(&scene.net, &asked);
    looked(&front).await;
    assert_eq!(job.phase(), Phase::Published);
    scene.net.confirm_now(&fork.hash()).unwrap();
    assert_eq!(job.end().await, Phase::Lost);
    scene.lost(1).await;
}

/// What a job stands on is rolled back; somebody publishes it again, or another block in its place.
#[tokio::test]
async fn a_job_whose_ground_is_rolled_back_is_lost_when_another_block_is_confirmed_there() {
    for comes_back in [true, false] {
        let (scene, front) = scene(|_| {}).await;
        let ground = scene.send(7).sign(&alice());
        let other = scene.send(8).sign(&alice());
        put(&scene.net, &ground);
        let (asked, job) = published(&scene).await;
        scene.net.faults().rollback(&ground.hash()).unwrap();
        looked(&front).await;
        assert_eq!(job.phase(), Phase::Published);
        if comes_back {
            put(&scene.net, &ground);
            eventually(|| scene.has(&asked.id()).then_some(())).await;
            scene.net.faults().leave_unconfirmed(false);
        } else {
            scene.net.seed(&other.into()).unwrap();
        }
        let end = if comes_back { Phase::Confirmed } else { Phase::Lost };
        assert_eq!(job.end().await, end);
    }
}

/// The clients of a job that is overtaken hear so at once, although it may still be won.
#[tokio::test]
async fn a_job_that_is_overtaken_at_its_publication_goes_on_when_the_rival_is_rolled_back() {
    let never = Duration::from_secs(3600);
    let (scene, front) = scene(|config| config.poll = never).await;
    scene.gate.set(false);
    let asked = request(&[scene.send(1000)], FEE);
    let fork = fork(&asked);
    let overtake = async {
        scene.job_in(Phase::Solving).await;
        put(&scene.net, &fork);
        scene.gate.set(true);
    };
    let (response, ()) = tokio::join!(scene.ask(&asked), overtake);
    assert_eq!(response.refusal(), (500, "User PoW fail".to_owned()));
    looked(&front).await;
    let job = scene.job_in(Phase::Publishing).await;
    assert_eq!((job.phase(), scene.server.status().lost), (Phase::Publishing, 0));
    scene.net.faults().rollback(&fork.hash()).unwrap();
    scene.net.faults().leave_unconfirmed(false);
    assert_eq!(job.end().await, Phase::Confirmed);
}

#[tokio::test]
async fn a_job_that_stays_overtaken_is_lost_after_the_time_that_rewards_are_watched() {
    let (scene, _front) = scene(|config| config.watch_within = Duration::from_millis(300)).await;
    scene.gate.set(false);
    let asked = request(&[scene.send(1000)], FEE);
    let overtake = async {
        let job = scene.job_in(Phase::Solving).await;
        put(&scene.net, &fork(&asked));
        scene.gate.set(true);
        job
    };
    let (_, job) = tokio::join!(scene.ask(&asked), overtake);
    assert_eq!(job.end().await, Phase::Lost);
}

/// An earlier process may have published the blocks, and have had no room to write that down.
#[tokio::test]
async fn a_job_from_before_is_not_lost_to_a_block_that_is_not_confirmed() {
    let (net, store) = (net().await, memory());
    let any = |config: &mut Config, _: &Devnet| config.frontier = FrontierPolicy::Any;
    let (server, gate) = worker_with(&net, any, Arc::clone(&store)).await.unwrap();
    net.faults().leave_unconfirmed(true);
    gate.set(false);
    let scene = Scene { net, server, gate };
    let asked = request(&[scene.send(1000)], FEE);
    let (address, body) = (scene.server.local_addr(), asked.to_json());
    let asking = tokio::spawn(async move { http::post(address, "/request_work", &body).await });
    scene.job_in(Phase::Solving).await;
    let Scene { net, server, .. } = scene;
    server.shutdown().await;
    assert_eq!(asking.await.unwrap().refusal(), (503, "Worker is shutting down".to_owned()));
    let fork = fork(&asked);
    put(&net, &fork);
    let front = Front::start(&net, Manner::Honest).await;
    let (server, gate) = bind(
        Config { frontier: FrontierPolicy::Any, ..config() },
        front.client(),
        Arc::clone(&store),
    )
    .await
    .unwrap();
    gate.set(false);
    let scene = Scene { net, server, gate };
    looked(&front).await;
    assert_eq!(booked(&store).await, []);
    scene.net.faults().rollback(&fork.hash()).unwrap();
    scene.net.faults().leave_unconfirmed(false);
    scene.gate.set(true);
    assert_eq!(books_have(&store, 1).await[0].outcome, Phase::Confirmed);
}

/// Words that are true of a block that is on the ledger, or stands on nothing, and said of one that the account waits
/// for: the account has moved between the two looks.
#[tokio::test]
async fn a_refusal_that_the_ledger_contradicts_ends_no_job() {
    let (scene, _front) = scene(|_| {}).await;
    let words = [
        "Old block",
        "Fork",
        "Gap previous block",
        "Unreceivable",
        "Invalid block balance for given subtype",
    ];
    for text in words {
        scene.net.faults().fail_next_of("process", 1, text);
        let response = scene.ask(&request(&[scene.send(1000)], FEE)).await;
        assert_eq!(response.status, 201, "{text}: {:?}", response.json());
    }
    assert_eq!((scene.server.status().failed, scene.server.status().lost), (0, 0));
}

#[tokio::test]
async fn a_refusal_that_the_ledger_contradicts_ends_a_job_that_it_meets_for_long() {
    let (scene, _front) = scene(|config| config.answer_within = Duration::from_millis(300)).await;
    scene.net.faults().fail_next_of("process", 1000, "Gap previous block");
    let response = scene.ask(&request(&[scene.send(1000)], FEE)).await;
    let error = "Error broadcasting user block: Gap previous block";
    assert_eq!(response.refusal(), (500, error.to_owned()));
    eventually(|| (scene.server.status().failed == 1).then_some(())).await;
}

/// A node that lies while the others are away for a moment was believed: a reward that was paid was booked as lost, and
/// one that was not as income.
#[tokio::test]
async fn a_node_that_lies_while_the_others_are_away_ends_no_job() {
    let net = net().await;
    net.faults().leave_unconfirmed(true);
    let mut fronts = Vec::new();
    for _ in 0..3 {
        fronts.push(Front::start(&net, Manner::Honest).await);
    }
    let nodes = Nodes::new(fronts[0].client(), fronts[1..].iter().map(Front::client));
    let store = SqliteStore::in_memory().unwrap().shared();
    let (server, gate) = bind(config(), nodes, store).await.unwrap();
    let scene = Scene { net, server, gate };
    let (_, job) = published(&scene).await;
    fronts[1..].iter().for_each(|front| front.set(Manner::Html));
    fronts[0].set(Manner::Lies);
    // It says by turns that the reward is not there and that it is confirmed.
    looked(&fronts[0]).await;
    fronts[1].set(Manner::Honest);
    looked(&fronts[0]).await;
    let status = scene.server.status();
    assert_eq!((job.phase(), status.won, status.lost), (Phase::Published, 0, 0));
    // And two that are there suffice.
    scene.net.faults().leave_unconfirmed(false);
    fronts[0].set(Manner::Honest);
    assert_eq!(job.end().await, Phase::Confirmed);
}
