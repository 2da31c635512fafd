//! Searches by agents: one root by everybody, many by each, and what ends them.

use super::{
    broker,
    setup::{
        EASY, NEVER, agent, agent_with, fleet, front, hear, puzzle, solve, until, vain, within,
    },
};
use nano_pow::{Backend, CpuBackend, Pool, measure};
use p2pow_fleet::{FrontStatus, Name, Watcher};
use serde_json::json;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn agents_find_work_for_a_front_end() {
    let Some(server) = broker::start("") else { return };
    let agents = [agent(&server, "one").await, agent(&server, "two").await];
    let pool = front(&server, 2).await;
    for byte in 0..5 {
        solve(&pool, puzzle(byte, EASY)).await;
    }
    let found: u64 = agents.iter().map(|agent| agent.status().borrow().found).sum();
    assert!(found >= 5, "both may find work for the same order: {found}");
    let device = &pool.status().devices[0];
    assert!((device.solutions, device.failures) == (5, 0) && device.hashes > 0, "{device:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn small_roots_are_spread_over_the_agents() {
    let Some(server) = broker::start("") else { return };
    let agents = [agent(&server, "one").await, agent(&server, "two").await];
    let pool = front(&server, 2).await;
    let mut all = tokio::task::JoinSet::new();
    for byte in 0..200 {
        let pool = pool.clone();
        all.spawn(async move { solve(&pool, puzzle(byte, EASY)).await });
    }
    within(all.join_all()).await;
    for agent in &agents {
        let found = agent.status().borrow().found;
        assert!(found > 20, "{} found {found} of 200", agent.name());
    }
    assert_eq!(pool.status().requests.solved, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_nobody_wants_any_more_is_stopped_everywhere() {
    let Some(server) = broker::start("") else { return };
    let agents =
        [agent_with(&server, "one", vain()).await, agent_with(&server, "two", vain()).await];
    let pool = front(&server, 2).await;
    let ticket = pool.submit(puzzle(1, NEVER));
    for agent in &agents {
        until(agent, |status| status.orders == 1).await;
    }
    drop(ticket);
    for agent in &agents {
        until(agent, |status| status.orders == 0).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_come_and_go_amid_a_search() {
    let Some(server) = broker::start("") else { return };
    let first = agent_with(&server, "first", vain()).await;
    let pool = front(&server, 1).await;
    let ticket = pool.submit(puzzle(1, EASY));
    until(&first, |status| status.orders == 1).await;
    let second = agent_with(&server, "second", vain()).await;
    until(&second, |status| status.orders == 1).await;
    drop(first);
    let _third = agent(&server, "third").await;
    within(ticket).await.unwrap();
    until(&second, |status| status.orders == 0).await;
}

/// As when it is killed: nobody says that the order is not wanted any more.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_not_repeated_ends() {
    let Some(server) = broker::start("") else { return };
    let agent = agent_with(&server, "one", vain()).await;
    let client = async_nats::connect(server.address()).await.unwrap();
    let order = json!({
        "do": "search", "front": "dead", "order": 1, "root": "0".repeat(64), "threshold": "fffffffffffffffe",
        "within_ms": 700,
    });
    client.publish("p2pow.order.agent.one", order.to_string().into()).await.unwrap();
    until(&agent, |status| status.orders == 1).await;
    let report = hear(&server, "p2pow.report.dead.one", |_| true).await;
    assert_eq!((&report["is"], &report["order"]), (&json!("searching"), &json!(1)));
    until(&agent, |status| status.orders == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rate_of_a_fleet_is_that_of_its_agents_without_asking_them() {
    let Some(server) = broker::start("") else { return };
    let _agents =
        [agent_with(&server, "one", vain()).await, agent_with(&server, "two", vain()).await];
    let device = fleet(&server).await;
    within(device.strength().wait_for(|strength| strength.agents == 2)).await.unwrap();
    let told = device.strength().borrow().hashes_per_second;
    assert!(told > 0.0 && device.info().name.contains("fleet p2pow"));
    let measured =
        tokio::task::spawn_blocking(move || measure(&device, Duration::from_millis(300)));
    let measured = measured.await.unwrap().unwrap();
    assert!((measured / told - 1.0).abs() < 0.5, "{measured} of {told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_sees_agents_and_front_ends() {
    let Some(server) = broker::start("") else { return };
    let _agent = agent_with(&server, "one", vain()).await;
    let pool = front(&server, 1).await;
    let _ticket = pool.submit(puzzle(1, NEVER));
    let mut watcher = Watcher::connect(&super::setup::broker(&server)).await.unwrap();
    let one: Name = "one".parse().unwrap();
    loop {
        let status = watcher.look(Duration::from_secs(5)).await;
        let agent = &status.agents[&one];
        assert_eq!(agent.devices, ["vain"]);
        let front = status.fronts.values().next().unwrap();
        assert_eq!((status.agents.len(), status.fronts.len(), front.agents), (1, 1, 1));
        if (agent.orders, front.orders) == (1, 1) {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_front_end_tells_how_its_fleet_stands() {
    let Some(server) = broker::start("") else { return };
    let _agent = agent_with(&server, "one", CpuBackend::new(1)).await;
    let device = fleet(&server).await;
    let mut status = device.status();
    within(device.strength().wait_for(|strength| strength.agents == 1)).await.unwrap();
    let pool = Pool::new(vec![Box::new(device)]);
    for byte in 0..3 {
        solve(&pool, puzzle(byte, EASY)).await;
    }
    let all =
        |status: &Option<FrontStatus>| status.as_ref().is_some_and(|now| now.front.found == 3);
    let told = within(status.wait_for(all)).await.unwrap().clone().unwrap();
    assert!(told.is_connected && told.agents[0].name.as_str() == "one", "{told:?}");
    assert!(told.agents[0].hashes_per_second > 0.0, "{told:?}");
    assert_eq!(told.searches.counts.iter().sum::<u64>(), 3, "{told:?}");
    assert!(told.searches.sum > 0.0, "{told:?}");
}
