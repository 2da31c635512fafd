//! `p2pow serve` is killed again and again while it pays: after any time, and at any page that it writes to one of its
//! files, in the middle of a transaction too. In the end each payment is made once, whoever asked for it by whichever
//! door, the sums are right, and no two blocks were ever signed on one previous.
//!
//! `P2POW_KILLS=N` kills it so often, `P2POW_KILLS_SEED=N` begins with this seed, which is printed.

use crate::{
    dice::Dice,
    till::Till,
    town::{Town, somebody},
};
use nano_primitives::{Account, Amount};
use p2pow_store::SqliteStore;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs, thread,
    time::{Duration, Instant},
};

/// Deaths of a short run.
const KILLS: u64 = 8;
/// Rounds that end by themselves for one that is killed, at most.
const MOST_ROUNDS: u64 = 4;
/// What SQLite writes to its log for a page.
const FRAME: u64 = 4096 + 24;
/// The index of a log has this size as soon as there is one.
const INDEX: u64 = 32 * 1024;
/// Pages that a round may write before it is killed.
const PAGES: u64 = 48;
/// Milliseconds that a round may take before it is killed.
const LONGEST: u64 = 1500;
const PATIENCE: Duration = Duration::from_secs(180);
/// Signals that end a process which cannot go on.
const KILLED: i32 = 9;
const FILE_TOO_LARGE: i32 = 25;

/// Who asks for a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Door {
    /// `send` of the wallet RPC, with an `id`, which waits for its block.
    Rpc,
    /// A payout with an idempotency key.
    Rest,
}

#[derive(Debug)]
struct Bill {
    door: Door,
    key: String,
    to: Account,
    raw: u128,
}

/// How a round ends, unless it is done before.
#[derive(Debug, Clone, Copy)]
enum Death {
    After(Duration),
    /// As soon as a file has so many more pages than this one has now.
    Writing(&'static str, u64),
}

struct World {
    town: Town,
    dice: Dice,
    wallet: String,
    alice: Account,
    bills: Vec<Bill>,
    /// How often it died in which way.
    deaths: BTreeMap<String, u64>,
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().expect("a number"))
}

impl World {
    fn new(seed: u64) -> Self {
        let town = Town::with_worker_that_publishes(usize::MAX);
        let (till, wallet) = town.open_till();
        till.kill();
        let (alice, dice) = (town.alice(), Dice::of(seed));
        Self { town, dice, wallet, alice, bills: Vec::new(), deaths: BTreeMap::new() }
    }

    fn order_more(&mut self) {
        for _ in 0..=self.dice.below(3) {
            let door = self.dice.pick(&[Door::Rpc, Door::Rest, Door::Rest]);
            let number = self.bills.len();
            // Every payee gets another amount.
            let raw = 1_000 + number as u128;
            self.bills.push(Bill { door, key: format!("bill-{number}"), to: somebody(), raw });
        }
    }

    /// Asks for everything at once, and says whether the server has answered that all of it is done. It may be gone
    /// meanwhile.
    fn ask(&self, till: &Till, bills: &[Bill]) -> bool {
        thread::scope(|scope| {
            let asked: Vec<_> = bills
                .iter()
                .map(|bill| scope.spawn(move || self.ask_one(till, bill).is_some()))
                .collect();
            asked.into_iter().all(|thread| thread.join().unwrap())
        })
    }

    /// The block of a payment, when it is done; `None` if the server is gone before.
    fn ask_one(&self, till: &Till, bill: &Bill) -> Option<Value> {
        let Bill { door, key, to, raw } = bill;
        match door {
            Door::Rpc => {
                let send = json!({
                    "action": "send", "wallet": self.wallet, "source": self.alice, "destination": to,
                    "amount": raw.to_string(), "id": key,
                });
                let answer = till.rpc(&send)?;
                assert!(answer["block"].is_string(), "{bill:?}: {answer}");
                Some(answer["block"].clone())
            }
            Door::Rest => {
                let mut payout = till.pay(self.alice, *to, *raw, key)?;
                let start = Instant::now();
                while payout["state"] != "confirmed" {
                    assert_eq!(payout["state"], "queued", "{bill:?}: {payout}");
                    assert!(start.elapsed() < PATIENCE, "{bill:?}: {payout}");
                    thread::sleep(Duration::from_millis(20));
                    payout = till.payout(key)?;
                }
                Some(payout["block"].clone())
            }
        }
    }

