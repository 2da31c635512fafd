//! Every refusal of the protocol's table, over HTTP, with its status and its exact text.

#![allow(clippy::unwrap_used)]

mod common;

use common::{
    FEE, RICHES, Scene, alice, amount, bob, eventually, george, json_of, key, request, state,
};
use nano_block::StateBlock;
use nano_primitives::{Amount, BlockHash, Link, Signature};
use p2pow_protocol::WorkRequest;
use p2pow_server::{FrontierPolicy, Phase, Rate};
use serde_json::{Value, json};
use std::time::Duration;

type Refused = (u16, String);

fn refused(status: u16, error: &str) -> Refused {
    (status, error.to_owned())
}

async fn ask_json(scene: &Scene, body: &Value) -> Refused {
    scene.ask_raw(body.to_string().as_bytes()).await.refusal()
}

async fn ask(scene: &Scene, request: &WorkRequest) -> Refused {
    scene.ask(request).await.refusal()
}

/// A send of Alice and a reward that `change` has spoiled.
fn with_reward(scene: &Scene, change: impl FnOnce(&mut StateBlock)) -> WorkRequest {
    let good = request(&[scene.send(1000)], FEE);
    let mut reward = good.reward().block;
    change(&mut reward);
    WorkRequest::single(*good.first(), reward.sign(&alice()))
}

#[tokio::test]
async fn rule_1_no_json() {
    let scene = Scene::new().await;
    for body in [&b""[..], b"{", b"<html>", b"\xff\xfe", b"{\"user_block\":"] {
        assert_eq!(scene.ask_raw(body).await.refusal(), refused(400, "Invalid JSON"));
    }
}

#[tokio::test]
async fn rule_2_no_user_block() {
    let scene = Scene::new().await;
    for body in [json!({}), json!([]), json!(7), json!(null), json!({"reward_block": {}})] {
        let expected = refused(400, "User transaction missing");
        assert_eq!(ask_json(&scene, &body).await, expected, "{body}");
    }
}

#[tokio::test]
async fn rule_3_no_reward_block() {
    let scene = Scene::new().await;
    let body = json!({"user_block": json_of(&request(&[scene.send(1)], FEE))["user_block"]});
    assert_eq!(ask_json(&scene, &body).await, refused(400, "Reward transaction missing"));
}

#[tokio::test]
async fn rule_4_a_malformed_or_unsigned_user_block() {
    let scene = Scene::new().await;
    let expected = refused(400, "Invalid user transaction");
    let good = request(&[scene.send(1000)], FEE);
    for field in ["account", "representative", "previous", "balance", "link", "signature"] {
        let mut body = json_of(&good);
        body["user_block"].as_object_mut().unwrap().remove("link_as_account");
        body["user_block"].as_object_mut().unwrap().remove(field);
        assert_eq!(ask_json(&scene, &body).await, expected, "{field}");
    }
    let mut forged = *good.first();
    forged.signature = Signature::from_bytes([7; 64]);
    assert_eq!(ask(&scene, &WorkRequest::single(forged, *good.reward())).await, expected);
    assert_eq!(scene.gate.searches(), 0, "a forged signature got work");
}

#[tokio::test]
async fn rule_5_a_malformed_or_unsigned_reward_block() {
    let scene = Scene::new().await;
    let expected = refused(400, "Invalid reward transaction");
    let good = request(&[scene.send(1000)], FEE);
    for field in ["account", "representative", "previous", "balance", "signature"] {
        let mut body = json_of(&good);
        body["reward_block"].as_object_mut().unwrap().remove(field);
        assert_eq!(ask_json(&scene, &body).await, expected, "{field}");
    }
    let mut forged = *good.reward();
    forged.signature = Signature::from_bytes([7; 64]);
    assert_eq!(ask(&scene, &WorkRequest::single(*good.first(), forged)).await, expected);
    assert_eq!(scene.gate.searches(), 0, "a forged signature got free work");
}

#[tokio::test]
async fn rule_5_a_reward_without_link() {
    let scene = Scene::new().await;
    let mut body = json_of(&request(&[scene.send(1000)], FEE));
    body["reward_block"].as_object_mut().unwrap().remove("link");
    body["reward_block"].as_object_mut().unwrap().remove("link_as_account");
    assert_eq!(ask_json(&scene, &body).await, refused(400, "Invalid Reward transaction"));
}

