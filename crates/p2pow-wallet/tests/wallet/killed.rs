//! A server that dies at each of its writes, those of the queue and those of the sender's journal: after the next start
//! every payout is made, each once, and the sums are right.

use crate::{
    http::ask,
    town::{Served, Town, xno},
};
use nano_block::SecretKey;
use nano_primitives::{Account, Amount, BlockHash};
use p2pow_store::{
    SqliteStore, Store,
    crash::{CrashAt, Moment},
};
use p2pow_wallet::Config;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use tokio::time::{sleep, timeout};

/// More writes than two payouts take, by far.
const FAR: usize = 400;
const PATIENCE: Duration = Duration::from_secs(120);

/// Two payouts of one account.
fn wanted(alice: Account, to: &[Account; 2]) -> Value {
    let payout = |n: usize| json!({ "account": alice, "destination": to[n], "amount": (n + 7).to_string(), "key": format!("k{n}") });
    json!({ "payouts": [payout(0), payout(1)] })
}

async fn pay(served: &Served, wanted: &Value) -> Value {
    ask(served.address, "POST /payouts", &[], &wanted.to_string()).await.json()
}

async fn until(is_so: impl Fn() -> bool) {
    let wait = async {
        while !is_so() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, wait).await.expect("it does not take so long");
}

/// What was there before a death.
struct Case {
    store: Arc<dyn Store>,
    alice: Account,
    to: [Account; 2],
}

impl Case {
    /// A store with a wallet that has Alice's account.
    async fn new(town: &Town) -> Self {
        let key = SecretKey::generate().unwrap();
        town.net.open(&key, xno("10")).unwrap();
        let store = SqliteStore::in_memory().unwrap().shared();
        let served = town.serve_on(Arc::clone(&store)).await;
        let wallet = served.wallet().await;
        let add = json!({ "action": "wallet_add", "wallet": wallet, "key": *key.expose_hex() });
        served.call(add).await;
        served.server.shutdown().await;
        let to = [0, 1].map(|_| SecretKey::generate().unwrap().account());
        Self { store, alice: key.account(), to }
    }

    /// Dies at this write, if there are so many; says whether there were.
    async fn die(&self, town: &Town, write: usize, moment: Moment) -> bool {
        let crash = Arc::new(CrashAt::new(Arc::clone(&self.store), write, moment));
        let served = town.serve_on(Arc::clone(&crash) as Arc<dyn Store>).await;
        let accepted = pay(&served, &wanted(self.alice, &self.to)).await;
        let is_accepted = accepted["payouts"][1]["id"].is_string();
        until(|| crash.is_dead() || (is_accepted && served.server.open_payments() == 0)).await;
        served.server.shutdown().await;
        crash.is_dead()
    }

