//! What happens when the broker or an agent does not do what it should.

use super::{
    broker,
    setup::{
        EASY, NEVER, Puppet, agent, agent_with, fleet, front, hear, name, puzzle, solve, until,
        vain, within, words,
    },
};
use nano_pow::{CpuBackend, Pool, PoolError};
use nano_primitives::{Root, Work};
use p2pow_fleet::{Agent, Broker, BrokerError, FleetBackend, Name};
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_search_goes_on_when_the_broker_is_killed_and_comes_back() {
    let Some(mut server) = broker::start("") else { return };
    let vainly = agent_with(&server, "vain", vain()).await;
    let device = fleet(&server).await;
    let mut strength = device.strength();
    within(strength.wait_for(|strength| strength.agents == 1)).await.unwrap();
    // The pool's own device finds nothing either, so that the request does not fail with the fleet.
    let pool = Pool::new(vec![Box::new(device), Box::new(vain())]);
    let ticket = pool.submit(puzzle(1, EASY));
    until(&vainly, |status| status.orders == 1).await;
    server.kill();
    within(strength.wait_for(|strength| !strength.is_connected)).await.unwrap();
    until(&vainly, |status| !status.is_connected).await;
    server.restart();
    within(strength.wait_for(|strength| strength.is_connected)).await.unwrap();
    let _finder = agent(&server, "finder").await;
    within(ticket).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_broker_is_away_the_devices_of_this_machine_go_on() {
    let Some(mut server) = broker::start("") else { return };
    let device = fleet(&server).await;
    let pool = Pool::new(vec![Box::new(device), Box::new(CpuBackend::new(1))]);
    server.kill();
    for byte in 0..20 {
        solve(&pool, puzzle(byte, EASY)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fleet_alone_that_is_of_no_use_says_why() {
    let Some(mut server) = broker::start("") else { return };
    let pool = front(&server, 0).await;
    let error = within(pool.submit(puzzle(1, EASY))).await.unwrap_err();
    assert!(matches!(error, PoolError::Failed { .. }), "{error}");
    assert!(words(&error).contains("no agent of the fleet p2pow is there"), "{}", words(&error));
    server.kill();
    let error = within(pool.submit(puzzle(2, EASY))).await.unwrap_err();
    let wanted = format!("the broker at {} is away", server.address());
    assert!(words(&error).contains(&wanted), "{}", words(&error));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_lies_is_left_alone_and_its_work_is_not_used() {
    let Some(server) = broker::start("") else { return };
    let _liar = Puppet::new(&server, "liar", 1e12, |order| {
        let lie = "0000000000000000";
        vec![
            json!({ "order": order["order"], "hashes": 1, "micros": 1, "is": "found", "work": lie }),
        ]
    });
    let _liar = _liar.await;
    let _honest = agent(&server, "honest").await;
    let pool = front(&server, 2).await;
    for byte in 0..10 {
        solve(&pool, puzzle(byte, EASY)).await;
    }
    let is_told = |beat: &Value| beat["quarantined"][0]["agent"] == "liar";
    let beat = hear(&server, "p2pow.beat.front.*", is_told).await;
    assert_eq!(beat["quarantined"][0]["reason"], "proposed wrong work");
    assert_eq!(
        (&beat["wrong"], &beat["agents"], &beat["found"]),
        (&json!(1), &json!(1), &json!(10))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_of_an_agent_that_hangs_go_to_others() {
    let Some(server) = broker::start("") else { return };
    // By its own word the fastest by far, so that it is given everything.
    let _hanging = Puppet::new(&server, "hanging", 1e12, |_| Vec::new()).await;
    let _slow = agent(&server, "slow").await;
    let pool = front(&server, 2).await;
    let mut all = tokio::task::JoinSet::new();
    for byte in 0..20 {
        let pool = pool.clone();
        all.spawn(async move { solve(&pool, puzzle(byte, EASY)).await });
    }
    within(all.join_all()).await;
}

/// One that claims to be the fastest by far, and takes 2 s for each order: alone it would take 40 s.
#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_is_slow_holds_nobody_up() {
    let Some(server) = broker::start("") else { return };
    let _slow = Puppet::new(&server, "slow", 1e12, |order| {
        std::thread::sleep(Duration::from_secs(2));
        let root: Root = order["root"].as_str().unwrap().parse().unwrap();
        let is_work = |work: &Work| work.value(&root) >= EASY;
        let work = (0..).map(Work::from_u64).find(is_work).unwrap();
        let work = work.to_string();
        vec![
            json!({ "order": order["order"], "hashes": 1, "micros": 1, "is": "found", "work": work }),
        ]
    });
    let _slow = _slow.await;
    let fast = agent(&server, "fast").await;
    let pool = front(&server, 2).await;
    let mut all = tokio::task::JoinSet::new();
    for byte in 0..20 {
        let pool = pool.clone();
        all.spawn(async move { solve(&pool, puzzle(byte, EASY)).await });
    }
    within(all.join_all()).await;
    let found = fast.status().borrow().found;
    assert!(found >= 15, "the other found {found} of 20");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_whose_devices_fail_says_so() {
    let Some(server) = broker::start("") else { return };
    let broken = nano_pow::backend_fn("broken", |_: &nano_pow::Task<'_>| {
        Err(nano_pow::BackendError::device("no power"))
    });
    let _broken = agent_with(&server, "broken", broken).await;
    let pool = front(&server, 1).await;
    let ticket = pool.submit(puzzle(1, NEVER));
    let report = hear(&server, "p2pow.report.*.broken", |report| report["is"] == "failed").await;
    assert!(report["reason"].as_str().unwrap().contains("no power"), "{report}");
    drop(ticket);
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_on_every_subject_harms_nobody() {
    let Some(server) = broker::start("") else { return };
    let _honest = agent(&server, "honest").await;
    let pool = front(&server, 1).await;
    let client = async_nats::connect(server.address()).await.unwrap();
    let subjects = [
        "p2pow.order.all",
        "p2pow.order.agent.honest",
        "p2pow.beat.agent.x",
        "p2pow.report.front.x",
        "p2pow.roll",
        "p2pow.beat.front.x",
    ];
    for subject in subjects {
        for nonsense in
            [&b""[..], b"\xff\x00", b"{\"do\":\"search\"}", b"[1e999]", &[b'['; 100_000]]
        {
            client.publish(subject, bytes::Bytes::copy_from_slice(nonsense)).await.unwrap();
        }
    }
    client.flush().await.unwrap();
    solve(&pool, puzzle(1, EASY)).await;
}

/// What an operator is told who forgot the credentials, or mistyped them.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_let_in_is_told_at_once() {
    let Some(server) = broker::start("authorization { token: \"right\" }") else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "wrong\n").unwrap();
    let open = Broker::new([server.address()], name("p2pow")).unwrap();
    let wrong = open.clone().with_credentials(p2pow_fleet::Credentials::Token(file.clone()));
    for broker in [open.clone(), wrong] {
        let pool = Pool::new(vec![Box::new(vain())]);
        let error = Agent::start(&broker, name("a"), pool).await.unwrap_err();
        assert!(matches!(error, BrokerError::Refused { .. }), "{}", words(&error));
        assert!(words(&error).contains("does not let this user in"), "{}", words(&error));
        let start = move || FleetBackend::start(&broker, Name::random("front")).unwrap_err();
        let error = tokio::task::spawn_blocking(start).await.unwrap();
        assert!(!words(&error).contains("wrong"), "{}", words(&error));
    }
    std::fs::write(&file, "right\n").unwrap();
    let right = open.with_credentials(p2pow_fleet::Credentials::Token(file));
    Agent::start(&right, name("a"), Pool::new(vec![Box::new(vain())])).await.unwrap();
}
