//! [`Told`]: something that happened, for every page that listens.

use axum::response::sse;
use serde::Serialize;
use std::sync::Arc;
use tokio::sync::broadcast::{Receiver, Sender, channel};

/// What a listener may lag behind before it has to ask for all again.
const ROOM: usize = 256;

/// An event with its data in JSON.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) event: &'static str,
    pub(crate) data: Arc<str>,
}

/// Tells everybody who listens. Clones tell the same.
#[derive(Debug, Clone)]
pub(crate) struct Crier(Sender<Told>);

impl Crier {
    pub(crate) fn new() -> Self {
        Self(channel(ROOM).0)
    }

    /// Nobody listening is no fault.
    pub(crate) fn tell(&self, event: &'static str, data: &impl Serialize) {
        if self.0.receiver_count() == 0 {
            return;
        }
        let data = serde_json::to_string(data).expect("plain values have a JSON form");
        let _ = self.0.send(Told { event, data: data.into() });
    }

    pub(crate) fn listen(&self) -> Receiver<Told> {
        self.0.subscribe()
    }
}

impl From<Told> for sse::Event {
    fn from(told: Told) -> Self {
        Self::default().event(told.event).data(&told.data)
    }
}
