//! Signed blocks that are not, or not all, on the ledger: what is said of them, how long it takes, and that no second
//! block is signed in their place.

use crate::{
    fake::{Asked, Fake, Reply, info, json},
    nodes::LyingNode,
    town::{Town, at, fee, unsettled, xno},
};
use nano_block::{Network, SecretKey, SignedState};
use nano_devnet::Devnet;
use nano_primitives::{Account, BlockHash, Signature, Work};
use p2pow_client::{
    BoxFuture, Cause, Config, DealError, Fate, Item, Order, Outcome, Patience, SendError, Sender,
    Signer, SignerError, SigningRequest, StateError,
};
use serde_json::{Value, json};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::Notify;

fn somebody() -> Account {
    SecretKey::generate().unwrap().account()
}

/// Offers well, batches too, and does `work` when hired.
fn batcher(
    work: impl Fn(&Value) -> Reply + Send + Sync + 'static,
) -> impl Fn(&Asked) -> Reply + Send + Sync {
    let account = somebody();
    move |asked| match asked.path.as_str() {
        "/request_info" => {
            let mut offer = info(account, fee());
            offer["features"] = json!(["batch"]);
            offer["max_user_blocks"] = json!(100);
            json(200, &offer)
        }
        _ => work(&asked.body),
    }
}

fn block(body: &Value) -> SignedState {
    let block: SignedState = serde_json::from_value(body.clone()).unwrap();
    let threshold = Network::Dev.thresholds().base();
    let is_enough = |work: &Work| work.value(&block.root()) >= threshold;
    block.with_work((0..).map(Work::from_u64).find(is_enough).unwrap())
}

fn fail() -> Reply {
    json(500, &json!({ "error": "User PoW fail" }))
}

fn four_sends(town: &Town) -> [Order; 4] {
    let destination = town.bob.account();
    ["1", "2", "3", "4"].map(|amount| Order::Send { destination, amount: xno(amount) })
}

fn fates(items: &[Item]) -> Vec<Fate> {
    items.iter().map(|item| item.fate).collect()
}

/// Publishes the first `count` user blocks of a batch.
fn publish(net: &Devnet, body: &Value, count: usize) {
    for user in &body["user_blocks"].as_array().unwrap()[..count] {
        net.process(&block(user).into()).unwrap();
    }
}

#[tokio::test]
async fn a_batch_that_a_worker_publishes_in_part_is_told_block_by_block() {
    let town = Town::found().await;
    let net = Arc::clone(&town.net);
    let fake = Fake::start(
        1,
        0,
        batcher(move |body| {
            publish(&net, body, 2);
            fail()
        }),
    )
    .await;
    town.register([127, 0, 0, 1]);

    let sender = town.sender(fake.port);
    let left = unsettled(sender.batch(&town.alice, &four_sends(&town)).await.unwrap_err());

    let wanted = [Fate::Confirmed, Fate::Confirmed, Fate::Possible, Fate::Possible];
    assert_eq!(fates(&left.items), wanted);
    assert_eq!(left.rewards[0].1, Fate::Possible);
    assert!(matches!(left.cause, Cause::NobodyDelivered { .. }), "{left}");
    assert!(
        matches!(left.hired[0].outcome, Outcome::Failed(_)),
        "no race was lost: nobody else was hired"
    );
    assert!(
        left.to_string().contains("of 4 blocks 2 are confirmed, 2 may still be, 0 can never be"),
        "{left}"
    );
    assert_eq!(town.waiting(town.bob.account()), xno("3"));
    let hashes: Vec<BlockHash> = left.items.iter().filter_map(|item| item.block).collect();
    assert!(town.net.block(&hashes[1]).is_some() && town.net.block(&hashes[2]).is_none());
}

#[tokio::test]
async fn a_batch_of_an_honest_worker_whose_node_fails_in_the_middle_is_told_block_by_block() {
    let town = Town::found().await;
    let published = AtomicUsize::new(0);
    let node = LyingNode::refusing(
        &town,
        move |question| {
            question["action"] == "process" && published.fetch_add(1, Ordering::SeqCst) >= 2
        },
        |_, _| {},
    )
    .await;
    let worker = town.worker_of(1, 0, node.client()).await;
    let sender = town.sender(worker.port);
    let left = unsettled(sender.batch(&town.alice, &four_sends(&town)).await.unwrap_err());
    let wanted = [Fate::Confirmed, Fate::Confirmed, Fate::Possible, Fate::Possible];
    assert_eq!(fates(&left.items), wanted, "{left}");
}

