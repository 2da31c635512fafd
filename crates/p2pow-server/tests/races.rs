//! Rivals: whose blocks stop a job, and whose leave something to be won.

#![allow(clippy::unwrap_used)]

mod common;

use common::{
    FEE, Scene, alice, amount, bob, eventually, george, http, key, payments, request, worker,
};
use nano_block::StateBlock;
use nano_devnet::Devnet;
use p2pow_protocol::WorkRequest;
use p2pow_server::{Contest, Phase};
use std::time::Duration;

#[tokio::test]
async fn a_user_block_that_somebody_else_published_leaves_the_reward() {
    let scene = Scene::new().await;
    scene.gate.set(false);
    let asked = request(&[scene.send(1000)], FEE);
    let rival = async {
        scene.job_in(Phase::Solving).await;
        scene.net.seed(&(*asked.first()).into()).unwrap();
        scene.gate.set(true);
    };
    let (response, ()) = tokio::join!(scene.ask(&asked), rival);
    assert_eq!(response.status, 201, "{:?}", response.json());
    assert_eq!(response.json()["successful"]["reward_block"]["hash"], asked.id().to_string());
    scene.won(1).await;
}

#[tokio::test]
async fn a_worker_that_does_not_contest_gives_the_reward_up() {
    let scene = Scene::with(|config, _| config.contest = Contest::Never).await;
    scene.gate.set(false);
    let asked = request(&[scene.send(1000)], FEE);
    let rival = async {
        scene.job_in(Phase::Solving).await;
        scene.net.seed(&(*asked.first()).into()).unwrap();
    };
    let (response, ()) = tokio::join!(scene.ask(&asked), rival);
    assert_eq!(response.refusal(), (500, "User PoW fail".to_owned()));
    scene.lost(1).await;
}

#[tokio::test]
async fn a_rivals_reward_ends_the_job() {
    let scene = Scene::new().await;
    scene.gate.set(false);
    let asked = request(&[scene.send(1000)], FEE);
    let rival = async {
        scene.job_in(Phase::Solving).await;
        scene.net.seed(&(*asked.first()).into()).unwrap();
        let theirs = StateBlock { link: bob().into(), ..asked.reward().block }.sign(&alice());
        scene.net.seed(&theirs.into()).unwrap();
    };
    let (response, ()) = tokio::join!(scene.ask(&asked), rival);
    assert_eq!(response.refusal(), (500, "User PoW fail".to_owned()));
    eventually(|| (!scene.gate.is_searching()).then_some(())).await;
}

/// A worker that looks at the ledger only when it publishes, and what `rival` puts there before.
async fn overtaken_unseen(rival: impl FnOnce(&Scene, &WorkRequest)) -> (http::Response, Scene) {
    let never = Duration::from_secs(3600);
    let scene = Scene::with(|config, _| config.poll = never).await;
    scene.gate.set(false);
    let asked = request(&[scene.send(1000)], FEE);
    let overtake = async {
        scene.job_in(Phase::Solving).await;
        rival(&scene, &asked);
        scene.gate.set(true);
    };
    let (response, ()) = tokio::join!(scene.ask(&asked), overtake);
    (response, scene)
}

#[tokio::test]
async fn a_rival_that_is_seen_only_at_the_publication_has_won_the_race() {
    let (response, scene) = overtaken_unseen(|scene, asked| {
        scene.net.seed(&(*asked.first()).into()).unwrap();
        let theirs = StateBlock { link: bob().into(), ..asked.reward().block }.sign(&alice());
        scene.net.seed(&theirs.into()).unwrap();
    })
    .await;
    assert_eq!(response.refusal(), (500, "User PoW fail".to_owned()));
    scene.lost(1).await;
}

#[tokio::test]
async fn another_block_that_is_seen_only_at_the_publication_ends_the_job() {
    let (response, scene) = overtaken_unseen(|scene, _| {
        scene.net.seed(&scene.send(2).sign(&alice()).into()).unwrap();
    })
    .await;
    assert_eq!(response.refusal(), (500, "User PoW fail".to_owned()));
    scene.lost(1).await;
}

#[tokio::test]
async fn a_batch_goes_on_where_a_rival_has_begun_it() {
    let scene = Scene::new().await;
    scene.gate.set(false);
    let asked = request(&payments(&scene.alice(), 4), 3 * FEE);
    let rival = async {
        scene.job_in(Phase::Solving).await;
        for block in &asked.users()[..2] {
            scene.net.seed(&(*block).into()).unwrap();
        }
        scene.gate.set(true);
    };
    let (response, ()) = tokio::join!(scene.ask(&asked), rival);
    assert_eq!(response.status, 201, "{:?}", response.json());
    assert_eq!(scene.net.receivable_total(&bob()), amount(4));
    scene.won(1).await;
}

/// A race that is lost where nobody polls, and these WebSockets are listened to.
async fn is_told(websockets: impl FnOnce(String) -> Vec<String>) {
    let never = Duration::from_secs(3600);
    let scene = Scene::with(|config, net| {
        let urls = websockets(net.websocket_url());
        config.websocket_urls = urls.iter().map(|url| url.parse().unwrap()).collect();
        config.poll = never;
    })
    .await;
    scene.gate.set(false);
    let asked = request(&[scene.send(1000)], FEE);
    let overtake = async {
        scene.job_in(Phase::Solving).await;
        eventually(|| scene.gate.is_searching().then_some(())).await;
        scene.net.seed(&scene.send(2).sign(&alice()).into()).unwrap();
    };
    let (response, ()) = tokio::join!(scene.ask(&asked), overtake);
    assert_eq!(response.refusal(), (500, "User PoW fail".to_owned()));
}

#[tokio::test]
async fn the_websocket_tells_of_a_lost_race_before_the_next_poll() {
    is_told(|url| vec![url]).await;
}

#[tokio::test]
async fn each_websocket_tells_of_a_lost_race_where_the_others_are_silent() {
    let silent = Devnet::builder().start().await.unwrap();
    is_told(|url| vec![silent.websocket_url(), url]).await;
}

#[tokio::test]
async fn two_workers_race_and_one_is_paid() {
    let scene = Scene::new().await;
    let (rival, _gate) =
        worker(&scene.net, |config, _| config.reward_account = key(4).account()).await;
    let ours = request(&[scene.send(1000)], FEE);
    let reward = StateBlock { link: key(4).account().into(), ..ours.reward().block };
    let theirs = WorkRequest::single(*ours.first(), reward.sign(&alice()));
    let body = theirs.to_json();
    let (first, second) =
        tokio::join!(scene.ask(&ours), http::post(rival.local_addr(), "/request_work", &body));
    let paid = |account| scene.net.receivable_total(&account).to_raw();
    eventually(|| (paid(george()) + paid(key(4).account()) == FEE).then_some(())).await;
    let is_paid = |response: &http::Response| {
        response.json()["successful"]["reward_block"]["hash"].is_string()
    };
    assert!(is_paid(&first) != is_paid(&second), "exactly one worker is paid");
    eventually(|| (scene.server.status().won + rival.status().won == 1).then_some(())).await;
}
