//! Many senders and workers, and everything that goes wrong at once: at the end the books balance.
//!
//! What happens is decided by a seed, which is printed; when it happens is not. A long run:
//! `P2POW_FAULTS_ROUNDS=2000 P2POW_FAULTS_SEED=7 cargo test -p p2pow-server --test faults -- --nocapture`.

#![allow(clippy::unwrap_used)]

mod common;

use common::{FEE, PATIENCE, amount, bind, bob, config, gate::Gate, key, state};
use nano_block::{SecretKey, StateBlock};
use nano_devnet::Devnet;
use nano_primitives::BlockHash;
use nano_rpc::Client;
use p2pow_protocol::WorkRequest;
use p2pow_server::{Config, EndedJob, FrontierPolicy, Phase, Server, books};
use p2pow_store::{
    Page, SqliteStore, Store,
    crash::{CrashAt, Moment},
};
use std::{collections::HashMap, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};

const WORKERS: u8 = 3;
const SENDERS: u8 = 4;

/// Numbers that follow from a seed (SplitMix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }
}

/// A worker that may be killed at any write of its journal.
struct Man {
    reward: SecretKey,
    store: Arc<dyn Store>,
    life: Option<(Server, Gate, Arc<CrashAt>)>,
}

impl Man {
    fn new(number: u8) -> Self {
        let store = SqliteStore::in_memory().unwrap().shared();
        Self { reward: key(100 + number), store, life: None }
    }

    /// A new life, which ends at a write.
    async fn start(&mut self, net: &Devnet, last: usize, moment: Moment) {
        self.life = None;
        let crash = Arc::new(CrashAt::new(Arc::clone(&self.store), last, moment));
        let config = Config {
            reward_account: self.reward.account(),
            frontier: FrontierPolicy::Any,
            websocket_url: Some(net.websocket_url()),
            confirm_within: Duration::from_millis(500),
            rate: p2pow_server::Rate { per_second: 1e6, burst: 1_000_000 },
            ..config()
        };
        let node = Client::builder(&net.rpc_url()).retries(0).build().unwrap();
        match bind(config, node, crash.clone()).await {
            Ok((server, gate)) => self.life = Some((server, gate, crash)),
            // A store that dies at once is one of the faults.
            Err(error) => assert!(crash.is_dead(), "{error:?}"),
        }
    }

    fn is_alive(&self) -> bool {
        self.life.as_ref().is_some_and(|(_, _, crash)| !crash.is_dead())
    }

    async fn open_jobs(&self) -> usize {
        let everything = Page { prefix: "", after: None, limit: 1000 };
        self.store.list("worker-open", everything).await.unwrap().len()
    }

    async fn books(&self) -> Vec<EndedJob> {
        books::all(Arc::clone(&self.store)).await.unwrap()
    }
}

struct Town {
    net: Devnet,
    dice: Dice,
    men: Vec<Man>,
    /// Whom each reward block that was signed would pay.
    signed: HashMap<BlockHash, usize>,
}

impl Town {
    async fn found(seed: u64) -> Self {
        let net =
            Devnet::builder().confirmation_delay(Duration::from_millis(3)).start().await.unwrap();
        for number in 0..SENDERS {
            net.open(&key(10 + number), amount(1_000_000_000)).unwrap();
        }
        let men = (0..WORKERS).map(Man::new).collect();
        Self { net, dice: Dice(seed), men, signed: HashMap::new() }
    }

    async fn revive(&mut self) {
        for index in 0..self.men.len() {
            if !self.men[index].is_alive() {
                let last = usize::try_from(self.dice.roll(80)).unwrap() + 2;
                let moment = if self.dice.roll(2) == 0 { Moment::Before } else { Moment::After };
                self.men[index].start(&self.net, last, moment).await;
            }
        }
    }

    /// A sender hires one or two workers for the same blocks, or asks for another block on the same previous.
    fn order(&mut self) {
        let sender = key(10 + u8::try_from(self.dice.roll(SENDERS.into())).unwrap());
        let mut at = state(&self.net, &sender);
        let mut users: Vec<StateBlock> = Vec::new();
        for _ in 0..=self.dice.roll(3) {
            let block = at.send(bob(), amount(1 + u128::from(self.dice.roll(1000)))).unwrap();
            at = at.after(&block);
            users.push(block);
        }
        let hired = 1 + self.dice.roll(2);
        for _ in 0..hired {
            let index = usize::try_from(self.dice.roll(WORKERS.into())).unwrap();
            let price = (users.len() as u128 + 1) * FEE / 2;
            let reward = at.send(self.men[index].reward.account(), amount(price)).unwrap();
            let signed: Vec<_> = users.iter().map(|user| user.sign(&sender)).collect();
            let asked = WorkRequest::batch(signed, reward.sign(&sender)).unwrap();
            self.signed.insert(asked.id(), index);
            let Some((server, ..)) = &self.men[index].life else { continue };
            let (address, body, times) =
                (server.local_addr(), asked.to_json(), 1 + self.dice.roll(2));
            for _ in 0..times {
                tokio::spawn(ask(address, body.clone()));
            }
        }
    }

