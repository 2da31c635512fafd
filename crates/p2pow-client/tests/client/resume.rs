//! Payments that another process goes on with: what it does not sign again, whatever a node or a worker says.

use crate::{
    fake::{Asked, Fake, Reply, info, json},
    nodes::LyingNode,
    notary::Notary,
    town::{Town, fee, unsettled, xno},
};
use nano_block::{Network, SecretKey, SignedState};
use nano_primitives::{Account, Work};
use nano_rpc::Client;
use p2pow_client::{Config, Fate, Journal, Order, OrderKey, Patience, Payment, SendError, Sender};
use p2pow_store::{SqliteStore, Store};
use serde_json::{Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use std::time::Duration;

fn somebody() -> Account {
    SecretKey::generate().unwrap().account()
}

fn key(name: &str) -> OrderKey {
    OrderKey::new(name).unwrap()
}

fn pay(destination: Account, amount: &str) -> [Order; 1] {
    [Order::Send { destination, amount: xno(amount) }]
}

/// Several processes with one journal.
struct Till {
    town: Town,
    alice: Notary,
    store: Arc<dyn Store>,
}

impl Till {
    async fn open() -> Self {
        let town = Town::found().await;
        let (alice, store) = (Notary::new(&town.alice), SqliteStore::in_memory().unwrap().shared());
        Self { town, alice, store }
    }

    /// A process that uses this node.
    fn process(&self, node: Client, port: u16) -> Sender {
        let config = self.town.config(port);
        let patience = Patience { deal: Duration::from_secs(3), ..config.patience };
        let config = Config { patience, ..config };
        Sender::new(node, config).with_journal(Journal::new(Arc::clone(&self.store)))
    }
}

/// A worker that answers this to the job of each number, counted from 0, and takes so many user blocks.
async fn worker(
    last: u8,
    port: u16,
    most: usize,
    work: impl Fn(usize, &Value) -> Reply + Send + Sync + 'static,
) -> (Account, Fake) {
    let (account, jobs) = (somebody(), AtomicUsize::new(0));
    let answer = move |asked: &Asked| {
        if asked.path != "/request_info" {
            return work(jobs.fetch_add(1, Ordering::SeqCst), &asked.body);
        }
        let mut offer = info(account, fee());
        offer["features"] = json!(["batch"]);
        offer["max_user_blocks"] = json!(most);
        json(200, &offer)
    };
    (account, Fake::start(last, port, answer).await)
}

fn fail() -> Reply {
    json(500, &json!({ "error": "User PoW fail" }))
}

fn worked(block: &Value) -> SignedState {
    let block: SignedState = serde_json::from_value(block.clone()).unwrap();
    let threshold = Network::Dev.thresholds().base();
    let is_enough = |work: &Work| work.value(&block.root()) >= threshold;
    block.with_work((0..).map(Work::from_u64).find(is_enough).unwrap())
}

fn bodies(fake: &Fake) -> Vec<Value> {
    let asked = fake.asked.lock().unwrap();
    let jobs = asked.iter().filter(|asked| asked.path == "/request_work");
    jobs.map(|asked| asked.body.clone()).collect()
}

#[tokio::test]
async fn a_node_that_calls_a_confirmed_payment_impossible_makes_nobody_pay_twice() {
    let till = Till::open().await;
    let (bob, carol) = (somebody(), somebody());
    let net = Arc::clone(&till.town.net);
    // The first job: the user's block alone. So there are two kinds of blocks on top of it: the first reward, which is
    // never published, and the next payment.
    let (account, fake) = worker(1, 0, 1, move |job, body| {
        if job == 0 {
            net.process(&worked(&body["user_block"]).into()).unwrap();
        }
        fail()
    })
    .await;
    till.town.register([127, 0, 0, 1]);
    let first = till.process(till.town.node(), fake.port);
    first.pay(&till.alice, &key("bob"), &pay(bob, "1")).await.unwrap();
    let error = first.pay(&till.alice, &key("carol"), &pay(carol, "2")).await.unwrap_err();
    assert_eq!(unsettled(error).items[0].fate, Fate::Possible);
    drop(first);

    // The worker publishes the second payment and its reward after all.
    let asked = bodies(&fake);
    let (user, reward) = (worked(&asked[1]["user_block"]), worked(&asked[1]["reward_block"]));
    till.town.net.process(&user.into()).unwrap();
    till.town.net.process(&reward.into()).unwrap();
    till.town.net.confirm_now(&reward.hash()).unwrap();

    // The node says that the first reward, which the account has signed indeed, is confirmed in place of the payment.
    let rival: SignedState = serde_json::from_value(asked[0]["reward_block"].clone()).unwrap();
    let (place, rewards) = (rival.block.previous, AtomicUsize::new(0));
    let node = LyingNode::start(&till.town, move |question, answer| {
        if question["action"] != "block_info" {
            return;
        }
        let asked = &question["hash"];
        if *asked == json!(user.hash())
            || (*asked == json!(reward.hash()) && rewards.fetch_add(1, Ordering::SeqCst) == 0)
        {
            *answer = json!({ "error": "Block not found" });
        } else if *asked == json!(place) {
            answer["successor"] = json!(rival.hash());
        } else if *asked == json!(rival.hash()) {
            *answer = json!({
                "block_account": rival.block.account, "amount": fee(), "height": "3",
                "balance": rival.block.balance, "confirmed": "true", "subtype": "send",
                "contents": rival.with_work(Work::from_u64(1)),
            });
        }
    })
    .await;
    let second = till.process(node.client(), fake.port);
    let again = second.pay(&till.alice, &key("carol"), &pay(carol, "2")).await;
    assert!(again.is_err(), "the node hides what is below the frontier: {again:?}");
    assert_eq!(bodies(&fake).len(), 2, "nothing else has left");
    till.alice.check(|to| to == account);

    // A node that tells the truth later is believed.
    let third = till.process(till.town.node(), fake.port);
    let receipt = third.pay(&till.alice, &key("carol"), &pay(carol, "2")).await.unwrap();
    assert_eq!(receipt.users[0].hash(), user.hash());
    assert_eq!(till.town.waiting(carol), xno("2"));
    till.alice.check(|to| to == account);
}

#[tokio::test]
async fn a_large_job_that_a_liar_has_taken_is_done_in_small_ones_with_the_same_blocks() {
    let till = Till::open().await;
    let (_, liar) = worker(1, 0, 1_000_000, |_, _| fail()).await;
    let destinations: Vec<Account> = (0..3).map(|_| somebody()).collect();
    let orders: Vec<Order> = destinations.iter().flat_map(|&to| pay(to, "1")).collect();
    till.town.register([127, 0, 0, 1]);
    let first = till.process(till.town.node(), liar.port);
    let error = first.pay(&till.alice, &key("wages"), &orders).await.unwrap_err();
    assert_eq!(unsettled(error).items[2].fate, Fate::Possible);
    let signed = bodies(&liar)[0]["user_blocks"].clone();
    let port = liar.port;
    drop(liar);

    // The only worker that is left takes one block at a time.
    let honest = till.town.worker_of_at_most(1, 2, port).await;
    let second = till.process(till.town.node(), port);
    let receipt = second.pay(&till.alice, &key("wages"), &orders).await.unwrap();
    assert_eq!(json!(receipt.users[0].hash()), json!(worked(&signed[0]).hash()));
    assert_eq!(receipt.rewards.len(), 3);
    assert!(destinations.iter().all(|to| till.town.waiting(*to) == xno("1")));
    assert_eq!(till.town.waiting(honest.account), xno("0.0003"));
}

#[tokio::test]
async fn work_that_a_worker_delivered_is_published_without_asking_again() {
    let till = Till::open().await;
    let (account, fake) = worker(1, 0, 1, |_, body| {
        let done = |name: &str| {
            let block = worked(&body[name]);
            json!({ "hash": block.hash(), "work": block.work })
        };
        let blocks =
            json!({ "user_block": done("user_block"), "reward_block": done("reward_block") });
        json(201, &json!({ "successful": blocks }))
    })
    .await;
    till.town.register([127, 0, 0, 1]);
    let bob = somebody();
    // Its node takes no blocks, so what the worker found stays in the journal.
    let node = LyingNode::refusing(&till.town, |q| q["action"] == "process", |_, _| {}).await;
    let first = till.process(node.client(), fake.port);
    let error = first.pay(&till.alice, &key("bob"), &pay(bob, "1")).await.unwrap_err();
    assert_eq!(unsettled(error).items[0].fate, Fate::Possible);

    let second = till.process(till.town.node(), fake.port);
    let receipt = second.pay(&till.alice, &key("bob"), &pay(bob, "1")).await.unwrap();
    assert_eq!(bodies(&fake).len(), 1);
    assert_eq!(till.town.waiting(bob), xno("1"));
    assert_eq!(till.town.waiting(account), fee());
    assert_eq!(receipt.winner().map(|paid| paid.account), Some(account));
}

#[tokio::test]
async fn a_key_is_one_payment_for_ever_and_no_other() {
    let till = Till::open().await;
    let honest = till.town.worker(1, 0).await;
    let (bob, carol) = (somebody(), somebody());
    let sender = till.process(till.town.node(), honest.port);
    sender.pay(&till.alice, &key("7"), &pay(bob, "1")).await.unwrap();
    sender.pay(&till.alice, &key("8"), &pay(bob, "1")).await.unwrap();
    let error = sender.pay(&till.alice, &key("7"), &pay(carol, "1")).await.unwrap_err();
    assert!(matches!(error, SendError::KeyReused { .. }), "{error}");
    let again = till.process(till.town.node(), honest.port);
    let earlier = again.pay(&till.alice, &key("7"), &pay(bob, "1")).await.unwrap();
    assert!(earlier.is_earlier && earlier.hired.is_empty() && earlier.users[0].work.is_some());
    assert_eq!(earlier.winner().unwrap().price, fee());
    assert_eq!((till.town.waiting(bob), till.town.waiting(carol)), (xno("2"), xno("0")));
    let deals = again.deals(None).await.unwrap();
    assert!(deals.len() == 2 && deals.iter().all(|deal| deal.is_over && deal.is_paid()));
}

#[tokio::test]
async fn a_journal_that_cannot_be_written_stops_a_payment_before_anything_is_signed() {
    use p2pow_store::crash::{CrashAt, Moment};
    let till = Till::open().await;
    let honest = till.town.worker(1, 0).await;
    let store = CrashAt::new(Arc::clone(&till.store), 1, Moment::Before);
    let sender = till.town.sender(honest.port).with_journal(Journal::new(store));
    let error = sender.pay(&till.alice, &key("7"), &pay(somebody(), "1")).await.unwrap_err();
    assert!(matches!(error, SendError::Journal(_)), "{error}");
    assert_eq!(honest.server.status().busy, 0);
    assert_eq!(till.town.net.balance(&till.alice.key.account()), xno("100"));
}

#[tokio::test]
async fn a_journal_of_another_ledger_is_told_as_such_and_signs_nothing() {
    let bob = SecretKey::generate().unwrap();
    let store = SqliteStore::in_memory().unwrap().shared();
    let mut outcomes = Vec::new();
    // A development network, and the same one begun anew.
    for _ in 0..2 {
        let town = Town::found().await;
        let worker = town.worker(1, 0).await;
        let state = town.net.account(&town.alice.account()).unwrap().state();
        let send = state.send(bob.account(), xno("1")).unwrap().sign(&town.alice);
        town.net.seed(&send.into()).unwrap();
        town.net.confirm_now(&send.hash()).unwrap();
        let sender = town.sender(worker.port).with_journal(Journal::new(Arc::clone(&store)));
        let notary = Notary::new(&bob);
        let source = sender.receivable(&bob.account(), xno("1"), 1).await.unwrap().remove(0);
        let outcome = sender.receive(&notary, &source).await;
        outcomes.push((outcome, notary.count(worker.account)));
    }
    let (second, signed) = outcomes.pop().unwrap();
    assert_eq!(outcomes[0].0.as_ref().unwrap().users.len(), 1);
    let error = second.unwrap_err();
    assert!(matches!(error, SendError::OtherLedger { .. }), "{error}");
    let told = error.to_string();
    assert!(told.contains("from its beginning") && told.contains("journal of its own"), "{told}");
    assert!(!error.nothing_left() && error.signed().is_empty());
    assert_eq!(signed, 0);
}

#[tokio::test]
async fn what_an_error_leaves_signed_can_be_published_with_work_of_ones_own() {
    let till = Till::open().await;
    let bob = somebody();
    let alone = till.process(till.town.node(), 1);
    let error = alone.pay(&till.alice, &key("bob"), &pay(bob, "1")).await.unwrap_err();
    assert!(error.nothing_left() && error.signed().is_empty(), "nobody to be hired: {error}");

    let (_, fake) = worker(1, 0, 1, |_, _| fail()).await;
    till.town.register([127, 0, 0, 1]);
    let sender = till.process(till.town.node(), fake.port);
    let error = sender.pay(&till.alice, &key("bob"), &pay(bob, "1")).await.unwrap_err();
    assert!(!error.nothing_left(), "{error}");
    let [signed] = error.signed().try_into().unwrap();
    let published = worked(&serde_json::to_value(signed).unwrap());
    till.town.net.process(&published.into()).unwrap();
    till.town.net.confirm_now(&published.hash()).unwrap();
    let receipt = sender.pay(&till.alice, &key("bob"), &pay(bob, "1")).await.unwrap();
    assert_eq!(receipt.users[0].hash(), signed.hash());
    assert_eq!(till.town.waiting(bob), xno("1"));

    let reused = sender.pay(&till.alice, &key("bob"), &pay(bob, "2")).await.unwrap_err();
    assert!(!reused.nothing_left(), "the key's own payment is made: {reused}");
}

#[tokio::test]
async fn equal_orders_are_not_called_a_new_payment_where_no_node_tells() {
    let till = Till::open().await;
    let worker = till.town.worker(1, 0).await;
    let orders = pay(somebody(), "1");
    let careful = Payment::of(&orders).cautious();
    let sender = till.process(till.town.node(), worker.port);
    let receipt = sender.carry_out(&till.alice, careful).await.unwrap();
    sender.acknowledge(till.town.alice.account(), &receipt.key).await.unwrap();

    let nowhere = Client::builder("http://127.0.0.1:1").retries(0).build().unwrap();
    let error = till.process(nowhere, worker.port).carry_out(&till.alice, careful).await;
    let error = error.unwrap_err();
    assert!(matches!(error, SendError::PerhapsMade(_)), "{error}");
    assert!(!error.nothing_left(), "it is made");
    let again = sender.carry_out(&till.alice, careful).await.unwrap();
    assert!(again.is_earlier && again.key == receipt.key, "{again:?}");
}
