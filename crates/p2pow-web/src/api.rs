//! The local HTTP API, as `docs/web.md` documents it.

pub(crate) mod money;
pub(crate) mod payments;
pub(crate) mod workers;

use crate::{Access, front::Front, refusal::Refusal, told::Told};
use axum::{
    body::Body,
    extract::State,
    http::StatusCode,
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::{Stream, StreamExt, stream};
use nano_block::{Epoch, Subtype};
use nano_http::{BodyLimits, json as answer, read_body};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;
use std::{convert::Infallible, sync::Arc};
use tokio::sync::broadcast::{Receiver, error::RecvError};

/// The state of handlers.
type Shared = State<Arc<Front>>;

/// What is served here, and to whom. Nothing in it is secret.
pub(crate) async fn about(State(front): Shared) -> Response {
    let hiring = &front.desk.hiring;
    let thresholds = hiring.network.thresholds();
    let unit = hiring.network.unit();
    let expected = thresholds.for_state(Subtype::Send, Epoch::Epoch2).expected_hashes();
    let is_public = matches!(front.config.access, Access::Public(_));
    to_json(&json!({
        "program": concat!("p2pow/", env!("CARGO_PKG_VERSION")),
        "network": hiring.network.as_str(),
        "decimals": unit.decimals(),
        "needs_token": !is_public,
        "can_pay": front.desk.signer.is_some(),
        "is_trial": front.config.trial.is_some(),
        // Both works of a send: the user's and the reward's.
        "send_hashes": 2.0 * expected,
        "max_fee_raw": hiring.max_fee,
        "hire": hiring.hire,
        "look_every_ms": u64::try_from(front.config.look_every.as_millis()).unwrap_or(u64::MAX),
        "explorer": front.config.explorer,
    }))
}

/// Everything that happens, as server-sent events. Who falls behind is told so, and has to ask for all again.
pub(crate) async fn events(State(front): Shared) -> Response {
    let told = front.crier.listen();
    Sse::new(stream_of(&front, told)).keep_alive(KeepAlive::default()).into_response()
}

fn stream_of(
    front: &Front,
    told: Receiver<Told>,
) -> impl Stream<Item = Result<Event, Infallible>> + use<> {
    let closing = front.closing.clone();
    let hello = Event::default().event("hello").data("{}");
    let next = |mut told: Receiver<Told>| async move {
        let event = match told.recv().await {
            Ok(one) => Event::from(one),
            Err(RecvError::Lagged(missed)) => {
                Event::default().event("missed").data(missed.to_string())
            }
            Err(RecvError::Closed) => return None,
        };
        Some((Ok(event), told))
    };
    let rest = stream::unfold(told, next);
    stream::iter([Ok(hello)]).chain(rest).take_until(async move { closing.cancelled().await })
}

fn to_json(value: &impl Serialize) -> Response {
    let text = serde_json::to_string(value).expect("plain values have a JSON form");
    answer(StatusCode::OK, text)
}

/// What was asked, in JSON.
async fn from_json<T: DeserializeOwned>(body: Body) -> Result<T, Refusal> {
    const LIMITS: BodyLimits =
        BodyLimits { bytes: 512 * 1024, within: std::time::Duration::from_secs(20) };
    let body = read_body(body, LIMITS).await?;
    serde_json::from_slice(&body).map_err(|error| Refusal::Invalid(format!("the body: {error}")))
}