#[tokio::test]
async fn what_cannot_happen_any_more_is_told_from_what_still_can() {
    let town = Town::found().await;
    let (net, alice) = (Arc::clone(&town.net), town.alice.clone());
    let fake = Fake::start(
        1,
        0,
        batcher(move |body| {
            publish(&net, body, 2);
            let last = block(&body["user_blocks"][1]).hash();
            net.confirm_now(&last).unwrap();
            // The account goes on otherwise.
            let state = net.account(&alice.account()).unwrap().state();
            net.seed(&state.change(alice.account()).unwrap().sign(&alice).into()).unwrap();
            fail()
        }),
    )
    .await;
    town.register([127, 0, 0, 1]);
    let sender = town.sender(fake.port);
    let left = unsettled(sender.batch(&town.alice, &four_sends(&town)).await.unwrap_err());
    let wanted = [Fate::Confirmed, Fate::Confirmed, Fate::Impossible, Fate::Impossible];
    assert_eq!(fates(&left.items), wanted);
    assert_eq!(left.rewards[0].1, Fate::Impossible);
    assert!(matches!(left.cause, Cause::Superseded { .. }), "{left}");
}

#[tokio::test]
async fn a_payment_that_is_found_confirmed_at_the_last_look_is_done() {
    let town = Town::found().await;
    town.net.faults().leave_unconfirmed(true);
    let net = Arc::clone(&town.net);
    let fake = Fake::start(
        1,
        0,
        batcher(move |body| {
            net.process(&block(&body["user_block"]).into()).unwrap();
            fail()
        }),
    )
    .await;
    town.register([127, 0, 0, 1]);
    let config = town.config(fake.port);
    // No look at the ledger between the worker's answer and the end.
    let patience = Patience {
        poll: Duration::from_secs(100),
        settle: Duration::from_millis(500),
        ..config.patience
    };
    let sender = Sender::new(town.node(), Config { patience, ..config });
    let payment = sender.send(&town.alice, town.bob.account(), xno("1"));
    let confirmation = async {
        while fake.count("/request_work") == 0 {
            tokio::task::yield_now().await;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        town.net.faults().leave_unconfirmed(false);
    };
    let (receipt, ()) = tokio::join!(payment, confirmation);
    let receipt = receipt.unwrap();
    assert!(receipt.rewards.is_empty());
    assert_eq!(town.waiting(town.bob.account()), xno("1"));
}

#[tokio::test]
async fn the_same_order_on_the_same_frontier_is_the_same_block() {
    let town = Town::found().await;
    let fake = Fake::start(1, 0, batcher(|_| fail())).await;
    town.register([127, 0, 0, 1]);
    // Two programs that know nothing of each other.
    for _ in 0..2 {
        let sender = town.sender(fake.port);
        sender.send(&town.alice, town.bob.account(), xno("1")).await.unwrap_err();
    }
    let asked = fake.asked.lock().unwrap();
    let bodies: Vec<_> = asked.iter().filter(|asked| asked.path == "/request_work").collect();
    assert_eq!(bodies.len(), 2);
    assert_eq!(bodies[0].body, bodies[1].body);
}

/// Signs once it is let, or refuses.
struct Hesitant {
    key: SecretKey,
    asked: AtomicUsize,
    go: Notify,
    is_willing: bool,
}

impl Hesitant {
    fn new(key: &SecretKey, is_willing: bool) -> Self {
        Self { key: key.clone(), asked: AtomicUsize::new(0), go: Notify::new(), is_willing }
    }

    async fn is_asked(&self) {
        while self.asked.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
    }
}

impl Signer for Hesitant {
    fn account(&self) -> Account {
        self.key.account()
    }

    fn sign<'a>(
        &'a self,
        request: &'a SigningRequest,
    ) -> BoxFuture<'a, Result<Signature, SignerError>> {
        Box::pin(async move {
            if self.asked.fetch_add(1, Ordering::SeqCst) == 0 {
                self.go.notified().await;
            }
            if self.is_willing {
                Ok(request.block.sign(&self.key).signature)
            } else {
                Err(SignerError::new("not that"))
            }
        })
    }
}

