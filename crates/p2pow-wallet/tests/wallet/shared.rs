//! Servers that share wallets and payments: one signs at a time, whatever is asked of whom, and wherever one of them
//! dies, or is stopped and goes on later.

use crate::{
    members::{House, Stopped},
    town::{Served, Town, block, xno},
};
use nano_block::SecretKey;
use nano_primitives::{Account, Amount, BlockHash};
use p2pow_store::{
    SqliteStore, Store,
    crash::{CrashAt, Moment},
};
use p2pow_wallet::{Config, Parts, WalletServer};
use serde_json::{Value, json};
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use tokio::time::{sleep, timeout};

/// More writes than two payouts take, by far.
const FAR: usize = 400;
const PATIENCE: Duration = Duration::from_secs(120);

/// A store with a wallet that has Alice's account, and whoever shares it.
struct Shop<'a> {
    town: &'a Town,
    house: Arc<House>,
    store: Arc<dyn Store>,
    wallet: String,
    alice: Account,
    to: [Account; 2],
}

impl<'a> Shop<'a> {
    async fn open(town: &'a Town) -> Self {
        let house = Arc::new(House::default());
        let store = SqliteStore::in_memory().unwrap().shared();
        let to = [0, 1].map(|_| SecretKey::generate().unwrap().account());
        let (wallet, alice) = (String::new(), Account::ZERO);
        let mut shop = Self { town, house, store, wallet, alice, to };
        let served = shop.serve("first").await;
        (shop.wallet, shop.alice) = served.rich(town, "10").await;
        served.server.shutdown().await;
        shop.house.is_rid_of("first");
        shop
    }

    async fn serve(&self, name: &'static str) -> Served {
        self.serve_on(name, Arc::clone(&self.store)).await
    }

    async fn serve_on(&self, name: &'static str, store: Arc<dyn Store>) -> Served {
        let parts = self.town.parts_on(store);
        let parts = Parts { owners: Some(self.house.member(name)), ..parts };
        let server = WalletServer::bind(Town::config(), parts).await.unwrap();
        Served { address: server.local_addrs()[0], server }
    }

    /// Asks for both payouts.
    async fn ask(&self, served: &Served) -> Value {
        let payout = |n: usize| {
            let amount = (n + 7).to_string();
            json!({ "account": self.alice, "destination": self.to[n], "amount": amount, "key": format!("k{n}") })
        };
        let wanted = json!({ "payouts": [payout(0), payout(1)] });
        served.rest("POST /payouts", &wanted).await.json()
    }

