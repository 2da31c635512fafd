//! What a look at a worker shows of its nodes and of its speed.

#![allow(clippy::unwrap_used)]

mod common;

use common::{FEE, PATIENCE, RICHES, Scene, amount, bind, bob, config, eventually, http, request};
use nano_block::Network;
use nano_devnet::Devnet;
use nano_rpc::Client;
use p2pow_server::{Nodes, WebSocketStatus};
use p2pow_store::SqliteStore;
use std::{net::TcpListener, time::Duration};
use tokio::time::timeout;

async fn net(network: Network) -> Devnet {
    let builder = Devnet::builder().network(network).confirmation_delay(Duration::ZERO);
    builder.start().await.unwrap()
}

fn client(url: &str) -> Client {
    Client::builder(url).retries(0).build().unwrap()
}

#[tokio::test]
async fn every_node_is_shown_with_what_is_the_matter_with_it() {
    let (near, far) = (net(Network::Dev).await, net(Network::Dev).await);
    for raw in 1..=3 {
        far.fund(&bob(), amount(raw)).unwrap();
    }
    let foreign = net(Network::Beta).await;
    foreign.fund(&bob(), amount(1)).unwrap();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nobody = format!("http://{nobody}");
    let mut config = config();
    config.websocket_urls = vec![near.websocket_url().parse().unwrap()];
    let urls = [&near.rpc_url(), &far.rpc_url(), &nobody, &foreign.rpc_url()];
    let others = urls[1..].iter().map(|url| client(url));
    let nodes = Nodes::new(client(urls[0]), others);
    let store = SqliteStore::in_memory().unwrap().shared();
    let (server, _gate) = bind(config, nodes, store).await.unwrap();
    let seen = eventually(|| {
        let nodes = server.status().nodes;
        let is_seen = nodes.iter().all(|node| node.latency.is_some() || node.error.is_some());
        (is_seen && nodes[0].websocket == WebSocketStatus::Live).then_some(nodes)
    })
    .await;
    assert_eq!(seen.iter().map(|node| node.url.as_str()).collect::<Vec<_>>(), urls);
    let blocks = |net: &Devnet| Some(net.block_count().0);
    assert_eq!((&seen[0].error, seen[0].blocks, seen[0].behind), (&None, blocks(&near), Some(3)));
    assert_eq!((&seen[1].error, seen[1].blocks, seen[1].behind), (&None, blocks(&far), Some(0)));
    assert_eq!(seen[1].websocket, WebSocketStatus::Unnamed);
    let away = seen[2].error.as_deref().unwrap();
    assert!(away.contains("cannot connect"), "{away}");
    assert_eq!(seen[2].last_error.as_ref().unwrap().error, away);
    let other = seen[3].error.as_deref().unwrap();
    assert!(other.contains("network"), "{other}");
    assert_eq!(server.status().node_error, None, "one that can be used is enough");
    near.faults().drop_connections(true);
    let silent = |status: &WebSocketStatus| matches!(status, WebSocketStatus::Silent(_));
    eventually(|| silent(&server.status().nodes[0].websocket).then_some(())).await;
}

#[tokio::test]
async fn a_node_that_is_well_again_is_shown_with_what_went_wrong_last() {
    let scene = Scene::new().await;
    let asked = request(&[scene.send(1000)], FEE);
    scene.net.faults().drop_connections(true);
    assert_ne!(scene.ask(&asked).await.status, 201);
    scene.net.faults().drop_connections(false);
    let node = scene.server.status().nodes.remove(0);
    let error = node.last_error.unwrap();
    assert!(
        error.error.contains(node.url.as_str()) && error.at_ms > 1_700_000_000_000,
        "{error:?}"
    );
    // Connections that were dropped are told as such once more.
    let again = async { while scene.ask(&asked).await.status != 201 {} };
    timeout(PATIENCE, again).await.expect("the node is well again");
    scene.won(1).await;
    let node = scene.server.status().nodes.remove(0);
    assert_eq!(node.error, None);
    assert!(node.last_error.unwrap().at_ms >= error.at_ms);
}

#[tokio::test]
async fn times_are_counted_of_what_was_done() {
    let scene = Scene::new().await;
    let info = http::get(scene.server.local_addr(), "/request_info").await;
    assert_eq!(info.status, 200);
    assert_eq!(scene.ask_raw(b"nonsense").await.status, 400);
    let asked = request(&[scene.send(RICHES / 10)], FEE);
    assert_eq!(scene.ask(&asked).await.status, 201);
    scene.won(1).await;
    let timings = scene.server.status().timings;
    let counts = [&timings.solve, &timings.publish, &timings.info, &timings.admit];
    let counts = counts.map(|seen| seen.counts.iter().sum::<u64>());
    assert_eq!(counts, [1, 1, 1, 2]);
    assert!(timings.solve.sum > 0.0 && timings.publish.sum > 0.0, "{timings:?}");
}
