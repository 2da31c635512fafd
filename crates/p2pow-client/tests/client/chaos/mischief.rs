//! Workers that are honest now and then.

use super::dice::Dice;
use crate::{
    fake::{Asked, Fake, Reply, http, info, json},
    town::{fee, xno},
};
use nano_block::{Network, SecretKey, SignedState};
use nano_devnet::Devnet;
use nano_primitives::{Account, Work};
use serde_json::{Value, json};
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::task::JoinHandle;

/// What a worker does with a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mischief {
    Honest,
    /// Finds all work, and leaves it to the sender to publish it.
    Unpublished,
    /// Publishes the user's blocks and not its reward.
    WithoutReward,
    /// Publishes some of the user's blocks, and says that it has failed.
    Part,
    /// Publishes its reward before anything it could stand on.
    RewardFirst,
    /// Says that it has failed, and publishes later.
    FailedThenLate,
    /// Says nothing, and publishes later.
    SilentThenLate,
    Silent,
    Failed,
    /// Has another price or account than it offered.
    Changed,
    WeakWork,
    OtherBlock,
    Garbage,
    Html,
    Redirect,
    Endless,
    Interim,
    Drip,
}

const ALL: [Mischief; 18] = [
    Mischief::Honest,
    Mischief::Unpublished,
    Mischief::WithoutReward,
    Mischief::Part,
    Mischief::RewardFirst,
    Mischief::FailedThenLate,
    Mischief::SilentThenLate,
    Mischief::Silent,
    Mischief::Failed,
    Mischief::Changed,
    Mischief::WeakWork,
    Mischief::OtherBlock,
    Mischief::Garbage,
    Mischief::Html,
    Mischief::Redirect,
    Mischief::Endless,
    Mischief::Interim,
    Mischief::Drip,
];

/// A worker that does anything.
pub(crate) struct Villain {
    pub(crate) account: Account,
    pub(crate) fake: Fake,
    lair: Arc<Lair>,
}

struct Lair {
    net: Arc<Devnet>,
    dice: Dice,
    account: Account,
    /// From here on it is honest.
    is_tamed: AtomicBool,
    late: Mutex<Vec<JoinHandle<()>>>,
}

impl Villain {
    pub(crate) async fn start(net: &Arc<Devnet>, last: u8, port: u16, seed: u64) -> Self {
        let account = SecretKey::generate().unwrap().account();
        let lair = Arc::new(Lair {
            net: Arc::clone(net),
            dice: Dice::of(seed),
            account,
            is_tamed: AtomicBool::new(false),
            late: Mutex::default(),
        });
        let host = Arc::clone(&lair);
        let fake = Fake::start(last, port, move |asked| host.answer(asked)).await;
        Self { account, fake, lair }
    }

    pub(crate) fn tame(&self) {
        self.lair.is_tamed.store(true, Ordering::SeqCst);
    }

    /// Waits until nothing is published any more that was withheld.
    pub(crate) async fn exhaust(&self) {
        let late = std::mem::take(&mut *self.lair.late.lock().unwrap());
        for task in late {
            task.await.unwrap();
        }
    }
}

impl Lair {
    fn answer(self: &Arc<Self>, asked: &Asked) -> Reply {
        let is_tamed = self.is_tamed.load(Ordering::SeqCst);
        if asked.path == "/request_info" {
            return json(200, &self.offer(is_tamed));
        }
        let mischief = match is_tamed {
            true => Mischief::Honest,
            // As often honest as not.
            false if self.dice.once_in(2) => Mischief::Honest,
            false => self.dice.pick(&ALL),
        };
        self.act(mischief, &asked.body)
    }

    fn offer(&self, is_tamed: bool) -> Value {
        let mut offer = info(self.account, fee());
        if self.dice.once_in(2) {
            offer["features"] = json!(["batch"]);
            offer["max_user_blocks"] = json!(1 + self.dice.below(5));
        }
        if !is_tamed && self.dice.once_in(6) {
            let lies = [
                ("fee", json!(xno("3"))),
                ("fee", json!("0")),
                ("status", json!("unavailable")),
                ("version", json!("9.9")),
                ("max_user_blocks", json!(1_000_000_000)),
                ("hashrate", json!(1e308)),
            ];
            let (key, lie) = lies[self.dice.below(lies.len())].clone();
            offer[key] = lie;
        }
        offer
    }

