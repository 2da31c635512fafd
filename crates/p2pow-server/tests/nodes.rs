//! Nodes that confirm late or never, forget blocks, or do not answer.

#![allow(clippy::unwrap_used)]

mod common;

use common::{FEE, Scene, alice, amount, bob, eventually, request};
use nano_block::StateBlock;
use nano_primitives::Amount;
use p2pow_server::{FrontierPolicy, Phase};
use std::{pin::pin, time::Duration};
use tokio::time::timeout;

#[tokio::test]
async fn income_is_counted_at_the_confirmation_and_not_before() {
    let scene = Scene::new().await;
    scene.net.faults().leave_unconfirmed(true);
    let asked = request(&[scene.send(1000)], FEE);
    assert_eq!(scene.ask(&asked).await.status, 201);
    let job = scene.job_in(Phase::Published).await;
    assert_eq!((scene.server.status().won, scene.server.status().in_flight), (0, 1));
    assert_eq!(scene.server.status().busy, 0, "a published job takes no one's place");
    // Asked again, the job gives its answer again.
    assert_eq!(scene.ask(&asked).await.status, 201);
    assert_eq!(scene.gate.searches(), 2);
    scene.net.confirm_now(&asked.id()).unwrap();
    assert_eq!(job.end().await, Phase::Confirmed);
    scene.won(1).await;
    assert_eq!(scene.server.status().income, amount(FEE));
}

#[tokio::test]
async fn what_a_node_rolls_back_is_published_again() {
    let scene = Scene::new().await;
    scene.net.faults().leave_unconfirmed(true);
    let asked = request(&[scene.send(1000)], FEE);
    assert_eq!(scene.ask(&asked).await.status, 201);
    let job = scene.job_in(Phase::Published).await;
    for from in [asked.id(), asked.first().hash()] {
        scene.net.faults().rollback(&from).unwrap();
        assert!(!scene.has(&asked.id()));
        eventually(|| scene.has(&asked.id()).then_some(())).await;
    }
    scene.net.faults().leave_unconfirmed(false);
    assert_eq!(job.end().await, Phase::Confirmed);
}

#[tokio::test]
async fn a_published_reward_that_a_rivals_replaces_is_lost() {
    let scene = Scene::new().await;
    scene.net.faults().leave_unconfirmed(true);
    let asked = request(&[scene.send(1000)], FEE);
    assert_eq!(scene.ask(&asked).await.status, 201);
    let job = scene.job_in(Phase::Published).await;
    scene.net.confirm_now(&asked.first().hash()).unwrap();
    scene.net.faults().rollback(&asked.id()).unwrap();
    let theirs = StateBlock { link: bob().into(), ..asked.reward().block }.sign(&alice());
    scene.net.seed(&theirs.into()).unwrap();
    assert_eq!(job.end().await, Phase::Lost);
    scene.lost(1).await;
    assert_eq!(scene.server.status().income, Amount::ZERO);
}

#[tokio::test]
async fn a_reward_that_is_never_confirmed_is_given_up() {
    let within = Duration::from_millis(100);
    let scene = Scene::with(|config, _| config.watch_within = within).await;
    scene.net.faults().leave_unconfirmed(true);
    assert_eq!(scene.ask(&request(&[scene.send(1000)], FEE)).await.status, 201);
    eventually(|| scene.server.jobs().is_empty().then_some(())).await;
    let status = scene.server.status();
    assert_eq!((status.won, status.failed), (0, 1));
}

#[tokio::test]
async fn a_reward_that_is_late_is_income_all_the_same() {
    let scene = Scene::with(|config, net| {
        config.confirm_within = Duration::ZERO;
        config.websocket_urls = vec![net.websocket_url().parse().unwrap()];
    })
    .await;
    scene.net.faults().leave_unconfirmed(true);
    let asked = request(&[scene.send(1000)], FEE);
    assert_eq!(scene.ask(&asked).await.status, 201);
    let job = scene.job_in(Phase::Published).await;
    assert_eq!((scene.server.status().won, scene.server.status().failed), (0, 0));
    scene.net.confirm_now(&asked.id()).unwrap();
    assert_eq!(job.end().await, Phase::Confirmed);
    scene.won(1).await;
    assert_eq!(scene.server.status().income, amount(FEE));
}

#[tokio::test]
async fn an_unconfirmed_frontier_gets_its_time() {
    let scene = Scene::new().await;
    scene.net.faults().leave_unconfirmed(true);
    let first = request(&[scene.send(1000)], FEE);
    assert_eq!(scene.ask(&first).await.status, 201);
    let second = request(&[scene.send(2000)], FEE);
    let mut asking = pin!(scene.ask(&second));
    let early = timeout(Duration::from_millis(200), asking.as_mut()).await;
    assert!(early.is_err(), "answered before the frontier was confirmed: {early:?}");
    scene.net.faults().leave_unconfirmed(false);
    let response = asking.await;
    assert_eq!(response.status, 201, "{:?}", response.json());
    scene.won(2).await;
}

#[tokio::test]
async fn a_worker_that_trusts_any_frontier_does_not_wait() {
    let scene = Scene::with(|config, _| config.frontier = FrontierPolicy::Any).await;
    scene.net.faults().leave_unconfirmed(true);
    for raw in [1, 2, 3] {
        assert_eq!(scene.ask(&request(&[scene.send(raw)], FEE)).await.status, 201);
    }
    scene.net.faults().leave_unconfirmed(false);
    scene.won(3).await;
}

#[tokio::test]
async fn the_websocket_tells_of_the_confirmation() {
    let never = Duration::from_secs(3600);
    let scene = Scene::with(|config, net| {
        config.websocket_urls = vec![net.websocket_url().parse().unwrap()];
        config.poll = never;
    })
    .await;
    scene.net.faults().leave_unconfirmed(true);
    let asked = request(&[scene.send(1000)], FEE);
    assert_eq!(scene.ask(&asked).await.status, 201);
    scene.net.confirm_now(&asked.id()).unwrap();
    scene.won(1).await;
}

#[tokio::test]
async fn a_block_that_went_through_without_an_answer_is_noticed() {
    let scene = Scene::new().await;
    scene.gate.set(false);
    let asked = request(&[scene.send(1000)], FEE);
    let silence = async {
        scene.job_in(Phase::Solving).await;
        scene.net.faults().drop_answers(true);
        scene.gate.set(true);
        eventually(|| scene.has(&asked.first().hash()).then_some(())).await;
        scene.net.faults().drop_answers(false);
    };
    let (response, ()) = tokio::join!(scene.ask(&asked), silence);
    assert_eq!(response.status, 201, "{:?}", response.json());
    scene.won(1).await;
}

#[tokio::test]
async fn a_node_that_is_away_for_a_moment_delays_the_publication() {
    let scene = Scene::new().await;
    scene.gate.set(false);
    let asked = request(&[scene.send(1000)], FEE);
    let absence = async {
        let job = scene.job_in(Phase::Solving).await;
        scene.net.faults().drop_connections(true);
        scene.gate.set(true);
        eventually(|| (job.phase() == Phase::Publishing).then_some(())).await;
        scene.net.faults().drop_connections(false);
    };
    let (response, ()) = tokio::join!(scene.ask(&asked), absence);
    assert_eq!(response.status, 201, "{:?}", response.json());
    scene.won(1).await;
}