    /// Starts again, asks again, and looks at the ledger.
    async fn go_on(&self, town: &Town) -> Result<(), String> {
        let served = town.serve_on(Arc::clone(&self.store)).await;
        let wanted = wanted(self.alice, &self.to);
        pay(&served, &wanted).await;
        until(|| served.server.open_payments() == 0).await;
        let over = pay(&served, &wanted).await;
        served.server.shutdown().await;
        for (n, to) in self.to.iter().enumerate() {
            let shown = &over["payouts"][n];
            let waiting = town.net.receivable(to);
            let block = shown["block"].as_str().and_then(|hash| hash.parse().ok());
            let amount = Amount::from_raw(n as u128 + 7);
            if shown["state"] != "confirmed"
                || waiting != [(block.unwrap_or(BlockHash::ZERO), amount)]
            {
                return Err(format!("{shown}, and on the ledger {waiting:?}"));
            }
        }
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_payout_is_made_once_whatever_write_a_server_dies_at() {
    let town = Town::with_worker().await;
    let mut deaths = 0;
    for moment in [Moment::Before, Moment::After] {
        for write in 1..FAR {
            let case = Case::new(&town).await;
            let has_died = case.die(&town, write, moment).await;
            let found = case.go_on(&town).await;
            assert!(found.is_ok(), "write {write}, {moment:?}: {}", found.unwrap_err());
            let spent = xno("10").checked_sub(town.net.balance(&case.alice)).unwrap();
            let fees = spent.checked_sub(Amount::from_raw(15)).expect("both are paid");
            // A job of two payouts costs two works; one of them died with its job, at most.
            assert!(fees <= xno("0.0004"), "write {write}, {moment:?}: {fees} raw of fees");
            if !has_died {
                break;
            }
            deaths += 1;
        }
    }
    assert!(deaths > 20, "only {deaths} deaths");
    println!("died {deaths} times");
}

/// All that moves money or signs, asked for at once: a send, receives of an open account and of one that they open, and a
/// change of representative.
struct Mixed {
    store: Arc<dyn Store>,
    wallet: String,
    alice: Account,
    /// Has no block yet.
    carol: Account,
    sources: [BlockHash; 2],
    bob: Account,
    representative: Account,
}

impl Mixed {
    async fn new(town: &Town) -> Self {
        let store = SqliteStore::in_memory().unwrap().shared();
        let served = town.serve_on(Arc::clone(&store)).await;
        let (wallet, alice) = served.rich(town, "10").await;
        let carol = served.account(&wallet).await;
        served.server.shutdown().await;
        let sources =
            [(alice, "5"), (carol, "2")].map(|(to, xno_)| town.net.fund(&to, xno(xno_)).unwrap());
        let [bob, representative] = [0, 1].map(|_| SecretKey::generate().unwrap().account());
        Self { store, wallet, alice, carol, sources, bob, representative }
    }

    /// A server that does not let its callers wait.
    async fn serve(town: &Town, store: Arc<dyn Store>) -> Served {
        town.serve_on_as(store, Config { wait: Duration::ZERO, ..Town::config() }).await
    }

    /// Asks for what is not done yet. A change of representative has no name: who does not know looks at the ledger.
    async fn ask(&self, town: &Town, served: &Served) {
        let call = |more: Value| {
            let mut call = json!({ "wallet": self.wallet });
            call.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            served.call(call)
        };
        let (alice, carol, bob) = (self.alice, self.carol, self.bob);
        let mut calls = vec![
            json!({ "action": "send", "source": alice, "destination": bob, "amount": "7", "id": "k" }),
            json!({ "action": "receive", "account": alice, "block": self.sources[0] }),
            json!({ "action": "receive", "account": carol, "block": self.sources[1] }),
        ];
        if town.net.account(&alice).unwrap().representative != self.representative {
            let set = json!({
                "action": "account_representative_set", "account": alice, "representative": self.representative,
            });
            calls.push(set);
        }
        futures_util::future::join_all(calls.into_iter().map(call)).await;
    }

    async fn die(&self, town: &Town, write: usize, moment: Moment) -> bool {
        let crash = Arc::new(CrashAt::new(Arc::clone(&self.store), write, moment));
        let served = Self::serve(town, Arc::clone(&crash) as Arc<dyn Store>).await;
        self.ask(town, &served).await;
        until(|| crash.is_dead() || served.server.open_payments() == 0).await;
        served.server.shutdown().await;
        crash.is_dead()
    }

    async fn go_on(&self, town: &Town) {
        let served = Self::serve(town, Arc::clone(&self.store)).await;
        until(|| served.server.open_payments() == 0).await;
        self.ask(town, &served).await;
        until(|| served.server.open_payments() == 0).await;
        served.server.shutdown().await;
    }

    /// Everything is done, once; what is gone is paid out or a fee; nothing was signed twice.
    async fn check(&self, town: &Town, fees: Amount, case: &str) {
        let amounts = |account: Account| -> Vec<u128> {
            town.net.receivable(&account).iter().map(|(_, raw)| raw.to_raw()).collect()
        };
        assert_eq!(amounts(self.bob), [7], "{case}");
        for account in [self.alice, self.carol] {
            assert!(amounts(account).is_empty(), "{case}: it is received");
        }
        assert_eq!(town.net.account(&self.alice).unwrap().representative, self.representative);
        let left = town.net.balance(&self.alice).to_raw() + town.net.balance(&self.carol).to_raw();
        assert_eq!(xno("17").to_raw() - left, 7 + fees.to_raw(), "{case}");
        let deals = town.sender_on(Arc::clone(&self.store)).deals(None).await.unwrap();
        let mut previous: Vec<_> = deals.iter().map(|deal| (deal.account, deal.previous)).collect();
        previous.sort_unstable();
        previous.dedup();
        assert_eq!(previous.len(), deals.len(), "{case}: two blocks on one previous");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_asked_for_is_done_once_whatever_write_a_server_dies_at() {
    let town = Town::with_worker().await;
    let mut deaths = 0;
    for moment in [Moment::Before, Moment::After] {
        for write in 1..FAR {
            let case = Mixed::new(&town).await;
            let before = town.net.receivable_total(&town.george);
            let has_died = case.die(&town, write, moment).await;
            case.go_on(&town).await;
            let fees = town.net.receivable_total(&town.george).checked_sub(before).unwrap();
            case.check(&town, fees, &format!("write {write}, {moment:?}")).await;
            if !has_died {
                break;
            }
            deaths += 1;
        }
    }
    assert!(deaths > 40, "only {deaths} deaths");
    println!("died {deaths} times");
}