#[tokio::test]
async fn rule_6_blocks_of_two_accounts() {
    let scene = Scene::new().await;
    let good = request(&[scene.send(1000)], FEE);
    let other = StateBlock { account: key(5).account(), ..good.reward().block }.sign(&key(5));
    let answer = ask(&scene, &WorkRequest::single(*good.first(), other)).await;
    assert_eq!(answer, refused(400, "Different Accounts source"));
}

#[tokio::test]
async fn rule_7_a_reward_for_another_worker() {
    let scene = Scene::new().await;
    let request = with_reward(&scene, |reward| reward.link = bob().into());
    assert_eq!(ask(&scene, &request).await, refused(400, "Worker account is incorrect"));
}

#[tokio::test]
async fn rule_8_a_reward_that_does_not_follow() {
    let scene = Scene::new().await;
    let request = with_reward(&scene, |reward| reward.previous = BlockHash::from_bytes([1; 32]));
    let expected = refused(400, "Incorrect previous block in worker block");
    assert_eq!(ask(&scene, &request).await, expected);
}

#[tokio::test]
async fn rule_9_less_than_any_job_costs_or_a_negative_fee() {
    let scene = Scene::new().await;
    let expected = refused(403, "Fee is less than minimum");
    assert_eq!(ask(&scene, &request(&[scene.send(1000)], 1)).await, expected);
    let negative = with_reward(&scene, |reward| reward.balance = Amount::MAX);
    assert_eq!(ask(&scene, &negative).await, expected);
}

#[tokio::test]
async fn rule_10_a_block_that_is_not_on_the_frontier() {
    let scene = Scene::new().await;
    let expected = refused(400, "Wrong previous block");
    let mut stale = scene.alice();
    stale.frontier = Some(BlockHash::from_bytes([9; 32]));
    let send = stale.send(bob(), amount(1)).unwrap();
    assert_eq!(ask(&scene, &request(&[send], FEE)).await, expected);
    // An account that is opened already cannot be opened.
    let source = scene.net.fund(&alice().account(), amount(50_000)).unwrap();
    let first = StateBlock {
        previous: BlockHash::ZERO,
        ..scene.alice().receive(source, amount(50_000)).unwrap()
    };
    assert_eq!(ask(&scene, &request(&[first], FEE)).await, expected);
}

#[tokio::test]
async fn rule_11_a_receive_of_what_is_not_receivable() {
    let scene = Scene::new().await;
    let expected = refused(403, "Invalid receive transaction");
    let source = scene.net.fund(&alice().account(), amount(500)).unwrap();
    let to_bob = scene.net.fund(&bob(), amount(500)).unwrap();
    let unknown = BlockHash::from_bytes([5; 32]);
    for (hash, raw) in [(source, 501), (to_bob, 500), (unknown, 500)] {
        let receive = scene.alice().receive(hash, amount(raw)).unwrap();
        assert_eq!(ask(&scene, &request(&[receive], FEE)).await, expected);
    }
    assert_eq!(scene.gate.searches(), 0);
}

#[tokio::test]
async fn rule_12_a_send_for_the_price_of_a_receive() {
    let scene = Scene::new().await;
    let answer = ask(&scene, &request(&[scene.send(1000)], FEE - 1)).await;
    assert_eq!(answer, refused(403, "Fee is less than minimum"));
}

#[tokio::test]
async fn rule_13_an_account_without_blocks_that_does_not_begin_by_receiving() {
    let scene = Scene::new().await;
    let carol = key(7);
    let source = scene.net.fund(&carol.account(), amount(50_000)).unwrap();
    let unopened = state(&scene.net, &carol);
    let receive = unopened.receive(source, amount(50_000)).unwrap();
    let change = StateBlock { balance: Amount::ZERO, link: Link::ZERO, ..receive };
    let receive = unopened.after(&change).receive(source, amount(50_000)).unwrap();
    let reward = unopened.after(&receive).send(george(), amount(2 * FEE)).unwrap();
    let users = vec![change.sign(&carol), receive.sign(&carol)];
    let batch = WorkRequest::batch(users, reward.sign(&carol)).unwrap();
    assert_eq!(ask(&scene, &batch).await, refused(403, "Insuficient funds"));
}

