//! Keeps a subscription alive.

use super::{
    Event, SubscribeError,
    connection::{Connection, Target},
};
use crate::backoff::Backoff;
use futures_util::future::select;
use std::{convert::Infallible, pin::pin, time::Duration};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep},
};
use tracing::{debug, warn};

const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// A connection that held this long was a good one: the next is tried soon.
const GOOD: Duration = Duration::from_secs(5);

/// The consumer is gone.
struct Gone;

/// Hands events on, and connects again and again, until the consumer is gone.
pub(super) async fn keep(target: Target, first: Option<Connection>, events: mpsc::Sender<Event>) {
    select(pin!(events.closed()), pin!(keep_up(&target, first, &events))).await;
    debug!(url = target.endpoint.shown(), "subscription dropped");
}

async fn keep_up(
    target: &Target,
    first: Option<Connection>,
    events: &mpsc::Sender<Event>,
) -> Result<Infallible, Gone> {
    let mut waits = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
    let mut connection = match first {
        Some(connection) => connection,
        None => reconnect(target, &mut waits, (events, None)).await?,
    };
    loop {
        let begun = Instant::now();
        let error = relay(connection, events).await?;
        let reason = interrupted(&error, events).await?;
        if begun.elapsed() >= GOOD {
            waits.reset();
        }
        sleep(waits.next()).await;
        connection = reconnect(target, &mut waits, (events, Some(reason))).await?;
    }
}

/// Hands on what one connection brings, and gives what ended it.
async fn relay(
    mut connection: Connection,
    events: &mpsc::Sender<Event>,
) -> Result<SubscribeError, Gone> {
    loop {
        match connection.next().await {
            Ok(event) => tell(events, event).await?,
            Err(error) => return Ok(error),
        }
    }
}

/// Tries until there is a connection. `told` is what the consumer knows of why there is none.
async fn reconnect(
    target: &Target,
    waits: &mut Backoff,
    (events, mut told): (&mpsc::Sender<Event>, Option<String>),
) -> Result<Connection, Gone> {
    loop {
        match target.connect().await {
            Ok(connection) => {
                tell(events, Event::Reconnected).await?;
                return Ok(connection);
            }
            Err(error) if told.as_ref() == Some(&error.to_string()) => {
                debug!(%error, "no subscription yet");
            }
            Err(error) => told = Some(interrupted(&error, events).await?),
        }
        sleep(waits.next()).await;
    }
}

/// Tells why there is no subscription; gives the words.
async fn interrupted(error: &SubscribeError, events: &mpsc::Sender<Event>) -> Result<String, Gone> {
    warn!(%error, "no subscription");
    let reason = error.to_string();
    tell(events, Event::Disconnected { reason: reason.clone() }).await?;
    Ok(reason)
}

async fn tell(events: &mpsc::Sender<Event>, event: Event) -> Result<(), Gone> {
    events.send(event).await.map_err(|_| Gone)
}