    /// Something goes wrong, or right again.
    async fn fault(&mut self) {
        let faults = self.net.faults().clone();
        match self.dice.roll(11) {
            0 => faults.latency(Duration::from_millis(self.dice.roll(20))),
            1 => faults.refuse_next(u32::try_from(self.dice.roll(12)).unwrap(), 503),
            2 => faults.fail_next(u32::try_from(self.dice.roll(6)).unwrap(), "Internal error"),
            3 => faults.refuse_next(u32::try_from(self.dice.roll(6)).unwrap(), 200), // answers nonsense
            4 => faults.leave_unconfirmed(self.dice.roll(2) == 0),
            5 => {
                faults.drop_connections(true);
                sleep(Duration::from_millis(self.dice.roll(30))).await;
                faults.drop_connections(false);
            }
            6 => {
                faults.drop_answers(true);
                sleep(Duration::from_millis(self.dice.roll(30))).await;
                faults.drop_answers(false);
            }
            7 => {
                // Some of these are confirmed, or were never published.
                let ids: Vec<BlockHash> = self.signed.keys().copied().collect();
                for id in ids.iter().filter(|id| id.as_bytes()[0] % 4 == 0) {
                    let _ = faults.rollback(id);
                }
            }
            8 => {
                let sender = key(10 + u8::try_from(self.dice.roll(SENDERS.into())).unwrap());
                let fork = state(&self.net, &sender).send(bob(), amount(7)).unwrap();
                let _ = self.net.seed(&fork.sign(&sender).into());
            }
            9 => {
                let index = usize::try_from(self.dice.roll(WORKERS.into())).unwrap();
                self.men[index].life = None; // an upgrade
            }
            _ => faults.clear(),
        }
    }

    /// Everything works again, and every job comes to its end.
    async fn settle(&mut self) {
        self.net.faults().clear();
        for man in &mut self.men {
            man.start(&self.net, usize::MAX, Moment::After).await;
        }
        for man in &self.men {
            let settled = async {
                while man.open_jobs().await > 0 {
                    sleep(Duration::from_millis(5)).await;
                }
            };
            if timeout(2 * PATIENCE, settled).await.is_err() {
                let reports = man.life.as_ref().map(|(server, ..)| server.reports());
                panic!("not every job comes to its end: {reports:?}");
            }
        }
    }

    async fn check(&self) -> (usize, usize) {
        let (mut jobs, mut won) = (0, 0);
        for (index, man) in self.men.iter().enumerate() {
            let books = man.books().await;
            // A job that failed may be asked for again; what counts is how it ended at last.
            let last: HashMap<_, _> = books.iter().map(|job| (job.id, job)).collect();
            let mut income = 0;
            for job in last.values() {
                let is_paid = self.net.block(&job.id).is_some();
                assert_eq!(job.outcome == Phase::Confirmed, is_paid, "the true outcome of {job:?}");
                income += if is_paid { job.paid.to_raw() } else { 0 };
            }
            let confirmed = books.iter().filter(|job| job.outcome == Phase::Confirmed).count();
            assert_eq!(
                confirmed,
                last.values().filter(|job| job.outcome == Phase::Confirmed).count()
            );
            won += confirmed;
            let account = man.reward.account();
            assert_eq!(
                self.net.receivable_total(&account).to_raw(),
                income,
                "the books of worker {index} balance"
            );
            for (id, _) in self.signed.iter().filter(|(_, whose)| **whose == index) {
                assert!(
                    self.net.block(id).is_none() || last.contains_key(id),
                    "{id} was paid and is in no book"
                );
            }
            jobs += books.len();
        }
        (jobs, won)
    }
}

/// Asks, and does not care for the answer: here the ledger and the books count.
async fn ask(address: SocketAddr, body: Vec<u8>) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    let length = body.len();
    let head = format!(
        "POST /request_work HTTP/1.1\r\nHost: w\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all(&[head.as_bytes(), &body].concat()).await?;
    stream.read_to_end(&mut Vec::new()).await.map(drop)
}

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_books_balance_whatever_goes_wrong() {
    let (seed, rounds) = (number("P2POW_FAULTS_SEED", 1), number("P2POW_FAULTS_ROUNDS", 60));
    println!("P2POW_FAULTS_SEED={seed} P2POW_FAULTS_ROUNDS={rounds}");
    let mut town = Town::found(seed).await;
    for round in 0..rounds {
        town.revive().await;
        for _ in 0..3 {
            town.order();
        }
        if round % 2 == 0 {
            town.fault().await;
        }
        sleep(Duration::from_millis(town.dice.roll(40))).await; // so that jobs are in every phase
    }
    town.settle().await;
    let (jobs, won) = town.check().await;
    println!("{jobs} jobs, {won} of them won");
    assert!(jobs > 0 && won > 0, "something happened");
}
