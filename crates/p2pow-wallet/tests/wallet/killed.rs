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
