//! `/api/payments`: payments, each by the key that was chosen for it.

use super::{Shared, from_json, to_json};
use crate::refusal::Refusal;
use axum::{
    body::Body,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use serde_json::json;

pub(crate) async fn list(State(front): Shared) -> Response {
    to_json(&json!({ "payments": front.payments.all() }))
}

pub(crate) async fn begin(State(front): Shared, body: Body) -> Result<Response, Refusal> {
    let view = front.payments.begin(from_json(body).await?).await?;
    let mut response = to_json(&view);
    *response.status_mut() = StatusCode::ACCEPTED;
    Ok(response)
}

pub(crate) async fn one(
    State(front): Shared,
    Path(key): Path<String>,
) -> Result<Response, Refusal> {
    front.payments.one(&key).map(|view| to_json(&view)).ok_or(Refusal::NoPayment)
}

/// What was said to workers, and what they replied, word for word.
pub(crate) async fn messages(
    State(front): Shared,
    Path(key): Path<String>,
) -> Result<Response, Refusal> {
    let messages = front.payments.messages(&key).ok_or(Refusal::NoPayment)?;
    Ok(to_json(&json!({ "messages": messages })))
}

pub(crate) async fn resume(
    State(front): Shared,
    Path(key): Path<String>,
) -> Result<Response, Refusal> {
    let view = front.payments.resume(&key).await?;
    let mut response = to_json(&view);
    *response.status_mut() = StatusCode::ACCEPTED;
    Ok(response)
}
