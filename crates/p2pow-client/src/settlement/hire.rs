//! Who is asked when: some at once, the next one as soon as another has failed or takes too long, and own work last.
//!
//! All of them get the same user blocks, and each a reward block of its own, of which the ledger takes one. So hiring
//! one more costs nothing but that it learns of the payment.

use super::{Course, Settlement};
use crate::{
    Event, Outcome, Quote, SendError,
    clock::unix_seconds,
    contract::{Contract, Pen, SignError, sign},
    fallback::{self, Blocks},
    lessons::Task,
};
use futures_util::{
    StreamExt,
    future::{BoxFuture, FutureExt},
    stream::FuturesUnordered,
};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// A worker that has shown its speed gets so many times what a job should take, and at least so long.
const SLACK: f64 = 3.0;
const AT_LEAST: Duration = Duration::from_secs(2);

/// Who is at work, and who may be next.
struct Queue<'a> {
    /// Each ends with whether it did the user's part.
    lanes: FuturesUnordered<BoxFuture<'a, bool>>,
    rest: Vec<Quote>,
    /// When the next one is hired if nobody has delivered.
    next: Instant,
    may_help: bool,
}

impl Settlement<'_> {
    /// Asks worker after worker, and publishes what they find, until nobody is left or somebody has delivered and the
    /// others have answered.
    pub(super) async fn ask_all(&self, course: &Course) {
        let mut queue = Queue {
            lanes: (0..course.count()).map(|place| self.employ(course, place).boxed()).collect(),
            rest: self.bench.quotes.clone(),
            next: Instant::now() + self.longest_hedge(course),
            may_help: self.config.fallback.is_some(),
        };
        let mut is_delivered = false;
        loop {
            let has_more = !is_delivered && (queue.may_help || self.has_next(&queue, course));
            if queue.lanes.is_empty() {
                if !has_more {
                    return;
                }
                self.add(&mut queue, course);
                continue;
            }
            let next = queue.next;
            tokio::select! {
                Some(is_good) = queue.lanes.next() => {
                    is_delivered |= is_good;
                    if !is_good && has_more {
                        self.add(&mut queue, course);
                    }
                }
                () = sleep_until(next), if has_more => self.add(&mut queue, course),
            }
        }
    }

    /// One worker more; if there is none, own work.
    fn add<'a>(&'a self, queue: &mut Queue<'a>, course: &'a Course) {
        if let Some(quote) = self.take_next(queue, course) {
            queue.next = Instant::now() + self.hedge(&quote);
            queue.lanes.push(self.engage(course, quote).boxed());
        } else if std::mem::replace(&mut queue.may_help, false) {
            queue.lanes.push(self.help(course).boxed());
        }
    }

    fn has_next(&self, queue: &Queue<'_>, course: &Course) -> bool {
        self.next_place(queue, course).is_some()
    }

    fn take_next(&self, queue: &mut Queue<'_>, course: &Course) -> Option<Quote> {
        let place = self.next_place(queue, course)?;
        Some(queue.rest.remove(place))
    }

    /// The best of those who are left. An account whose worker is still at work is not hired by another address.
    fn next_place(&self, queue: &Queue<'_>, course: &Course) -> Option<usize> {
        let known = course.known();
        if known.engaged.len() >= self.config.hire_most.max(self.config.hire) {
            return None;
        }
        let account = |quote: &Quote| quote.candidate.offer.reward_account;
        let is_busy = |quote: &Quote| {
            known.engaged.iter().any(|engaged| {
                account(&engaged.contract.quote) == account(quote)
                    && !matches!(engaged.outcome, Outcome::Failed(_))
            })
        };
        queue.rest.iter().position(|quote| !is_busy(quote))
    }

    /// Signs a reward for one more worker, and has it work. What is not signed stops nobody who is at work.
    async fn engage(&self, course: &Course, quote: Quote) -> bool {
        match self.promise(quote).await {
            Ok(contract) => {
                let place = course.engage(contract);
                self.employ(course, place).await
            }
            Err(error) => {
                let address = quote.candidate.worker.address;
                self.events.tell(|| Event::NotHired { address, reason: error.to_string() });
                false
            }
        }
    }

    async fn promise(&self, quote: Quote) -> Result<Contract, SendError> {
        if let Some(max) = self.config.max_fee_per_day {
            let job = (self.job.last(), quote.price);
            self.bench.market.hold_fee(self.config.network, job, max, unix_seconds()).await?;
        }
        let places = self.job.places.clone();
        // The user blocks are signed.
        let pen = Pen { signer: self.bench.signer, before: None };
        let mut contracts =
            sign(pen, self.deal, vec![quote], places).await.map_err(SignError::plain)?;
        let contract = contracts.remove(0);
        self.events.tell(|| Event::Promised { reward: (&contract).into() });
        Ok(contract)
    }

    /// Own work for the same user blocks. Whether they are published.
    async fn help(&self, course: &Course) -> bool {
        let Some(pool) = &self.config.fallback else { return false };
        let (job, network) = (self.job, self.config.network);
        self.events.tell(|| Event::OwnWork { blocks: job.users.len() });
        let (users, subtypes) = (job.users.as_slice(), job.subtypes.as_slice());
        let blocks = Blocks { users, subtypes, epoch: job.epoch, network };
        match fallback::work(pool, blocks).await {
            Ok(worked) => {
                let written =
                    self.deal.change(|deal| worked.iter().for_each(|block| deal.add_work(block)));
                if let Err(error) = written.await {
                    self.events.tell(|| Event::NotWritten { reason: error.to_string() });
                }
                course.known().has_own_work = true;
                self.publish(worked.iter()).await;
                course.news.notify_one();
                true
            }
            Err(error) => {
                self.events.tell(|| Event::OwnWorkFailed { reason: error.to_string() });
                false
            }
        }
    }

    /// The time that those get who are hired at once.
    fn longest_hedge(&self, course: &Course) -> Duration {
        let known = course.known();
        let hedges = known.engaged.iter().map(|engaged| self.hedge(&engaged.contract.quote));
        hedges.max().unwrap_or_default()
    }

    /// The time that a worker gets before the next one is hired.
    fn hedge(&self, quote: &Quote) -> Duration {
        let works = u32::try_from(self.job.users.len() + 1).unwrap_or(u32::MAX);
        let patience = self.config.patience.hedge.saturating_mul(works) / 2;
        let candidate = &quote.candidate;
        let shown = candidate.reputation.believed_hashrate(candidate.offer.hashrate);
        let Some(rate) = shown.filter(|rate| *rate > 0.0) else { return patience };
        let (network, epoch, subtypes) = (self.config.network, self.job.epoch, &self.job.subtypes);
        let hashes = Task { network, epoch, subtypes }.hashes();
        let wait = candidate.offer.wait_seconds.unwrap_or_default();
        let seconds = SLACK * (hashes / rate) + wait;
        let expected = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
        patience.min(expected.max(AT_LEAST))
    }
}
