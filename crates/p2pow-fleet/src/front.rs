//! [`Front`]: the desk of a front end with its broker, on a thread of its own.

use crate::{
    Broker, BrokerError, FrontStatus, Name,
    broker::Link,
    desk::{Desk, News, To},
    message::{decode, encode},
    subject::Subjects,
};
use async_nats::{Message, Subscriber};
use futures_util::StreamExt;
use nano_pow::Puzzle;
use nano_primitives::Work;
use std::{
    collections::BTreeMap,
    sync::mpsc::Sender,
    time::{Duration, Instant},
};
use tokio::{
    select,
    sync::{mpsc, watch},
    time::{MissedTickBehavior, interval},
};

/// How often the desk is told that time has passed.
const TICK: Duration = Duration::from_millis(100);
/// A beat comes each so many ticks.
const BEAT: u32 = 10;
/// How long orders wait where there is nobody for them.
const PATIENCE: Duration = Duration::from_secs(3);

/// A fleet that is of no use now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FleetError {
    /// There is no connection to the broker.
    #[error("the broker at {broker} is away; it is called again and again")]
    Away {
        /// Where it should be.
        broker: String,
    },
    /// There is nobody to search.
    #[error("no agent of the fleet {fleet} is there: start `p2pow-worker agent` on a machine")]
    NoAgent {
        /// The fleet's name.
        fleet: Name,
    },
    /// The thread that talks to the fleet is gone.
    #[error("the thread that talks to the fleet is gone")]
    Gone,
}

/// What a search asks of the front.
#[derive(Debug)]
pub(crate) enum Call {
    Open { puzzles: Vec<Puzzle>, events: Sender<Event> },
    Close(u64),
}

/// What a search is told.
#[derive(Debug)]
pub(crate) enum Event {
    /// The numbers of the orders, first of all.
    Opened(Vec<u64>),
    Found {
        order: u64,
        work: Work,
    },
    Tried {
        order: u64,
        hashes: u64,
    },
    /// Nobody will find anything for now.
    Useless(FleetError),
}

/// The agents that can be given orders.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[non_exhaustive]
pub struct Strength {
    /// Whether the broker is connected.
    pub is_connected: bool,
    /// How many agents there are.
    pub agents: usize,
    /// Their hashes per second together.
    pub hashes_per_second: f64,
}

/// A front end of the fleet.
pub(crate) struct Front {
    link: Link,
    fleet: Name,
    name: Name,
    desk: Desk,
    /// Who is told of an order.
    askers: BTreeMap<u64, Sender<Event>>,
    reports: Subscriber,
    beats: Subscriber,
    roll: Subscriber,
    told: watch::Sender<Strength>,
    /// Told once a second.
    status: watch::Sender<Option<FrontStatus>>,
    /// Since when there is nobody to search.
    alone: Option<Instant>,
}

impl Front {
    pub(crate) async fn start(
        broker: &Broker,
        name: Name,
        (told, status): (watch::Sender<Strength>, watch::Sender<Option<FrontStatus>>),
    ) -> Result<Self, BrokerError> {
        let link = broker.connect_at_last(&name).await?;
        let reports = link.hear(link.subjects.reports_to(&name)).await?;
        let beats = link.hear(link.subjects.beats_of_agents()).await?;
        let roll = link.hear(link.subjects.roll()).await?;
        Ok(Self {
            link,
            fleet: broker.fleet().clone(),
            desk: Desk::new(name.clone()),
            name,
            askers: BTreeMap::new(),
            reports,
            beats,
            roll,
            told,
            status,
            alone: None,
        })
    }

