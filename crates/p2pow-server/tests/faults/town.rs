//! [`Town`]: a network with senders and workers, and what goes wrong there.

use crate::{
    common::{FEE, PATIENCE, amount, bob, front::Manner, http, key, payments, request, state},
    man::Man,
};
use nano_block::{SecretKey, StateBlock};
use nano_devnet::Devnet;
use nano_primitives::BlockHash;
use p2pow_protocol::WorkRequest;
use p2pow_server::{Phase, clock};
use p2pow_store::crash::Moment;
use std::{collections::HashMap, net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};

const WORKERS: u8 = 3;
const SENDERS: u8 = 4;
const HOUR: i64 = 3_600_000;

/// Numbers that follow from a seed (SplitMix64).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }

    fn number<T: TryFrom<u64>>(&mut self, sides: u64) -> T {
        T::try_from(self.roll(sides)).ok().unwrap()
    }

    fn is_heads(&mut self) -> bool {
        self.roll(2) == 0
    }
}

pub(crate) struct Town {
    net: Devnet,
    pub(crate) dice: Dice,
    men: Vec<Man>,
    /// Whom each reward block that was signed would pay.
    signed: HashMap<BlockHash, usize>,
}

impl Town {
    pub(crate) async fn found(seed: u64) -> Self {
        let net =
            Devnet::builder().confirmation_delay(Duration::from_millis(3)).start().await.unwrap();
        for number in 0..SENDERS {
            net.open(&key(10 + number), amount(1_000_000_000)).unwrap();
        }
        let mut men = Vec::new();
        for number in 0..WORKERS {
            men.push(Man::new(&net, number).await);
        }
        Self { net, dice: Dice(seed), men, signed: HashMap::new() }
    }

    pub(crate) async fn revive(&mut self) {
        for man in &mut self.men {
            man.look().await;
            if !man.is_alive() {
                let last = self.dice.number::<usize>(80) + 2;
                let moment = if self.dice.is_heads() { Moment::Before } else { Moment::After };
                man.start(&self.net, last, moment).await;
            }
        }
    }

    fn sender(&mut self) -> SecretKey {
        key(10 + self.dice.number::<u8>(SENDERS.into()))
    }

    fn man(&mut self) -> usize {
        self.dice.number(WORKERS.into())
    }

    /// A sender hires one or two workers for the same blocks, or asks for another block on the same previous.
    pub(crate) fn order(&mut self) {
        let sender = self.sender();
        let mut at = state(&self.net, &sender);
        let mut users: Vec<StateBlock> = Vec::new();
        for _ in 0..=self.dice.roll(3) {
            let block = at.send(bob(), amount(1 + u128::from(self.dice.roll(1000)))).unwrap();
            at = at.after(&block);
            users.push(block);
        }
        for _ in 0..=self.dice.roll(2) {
            let index = self.man();
            let price = (users.len() as u128 + 1) * FEE / 2;
            let reward = at.send(self.men[index].reward.account(), amount(price)).unwrap();
            let signed: Vec<_> = users.iter().map(|user| user.sign(&sender)).collect();
            let asked = WorkRequest::batch(signed, reward.sign(&sender)).unwrap();
            self.signed.insert(asked.id(), index);
            let times = 1 + self.dice.roll(2);
            let Some(server) = self.men[index].server() else { continue };
            let (address, body) = (server.local_addr(), post(&asked.to_json()));
            for _ in 0..times {
                tokio::spawn(ask(address, body.clone()));
            }
        }
    }

    /// Something goes wrong, or right again.
    pub(crate) async fn fault(&mut self) {
        match self.dice.roll(17) {
            0..=5 => self.node_fault().await,
            6 => {
                // Some of these are confirmed, or were never published.
                let ids: Vec<BlockHash> = self.signed.keys().copied().collect();
                for id in ids.iter().filter(|id| id.as_bytes()[0] % 4 == 0) {
                    let _ = self.net.faults().rollback(id);
                }
            }
            7 => {
                let sender = self.sender();
                let fork = state(&self.net, &sender).send(bob(), amount(7)).unwrap();
                let _ = self.net.seed(&fork.sign(&sender).into());
            }
            8 => {
                let index = self.man();
                self.men[index].stop().await; // an upgrade
            }
            9..=11 => {
                let manners =
                    [Manner::Html, Manner::Lags, Manner::Lies, Manner::Pretends, Manner::Honest];
                let manner = manners[self.dice.number::<usize>(5)];
                let index = self.man();
                self.men[index].front.set(manner);
            }
            12 => {
                let (index, is_cut) = (self.man(), self.dice.is_heads());
                self.men[index].wire.cut(is_cut);
            }
            13 => {
                let (index, is_full) = (self.man(), self.dice.is_heads());
                self.men[index].disk.fill(is_full);
            }
            14 => clock::jump_to((self.dice.number::<i64>(24) - 12) * HOUR),
            15 => self.flood(),
            _ => {
                self.net.faults().clear();
                for man in &self.men {
                    man.disk.fill(false);
                    man.wire.cut(false);
                }
            }
        }
    }

