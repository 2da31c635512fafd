//! Publication through nodes that fail, pretend, or are away.

#![allow(clippy::unwrap_used)]

mod common;

use common::{
    FEE, RICHES, Scene, alice, amount, bind, config, eventually,
    front::{Front, Manner},
    george, payments, request,
};
use nano_devnet::Devnet;
use nano_rpc::Client;
use p2pow_server::{Config, Nodes, Phase};
use p2pow_store::SqliteStore;
use std::time::Duration;

async fn net() -> Devnet {
    let net = Devnet::builder().confirmation_delay(Duration::ZERO).start().await.unwrap();
    net.open(&alice(), amount(RICHES)).unwrap();
    net
}

async fn scene(net: Devnet, config: Config, nodes: impl Into<Nodes>) -> Scene {
    let store = SqliteStore::in_memory().unwrap().shared();
    let (server, gate) = bind(config, nodes, store).await.unwrap();
    Scene { net, server, gate }
}

/// A client of nobody.
fn nobody() -> Client {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    Client::builder(&url).retries(0).build().unwrap() // nobody listens there any more
}

/// A job once ended after six failed calls: the user's blocks were given away, and the reward was lost.
#[tokio::test]
async fn a_node_that_fails_again_and_again_in_the_middle_ends_no_job() {
    let scene = Scene::new().await;
    scene.gate.set(false);
    let asked = request(&payments(&scene.alice(), 3), 2 * FEE);
    let failing = async {
        scene.job_in(Phase::Solving).await;
        let faults = scene.net.faults().clone();
        let mut blocks = scene.net.subscribe();
        scene.gate.set(true);
        while !scene.has(&asked.first().hash()) {
            blocks.recv().await.unwrap();
        }
        faults.refuse_next(15, 503);
    };
    let (response, ()) = tokio::join!(scene.ask(&asked), failing);
    assert_eq!(response.status, 201, "{:?}", response.json());
    scene.won(1).await;
    assert_eq!(scene.net.receivable_total(&george()), amount(2 * FEE));
}

#[tokio::test]
async fn a_node_that_only_pretends_to_take_blocks_does_not_get_the_works_out() {
    let net = net().await;
    let node = Front::start(&net, Manner::Pretends).await;
    let config = Config { answer_within: Duration::from_millis(200), ..config() };
    let scene = scene(net, config, node.client()).await;
    let asked = request(&[scene.send(1000)], FEE);
    let told = scene.ask(&asked).await;
    assert_eq!(
        told.refusal(),
        (500, "Error broadcasting user block: no node shows the block".into())
    );
    assert!(!String::from_utf8_lossy(&told.body).contains("work\""), "no work is given away");
    let job = scene.job_in(Phase::Publishing).await;
    assert!(!scene.has(&asked.first().hash()));
    // The works are valid, so the job goes on until the node does what it says.
    node.set(Manner::Honest);
    assert_eq!(job.end().await, Phase::Confirmed);
    scene.won(1).await;
}

#[tokio::test]
async fn another_node_makes_up_for_one_that_pretends_or_is_away() {
    let net = net().await;
    let pretender = Front::start(&net, Manner::Pretends).await;
    let honest = Client::builder(&net.rpc_url()).retries(0).build().unwrap();
    let nodes = Nodes::new(nobody(), [pretender.client(), honest]);
    let scene = scene(net, config(), nodes).await;
    let asked = request(&[scene.send(1000)], FEE);
    let response = scene.ask(&asked).await;
    assert_eq!(response.status, 201, "{:?}", response.json());
    assert!(scene.has(&asked.id()));
    scene.won(1).await;
    eventually(|| scene.server.jobs().is_empty().then_some(())).await;
}
