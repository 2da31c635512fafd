//! Jobs from the request to the confirmed reward.

#![allow(clippy::unwrap_used)]

mod common;

use common::{
    FEE, RICHES, Scene, alice, amount, bob, eventually, george, http, json_of, key, payments,
    request, state, worker,
};
use nano_block::StateBlock;
use nano_devnet::Devnet;
use p2pow_protocol::{Answer, WorkRequest, fees::fee_receive};
use p2pow_server::Phase;
use std::time::Duration;
use tokio::{io::AsyncWriteExt, net::TcpStream};

#[tokio::test]
async fn a_send_is_published_and_its_reward_is_income() {
    let scene = Scene::new().await;
    let asked = request(&[scene.send(1000)], FEE);
    let response = scene.ask(&asked).await;
    assert_eq!(response.status, 201);
    let answer = Answer::read(201, &response.body).unwrap();
    let reward = answer.reward.unwrap();
    assert_eq!(answer.users[0].hash, asked.first().hash());
    assert_eq!(reward.hash, asked.reward().hash());
    let threshold = scene.net.network().thresholds().epoch_2;
    assert!(answer.users[0].work.value(&asked.first().root()) >= threshold);
    assert!(reward.work.value(&asked.reward().root()) >= threshold);
    assert_eq!(scene.net.receivable_total(&bob()), amount(1000));
    assert_eq!(scene.net.receivable_total(&george()), amount(FEE));
    assert_eq!(scene.alice().balance, amount(RICHES - 1000 - FEE));
    scene.won(1).await;
    let status = scene.server.status();
    assert_eq!((status.income, status.lost, status.failed), (amount(FEE), 0, 0));
    assert!(status.hashes > 0);
    eventually(|| scene.server.jobs().is_empty().then_some(())).await;
}

#[tokio::test]
async fn a_receive_is_done_for_the_price_of_a_receive() {
    let scene = Scene::new().await;
    let source = scene.net.fund(&alice().account(), amount(500)).unwrap();
    let receive = scene.alice().receive(source, amount(500)).unwrap();
    let price = fee_receive(amount(FEE)).to_raw();
    let response = scene.ask(&request(&[receive], price)).await;
    assert_eq!(response.status, 201);
    assert_eq!(scene.alice().balance, amount(RICHES + 500 - price));
}

#[tokio::test]
async fn a_change_is_done() {
    let scene = Scene::new().await;
    let change = scene.alice().change(bob()).unwrap();
    assert_eq!(scene.ask(&request(&[change], FEE)).await.status, 201);
    assert_eq!(scene.alice().representative, bob());
}

#[tokio::test]
async fn the_rewards_representative_is_left_as_signed() {
    let scene = Scene::new().await;
    let asked = request(&[scene.send(1)], FEE);
    let other = StateBlock { representative: george(), ..asked.reward().block };
    let asked = WorkRequest::single(*asked.first(), other.sign(&alice()));
    assert_eq!(scene.ask(&asked).await.status, 201);
    assert_eq!(scene.alice().representative, george());
}

#[tokio::test]
async fn an_account_without_blocks_receives_its_first_money() {
    let scene = Scene::new().await;
    let carol = key(7);
    let source = scene.net.fund(&carol.account(), amount(50_000)).unwrap();
    let unopened = state(&scene.net, &carol);
    let open = unopened.receive(source, amount(50_000)).unwrap();
    let price = fee_receive(amount(FEE));
    let reward = unopened.after(&open).send(george(), price).unwrap();
    let asked = WorkRequest::single(open.sign(&carol), reward.sign(&carol));
    let response = scene.ask(&asked).await;
    assert_eq!(response.status, 201, "{:?}", response.json());
    assert_eq!(scene.net.balance(&carol.account()).to_raw(), 50_000 - price.to_raw());
    scene.won(1).await;
}