    fn act(self: &Arc<Self>, mischief: Mischief, body: &Value) -> Reply {
        let failed = || json(500, &json!({ "error": "User PoW fail" }));
        let users = users(body);
        match mischief {
            Mischief::Honest => {
                self.publish(&users);
                let is_paid = self.publish(&[worked(&body["reward_block"])]);
                if is_paid { done(body, true) } else { failed() }
            }
            Mischief::Unpublished => done(body, true),
            Mischief::WithoutReward => {
                self.publish(&users);
                done(body, false)
            }
            Mischief::Part => {
                self.publish(&users[..self.dice.below(users.len() + 1)]);
                failed()
            }
            Mischief::RewardFirst => {
                self.publish(&[worked(&body["reward_block"])]);
                failed()
            }
            Mischief::FailedThenLate => {
                self.publish_later(body);
                failed()
            }
            Mischief::SilentThenLate => {
                self.publish_later(body);
                Reply::Silence
            }
            Mischief::Silent => Reply::Silence,
            Mischief::Failed => failed(),
            Mischief::Changed => json(403, &json!({ "error": "Fee is less than minimum" })),
            Mischief::WeakWork => spoilt(body, "work", json!("0000000000000000")),
            Mischief::OtherBlock => spoilt(body, "hash", json!("AB".repeat(32))),
            Mischief::Garbage => Reply::Bytes(vec![0xff; 300]),
            Mischief::Html => http(500, "content-type: text/html\r\n", "<!DOCTYPE HTML>"),
            Mischief::Redirect => http(302, "location: http://127.0.0.1:1/\r\n", ""),
            Mischief::Endless => Reply::Endless,
            Mischief::Interim => Reply::Interim,
            Mischief::Drip => Reply::Drip,
        }
    }

    /// Whether the last of them is on the ledger.
    fn publish(&self, blocks: &[SignedState]) -> bool {
        for block in blocks {
            // Where it does not fit, or is there already.
            let _ = self.net.process(&(*block).into());
        }
        blocks.last().is_some_and(|last| self.net.block(&last.hash()).is_some())
    }

    fn publish_later(self: &Arc<Self>, body: &Value) {
        let delay = Duration::from_millis(u64::try_from(self.dice.below(1500)).unwrap());
        let (host, body) = (Arc::clone(self), body.clone());
        let task = tokio::spawn(async move {
            tokio::time::sleep(delay).await;
            host.publish(&users(&body));
            host.publish(&[worked(&body["reward_block"])]);
        });
        self.late.lock().unwrap().push(task);
    }
}

fn worked(block: &Value) -> SignedState {
    let block: SignedState = serde_json::from_value(block.clone()).unwrap();
    let threshold = Network::Dev.thresholds().base();
    let is_enough = |work: &Work| work.value(&block.root()) >= threshold;
    block.with_work((0..).map(Work::from_u64).find(is_enough).unwrap())
}

fn users(body: &Value) -> Vec<SignedState> {
    match body["user_blocks"].as_array() {
        Some(users) => users.iter().map(worked).collect(),
        None => vec![worked(&body["user_block"])],
    }
}

fn success(body: &Value) -> Value {
    let done = |block: &SignedState| json!({ "hash": block.hash(), "work": block.work });
    let users: Vec<Value> = users(body).iter().map(done).collect();
    let reward = done(&worked(&body["reward_block"]));
    let mut blocks = json!({ "reward_block": reward });
    match body["user_blocks"].is_array() {
        true => blocks["user_blocks"] = json!(users),
        false => blocks["user_block"] = users[0].clone(),
    }
    blocks
}

fn done(body: &Value, with_reward: bool) -> Reply {
    let mut blocks = success(body);
    if !with_reward {
        blocks["reward_block"] = json!("fail");
    }
    json(201, &json!({ "successful": blocks }))
}

/// A success of which one thing is wrong.
fn spoilt(body: &Value, key: &str, value: Value) -> Reply {
    let mut blocks = success(body);
    blocks["reward_block"][key] = value;
    json(201, &json!({ "successful": blocks }))
}
