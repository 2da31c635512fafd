//! The WebSocket: topics that a client subscribes to, and what it is told of them.

mod message;
mod options;
mod session;

pub(crate) use message::election_info;

use crate::node::Node;
use axum::{
    Router,
    extract::{State, WebSocketUpgrade},
    response::Response,
};
use std::sync::Arc;

/// The largest message that a client may send.
const MESSAGE_LIMIT: usize = 1024 * 1024;

/// Upgrades a request for any path.
pub(crate) fn router(node: &Arc<Node>) -> Router {
    Router::new().fallback(upgrade).with_state(Arc::clone(node))
}

async fn upgrade(State(node): State<Arc<Node>>, upgrade: WebSocketUpgrade) -> Response {
    upgrade
        .max_message_size(MESSAGE_LIMIT)
        .on_upgrade(|socket| async move { session::Session::new(node).run(socket).await })
}