/// Below epoch 2 every block needs more work, whoever sent the money.
#[tokio::test]
async fn accounts_below_epoch_2_get_the_work_they_need() {
    let net = Devnet::builder().epoch_0().confirmation_delay(Duration::ZERO).start().await.unwrap();
    net.open(&alice(), amount(RICHES)).unwrap();
    let (server, gate) = worker(&net, |_, _| {}).await;
    let source = net.fund(&alice().account(), amount(500)).unwrap();
    let scene = Scene { net, server, gate };
    let receive = scene.alice().receive(source, amount(500)).unwrap();
    assert_eq!(scene.ask(&request(&[receive], FEE)).await.status, 201);
    let receive = scene.net.block(&receive.hash()).unwrap();
    let epoch_1 = scene.net.network().thresholds().epoch_1;
    assert!(receive.block.work_value().unwrap() >= epoch_1);
}

#[tokio::test]
async fn a_hundred_payments_go_out_with_one_reward() {
    let scene = Scene::new().await;
    let blocks = payments(&scene.alice(), 100);
    let price = 101 * FEE / 2;
    let response = scene.ask(&request(&blocks, price)).await;
    assert_eq!(response.status, 201, "{:?}", response.json());
    let answer = Answer::read(201, &response.body).unwrap();
    assert!(answer.is_batch);
    let hashes: Vec<_> = answer.users.iter().map(|done| done.hash).collect();
    assert_eq!(hashes, blocks.iter().map(StateBlock::hash).collect::<Vec<_>>());
    assert_eq!(scene.net.receivable_total(&bob()), amount(100));
    assert_eq!(scene.net.receivable_total(&george()), amount(price));
    scene.won(1).await;
    assert_eq!(scene.gate.searches(), 101);
}

#[tokio::test]
async fn a_batch_may_mix_receives_sends_and_changes() {
    let scene = Scene::new().await;
    let large = scene.net.fund(&alice().account(), amount(500)).unwrap();
    let small = scene.net.fund(&alice().account(), amount(40)).unwrap();
    let mut state = scene.alice();
    let mut add = |block: StateBlock| {
        state = state.after(&block);
        (block, state)
    };
    let (first, state) = add(scene.alice().receive(large, amount(500)).unwrap());
    let (second, state) = add(state.send(bob(), amount(700)).unwrap());
    let (third, state) = add(state.receive(small, amount(40)).unwrap());
    let (fourth, _) = add(state.change(bob()).unwrap());
    let price = FEE / 2 + 2 * (FEE / 64) + 2 * (FEE / 2);
    let response = scene.ask(&request(&[first, second, third, fourth], price)).await;
    assert_eq!(response.status, 201, "{:?}", response.json());
    assert_eq!(scene.alice().balance, amount(RICHES + 500 - 700 + 40 - price));
}

#[tokio::test]
async fn a_batch_of_one_is_answered_as_a_batch() {
    let scene = Scene::new().await;
    let single = request(&[scene.send(1)], FEE);
    let batch = WorkRequest::batch(vec![*single.first()], *single.reward()).unwrap();
    let response = scene.ask(&batch).await;
    assert!(response.json()["successful"]["user_blocks"].is_array());
}

#[tokio::test]
async fn equal_requests_share_one_job_and_one_answer() {
    let scene = Scene::new().await;
    scene.gate.set(false);
    let asked = request(&[scene.send(1000)], FEE);
    let open = async {
        scene.job_in(Phase::Solving).await;
        eventually(|| (scene.gate.searches() == 1).then_some(())).await;
        assert_eq!(scene.server.jobs().len(), 1);
        scene.gate.set(true);
    };
    let (first, second, third, fourth, ()) = tokio::join!(
        scene.ask(&asked),
        scene.ask(&asked),
        scene.ask(&asked),
        scene.ask(&asked),
        open
    );
    assert_eq!(first.status, 201);
    for other in [second, third, fourth] {
        assert_eq!((other.status, &other.body), (201, &first.body));
    }
    assert_eq!(scene.gate.searches(), 2, "four equal requests need two works");
    scene.won(1).await;
}