#[tokio::test]
async fn two_payments_at_once_are_made_one_after_the_other() {
    for is_willing in [true, false] {
        let town = Town::found().await;
        let worker = town.worker(1, 0).await;
        let sender = town.sender(worker.port);
        let (first, second) =
            (Hesitant::new(&town.alice, is_willing), Hesitant::new(&town.alice, true));
        second.go.notify_one();
        let rival = async {
            first.is_asked().await;
            let (waiting, go) = (sender.send(&second, town.bob.account(), xno("2")), &first.go);
            let (outcome, ()) = tokio::join!(waiting, async {
                assert_eq!(second.asked.load(Ordering::SeqCst), 0, "its signer was not asked");
                go.notify_one();
            });
            outcome
        };
        let payment = sender.send(&first, town.bob.account(), xno("1"));
        let (outcome, later) = tokio::join!(payment, rival);
        later.unwrap();
        if is_willing {
            outcome.unwrap();
            assert_eq!(town.waiting(town.bob.account()), xno("3"));
            continue;
        }
        assert!(matches!(outcome, Err(SendError::Deal(DealError::Signer(_)))));
        assert_eq!(town.waiting(town.bob.account()), xno("2"), "nothing was signed by the first");
    }
}

/// A town in which patience is short.
fn impatient(town: &Town, port: u16, patience: Duration) -> Sender {
    let config = town.config(port);
    let patience = Patience { deal: patience, ..config.patience };
    Sender::new(town.node(), Config { patience, ..config })
}

#[tokio::test]
async fn patience_bounds_the_time_before_anything_is_signed() {
    let town = Town::found().await;
    let fake = Fake::start(1, 0, batcher(|_| fail())).await;
    town.register([127, 0, 0, 1]);
    town.net.faults().latency(Duration::from_secs(30));
    let start = Instant::now();
    let sender = impatient(&town, fake.port, Duration::from_secs(1));
    let error = sender.send(&town.alice, town.bob.account(), xno("1")).await.unwrap_err();
    assert!(matches!(error, SendError::TooSlow { .. }), "{error}");
    assert!(error.to_string().contains("nothing was signed"), "{error}");
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    assert!(matches!(sender.workers().await, Err(SendError::TooSlow { .. })));
}

#[tokio::test]
async fn patience_bounds_the_wait_for_a_confirmed_frontier() {
    let town = Town::found().await;
    let fake = Fake::start(1, 0, batcher(|_| fail())).await;
    town.register([127, 0, 0, 1]);
    town.net.faults().leave_unconfirmed(true);
    let state = town.net.account(&town.alice.account()).unwrap().state();
    let change = state.change(town.bob.account()).unwrap().sign(&town.alice);
    town.net.process(&block(&serde_json::to_value(change).unwrap()).into()).unwrap();
    let start = Instant::now();
    let sender = impatient(&town, fake.port, Duration::from_secs(1));
    let error = sender.send(&town.alice, town.bob.account(), xno("1")).await.unwrap_err();
    assert!(matches!(error, SendError::State(StateError::Unconfirmed { .. })), "{error}");
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
}

#[tokio::test]
async fn patience_bounds_publishing_and_the_last_look_at_a_node_that_stalls() {
    let town = Town::found().await;
    let faults = town.net.faults().clone();
    let fake = Fake::start(
        1,
        0,
        batcher(move |body| {
            let (user, reward) = (block(&body["user_block"]), block(&body["reward_block"]));
            let done = |block: &SignedState| json!({ "hash": block.hash(), "work": block.work });
            faults.latency(Duration::from_secs(60));
            let blocks = json!({ "user_block": done(&user), "reward_block": done(&reward) });
            json(201, &json!({ "successful": blocks }))
        }),
    )
    .await;
    town.register([127, 0, 0, 1]);
    let start = Instant::now();
    let sender = impatient(&town, fake.port, Duration::from_secs(2));
    let error = sender.send(&town.alice, town.bob.account(), xno("1")).await.unwrap_err();
    let left = unsettled(error);
    assert_eq!(left.items[0].fate, Fate::Unknown);
    assert!(matches!(left.hired[0].outcome, Outcome::Delivered));
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_loser_of_a_race_has_lost_and_not_failed() {
    let town = Town::found().await;
    let honest = town.worker(1, 0).await;
    let net = Arc::clone(&town.net);
    let bob = town.bob.account();
    let late = batcher(move |_| {
        // Another worker's blocks are on the ledger before it has its work.
        while net.receivable(&bob).is_empty() {
            std::thread::sleep(Duration::from_millis(5));
        }
        fail()
    });
    let _late =
        Fake::start(2, honest.port, move |asked| tokio::task::block_in_place(|| late(asked))).await;
    town.register(at(2, 0).ip());
    let sender = town.sender(honest.port);
    let receipt = sender.send(&town.alice, bob, xno("1")).await.unwrap();
    let loser = receipt
        .hired
        .iter()
        .find(|hired| hired.quote.candidate.offer.reward_account != honest.account);
    assert!(matches!(loser.unwrap().outcome, Outcome::Lost(_)), "{loser:?}");
}
