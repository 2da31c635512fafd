//! Who gets in: checks and slots, prices, quotes, jobs without waiting, and those who cost much in vain.

#![allow(clippy::unwrap_used)]

mod common;

use common::{
    FEE, RICHES, Scene, alice, amount, bob, eventually, george, http, json_of, key, payments,
    request, state, work_of,
};
use nano_block::{SecretKey, StateBlock};
use p2pow_protocol::WorkRequest;
use p2pow_server::{Phase, Pricing};
use serde_json::Value;
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A send of somebody who was given money.
fn asked_by(scene: &Scene, sender: &SecretKey, paid: u128) -> WorkRequest {
    scene.net.open(sender, amount(RICHES)).unwrap();
    let state = state(&scene.net, sender);
    let user = state.send(bob(), amount(1)).unwrap();
    let reward = state.after(&user).send(george(), amount(paid)).unwrap();
    WorkRequest::single(user.sign(sender), reward.sign(sender))
}

/// Asks from an address of this machine's loopback network, and leaves without an answer.
#[cfg(target_os = "linux")]
async fn leave_a_request(address: SocketAddr, from: &str, body: &[u8]) -> TcpStream {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind(format!("{from}:0").parse().unwrap()).unwrap();
    let mut stream = socket.connect(address).await.unwrap();
    let length = body.len();
    let head = format!(
        "POST /request_work HTTP/1.1\r\nHost: w\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all(&[head.as_bytes(), body].concat()).await.unwrap();
    stream
}

#[cfg(target_os = "linux")]
async fn status(mut stream: TcpStream) -> u16 {
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text.split(' ').nth(1).unwrap().parse().unwrap()
}

/// Requests on unconfirmed frontiers wait for their confirmation. They once held every slot.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn requests_that_wait_for_the_ledger_take_no_slot() {
    let scene = Scene::with(|config, _| config.max_jobs = 2).await;
    let address = scene.server.local_addr();
    scene.net.faults().leave_unconfirmed(true);
    let mut waiting = Vec::new();
    for number in 10..26 {
        let sender = key(number);
        let asked = asked_by(&scene, &sender, FEE);
        // Its frontier is a block that nobody has confirmed.
        let first = asked.first();
        scene.net.process(&first.with_work(work_of(first)).into()).unwrap();
        let state = state(&scene.net, &sender);
        let user = state.send(bob(), amount(1)).unwrap();
        let reward = state.after(&user).send(george(), amount(FEE)).unwrap();
        let asked = WorkRequest::single(user.sign(&sender), reward.sign(&sender));
        let from = format!("127.0.3.{}", 1 + number % 4);
        waiting.push(leave_a_request(address, &from, &asked.to_json()).await);
    }
    eventually(|| (scene.server.jobs().len() == 16).then_some(())).await;
    let info = http::get(address, "/request_info").await.json();
    assert_eq!(info["status"], "available", "{info}");
    let served = scene.ask(&request(&[scene.send(1000)], FEE)).await;
    assert_eq!(served.status, 201, "{:?}", served.json());
}

/// Invented accounts cost a question to the node each. One address gets an eighth of the checks.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn one_address_does_not_take_all_checks() {
    let scene = Scene::with(|config, _| config.max_checks = 16).await;
    let address = scene.server.local_addr();
    scene.net.faults().latency(Duration::from_millis(300));
    let mut crowd = Vec::new();
    for number in 10..40 {
        let invented = StateBlock { account: key(number).account(), ..scene.send(1) };
        let reward = StateBlock {
            previous: invented.hash(),
            balance: invented.balance.checked_sub(amount(FEE)).unwrap(),
            link: george().into(),
            ..invented
        };
        let asked = WorkRequest::single(invented.sign(&key(number)), reward.sign(&key(number)));
        crowd.push(leave_a_request(address, "127.0.3.9", &asked.to_json()).await);
    }
    let served = scene.ask(&request(&[scene.send(1000)], FEE)).await;
    assert_eq!(served.status, 201, "{:?}", served.json());
    let mut statuses = Vec::new();
    for stream in crowd {
        statuses.push(status(stream).await);
    }
    assert!(statuses.iter().filter(|status| **status == 400).count() >= 2, "{statuses:?}");
    assert!(statuses.iter().filter(|status| **status == 429).count() >= 20, "{statuses:?}");
    assert_eq!(scene.gate.searches(), 2, "only the one job was worked on");
}