    /// The node, which is behind all others, does something wrong.
    async fn node_fault(&mut self) {
        let faults = self.net.faults().clone();
        match self.dice.roll(7) {
            0 => faults.latency(Duration::from_millis(self.dice.roll(20))),
            1 => faults.refuse_next(self.dice.number(12), 503),
            2 => faults.fail_next(self.dice.number(6), "Internal error"),
            3 => faults.refuse_next(self.dice.number(6), 200), // answers nonsense
            4 => faults.leave_unconfirmed(self.dice.is_heads()),
            5 => {
                faults.drop_connections(true);
                sleep(Duration::from_millis(self.dice.roll(30))).await;
                faults.drop_connections(false);
            }
            _ => {
                faults.drop_answers(true);
                sleep(Duration::from_millis(self.dice.roll(30))).await;
                faults.drop_answers(false);
            }
        }
    }

    /// Some strangers attack a worker for a while.
    fn flood(&mut self) {
        let (index, attack) = (self.man(), self.dice.roll(4));
        let Some(server) = self.men[index].server() else { return };
        let address = server.local_addr();
        let stranger = state(&self.net, &key(10));
        let cheap = request(&payments(&stranger, 32), 1).to_json();
        let bytes = match attack {
            0 => b"GET /request_info HTTP/1.1\r\nHost: w\r\n\r\n".repeat(200),
            1 => post(&cheap),
            2 => post(b"{").repeat(50),
            _ => b"POST /request_work HTTP/1.1\r\nContent-Length: 9\r\n\r\n".to_vec(),
        };
        for _ in 0..32 {
            let bytes = bytes.clone();
            tokio::spawn(async move {
                let mut stream = TcpStream::connect(address).await?;
                // And nothing is ever read.
                timeout(Duration::from_millis(200), async {
                    for _ in 0..20 {
                        stream.write_all(&bytes).await?;
                    }
                    std::future::pending::<std::io::Result<()>>().await
                })
                .await
                .unwrap_or(Ok(()))
            });
        }
    }

    /// Everything works again, and every job comes to its end.
    pub(crate) async fn settle(&mut self) {
        self.net.faults().clear();
        clock::jump_to(0);
        for man in &mut self.men {
            man.front.set(Manner::Honest);
            man.wire.cut(false);
            man.disk.fill(false);
            man.start(&self.net, usize::MAX, Moment::After).await;
        }
        for man in &mut self.men {
            // Jobs may stand on blocks that were rolled back, with others confirmed further below. As the blocks in between
            // are not known, those jobs are lost for good when the account has gone on as far: the senders go on.
            let (net, senders) = (&self.net, 10..10 + SENDERS);
            let settled = async {
                for round in 1.. {
                    if man.open_jobs().await == 0 {
                        break;
                    }
                    sleep(Duration::from_millis(5)).await;
                    if round % 200 == 0 {
                        for sender in senders.clone().map(key) {
                            let block = state(net, &sender).send(bob(), amount(1)).unwrap();
                            let _ = net.seed(&block.sign(&sender).into());
                        }
                    }
                }
            };
            if timeout(2 * PATIENCE, settled).await.is_err() {
                panic!("not every job comes to its end: {:?}", man.server().map(|it| it.reports()));
            }
            man.look().await;
            let server = man.server().unwrap();
            let info = http::get(server.local_addr(), "/request_info").await;
            assert_eq!(
                info.json()["status"],
                "available",
                "it takes jobs again: {:?}",
                info.json()
            );
        }
    }

    /// Every job has its true outcome, and the books are the ledger's rewards. Says how many jobs there are, and how many
    /// of them were won.
    pub(crate) async fn check(&self) -> (usize, usize) {
        let (mut jobs, mut won) = (0, 0);
        for (index, man) in self.men.iter().enumerate() {
            let books = man.books().await;
            // A reward may be asked for again; what counts is how that ended at last, in one line.
            let lines: HashMap<_, _> = books.iter().map(|job| (job.id, job)).collect();
            assert_eq!(lines.len(), books.len(), "nothing is booked twice");
            let mut income = 0;
            for job in lines.values() {
                let is_paid = self.net.block(&job.id).is_some();
                assert_eq!(job.outcome == Phase::Confirmed, is_paid, "the true outcome of {job:?}");
                income += if is_paid { job.paid.to_raw() } else { 0 };
            }
            won += books.iter().filter(|job| job.outcome == Phase::Confirmed).count();
            let account = man.reward.account();
            let received = self.net.receivable_total(&account).to_raw();
            assert_eq!(received, income, "the books of worker {index} balance");
            for (id, _) in self.signed.iter().filter(|(_, whose)| **whose == index) {
                assert!(
                    self.net.block(id).is_none() || lines.contains_key(id),
                    "{id} was paid and is in no book"
                );
            }
            jobs += books.len();
        }
        (jobs, won)
    }
}

fn post(body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "POST /request_work HTTP/1.1\r\nHost: w\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// Asks, and does not care for the answer: here the ledger and the books count.
async fn ask(address: SocketAddr, request: Vec<u8>) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(&request).await?;
    stream.read_to_end(&mut Vec::new()).await.map(drop)
}
