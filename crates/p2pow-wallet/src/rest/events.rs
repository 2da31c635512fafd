//! The ends of tasks as server-sent events, as they happen.
//!
//! Who comes late or falls behind has missed some, and is told so in the latter case: `GET /payouts` has them all.

use super::refused::Shared;
use crate::{
    service::Service,
    shown::Shown,
    task::{Standing, Task},
};
use axum::{
    extract::State,
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::{Stream, StreamExt, stream};
use serde_json::json;
use std::{convert::Infallible, sync::Arc};
use tokio::sync::broadcast::{Receiver, error::RecvError};

pub(super) async fn stream(State(service): Shared) -> Response {
    let ends = service.tasks.ends();
    Sse::new(events(service, ends)).keep_alive(KeepAlive::default()).into_response()
}

fn events(
    service: Arc<Service>,
    ends: Receiver<Task>,
) -> impl Stream<Item = Result<Event, Infallible>> {
    let closing = service.closing.clone();
    let next = |mut ends: Receiver<Task>| async move {
        let event = match ends.recv().await {
            Ok(task) => shown(&task),
            Err(RecvError::Lagged(missed)) => {
                Event::default().event("missed").data(missed.to_string())
            }
            Err(RecvError::Closed) => return None,
        };
        Some((Ok(event), ends))
    };
    stream::unfold(ends, next).take_until(async move { closing.cancelled().await })
}

fn shown(task: &Task) -> Event {
    let shown = Shown::new(task, Standing::default());
    Event::default().event(shown.kind()).id(task.id.as_str()).data(json!(shown).to_string())
}
