//! [`Agent`]: a machine's devices at the disposal of a fleet.

mod order;

use crate::{
    AgentBeat, Broker, BrokerError, Name,
    broker::Link,
    message::{Command, Order, OrderId, Outcome, Report, decode, encode},
};
use futures_util::StreamExt;
use nano_pow::{Pool, pool::PoolStatus};
use order::{Assignment, Pursuit, Wanted};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    select,
    sync::watch,
    task::JoinHandle,
    time::{Instant, MissedTickBehavior, interval},
};
use tracing::{debug, warn};

/// How often an agent says that it is there.
const BEAT: Duration = Duration::from_secs(1);
/// How long the devices are measured at the start.
const MEASURE: Duration = Duration::from_millis(500);
/// More orders at once are given back.
const MOST_ORDERS: usize = 1024;

/// A machine's devices at the disposal of a fleet.
///
/// It searches for whoever may give orders to the fleet, and proposes what it finds; it needs no key, no node and no
/// open port. It goes on by itself when the broker was away. Dropping it ends it, and its orders.
#[derive(Debug)]
pub struct Agent {
    name: Name,
    status: watch::Receiver<AgentStatus>,
    task: JoinHandle<()>,
}

/// How an agent stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AgentStatus {
    /// Whether the broker is connected.
    pub is_connected: bool,
    /// The orders that it has.
    pub orders: usize,
    /// The works that it has found.
    pub found: u64,
}

impl Agent {
    /// Puts `pool` at the disposal of the fleet. Waits for the broker's first answer, or for 5 s; a broker that is away
    /// then is tried again.
    ///
    /// The pool should have local devices only: one that hands on to others would get back what it gave.
    ///
    /// # Errors
    /// The broker refuses the credentials, or a file cannot be read.
    pub async fn start(broker: &Broker, name: Name, pool: Pool) -> Result<Self, BrokerError> {
        let link = broker.connect_at_last(&name).await?;
        let orders = [link.subjects.orders_of_all(), link.subjects.orders_of(&name)];
        let [all, own] = orders.map(|subject| link.hear(subject));
        let ears =
            Ears { all: all.await?, own: own.await?, roll: link.hear(link.subjects.roll()).await? };
        let measured = {
            let pool = pool.clone();
            tokio::task::spawn_blocking(move || pool.measure(MEASURE)).await.unwrap_or_default()
        };
        let (told, status) = watch::channel(AgentStatus::default());
        let desk = Arc::new(Assignments {
            link,
            name: name.clone(),
            pool,
            told,
            orders: Mutex::default(),
        });
        let task = tokio::spawn(serve(desk, ears, measured));
        Ok(Self { name, status, task })
    }

    /// What the agent is called.
    #[must_use]
    pub const fn name(&self) -> &Name {
        &self.name
    }

    /// How it stands, now and whenever that changes.
    #[must_use]
    pub fn status(&self) -> watch::Receiver<AgentStatus> {
        self.status.clone()
    }

