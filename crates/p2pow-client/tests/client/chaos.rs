//! Everything at once, by chance that can be repeated: workers that lie, break, withhold and publish late or in part, own
//! work beside them, a node that is away for a call or a while, behind or lies, a wallet elsewhere that uses the same key, several processes without a common lock,
//! and death at any write to the journal. In the end each payee has its money once, nobody's money is lost, and no two
//! user blocks were ever signed on one previous.
//!
//! `P2POW_CHAOS_SEED=N` begins with this seed, `P2POW_CHAOS_RUNS=N` tries so many from there on.

mod dice;
mod mischief;
mod weather;

use crate::{
    notary::Notary,
    town::{Town, xno},
};
use dice::Dice;
use mischief::Villain;
use nano_block::SecretKey;
use nano_pow::Pool;
use nano_primitives::{Account, Amount};
use nano_rpc::Client;
use p2pow_client::{Config, Journal, Order, OrderKey, Patience, Receipt, SendError, Sender};
use p2pow_store::{
    SqliteStore, Store,
    crash::{CrashAt, Moment},
};
use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use weather::Weather;

/// What Alice has at first, in XNO.
const START: &str = "100";
/// Workers.
const VILLAINS: u8 = 3;
/// Steps of a run: one is a process that tries to pay, and may be killed.
const STEPS: usize = 14;
/// Times that a payment is asked for once the weather is calm.
const PATIENCE: usize = 40;

struct Bill {
    key: OrderKey,
    orders: Vec<Order>,
}

struct World {
    seed: u64,
    dice: Dice,
    town: Town,
    alice: Notary,
    villains: Vec<Villain>,
    weather: Arc<Weather>,
    store: Arc<dyn Store>,
    own_work: Pool,
    bills: Vec<Bill>,
}

impl World {
    async fn new(seed: u64) -> Self {
        let (dice, town) = (Dice::of(seed), Town::found().await);
        let mut villains: Vec<Villain> = Vec::new();
        for last in 1..=VILLAINS {
            let port = villains.first().map_or(0, |first| first.fake.port);
            let salt = seed.wrapping_mul(31).wrapping_add(u64::from(last));
            villains.push(Villain::start(&town.net, last, port, salt).await);
        }
        let bill = |number: usize| {
            let orders = (0..1 + dice.below(4)).map(|_| payment(1 + dice.below(3)));
            let key = OrderKey::new(format!("bill {number}")).unwrap();
            Bill { key, orders: orders.collect() }
        };
        let bills = (0..3).map(bill).collect();
        Self {
            seed,
            alice: Notary::new(&town.alice),
            weather: Weather::new(town.alice.account(), seed.wrapping_add(7)),
            store: SqliteStore::in_memory().unwrap().shared(),
            own_work: Pool::cpu(Some(1)),
            bills,
            dice,
            villains,
            town,
        }
    }

    fn sender(&self, node: Client, store: Arc<dyn Store>) -> Sender {
        let config = self.town.config(self.villains[0].fake.port);
        let ip = |last| [127, 0, 0, last].into();
        let patience = Patience {
            deal: Duration::from_millis(900),
            settle: Duration::from_millis(150),
            frontier: Duration::from_millis(400),
            // At once after a failure, soon, or never by itself.
            hedge: Duration::from_millis(self.dice.pick(&[30, 150, 10_000])),
            ..config.patience
        };
        let (hire, hire_most) = (1 + self.dice.below(2), 1 + self.dice.below(4));
        let fallback = self.dice.once_in(5).then(|| self.own_work.clone());
        let workers = (1..=VILLAINS).map(ip).collect();
        let config = Config { workers, patience, hire, hire_most, fallback, ..config };
        Sender::new(node, config).with_journal(Journal::new(store))
    }

    async fn pay(&self, sender: &Sender, bill: &Bill) -> Result<Receipt, SendError> {
        sender.pay(&self.alice, &bill.key, &bill.orders).await
    }

