//! [`Watcher`]: who is there in a fleet, and what they do.

use crate::{
    AgentBeat, Broker, BrokerError, FrontBeat, Name, broker::Link, message::decode,
    subject::Subjects,
};
use async_nats::Subscriber;
use futures_util::StreamExt;
use serde::Serialize;
use std::{collections::BTreeMap, time::Duration};
use tokio::time::{Instant, timeout_at};

/// Who says nothing for so long after it was asked is not there.
const SETTLED: Duration = Duration::from_millis(300);

/// A fleet at a moment.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct FleetStatus {
    /// The machines that search.
    pub agents: BTreeMap<Name, AgentBeat>,
    /// The programs that give them orders.
    pub fronts: BTreeMap<Name, FrontBeat>,
}

/// Looks at a fleet.
#[derive(Debug)]
pub struct Watcher {
    link: Link,
    agents: Subscriber,
    fronts: Subscriber,
}

impl Watcher {
    /// Connects.
    ///
    /// # Errors
    /// The broker is away, or refuses the credentials.
    pub async fn connect(broker: &Broker) -> Result<Self, BrokerError> {
        let link = broker.connect(&Name::random("watcher")).await?;
        let agents = link.hear(link.subjects.beats_of_agents()).await?;
        let fronts = link.hear(link.subjects.beats_of_fronts()).await?;
        Ok(Self { link, agents, fronts })
    }

    /// Calls the roll, and waits for the answers: until none has come for 0.3 s, or for `within`.
    pub async fn look(&mut self, within: Duration) -> FleetStatus {
        let mut status = FleetStatus::default();
        self.link.say(self.link.subjects.roll(), bytes::Bytes::new()).await;
        let end = Instant::now() + within;
        let mut until = Instant::now() + SETTLED.max(within / 4);
        loop {
            let heard = async {
                tokio::select! {
                    message = self.agents.next() => (message, true),
                    message = self.fronts.next() => (message, false),
                }
            };
            let Ok((Some(message), is_agent)) = timeout_at(until.min(end), heard).await else {
                return status;
            };
            let Some(name) = Subjects::sender(&message.subject) else { continue };
            let is_new = if is_agent {
                decode(&message.payload)
                    .is_some_and(|beat| status.agents.insert(name, beat).is_none())
            } else {
                decode(&message.payload)
                    .is_some_and(|beat| status.fronts.insert(name, beat).is_none())
            };
            if is_new {
                until = Instant::now() + SETTLED;
            }
        }
    }
}
