//! The WebSocket: topics that a client subscribes to, and what it is told of them. A [`Session`] is one client's
//! connection.

mod messages;

use crate::{
    node::{Dropping, Node},
    told::Event,
};
use axum::{
    Router,
    extract::{
        State, WebSocketUpgrade,
        ws::{Message, WebSocket},
    },
    response::Response,
};
use messages::{Options, is_true};
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};
use tokio::sync::{
    broadcast::{Receiver, error::RecvError},
    watch,
};

/// The largest message that a client may send.
const MESSAGE_LIMIT: usize = 1024 * 1024;

/// Upgrades a request for any path.
pub(crate) fn router(node: &Arc<Node>) -> Router {
    Router::new().fallback(upgrade).with_state(Arc::clone(node))
}

async fn upgrade(State(node): State<Arc<Node>>, upgrade: WebSocketUpgrade) -> Response {
    upgrade
        .max_message_size(MESSAGE_LIMIT)
        .on_upgrade(|socket| async move { Session::new(node).run(socket).await })
}

/// The topics that a node knows. What is told of the others here is nothing.
const TOPICS: [&str; 8] = [
    "confirmation",
    "new_unconfirmed_block",
    "vote",
    "work",
    "telemetry",
    "started_election",
    "stopped_election",
    "bootstrap",
];

/// A message over which the node ends the session.
struct Unreadable;

/// One client's connection and its subscriptions.
struct Session {
    node: Arc<Node>,
    events: Receiver<Event>,
    subscriptions: BTreeMap<&'static str, Options>,
}

impl Session {
    fn new(node: Arc<Node>) -> Self {
        Self { events: node.subscribe(), node, subscriptions: BTreeMap::new() }
    }

    /// Serves the client until it leaves, the node closes, or connections are dropped.
    async fn run(mut self, mut socket: WebSocket) {
        let closing = self.node.closing.clone();
        let dropped = until_dropped(self.node.faults.dropping.subscribe());
        tokio::select! {
            () = self.serve(&mut socket) => {}
            () = closing.cancelled() => {
                let _ = socket.send(Message::Close(None)).await;
            }
            // Without a closing handshake, as a line that breaks.
            () = dropped => {}
        }
    }

    async fn serve(&mut self, socket: &mut WebSocket) {
        loop {
            let text = tokio::select! {
                received = socket.recv() => match received {
                    Some(Ok(Message::Text(text))) => match self.handle(text.as_str()) {
                        Ok(answer) => answer,
                        // Without a closing handshake, as the node does it.
                        Err(Unreadable) => return,
                    },
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                    Some(Ok(_)) => None,
                },
                event = self.events.recv() => match event {
                    Ok(event) => self.tell(&event),
                    Err(RecvError::Lagged(lost)) => {
                        tracing::warn!(lost, "a client is too slow");
                        None
                    }
                    Err(RecvError::Closed) => return,
                },
            };
            if let Some(text) = text
                && socket.send(Message::Text(text.into())).await.is_err()
            {
                return;
            }
        }
    }

    /// Does what the client asks; the acknowledgement, if it wants one. What asks for nothing that is
    /// known is ignored, as in a node.
    fn handle(&mut self, text: &str) -> Result<Option<String>, Unreadable> {
        // What is no JSON is `null`: it asks for nothing, and RsNano cannot read it.
        let request: Value = serde_json::from_str(text).unwrap_or_default();
        if !self.node.settings.dialect.reads(&request) {
            tracing::debug!(text, "the session ends over a message that cannot be read");
            return Err(Unreadable);
        }
        let action = request["action"].as_str().unwrap_or_default();
        let wants_ack = is_true(&request["ack"]);
        let done = match action {
            "ping" => return Ok(Some(messages::ack("pong", &request["id"]))),
            "subscribe" => self.subscribe(&request),
            "update" => self.update(&request),
            "unsubscribe" => self.unsubscribe(&request),
            _ => None,
        };
        Ok(done.filter(|()| wants_ack).map(|()| messages::ack(action, &request["id"])))
    }

    fn subscribe(&mut self, request: &Value) -> Option<()> {
        let topic = topic(request)?;
        self.subscriptions.insert(topic, Options::read(&request["options"]));
        Some(())
    }

    fn update(&mut self, request: &Value) -> Option<()> {
        let options = self.subscriptions.get_mut(topic(request)?)?;
        options.update(request.get("options")?);
        Some(())
    }

    fn unsubscribe(&mut self, request: &Value) -> Option<()> {
        self.subscriptions.remove(topic(request)?);
        Some(())
    }

    /// The message for the client, if it subscribed to such.
    fn tell(&self, event: &Event) -> Option<String> {
        match event {
            Event::Applied(block) => {
                self.subscriptions.get("new_unconfirmed_block")?;
                Some(messages::new_unconfirmed_block(block))
            }
            Event::Confirmed(confirmation) => {
                let options = self.subscriptions.get("confirmation")?;
                let wanted = options.wants(confirmation);
                wanted.then(|| messages::confirmation(confirmation, options))
            }
            Event::RolledBack(_) => None,
        }
    }
}

/// Ends when connections are to be dropped.
async fn until_dropped(mut dropping: watch::Receiver<Dropping>) {
    let _ = dropping.wait_for(|dropping| dropping.connections).await;
}

fn topic(request: &Value) -> Option<&'static str> {
    let name = request["topic"].as_str()?;
    TOPICS.into_iter().find(|topic| *topic == name)
}