    /// A process that pays something, or two things at once, and may die.
    async fn step(&self, node: &Client) {
        let write = if self.dice.once_in(3) { usize::MAX } else { 1 + self.dice.below(14) };
        let moment = self.dice.pick(&[Moment::Before, Moment::After]);
        let mortal = Arc::new(CrashAt::new(Arc::clone(&self.store), write, moment));
        let sender = self.sender(node.clone(), Arc::clone(&mortal) as Arc<dyn Store>);
        let goes_on = self.dice.once_in(3);
        let (one, other) = (self.bill(), self.bill());
        let both = async {
            let second = async {
                if self.dice.once_in(2) {
                    let _ = self.pay(&sender, other).await;
                }
            };
            let _ = tokio::join!(self.pay(&sender, one), second);
        };
        let killed = async {
            while goes_on || !mortal.is_dead() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::select! {
            () = both => {}
            () = killed => {}
        }
    }

    fn bill(&self) -> &Bill {
        &self.bills[self.dice.below(self.bills.len())]
    }

    /// A wallet elsewhere, with the same key, puts a block on the account.
    fn interfere(&self) {
        let Some(view) = self.town.net.account(&self.alice.key.account()) else { return };
        let block = view.state().change(SecretKey::generate().unwrap().account()).unwrap();
        // Where the frontier is not confirmed, or has moved, the wallet is refused.
        let _ = self.town.net.seed(&block.sign(&self.alice.key).into());
    }

    async fn run(&self) {
        let node = self.weather.node(&self.town).await;
        for _ in 0..STEPS {
            match self.dice.below(6) {
                0 => self.interfere(),
                // Two processes that share the records and no lock.
                1 => drop(tokio::join!(self.step_by(&node), self.step_by(&node))),
                _ => self.step_by(&node).await,
            }
        }
        self.villains.iter().for_each(Villain::tame);
        self.weather.is_calm.store(true, Ordering::SeqCst);
        self.settle().await;
        for villain in &self.villains {
            villain.exhaust().await;
        }
        self.check().await;
    }

    async fn step_by(&self, node: &crate::nodes::LyingNode) {
        self.step(&node.client()).await;
    }

    /// Asks until all is done. One payment may have to wait for another, which is not decided.
    async fn settle(&self) {
        let sender = self.sender(self.town.node(), Arc::clone(&self.store));
        // Nothing is in the way any more but a machine that is busy with something else.
        let config = sender.config().clone();
        let (deal, frontier) = (Duration::from_secs(20), Duration::from_secs(5));
        let patience = Patience { deal, frontier, ..config.patience };
        let sender = sender.with_config(Config { patience, ..config });
        let mut last = None;
        for _ in 0..PATIENCE {
            let mut left = 0;
            for bill in &self.bills {
                match self.pay(&sender, bill).await {
                    Ok(receipt) => assert_eq!(receipt.users.len(), bill.orders.len()),
                    Err(error) => (left, last) = (left + 1, Some((&bill.key, error))),
                }
            }
            if left == 0 {
                return;
            }
        }
        panic!("seed {}: not all is done: {last:?}", self.seed);
    }

    async fn check(&self) {
        let (net, seed) = (&self.town.net, self.seed);
        let sender = self.sender(self.town.node(), Arc::clone(&self.store));
        sender.refresh(self.alice.key.account()).await.unwrap();
        let mut spent = Amount::ZERO;
        for order in self.bills.iter().flat_map(|bill| &bill.orders) {
            let Order::Send { destination, amount } = order else { panic!("{order:?}") };
            assert_eq!(net.receivable_total(destination), *amount, "seed {seed}");
            spent = spent.checked_add(*amount).unwrap();
        }
        for villain in &self.villains {
            spent = spent.checked_add(net.receivable_total(&villain.account)).unwrap();
        }
        let left = net.balance(&self.alice.key.account());
        assert_eq!(left.checked_add(spent), Some(xno(START)), "seed {seed}");
        let workers: Vec<Account> = self.villains.iter().map(|villain| villain.account).collect();
        self.alice.check(|account| workers.contains(&account));
    }
}

/// A payment of so much to somebody who gets nothing else.
fn payment(amount: usize) -> Order {
    let destination = SecretKey::generate().unwrap().account();
    Order::Send { destination, amount: xno(&amount.to_string()) }
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().expect("a number"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_paid_twice_or_lost_whatever_happens() {
    let first = number("P2POW_CHAOS_SEED", u64::from(std::process::id()));
    for seed in first..first + number("P2POW_CHAOS_RUNS", 3) {
        println!("P2POW_CHAOS_SEED={seed}");
        World::new(seed).await.run().await;
    }
}