#[tokio::test]
async fn rule_13_spending_what_is_not_confirmed() {
    let wait = Duration::from_millis(50);
    let scene = Scene::with(|config, _| config.frontier = FrontierPolicy::Confirmed { wait }).await;
    let more = scene.net.fund(&alice().account(), amount(RICHES)).unwrap();
    scene.net.faults().leave_unconfirmed(true);
    let receive = scene.alice().receive(more, amount(RICHES)).unwrap();
    // The devnet wants work for what comes without its own hand.
    let threshold = scene.net.network().thresholds().base();
    let job = nano_pow::Puzzle::new(receive.root(), threshold);
    let solution = nano_pow::Pool::cpu(Some(1)).submit(job).await.unwrap();
    scene.net.process(&receive.sign(&alice()).with_work(solution.work()).into()).unwrap();
    let all = request(&[scene.send(RICHES)], FEE);
    assert_eq!(ask(&scene, &all).await, refused(403, "Insuficient funds"));
    // A little could be spent, but the block it stands on may still vanish.
    let answer = scene.ask(&request(&[scene.send(1)], FEE)).await;
    assert_eq!(answer.refusal(), refused(503, "Previous block is not confirmed"));
    assert_eq!(answer.header("retry-after"), Some("5".into()));
}

#[tokio::test]
async fn rule_14_a_lost_race() {
    let scene = Scene::new().await;
    scene.gate.set(false);
    let asked = request(&[scene.send(1000)], FEE);
    let overtake = async {
        scene.job_in(Phase::Solving).await;
        scene.net.seed(&scene.send(2).sign(&alice()).into()).unwrap();
    };
    let (answer, ()) = tokio::join!(ask(&scene, &asked), overtake);
    assert_eq!(answer, refused(500, "User PoW fail"));
    eventually(|| (!scene.gate.is_searching()).then_some(())).await;
    scene.lost(1).await;
}

/// A device that is broken from the given search on.
#[derive(Debug)]
struct Breaks {
    at: usize,
    searches: std::sync::atomic::AtomicUsize,
    cpu: nano_pow::CpuBackend,
}

impl nano_pow::Backend for Breaks {
    fn info(&self) -> nano_pow::DeviceInfo {
        nano_pow::DeviceInfo::new("breaks")
    }