#[tokio::test]
async fn work_that_came_with_a_block_is_not_done_again() {
    let scene = Scene::new().await;
    let asked = request(&payments(&scene.alice(), 2), 2 * FEE);
    let [first, second] = asked.users() else { unreachable!() };
    let poor = nano_primitives::Work::from_u64(0);
    let users = vec![first.with_work(work_of(first)), second.with_work(poor)];
    let with = WorkRequest::batch(users, *asked.reward()).unwrap();
    let response = scene.ask(&with).await;
    assert_eq!(response.status, 201, "{:?}", response.json());
    assert_eq!(scene.gate.searches(), 2, "the first is used, the second is too little");
    let works = &response.json()["successful"]["user_blocks"];
    assert_eq!(works[0]["work"], work_of_json(&with));
    scene.won(1).await;
}

fn work_of_json(request: &WorkRequest) -> Value {
    json_of(request)["user_blocks"][0]["work"].clone()
}

#[tokio::test]
async fn the_best_payer_is_worked_for_first() {
    let scene = Scene::new().await;
    scene.gate.set(false);
    let first = request(&[scene.send(1)], FEE);
    let cheap = asked_by(&scene, &key(11), FEE);
    let dear = asked_by(&scene, &key(12), 3 * FEE);
    let order = async {
        scene.job_in(Phase::Solving).await;
        let (cheap, dear) = (scene.ask(&cheap), async {
            eventually(|| (scene.server.jobs().len() == 2).then_some(())).await;
            scene.ask(&dear).await
        });
        let open = async {
            eventually(|| (scene.server.status().busy == 3).then_some(())).await;
            scene.gate.set(true);
        };
        let mut events = scene.server.subscribe();
        let (cheap, dear, ()) = tokio::join!(cheap, dear, open);
        assert_eq!((cheap.status, dear.status), (201, 201));
        let mut solved = Vec::new();
        while let Ok(event) = events.try_recv() {
            if event.phase == Phase::Solving {
                solved.push(event.job.id());
            }
        }
        solved
    };
    let (response, solved) = tokio::join!(scene.ask(&first), order);
    assert_eq!(response.status, 201);
    assert_eq!(solved, [dear.id(), cheap.id()]);
}

#[tokio::test]
async fn a_queue_that_is_too_long_in_seconds_says_when_to_come_again() {
    let scene = Scene::with(|config, _| {
        config.hashrate = Some(1.0); // a send takes 2 × 1024 hashes: 2048 s
        config.max_wait = Duration::from_secs(2000);
    })
    .await;
    scene.gate.set(false);
    let late = asked_by(&scene, &key(11), FEE);
    let asked = request(&[scene.send(1)], FEE);
    let crowd = async {
        scene.job_in(Phase::Solving).await;
        let late = scene.ask(&late).await;
        scene.gate.set(true);
        late
    };
    let (served, late) = tokio::join!(scene.ask(&asked), crowd);
    assert_eq!(served.status, 201);
    assert_eq!(late.refusal(), (503, "Too many jobs in queue".to_owned()));
    let seconds: u64 = late.header("retry-after").unwrap().parse().unwrap();
    assert!((40..=60).contains(&seconds), "2048 s are 48 too many: {seconds}");
}

#[tokio::test]
async fn a_quoted_fee_is_honoured_while_the_queue_fills_up() {
    let pricing = Pricing { surge: 4.0, ..Pricing::default() };
    let scene = Scene::with(|config, _| (config.pricing, config.max_jobs) = (pricing, 2)).await;
    let address = scene.server.local_addr();
    let quoted = http::get(address, "/request_info").await.json();
    assert_eq!((quoted["fee"].as_str(), quoted["dynamic_fee"].as_u64()), (Some("6400"), Some(60)));
    scene.gate.set(false);
    let first = request(&[scene.send(1)], FEE);
    let second = asked_by(&scene, &key(11), FEE);
    let crowd = async {
        scene.job_in(Phase::Solving).await;
        let dearer = http::get(address, "/request_info").await.json();
        assert_eq!(dearer["fee"], "19200", "three times as much with half a queue");
        let open = async {
            eventually(|| (scene.server.status().busy == 2).then_some(())).await;
            scene.gate.set(true);
        };
        tokio::join!(scene.ask(&second), open).0
    };
    let (first, second) = tokio::join!(scene.ask(&first), crowd);
    assert_eq!((first.status, second.status), (201, 201), "{:?}", second.json());
}

