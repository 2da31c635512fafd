//! [`FaultState`]: what the node does wrong at the moment. [`Faults`](crate::Faults) steers it.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::watch;

/// What a request gets instead of its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    Error(String),
    Status(u16),
}

/// Which connections are cut.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Dropping {
    pub(crate) connections: bool,
    pub(crate) answers: bool,
}

/// The faults of a node. The lock of the plan is held for a look alone, and no other lock is taken meanwhile.
#[derive(Debug)]
pub(crate) struct FaultState {
    pub(crate) dropping: watch::Sender<Dropping>,
    plan: Mutex<Plan>,
}

impl FaultState {
    pub(crate) fn new(confirmation_delay: Duration) -> Self {
        let plan = Plan { confirmation_delay, ..Plan::default() };
        Self { dropping: watch::Sender::new(Dropping::default()), plan: Mutex::new(plan) }
    }

    pub(crate) fn leaves_unconfirmed(&self) -> bool {
        self.plan().leave_unconfirmed
    }

    pub(crate) fn confirmation_delay(&self) -> Duration {
        self.plan().confirmation_delay
    }

    /// Waits as long as every answer is to be late.
    pub(crate) async fn wait(&self) {
        let latency = self.plan().latency;
        if latency > Duration::ZERO {
            tokio::time::sleep(latency).await;
        }
    }

    /// What the request for `action` gets instead of its answer, if anything.
    pub(crate) fn next_failure(&self, action: &str) -> Option<Failure> {
        // A planned failure does not count for the rate, and the rate is not asked meanwhile.
        let mut plan = self.plan();
        plan.next_planned(action).or_else(|| plan.rate.next())
    }

    pub(crate) fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is to go wrong, set by [`Faults`](crate::Faults).
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) leave_unconfirmed: bool,
    pub(crate) confirmation_delay: Duration,
    pub(crate) latency: Duration,
    /// In the order in which they were planned; the first that fits a request is taken.
    pub(crate) failures: VecDeque<Planned>,
    pub(crate) rate: Rate,
}

impl Plan {
    fn next_planned(&mut self, action: &str) -> Option<Failure> {
        let fits = |planned: &Planned| planned.action.as_deref().is_none_or(|only| only == action);
        let at = self.failures.iter().position(fits)?;
        let planned = &mut self.failures[at];
        planned.left -= 1;
        let failure = planned.failure.clone();
        if planned.left == 0 {
            self.failures.remove(at);
        }
        Some(failure)
    }
}

/// The same failure for so many requests, at least one, of one action or of any.
#[derive(Debug)]
pub(crate) struct Planned {
    pub(crate) left: u32,
    pub(crate) action: Option<String>,
    pub(crate) failure: Failure,
}

/// A share of requests that fails; `due` counts the failures that are owed.
#[derive(Debug, Default)]
pub(crate) struct Rate {
    pub(crate) rate: f64,
    pub(crate) due: f64,
    pub(crate) text: String,
}

impl Rate {
    fn next(&mut self) -> Option<Failure> {
        self.due += self.rate;
        if self.due < 1.0 {
            return None;
        }
        self.due -= 1.0;
        Some(Failure::Error(self.text.clone()))
    }
}