    /// A life of the server, which ends by this death at the latest.
    fn live(&mut self, death: Death) {
        let bills = self.unpaid();
        let call = match death {
            Death::After(_) => self.town.serve(),
            Death::Writing(file, pages) => self.town.serve().killed_beyond(self.limit(file, pages)),
        };
        let Some(till) = Till::open(call) else {
            // Which signal that was cannot be asked any more, but nothing else ends it so early.
            *self.deaths.entry("while it started".to_owned()).or_default() += 1;
            return;
        };
        match death {
            Death::After(time) => thread::scope(|scope| {
                scope.spawn(|| self.ask(&till, bills));
                thread::sleep(time);
                till.kill_now();
            }),
            Death::Writing(..) => thread::scope(|scope| {
                let asking = scope.spawn(|| self.ask(&till, bills));
                thread::sleep(Duration::from_millis(LONGEST));
                // Until then nothing may have been done, and so nothing more be written.
                self.town.publishes(usize::MAX);
                asking.join().unwrap();
            }),
        }
        let way = match (till.kill(), death) {
            (Some(KILLED), Death::After(_)) => "after some time".to_owned(),
            (Some(FILE_TOO_LARGE), Death::Writing(file, _)) => format!("writing to {file}"),
            (Some(KILLED), Death::Writing(..)) => return,
            (signal, death) => panic!("{death:?} ended by {signal:?}"),
        };
        *self.deaths.entry(way).or_default() += 1;
    }

    /// The last few, and so those that no server has answered for.
    fn unpaid(&self) -> &[Bill] {
        &self.bills[self.bills.len().saturating_sub(6)..]
    }

    /// So large, in blocks of 512 bytes, a file may get. What the others hold in their logs is put into their databases, so
    /// that this one is the first to get there.
    fn limit(&self, file: &str, pages: u64) -> u64 {
        for other in ["journal.db", "wallet.db"].iter().filter(|other| **other != file) {
            drop(SqliteStore::open(self.town.desk.path(other)).unwrap());
        }
        let log = fs::metadata(self.town.desk.path(&format!("{file}-wal")));
        let now = log.map_or(0, |log| log.len()).max(INDEX);
        (now + pages * FRAME).div_ceil(512)
    }

    fn next_death(&mut self, number: u64) -> Death {
        match number % 3 {
            0 => Death::After(Duration::from_millis(self.dice.below(LONGEST))),
            1 => Death::Writing("journal.db", self.dice.below(PAGES)),
            _ => Death::Writing("wallet.db", self.dice.below(PAGES / 2)),
        }
    }

    /// What a worker does, that was given signed blocks by somebody who is dead now.
    fn be_late(&mut self) {
        let asked = self.town.asked();
        if let Some(last) = asked.last().filter(|_| self.dice.below(2) == 0) {
            self.town.publish(last);
        }
        let part = usize::try_from(self.dice.below(3)).unwrap();
        let count = if self.dice.below(3) == 0 { part } else { usize::MAX };
        self.town.publishes(count);
    }

    /// Everything is paid, once.
    fn check(&self, start: Amount) {
        self.town.publishes(usize::MAX);
        let till = Till::open(self.town.serve()).unwrap();
        assert!(self.ask(&till, &self.bills), "the server is gone");
        let asked = self.town.asked().len();
        for bill in &self.bills {
            let block = self.ask_one(&till, bill).unwrap();
            let [(hash, amount)] = self.town.receivable(bill.to)[..] else {
                panic!("{bill:?} is paid so often: {:?}", self.town.receivable(bill.to));
            };
            assert_eq!((json!(hash), amount.to_raw()), (block, bill.raw), "{bill:?}");
        }
        assert_eq!(self.town.asked().len(), asked, "asking again is no payment");
        self.town.assert_previous_blocks_differ();
        let paid: u128 = self.bills.iter().map(|bill| bill.raw).sum();
        let fees = self.town.waiting(self.town.george());
        let spent = start.checked_sub(self.town.balance(self.alice)).unwrap();
        assert_eq!(spent.to_raw(), paid + fees.to_raw(), "what is gone is paid out or a fee");
    }
}

#[test]
fn each_payment_is_made_once_wherever_the_server_is_killed() {
    let (kills, seed) = (number("P2POW_KILLS", KILLS), number("P2POW_KILLS_SEED", 1));
    println!("P2POW_KILLS_SEED={seed}");
    let mut world = World::new(seed);
    let start = world.town.balance(world.alice);
    let (begun, mut rounds) = (Instant::now(), 0);
    while world.deaths.values().sum::<u64>() < kills {
        assert!(rounds < kills * MOST_ROUNDS, "it survives: {:?}", world.deaths);
        world.order_more();
        let death = world.next_death(rounds);
        world.live(death);
        world.be_late();
        rounds += 1;
    }
    world.check(start);
    println!(
        "{} payments, deaths {:?} in {rounds} lives, {:.1?}",
        world.bills.len(),
        world.deaths,
        begun.elapsed()
    );
}
