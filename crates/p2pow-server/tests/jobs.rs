//! Jobs from the request to the confirmed reward.

#![allow(clippy::unwrap_used)]

mod common;

use common::{
    FEE, RICHES, Scene, alice, amount, bob, eventually, george, http, json_of, key, request, state,
    worker,
};
use nano_block::{AccountState, StateBlock};
use nano_devnet::Devnet;
use nano_primitives::Amount;
use p2pow_protocol::{Answer, WorkRequest, fees::fee_receive};
use p2pow_server::{FrontierPolicy, Phase};
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

/// A chain of sends of 1 raw to Bob.
fn payments(state: &AccountState, count: usize) -> Vec<StateBlock> {
    let mut state = *state;
    std::iter::repeat_with(|| {
        let block = state.send(bob(), amount(1)).unwrap();
        state = state.after(&block);
        block
    })
    .take(count)
    .collect()
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
    let source = scene.net.fund(&alice().account(), amount(500)).unwrap();
    let receive = scene.alice().receive(source, amount(500)).unwrap();
    let after = scene.alice().after(&receive);
    let send = after.send(bob(), amount(700)).unwrap();
    let change = after.after(&send).change(bob()).unwrap();
    let price = FEE / 2 + FEE / 64 + 2 * (FEE / 2);
    let response = scene.ask(&request(&[receive, send, change], price)).await;
    assert_eq!(response.status, 201, "{:?}", response.json());
    assert_eq!(scene.alice().balance, amount(RICHES + 500 - 700 - price));
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
    let expected =
        [Phase::Solving, Phase::Solved, Phase::Publishing, Phase::Published, Phase::Confirmed];
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
    let scene = Scene::with(|config, _| config.contest = false).await;
    scene.gate.set(false);
    let asked = request(&[scene.send(1000)], FEE);
    let rival = async {
        scene.job_in(Phase::Solving).await;
        scene.net.seed(&(*asked.first()).into()).unwrap();
    };
    let (response, ()) = tokio::join!(scene.ask(&asked), rival);
    assert_eq!(response.refusal(), (500, "User PoW fail".to_owned()));
    assert_eq!(scene.server.status().lost, 1);
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
    scene.net.faults().rollback(&asked.first().hash()).unwrap();
    eventually(|| scene.has(&asked.id()).then_some(())).await;
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
    // The worker must not see the gap between the two.
    scene.net.faults().latency(Duration::from_millis(200));
    scene.net.confirm_now(&asked.first().hash()).unwrap();
    scene.net.faults().rollback(&asked.id()).unwrap();
    let theirs = StateBlock { link: bob().into(), ..asked.reward().block }.sign(&alice());
    scene.net.seed(&theirs.into()).unwrap();
    scene.net.faults().latency(Duration::ZERO);
    assert_eq!(job.end().await, Phase::Lost);
    eventually(|| (scene.server.status().lost == 1).then_some(())).await;
    assert_eq!(scene.server.status().income, Amount::ZERO);
}

#[tokio::test]
async fn a_reward_that_is_never_confirmed_is_given_up() {
    let within = Duration::from_millis(100);
    let scene = Scene::with(|config, _| config.confirm_within = within).await;
    scene.net.faults().leave_unconfirmed(true);
    assert_eq!(scene.ask(&request(&[scene.send(1000)], FEE)).await.status, 201);
    eventually(|| scene.server.jobs().is_empty().then_some(())).await;
    let status = scene.server.status();
    assert_eq!((status.won, status.failed), (0, 1));
}

#[tokio::test]
async fn an_unconfirmed_frontier_gets_its_time() {
    let scene = Scene::new().await;
    scene.net.faults().leave_unconfirmed(true);
    let first = request(&[scene.send(1000)], FEE);
    assert_eq!(scene.ask(&first).await.status, 201);
    let second = request(&[scene.send(2000)], FEE);
    let confirm = async {
        scene.job_in(Phase::Queued).await;
        eventually(|| (scene.server.jobs().len() == 2).then_some(())).await;
        scene.net.faults().leave_unconfirmed(false);
    };
    let (response, ()) = tokio::join!(scene.ask(&second), confirm);
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
async fn the_websocket_tells_of_a_lost_race_before_the_next_poll() {
    let never = Duration::from_secs(3600);
    let scene = Scene::with(|config, net| {
        config.websocket_url = Some(net.websocket_url());
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
async fn the_websocket_tells_of_the_confirmation() {
    let never = Duration::from_secs(3600);
    let scene = Scene::with(|config, net| {
        config.websocket_url = Some(net.websocket_url());
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
    // What the worker heard depends on when the node spoke again; the ledger does not.
    assert!(matches!(response.status, 201 | 500), "{:?}", response.json());
    assert!(scene.has(&asked.first().hash()));
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