#[tokio::test]
async fn a_job_goes_on_when_its_client_hangs_up() {
    let scene = Scene::new().await;
    scene.gate.set(false);
    let asked = request(&[scene.send(1000)], FEE);
    let body = asked.to_json();
    let head = format!(
        "POST /request_work HTTP/1.1\r\nHost: worker\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(scene.server.local_addr()).await.unwrap();
    stream.write_all(&[head.as_bytes(), &body].concat()).await.unwrap();
    let job = scene.job_in(Phase::Solving).await;
    drop(stream);
    scene.gate.set(true);
    assert_eq!(job.end().await, Phase::Confirmed);
    assert!(scene.has(&asked.id()));
}

#[tokio::test]
async fn the_spellings_of_old_clients_are_served() {
    let scene = Scene::new().await;
    let mut body = json_of(&request(&[scene.send(1000)], FEE));
    let user = body["user_block"].as_object_mut().unwrap();
    let destination = user["link_as_account"].clone();
    user.remove("type");
    user.remove("link_as_account");
    user.insert("link".into(), destination);
    user.insert("work".into(), "0000000000000000".into());
    let account = user["account"].as_str().unwrap().replace("nano_", "xrb_");
    user.insert("account".into(), account.into());
    let balance: u64 = user["balance"].as_str().unwrap().parse().unwrap();
    user.insert("balance".into(), balance.into());
    let signature = user["signature"].as_str().unwrap().to_lowercase();
    user.insert("signature".into(), signature.into());
    let reward = body["reward_block"].as_object_mut().unwrap();
    reward.remove("link");
    reward.insert("block_type".into(), "state".into());
    let response = scene.ask_raw(body.to_string().as_bytes()).await;
    assert_eq!(response.status, 201, "{:?}", response.json());
}

#[tokio::test]
async fn nothing_is_published_before_all_works_are_found() {
    let scene = Scene::new().await;
    let asked = request(&payments(&scene.alice(), 3), 2 * FEE);
    let mut events = scene.server.subscribe();
    let watch = async {
        let mut phases = Vec::new();
        while !phases.contains(&Phase::Confirmed) {
            let event = events.recv().await.unwrap();
            if event.phase == Phase::Solved {
                let report = event.job.report();
                assert_eq!((report.works_done, report.works_needed), (4, 4));
                assert!(report.hashes > 0);
            }
            phases.push(event.phase);
        }
        phases
    };
    let (response, phases) = tokio::join!(scene.ask(&asked), watch);
    assert_eq!(response.status, 201);
    let expected = [
        Phase::Queued,
        Phase::Solving,
        Phase::Solved,
        Phase::Publishing,
        Phase::Published,
        Phase::Confirmed,
    ];
    assert_eq!(phases, expected);
}

#[tokio::test]
async fn while_a_work_is_missing_nothing_is_on_the_ledger() {
    let scene = Scene::new().await;
    scene.gate.set(false);
    let asked = request(&[scene.send(1000)], FEE);
    let look = async {
        let job = scene.job_in(Phase::Solving).await;
        eventually(|| scene.gate.is_searching().then_some(())).await;
        assert!(!scene.has(&asked.first().hash()));
        let report = job.report();
        assert_eq!((report.works_done, report.works_needed), (0, 2));
        assert_eq!(report.paid, amount(FEE));
        scene.gate.set(true);
    };
    let (response, ()) = tokio::join!(scene.ask(&asked), look);
    assert_eq!(response.status, 201);
}

#[tokio::test]
async fn a_shutdown_gives_works_up_and_says_so() {
    let scene = Scene::new().await;
    scene.gate.set(false);
    let asked = request(&[scene.send(1000)], FEE);
    let address = scene.server.local_addr();
    let Scene { server, gate, net } = scene;
    let body = asked.to_json();
    let stop = async {
        eventually(|| server.jobs().iter().any(|job| job.phase() == Phase::Solving).then_some(()))
            .await;
        server.shutdown().await;
    };
    let (response, ()) = tokio::join!(http::post(address, "/request_work", &body), stop);
    assert_eq!(response.refusal(), (503, "Worker is shutting down".to_owned()));
    eventually(|| (!gate.is_searching()).then_some(())).await;
    assert!(net.block(&asked.first().hash()).is_none());
    assert!(TcpStream::connect(address).await.is_err(), "the port is free again");
}