    fn search(&self, tasks: &[nano_pow::Task<'_>]) -> Result<(), nano_pow::BackendError> {
        let number = self.searches.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        if number >= self.at {
            return Err(nano_pow::BackendError::device("the fan is dead"));
        }
        self.cpu.search(tasks)
    }
}

#[tokio::test]
async fn rules_14_and_15_a_device_that_breaks() {
    for (at, error) in [(0, "User PoW fail"), (1, "PoW fail")] {
        let scene = Scene::new().await;
        let device = Breaks { at, searches: 0.into(), cpu: nano_pow::CpuBackend::new(1) };
        let config = p2pow_server::Config {
            listen: vec!["127.0.0.1:0".parse().unwrap()],
            reward_account: george(),
            fee: amount(FEE),
            network: scene.net.network(),
            ..p2pow_server::Config::default()
        };
        let pool = nano_pow::Pool::new(vec![Box::new(device)]);
        let server = p2pow_server::Server::bind(config, scene.client(), pool).await.unwrap();
        let body = request(&[scene.send(1000)], FEE).to_json();
        let answer = common::http::post(server.local_addr(), "/request_work", &body).await;
        assert_eq!(answer.refusal(), refused(500, error));
    }
}

#[tokio::test]
async fn rule_16_the_node_refuses_the_user_block() {
    let scene = Scene::new().await;
    scene.net.faults().fail_next_of("process", 1, "Block work is insufficient");
    let answer = ask(&scene, &request(&[scene.send(1000)], FEE)).await;
    assert_eq!(answer, refused(500, "Error broadcasting user block: Block work is insufficient"));
}

#[tokio::test]
async fn rule_17_a_full_queue() {
    let scene = Scene::with(|config, _| config.max_jobs = 1).await;
    scene.net.open(&key(7), amount(RICHES)).unwrap();
    let first = request(&[scene.send(1000)], FEE);
    let carol = state(&scene.net, &key(7));
    let send = carol.send(bob(), amount(1)).unwrap();
    let reward = carol.after(&send).send(george(), amount(FEE)).unwrap();
    let second = WorkRequest::single(send.sign(&key(7)), reward.sign(&key(7)));
    scene.gate.set(false);
    let crowd = async {
        scene.job_in(Phase::Solving).await;
        let answer = scene.ask(&second).await;
        scene.gate.set(true);
        answer
    };
    let (served, full) = tokio::join!(scene.ask(&first), crowd);
    assert_eq!(served.status, 201);
    assert_eq!(full.refusal(), refused(503, "Too many jobs in queue"));
    assert_eq!(full.json()["status"], "unavailable");
    let seconds = full.json()["retryAfter"].as_u64().unwrap();
    assert!(seconds >= 1);
    assert_eq!(full.header("retry-after"), Some(seconds.to_string()));
}

#[tokio::test]
async fn rule_17_a_multiplier_above_the_limit() {
    let scene = Scene::with(|config, _| config.max_multiplier = 0.5).await;
    let answer = scene.ask(&request(&[scene.send(1000)], FEE)).await;
    let error = "Current network difficulty exceded maximum difficulty allowed";
    assert_eq!(answer.refusal(), refused(503, error));
    assert_eq!(answer.json()["status"], "unavailable");
    assert!(answer.json()["retryAfter"].as_u64().unwrap() <= 60);
    let info = common::http::get(scene.server.local_addr(), "/request_info").await;
    assert_eq!(info.status, 200);
    assert_eq!(info.json()["status"], "unavailable");
    assert_eq!(info.json()["error"], error);
    assert!(info.json()["retryAfter"].is_u64());
}

#[tokio::test]
async fn rule_18_too_many_requests_from_one_address() {
    let rate = Rate { burst: 3, per_second: 0.001 };
    let scene = Scene::with(|config, _| config.rate = rate).await;
    for _ in 0..3 {
        assert_eq!(scene.ask_raw(b"{").await.status, 400);
    }
    let answer = scene.ask_raw(b"{").await;
    assert_eq!(answer.refusal(), refused(429, "Too many requests"));
    let seconds: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((900..=1000).contains(&seconds), "{seconds}");
    // What a worker says about itself stays free.
    let info = common::http::get(scene.server.local_addr(), "/request_info").await;
    assert_eq!(info.status, 200);
}

#[tokio::test]
async fn rule_20_the_reward_is_refused() {
    let scene = Scene::new().await;
    let asked = request(&[scene.send(1000)], FEE);
    scene.gate.set(false);
    let faults = scene.net.faults().clone();
    let rival = async {
        // A rival has published the user block, and no node takes the reward.
        scene.job_in(Phase::Solving).await;
        scene.net.seed(&(*asked.first()).into()).unwrap();
        faults.fail_next_of("process", 2, "Block work is insufficient");
        scene.gate.set(true);
    };
    let (answer, ()) = tokio::join!(scene.ask(&asked), rival);
    assert_eq!(answer.status, 201);
    let done = &answer.json()["successful"];
    assert_eq!(done["user_block"]["hash"], asked.first().hash().to_string());
    assert_eq!(done["reward_block"], "fail");
    scene.lost(1).await;
    assert_eq!(scene.server.status().income, Amount::ZERO);
}

#[tokio::test]
async fn another_user_block_on_the_same_root_is_a_conflict() {
    let scene = Scene::new().await;
    scene.gate.set(false);
    let first = request(&[scene.send(1000)], FEE);
    let second = request(&[scene.send(1001)], FEE);
    let third = request(&[scene.send(1000)], FEE + 1);
    let rivals = async {
        scene.job_in(Phase::Solving).await;
        let answers = (scene.ask(&second).await, scene.ask(&third).await);
        scene.gate.set(true);
        answers
    };
    let (served, (second, third)) = tokio::join!(scene.ask(&first), rivals);
    assert_eq!(served.status, 201);
    assert_eq!((second.status, third.status), (409, 409));
}

#[tokio::test]
async fn a_node_that_is_away_is_a_reason_to_come_again() {
    let scene = Scene::new().await;
    scene.net.faults().drop_connections(true);
    let answer = scene.ask(&request(&[scene.send(1000)], FEE)).await;
    assert_eq!(answer.refusal(), refused(503, "Worker has no connection to the network"));
    assert_eq!(answer.json()["status"], "unavailable");
    assert!(answer.header("retry-after").is_some());
}

#[tokio::test]
async fn a_batch_too_long_or_out_of_order() {
    let scene = Scene::with(|config, _| config.max_user_blocks = 2).await;
    let first = scene.send(1);
    let second = scene.alice().after(&first).send(bob(), amount(2)).unwrap();
    let third = scene.alice().after(&second).send(bob(), amount(3)).unwrap();
    let long = request(&[first, second, third], 3 * FEE);
    assert_eq!(ask(&scene, &long).await, refused(400, "Too many user blocks: 3, at most 2"));
    let swapped = request(&[second, first], 3 * FEE);
    let expected = refused(400, "User block 2 does not follow the one before it");
    assert_eq!(ask(&scene, &swapped).await, expected);
    let cheap = request(&[first, second], FEE);
    assert_eq!(ask(&scene, &cheap).await, refused(403, "Fee is less than minimum"));
}
