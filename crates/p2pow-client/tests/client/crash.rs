//! A process that is killed, or whose disk is gone, at every single write to the journal: before it or after it. What was
//! ordered is done in the end, once, with no second block on one previous.

use crate::{
    notary::Notary,
    town::{Town, Worker, xno},
};
use nano_block::SecretKey;
use nano_primitives::{Account, Amount};
use p2pow_client::{Journal, Order, OrderKey, Receipt, SendError, Sender};
use p2pow_store::{
    SqliteStore, Store,
    crash::{CrashAt, Moment},
};
use std::{sync::Arc, time::Duration};

/// What happens to the process whose store dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Death {
    /// Nothing of it goes on.
    Killed,
    /// It goes on with what it can do without its journal.
    DiskGone,
}

/// Where the process dies.
#[derive(Debug, Clone, Copy)]
struct Blow {
    write: usize,
    moment: Moment,
    death: Death,
}

/// A payer with money of its own, and what it pays.
struct Case<'a> {
    town: &'a Town,
    workers: &'a [Account],
    port: u16,
    alice: Notary,
    orders: Vec<Order>,
}

const START: &str = "10";

impl<'a> Case<'a> {
    /// Pays so many people 1 XNO each.
    fn new(town: &'a Town, workers: &'a [Account], port: u16, payees: usize) -> Self {
        let alice = SecretKey::generate().unwrap();
        town.net.open(&alice, xno(START)).unwrap();
        let order = |_| Order::Send {
            destination: SecretKey::generate().unwrap().account(),
            amount: xno("1"),
        };
        let orders = (0..payees).map(order).collect();
        Self { town, workers, port, alice: Notary::new(&alice), orders }
    }

    fn sender(&self, store: Arc<dyn Store>) -> Sender {
        self.town.sender(self.port).with_journal(Journal::new(store))
    }

    async fn pay(&self, sender: &Sender) -> Result<Receipt, SendError> {
        let key = OrderKey::new("rent").unwrap();
        sender.pay(&self.alice, &key, &self.orders).await
    }

    /// Dies so, and is started again. Whether it died at all.
    async fn survives(&self, blow: Blow) -> bool {
        let store = SqliteStore::in_memory().unwrap().shared();
        let mortal = Arc::new(CrashAt::new(Arc::clone(&store), blow.write, blow.moment));
        let sender = self.sender(Arc::clone(&mortal) as Arc<dyn Store>);
        let killed = async {
            while !(blow.death == Death::Killed && mortal.is_dead()) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::select! {
            _ = self.pay(&sender) => {}
            () = killed => {}
        }
        drop(sender);
        let again = self.sender(store);
        let mut outcome = self.pay(&again).await;
        // The first process's worker may be just publishing: then the second only sees it, and says so.
        for _ in 0..5 {
            if outcome.is_err() {
                outcome = self.pay(&again).await;
            }
        }
        let receipt = outcome.unwrap_or_else(|error| panic!("{blow:?}: {error}"));
        self.check(&receipt, blow);
        let repeated = self.pay(&again).await.unwrap();
        assert!(repeated.is_earlier, "{blow:?}");
        assert_eq!(repeated.users.len(), receipt.users.len());
        mortal.is_dead()
    }

    fn check(&self, receipt: &Receipt, blow: Blow) {
        assert_eq!(receipt.users.len(), self.orders.len(), "{blow:?}");
        let net = &self.town.net;
        for order in &self.orders {
            let Order::Send { destination, amount } = order else { panic!("{order:?}") };
            assert_eq!(net.receivable_total(destination), *amount, "{blow:?}");
        }
        self.alice.check(|account| self.workers.contains(&account));
    }
}

async fn every_write(workers: &[Worker], town: &Town, payees: usize) {
    let accounts: Vec<Account> = workers.iter().map(|worker| worker.account).collect();
    let start: Amount = total(town, &accounts);
    let mut cases = Vec::new();
    for death in [Death::Killed, Death::DiskGone] {
        for moment in [Moment::Before, Moment::After] {
            for write in 1.. {
                let blow = Blow { write, moment, death };
                let case = Case::new(town, &accounts, workers[0].port, payees);
                let died = case.survives(blow).await;
                cases.push(case);
                if !died {
                    assert!(write > 5, "a payment has more writes than {write}");
                    break;
                }
            }
        }
    }
    // What the payers have less is what payees and workers have more, to the last raw.
    let payers = cases.iter().map(|case| town.net.balance(&case.alice.key.account()));
    let paid = cases.iter().flat_map(|case| &case.orders).map(|order| match order {
        Order::Send { destination, .. } => town.net.receivable_total(destination),
        order => panic!("{order:?}"),
    });
    let rewards = total(town, &accounts).checked_sub(start).unwrap();
    let had = cases.iter().map(|_| xno(START));
    assert_eq!(sum(had), sum(payers.chain(paid).chain([rewards])));
}

fn total(town: &Town, accounts: &[Account]) -> Amount {
    sum(accounts.iter().map(|account| town.net.receivable_total(account)))
}

fn sum(amounts: impl Iterator<Item = Amount>) -> Amount {
    amounts.fold(Amount::ZERO, |sum, next| sum.checked_add(next).unwrap())
}

#[tokio::test]
async fn a_send_survives_every_write() {
    let town = Town::found().await;
    let first = town.worker(1, 0).await;
    let second = town.worker(2, first.port).await;
    every_write(&[first, second], &town, 1).await;
}

#[tokio::test]
async fn a_batch_in_several_jobs_survives_every_write() {
    let town = Town::found().await;
    let worker = town.worker_of_at_most(2, 1, 0).await;
    every_write(&[worker], &town, 3).await;
}