#[tokio::test]
async fn a_job_need_not_be_waited_for() {
    let scene = Scene::new().await;
    scene.gate.set(false);
    let address = scene.server.local_addr();
    let asked = request(&[scene.send(1000)], FEE);
    let prefer = "Prefer: respond-async, wait=1\r\n";
    let accepted = http::send(address, "POST /request_work", prefer, &asked.to_json()).await;
    assert_eq!(accepted.status, 202);
    let place = format!("/jobs/{}", asked.id());
    assert_eq!(accepted.header("location"), Some(place.to_lowercase()));
    assert_eq!(accepted.header("preference-applied"), Some("respond-async".into()));
    scene.job_in(Phase::Solving).await;
    let state = http::get(address, &place).await.json();
    assert_eq!(
        (state["state"].as_str(), state["works_needed"].as_u64()),
        (Some("solving"), Some(2))
    );
    let mut stream = TcpStream::connect(address).await.unwrap();
    let ask = format!("GET {place}/events HTTP/1.1\r\nHost: w\r\nConnection: close\r\n\r\n");
    stream.write_all(ask.as_bytes()).await.unwrap();
    let mut events = Vec::new();
    while !String::from_utf8_lossy(&events).contains("solving") {
        assert!(stream.read_buf(&mut events).await.unwrap() > 0);
    }
    scene.gate.set(true);
    stream.read_to_end(&mut events).await.unwrap();
    let text = String::from_utf8_lossy(&events).into_owned();
    assert!(text.contains("content-type: text/event-stream"), "{text}");
    assert!(text.contains("data: {") && text.contains(r#""state":"confirmed""#), "{text}");
    let ended = http::get(address, &place).await.json();
    assert_eq!(
        (ended["state"].as_str(), ended["works_done"].as_u64()),
        (Some("confirmed"), Some(2))
    );
    for nowhere in
        ["/jobs/x", &format!("/jobs/{}", bob()), &format!("/jobs/{}/events", "00".repeat(32))]
    {
        assert_eq!(
            http::get(address, nowhere).await.refusal(),
            (404, "Job not found".into()),
            "{nowhere}"
        );
    }
}

/// Signs, lets the worker begin, and forks the job away.
async fn fork(scene: &Scene, raw: u128) -> http::Response {
    scene.gate.set(false);
    let asked = request(&[scene.send(raw)], FEE);
    let other = scene.send(raw + 1);
    let overtake = async {
        eventually(|| scene.gate.is_searching().then_some(())).await;
        scene.net.seed(&other.sign(&alice()).into()).unwrap();
    };
    let (response, ()) = tokio::join!(scene.ask(&asked), overtake);
    eventually(|| (!scene.gate.is_searching() && scene.server.jobs().is_empty()).then_some(()))
        .await;
    response
}

#[tokio::test]
async fn who_forks_jobs_away_again_and_again_is_not_served_for_a_while() {
    let scene = Scene::new().await;
    let mut raw = 1;
    for _ in 0..4 {
        assert_eq!(fork(&scene, raw).await.refusal(), (500, "User PoW fail".to_owned()));
        raw += 2;
    }
    let refused = scene.ask(&request(&[scene.send(1000)], FEE)).await;
    assert_eq!(refused.refusal(), (429, "Too many requests".to_owned()));
    assert!(refused.header("retry-after").unwrap().parse::<u64>().unwrap() >= 1);
}

#[tokio::test]
async fn a_lost_race_is_not_the_senders_fault() {
    let scene = Scene::new().await;
    for raw in 1..=6 {
        scene.gate.set(false);
        let asked = request(&[scene.send(raw)], FEE);
        let rival = async {
            scene.job_in(Phase::Solving).await;
            scene.net.seed(&(*asked.first()).into()).unwrap();
            let theirs = StateBlock { link: bob().into(), ..asked.reward().block }.sign(&alice());
            scene.net.seed(&theirs.into()).unwrap();
        };
        let (response, ()) = tokio::join!(scene.ask(&asked), rival);
        assert_eq!(response.refusal(), (500, "User PoW fail".to_owned()), "race {raw}");
        eventually(|| scene.server.jobs().is_empty().then_some(())).await;
    }
}
