//! What a worker says about itself, to old clients and to ours.

#![allow(clippy::unwrap_used)]

mod common;

use common::{FEE, Scene, amount, george, http, request};
use p2pow_protocol::{Info, Status, feature, fees::fee_receive};
use p2pow_server::{BindError, Config, Phase, Server};

async fn info(scene: &Scene) -> Info {
    Info::parse(&http::get(scene.server.local_addr(), "/request_info").await.body).unwrap()
}

#[tokio::test]
async fn everything_an_old_client_needs_is_there() {
    let scene = Scene::new().await;
    let info = info(&scene).await;
    assert_eq!(info.status, Status::Available);
    assert_eq!(info.reward_account, george());
    assert_eq!((info.fee, info.fee_receive), (amount(FEE), fee_receive(amount(FEE))));
    assert_eq!((info.min_multiplier, info.max_multiplier), (1.0, 30.0));
    let network = info.network.unwrap();
    let thresholds = scene.net.network().thresholds();
    assert_eq!(network.minimum, thresholds.epoch_2.to_string());
    assert_eq!(network.receive_minimum, thresholds.epoch_2_receive.to_string());
    assert_eq!(network.multiplier, "1");
    assert!(info.last_update > 1_600_000_000_000, "milliseconds since 1970");
}

#[tokio::test]
async fn our_clients_learn_more() {
    let scene = Scene::with(|config, _| config.hashrate = Some(12_345.0)).await;
    let before = info(&scene).await;
    assert_eq!(
        before.implementation.unwrap(),
        format!("p2pow-server/{}", env!("CARGO_PKG_VERSION"))
    );
    assert_eq!(before.features, [feature::BATCH, feature::JOBS]);
    assert_eq!(before.max_user_blocks, Some(128));
    assert_eq!(before.hashrate, Some(12_345.0));
    assert_eq!(before.queue.unwrap().jobs, 0);
    scene.gate.set(false);
    let busy = async {
        scene.job_in(Phase::Solving).await;
        let busy = info(&scene).await;
        scene.gate.set(true);
        busy
    };
    let asked = request(&[scene.send(1)], FEE);
    let (response, busy) = tokio::join!(scene.ask(&asked), busy);
    assert_eq!(response.status, 201);
    assert_eq!(busy.queue.unwrap().jobs, 1);
    assert!(busy.queue.unwrap().expected_seconds > 0.0);
}

#[tokio::test]
async fn a_job_of_a_moment_does_not_replace_the_measured_hash_rate() {
    let measured = 1e15; // more than any test does
    let scene = Scene::with(|config, _| config.hashrate = Some(measured)).await;
    let asked = request(&[scene.send(1)], FEE);
    assert_eq!(scene.ask(&asked).await.status, 201);
    assert_eq!(info(&scene).await.hashrate, Some(measured));
}

#[tokio::test]
async fn a_worker_without_its_node_says_so_and_recovers() {
    let scene = Scene::with(|_, net| net.faults().drop_connections(true)).await;
    let info = info(&scene).await;
    assert_eq!(info.status, Status::Unavailable);
    assert_eq!(info.error.unwrap(), "Worker has no connection to the network");
    assert!(info.retry_after.unwrap() >= 1);
    assert!(scene.server.status().node_error.is_some());
}

#[tokio::test]
async fn a_node_that_does_not_know_the_difficulty_is_a_node_all_the_same() {
    let fail = |net: &nano_devnet::Devnet| {
        net.faults().fail_next_of("active_difficulty", 1, "Unknown command");
    };
    let scene = Scene::with(|_, net| fail(net)).await;
    assert_eq!(info(&scene).await.status, Status::Available);
}

#[tokio::test]
async fn a_node_of_another_network_is_refused_at_the_start() {
    let net = nano_devnet::Devnet::builder().start().await.unwrap();
    let config = Config {
        listen: vec!["127.0.0.1:0".parse().unwrap()],
        reward_account: george(),
        network: nano_block::Network::Live,
        ..Config::default()
    };
    let node = nano_rpc::Client::new(&net.rpc_url()).unwrap();
    let error = Server::bind(config, node, nano_pow::Pool::cpu(Some(1))).await.unwrap_err();
    assert!(matches!(error, BindError::OtherNetwork(_)), "{error:?}");
    for part in ["dev", "live", "change `network`"] {
        assert!(error.to_string().contains(part), "{error}");
    }
}

async fn refused(change: impl FnOnce(&mut Config)) -> BindError {
    let mut config = Config {
        listen: vec!["127.0.0.1:0".parse().unwrap()],
        reward_account: george(),
        ..Config::default()
    };
    change(&mut config);
    let node = nano_rpc::Client::new("http://127.0.0.1:9").unwrap();
    Server::bind(config, node, nano_pow::Pool::cpu(Some(1))).await.unwrap_err()
}

#[tokio::test]
async fn a_configuration_of_no_use_is_refused() {
    let nobody = refused(|config| config.reward_account = nano_primitives::Account::ZERO).await;
    assert!(matches!(nobody, BindError::NoRewardAccount));
    assert!(matches!(refused(|config| config.listen.clear()).await, BindError::NoAddress));
    assert!(matches!(refused(|config| config.max_user_blocks = 0).await, BindError::NoUserBlocks));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let error = refused(|config| config.listen = vec![address]).await;
    assert_eq!(error.to_string(), format!("cannot listen on {address}"));
}