    /// Serves until the device is gone or the connection is closed for good.
    pub(crate) async fn serve(mut self, mut calls: mpsc::UnboundedReceiver<Call>) {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut connected, mut count) = (self.link.connected.clone(), 0u32);
        self.call_the_roll().await;
        loop {
            select! {
                call = calls.recv() => match call {
                    Some(call) => self.called(call),
                    None => break,
                },
                message = self.reports.next() => match message {
                    Some(message) => self.reported(&message),
                    None => break,
                },
                message = self.beats.next() => match message {
                    Some(message) => self.beaten(&message),
                    None => break,
                },
                message = self.roll.next() => match message {
                    Some(_) => self.beat().await,
                    None => break,
                },
                changed = connected.changed() => match changed {
                    Ok(()) if *connected.borrow() => {
                        self.desk.reconnected(Instant::now());
                        self.call_the_roll().await;
                    }
                    Ok(()) => {}
                    Err(_) => break,
                },
                _ = ticks.tick() => {
                    self.desk.tick(Instant::now());
                    if count % BEAT == 0 {
                        self.beat().await;
                    }
                    count = count.wrapping_add(1);
                }
            }
            self.hand_out().await;
            self.look_around();
        }
        // Agents forget orders that nobody repeats; the sooner they are told the better.
        let orders: Vec<u64> = self.askers.keys().copied().collect();
        orders.into_iter().for_each(|order| self.desk.close(order, Instant::now()));
        self.hand_out().await;
        let _ = self.link.client.flush().await;
    }

    fn called(&mut self, call: Call) {
        match call {
            Call::Open { puzzles, events } => {
                let orders = self.desk.open(&puzzles, Instant::now());
                self.askers.extend(orders.iter().map(|order| (*order, events.clone())));
                // Who does not listen any more closes.
                let _ = events.send(Event::Opened(orders));
            }
            Call::Close(order) => {
                self.askers.remove(&order);
                self.desk.close(order, Instant::now());
            }
        }
    }

    fn reported(&mut self, message: &Message) {
        let Some(agent) = Subjects::sender(&message.subject) else { return };
        match decode(&message.payload) {
            Some(report) => self.desk.report(&agent, &report, Instant::now()),
            None => self.desk.garbled(&agent, Instant::now()),
        }
    }

    fn beaten(&mut self, message: &Message) {
        let Some(agent) = Subjects::sender(&message.subject) else { return };
        match decode(&message.payload) {
            Some(beat) => self.desk.beat(agent, beat, Instant::now()),
            None => self.desk.garbled(&agent, Instant::now()),
        }
    }

    async fn call_the_roll(&self) {
        self.link.say(self.link.subjects.roll(), bytes::Bytes::new()).await;
    }

    async fn beat(&self) {
        let now = Instant::now();
        let front = self.desk.status(env!("CARGO_PKG_VERSION"), now);
        self.link.say(self.link.subjects.beat_of_front(&self.name), encode(&front)).await;
        let (agents, searches) = self.desk.standing(now);
        let is_connected = self.link.is_up();
        self.status.send_replace(Some(FrontStatus { is_connected, front, agents, searches }));
    }

    /// Sends and tells what the last change has brought.
    async fn hand_out(&mut self) {
        let taken = self.desk.take();
        for news in taken.news {
            match news {
                News::Found { order, work } => self.tell(order, Event::Found { order, work }, true),
                News::Tried { order, hashes } => {
                    self.tell(order, Event::Tried { order, hashes }, false)
                }
            }
        }
        for (to, command) in taken.commands {
            let subject = match &to {
                To::All => self.link.subjects.orders_of_all(),
                To::Agent(agent) => self.link.subjects.orders_of(agent),
            };
            self.link.say(subject, encode(&command)).await;
        }
    }

    fn tell(&mut self, order: u64, event: Event, is_last: bool) {
        if let Some(asker) = self.askers.get(&order) {
            let _ = asker.send(event);
        }
        if is_last {
            self.askers.remove(&order);
        }
    }

    /// Tells those who wait for nobody, after a while.
    fn look_around(&mut self) {
        let now = Instant::now();
        let (agents, hashes_per_second) = self.desk.strength(now);
        let is_connected = self.link.is_up();
        let strength = Strength { is_connected, agents, hashes_per_second };
        self.told.send_if_modified(|told| std::mem::replace(told, strength) != strength);
        if self.askers.is_empty() || (is_connected && agents > 0) {
            self.alone = None;
            return;
        }
        if now.saturating_duration_since(*self.alone.get_or_insert(now)) < PATIENCE {
            return;
        }
        let error = if is_connected {
            FleetError::NoAgent { fleet: self.fleet.clone() }
        } else {
            FleetError::Away { broker: self.link.broker().to_owned() }
        };
        for (order, asker) in std::mem::take(&mut self.askers) {
            let _ = asker.send(Event::Useless(error.clone()));
            self.desk.close(order, now);
        }
        self.alone = None;
    }
}
