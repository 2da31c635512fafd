//! RPC over HTTP: one JSON object asks, one answers, and errors are HTTP 200 with `{"error": …}`,
//! as in a node.
//!
//! A file for every family of actions, each with an `answer` that is `None` for actions of the others. The way of a request:
//! [`handle`], [`answer_call`] with the faults, [`dispatch`].

mod account;
mod block;
mod call;
mod confirmation;
mod create;
mod history;
mod node_info;
mod process;
mod receivable;
mod work;

use crate::node::{Failure, Node};
use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State, rejection::BytesRejection},
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use call::{Answer, Call, Refusal};
use serde_json::json;
use std::sync::Arc;

/// The largest request body, as in a node.
const BODY_LIMIT: usize = 32 * 1024 * 1024;

pub(crate) fn router(node: &Arc<Node>) -> Router {
    Router::new()
        .fallback(handle)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(Arc::clone(node))
}

async fn handle(
    State(node): State<Arc<Node>>,
    method: Method,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let mut response = match method {
        Method::OPTIONS => StatusCode::OK.into_response(),
        Method::POST => match body {
            Ok(body) => answer(&node, &body).await,
            Err(rejection) => {
                (rejection.status(), refused(Refusal::BODY_TOO_LARGE)).into_response()
            }
        },
        _ => refused(Refusal::NOT_POST).into_response(),
    };
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// What lets a page in a browser ask, as in a node.
const HEADERS: [(HeaderName, &str); 5] = [
    (header::ALLOW, "POST, OPTIONS"),
    (header::CONTENT_TYPE, "application/json"),
    (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    (header::ACCESS_CONTROL_ALLOW_METHODS, "POST, OPTIONS"),
    (
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        "Accept, Accept-Language, Content-Language, Content-Type",
    ),
];

/// The answer, or what stands in for it when the node closes meanwhile.
async fn answer(node: &Arc<Node>, body: &[u8]) -> Response {
    let call = match Call::parse(node, body) {
        Ok(call) => call,
        Err(refusal) => return refused(refusal).into_response(),
    };
    tokio::select! {
        response = answer_call(&call) => response,
        () = node.closing.cancelled() => refused(Refusal::STOPPED).into_response(),
    }
}

async fn answer_call(call: &Call) -> Response {
    // Late first, then failing: a request that fails is as slow as one that does not.
    call.node.faults.wait().await;
    match call.node.faults.next_failure(call.action()) {
        Some(Failure::Error(text)) => json!({ "error": text }).to_string().into_response(),
        Some(Failure::Status(status)) => failed(status),
        None => match dispatch(call).await {
            Ok(value) => call.dialect().adapt(value).to_string().into_response(),
            Err(refusal) => refused(refusal).into_response(),
        },
    }
}

fn refused(refusal: Refusal) -> String {
    json!({ "error": refusal.text() }).to_string()
}

fn failed(status: u16) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, status.canonical_reason().unwrap_or("refused")).into_response()
}

/// Answers if the action is of the family.
type Family = fn(&Call) -> Option<Answer>;

const FAMILIES: [Family; 8] = [
    account::answer,
    block::answer,
    confirmation::answer,
    create::answer,
    history::answer,
    node_info::answer,
    process::answer,
    receivable::answer,
];

async fn dispatch(call: &Call) -> Answer {
    if let Some(answer) = FAMILIES.iter().find_map(|family| family(call)) {
        return answer;
    }
    match call.action() {
        "work_generate" => work::generate(call).await,
        "work_validate" => work::validate(call),
        "work_cancel" => work::cancel(call),
        "block_create" => create::block_create(call).await,
        _ => Err(Refusal::UNKNOWN_COMMAND),
    }
}