    /// Waits until it ends, which it does by itself only if its connection is closed for good.
    pub async fn ended(&mut self) {
        // A panic in there has been told.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What an agent listens to.
struct Ears {
    all: async_nats::Subscriber,
    own: async_nats::Subscriber,
    roll: async_nats::Subscriber,
}

/// What the orders of an agent share. The lock is held for moments, never while something is awaited.
#[derive(Debug)]
struct Assignments {
    link: Link,
    name: Name,
    pool: Pool,
    told: watch::Sender<AgentStatus>,
    orders: Mutex<BTreeMap<OrderId, watch::Sender<Wanted>>>,
}

async fn serve(desk: Arc<Assignments>, mut ears: Ears, measured: f64) {
    // The orders die with this.
    let _end = EndOrders(Arc::clone(&desk));
    let mut connected = desk.link.connected.clone();
    let mut beats = interval(BEAT);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        // An order that goes to everybody may have gone to this one alone before. What ends it is heard after both.
        let is_beat = select! {
            biased;
            message = ears.own.next() => desk.told(message),
            message = ears.all.next() => desk.told(message),
            message = ears.roll.next() => message.map(|_| true),
            _ = beats.tick() => Some(true),
            changed = connected.changed() => changed.ok().map(|()| true),
        };
        let Some(is_beat) = is_beat else { return };
        if is_beat {
            desk.beat(measured).await;
        }
    }
}

/// Ends all orders when it is dropped.
struct EndOrders(Arc<Assignments>);

impl Drop for EndOrders {
    fn drop(&mut self) {
        self.0.orders().clear();
    }
}

impl Assignments {
    fn orders(&self) -> std::sync::MutexGuard<'_, BTreeMap<OrderId, watch::Sender<Wanted>>> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Follows a command; `None` where there will be no more of them.
    fn told(self: &Arc<Self>, message: Option<async_nats::Message>) -> Option<bool> {
        let message = message?;
        match decode(&message.payload) {
            Some(Command::Search(order)) => {
                let until = Instant::now() + Duration::from_millis(order.within_ms);
                self.search(order, until);
            }
            Some(Command::Stop(id)) => self.forget(&id),
            None => {
                warn!(subject = %message.subject, "a command that is none: of a newer version?")
            }
        }
        Some(false)
    }

    fn search(self: &Arc<Self>, order: Order, until: Instant) {
        let mut orders = self.orders();
        if let Some(known) = orders.get(&order.id) {
            known.send_replace(Wanted { until });
            return;
        }
        let assignment = Assignment::new(&order);
        if orders.len() >= MOST_ORDERS {
            drop(orders);
            let desk = Arc::clone(self);
            tokio::spawn(async move {
                let reason = format!("has {MOST_ORDERS} orders, which is the most");
                desk.send(&assignment, assignment.failed(0, reason)).await;
            });
            return;
        }
        debug!(front = %order.id.front, order = order.id.order, root = %order.root, "searching");
        let (told, wanted) = watch::channel(Wanted { until });
        orders.insert(order.id.clone(), told);
        drop(orders);
        self.tell();
        let (desk, ticket) = (Arc::clone(self), self.pool.submit(*assignment.puzzle()));
        tokio::spawn(async move {
            let mut pursuit = Pursuit::new(assignment, ticket, wanted);
            while let Some(report) = pursuit.next().await {
                desk.send(pursuit.assignment(), report).await;
            }
            desk.forget(pursuit.assignment().id());
        });
    }

    fn forget(&self, order: &OrderId) {
        self.orders().remove(order);
        self.tell();
    }

    /// Tells whoever watches.
    fn tell(&self) {
        let (is_connected, orders) = (self.link.is_up(), self.orders().len());
        self.told.send_if_modified(|status| {
            let is_new = (status.is_connected, status.orders) != (is_connected, orders);
            (status.is_connected, status.orders) = (is_connected, orders);
            is_new
        });
    }

    async fn send(&self, assignment: &Assignment, report: Report) {
        let subject = self.link.subjects.report(&assignment.id().front, &self.name);
        let is_found = matches!(report.outcome, Outcome::Found { .. });
        self.told.send_modify(|status| status.found += u64::from(is_found));
        if report.is_last() {
            // Waits for the broker, if it is away: work that was found is worth it.
            let sent = self.link.client.publish(subject, encode(&report)).await;
            if let Err(error) = sent {
                debug!(%error, "a report was not sent");
            }
        } else {
            self.link.say(subject, encode(&report)).await;
        }
    }

    async fn beat(&self, measured: f64) {
        self.tell();
        let orders = self.orders().len();
        let beat = beat(&self.pool.status(), measured, orders);
        self.link.say(self.link.subjects.beat_of_agent(&self.name), encode(&beat)).await;
    }
}

fn beat(pool: &PoolStatus, measured: f64, orders: usize) -> AgentBeat {
    AgentBeat {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        devices: pool.devices.iter().map(|device| device.name.clone()).collect(),
        hashes_per_second: pool.rate.unwrap_or(measured),
        hashes: pool.hashes_total,
        orders,
    }
}