    /// The blocks of both payouts, as soon as they are confirmed.
    async fn paid(&self, served: &Served) -> [BlockHash; 2] {
        let wait = async {
            loop {
                let told = self.ask(served).await;
                let states = [0, 1].map(|n| told["payouts"][n]["state"].clone());
                if states == [json!("confirmed"), json!("confirmed")] {
                    return [0, 1].map(|n| block(&told["payouts"][n]));
                }
                assert!(states.iter().all(|state| *state != "failed"), "{told}");
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, wait).await.expect("it does not take so long")
    }

    /// Each payout is made once, by the block that is told; nothing was signed twice.
    async fn check(&self, blocks: [BlockHash; 2], case: &str) {
        for (n, block) in blocks.into_iter().enumerate() {
            let waiting = self.town.net.receivable(&self.to[n]);
            assert_eq!(waiting, [(block, Amount::from_raw(n as u128 + 7))], "{case}");
        }
        let deals = self.town.sender_on(Arc::clone(&self.store)).deals(None).await.unwrap();
        let previous: BTreeSet<_> =
            deals.iter().map(|deal| (deal.account, deal.previous)).collect();
        assert_eq!(previous.len(), deals.len(), "{case}: two blocks on one previous");
        let spent = xno("10").checked_sub(self.town.net.balance(&self.alice)).unwrap();
        let fees = spent.checked_sub(Amount::from_raw(15)).expect("both are paid");
        assert!(fees <= xno("0.0004"), "{case}: {fees} raw of fees");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_payout_is_made_once_whatever_write_a_server_dies_at() {
    let town = Town::with_worker().await;
    let mut deaths = 0;
    for moment in [Moment::Before, Moment::After] {
        for write in 1..FAR {
            let shop = Shop::open(&town).await;
            let crash = Arc::new(CrashAt::new(Arc::clone(&shop.store), write, moment));
            let one = shop.serve_on("one", Arc::clone(&crash) as Arc<dyn Store>).await;
            let accepted = shop.ask(&one).await;
            let is_accepted = accepted["payouts"][1]["id"].is_string();
            let end = async {
                let is_over = || is_accepted && one.server.open_payments() == 0;
                while !(crash.is_dead() || is_over()) {
                    sleep(Duration::from_millis(5)).await;
                }
            };
            timeout(PATIENCE, end).await.unwrap();
            one.server.shutdown().await;
            shop.house.is_rid_of("one");
            let other = shop.serve("other").await;
            let blocks = shop.paid(&other).await;
            other.server.shutdown().await;
            shop.check(blocks, &format!("write {write}, {moment:?}")).await;
            if !crash.is_dead() {
                break;
            }
            deaths += 1;
        }
    }
    println!("died {deaths} times");
    assert!(deaths > 30, "only {deaths} deaths");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_was_stopped_at_any_write_pays_nothing_when_it_goes_on() {
    let town = Town::with_worker().await;
    let mut stops = 0;
    for write in 1..FAR {
        let shop = Shop::open(&town).await;
        let stopped = Stopped::at(write, &shop.store);
        let one = shop.serve_on("one", Arc::clone(&stopped) as Arc<dyn Store>).await;
        let asked = async {
            let blocks = shop.paid(&one).await;
            // What is left are writes after the last answer.
            timeout(Duration::from_millis(300), stopped.reached.notified()).await.ok();
            blocks
        };
        let mut asked = Box::pin(asked);
        let is_stopped = tokio::select! {
            _ = &mut asked => false,
            () = stopped.reached.notified() => true,
        };
        if !is_stopped {
            break;
        }
        stops += 1;
        let case = format!("write {write}");
        shop.house.is_rid_of("one");
        let other = shop.serve("other").await;
        let blocks = shop.paid(&other).await;
        stopped.go_on();
        assert_eq!(timeout(PATIENCE, asked).await.unwrap(), blocks, "{case}");
        shop.check(blocks, &case).await;
        one.server.shutdown().await;
        other.server.shutdown().await;
    }
    println!("stopped {stops} times");
    assert!(stops > 20, "only {stops} stops");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_two_are_asked_for_at_once_is_one_payment() {
    let town = Town::with_worker().await;
    let shop = Shop::open(&town).await;
    let (one, other) = (shop.serve("one").await, shop.serve("other").await);
    let bob = SecretKey::generate().unwrap().account();
    for n in 0..5_u128 {
        let send = |amount: u128| {
            json!({
                "action": "send", "wallet": shop.wallet, "source": shop.alice, "destination": bob,
                "amount": amount.to_string(), "id": format!("id{n}"),
            })
        };
        let (here, there) = tokio::join!(one.call(send(n + 1)), other.call(send(n + 1)));
        assert_eq!(block(&here), block(&there), "{n}");
        let another = other.call(send(99)).await;
        assert!(another["error"].as_str().unwrap().contains("another payment"), "{another}");
    }
    assert_eq!(town.net.receivable_total(&bob), Amount::from_raw(15));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wallets_are_the_same_wherever_they_are_changed() {
    let town = Town::with_worker().await;
    let shop = Shop::open(&town).await;
    let (one, other) = (shop.serve("one").await, shop.serve("other").await);
    let wallet = one.wallet().await;
    let create = json!({ "action": "account_create", "wallet": wallet });
    let mut made = BTreeSet::new();
    for _ in 0..8 {
        let (here, there) = tokio::join!(one.call(create.clone()), other.call(create.clone()));
        made.extend([here, there].map(|made| made["account"].as_str().unwrap().to_owned()));
    }
    assert_eq!(made.len(), 16, "each call has made an account of its own");
    let list = json!({ "action": "account_list", "wallet": wallet });
    for served in [&one, &other] {
        let listed = served.call(list.clone()).await;
        let listed: BTreeSet<String> = serde_json::from_value(listed["accounts"].clone()).unwrap();
        assert_eq!(listed, made);
    }
    let representative = SecretKey::generate().unwrap().account();
    let set = json!({
        "action": "wallet_representative_set", "wallet": wallet, "representative": representative,
    });
    one.call(set).await;
    let asked = other.call(json!({ "action": "wallet_representative", "wallet": wallet })).await;
    assert_eq!(asked["representative"], json!(representative));
    let destroy = json!({ "action": "wallet_destroy", "wallet": wallet });
    assert_eq!(other.call(destroy).await["destroyed"], "1");
    assert_eq!(one.call(list).await["error"], "Wallet not found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn locking_is_for_all_and_unlocking_for_one_and_who_has_it_unlocked_pays() {
    let town = Town::with_worker().await;
    let shop = Shop::open(&town).await;
    let (one, other) = (shop.serve("one").await, shop.serve("other").await);
    let call = |action: &str| json!({ "action": action, "wallet": shop.wallet });
    let with = |action: &str, password: &str| json!({ "action": action, "wallet": shop.wallet, "password": password });
    assert_eq!(one.call(with("password_change", "sesame")).await["changed"], "1");
    // Who had it unlocked has it so.
    assert_eq!(other.call(call("wallet_locked")).await["locked"], "0");
    assert_eq!(one.call(call("wallet_lock")).await["locked"], "1");
    assert_eq!(other.call(call("wallet_locked")).await["locked"], "1");
    let asked = shop.ask(&one).await;
    assert_eq!(asked["payouts"][0]["status"], 423, "{asked}");
    assert_eq!(other.call(with("password_enter", "sesame")).await["valid"], "1");
    assert_eq!(one.call(call("wallet_locked")).await["locked"], "1");
    // Whoever has it locked does not hold the account up.
    let blocks = shop.paid(&other).await;
    shop.check(blocks, "locked").await;
    assert_eq!(one.call(with("password_enter", "wrong")).await["valid"], "0");
    assert_eq!(other.call(call("wallet_locked")).await["locked"], "1");
}

/// The second server takes the account over as soon as the first one has nothing to do, and the other way round.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn payments_of_one_account_that_are_asked_for_everywhere_are_all_made_once() {
    let town = Town::with_worker().await;
    let shop = Shop::open(&town).await;
    let (one, other) = (shop.serve("one").await, shop.serve("other").await);
    let bob = SecretKey::generate().unwrap().account();
    let asked = (0..24_u32).map(|n| {
        let served = if n % 2 == 0 { &one } else { &other };
        let send = json!({
            "action": "send", "wallet": shop.wallet, "source": shop.alice, "destination": bob,
            "amount": (1_u32 << n).to_string(), "id": n.to_string(),
        });
        async move {
            sleep(Duration::from_millis(u64::from(n * 15))).await;
            block(&served.call(send).await)
        }
    });
    let blocks: BTreeSet<BlockHash> =
        futures_util::future::join_all(asked).await.into_iter().collect();
    let received = town.net.receivable(&bob);
    assert_eq!(received.iter().map(|(hash, _)| *hash).collect::<BTreeSet<_>>(), blocks);
    assert_eq!(town.net.receivable_total(&bob), Amount::from_raw((1 << 24) - 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_that_start_at_once_have_one_vault_and_another_password_opens_it_not() {
    let town = Town::found().await;
    let store = SqliteStore::in_memory().unwrap().shared();
    let house = Arc::new(House::default());
    let start = |name| {
        let parts = Parts { owners: Some(house.member(name)), ..town.parts_on(Arc::clone(&store)) };
        WalletServer::bind(Config { listen: Town::config().listen, ..Town::config() }, parts)
    };
    let (one, other) = tokio::join!(start("one"), start("other"));
    let (one, other) = (one.unwrap(), other.unwrap());
    let one = Served { address: one.local_addrs()[0], server: one };
    let other = Served { address: other.local_addrs()[0], server: other };
    let wallet = one.wallet().await;
    assert!(other.account(&wallet).await != Account::ZERO, "it opens what the other has sealed");
    let password = p2pow_wallet::Password::new("another").unwrap();
    let parts = Parts {
        owners: Some(house.member("third")),
        password,
        ..town.parts_on(Arc::clone(&store))
    };
    assert!(WalletServer::bind(Town::config(), parts).await.unwrap_err().is_wrong_password());
}
