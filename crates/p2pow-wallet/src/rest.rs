//! The REST API beside the wallet RPC: payouts with idempotency keys, their ends as server-sent events, metrics.
//!
//! `openapi.json` describes it; a test holds it against the routes and their answers.

mod events;
mod payouts;
mod refused;

use crate::{refusal::Refusal, service::Service};
use axum::{
    Router,
    body::Body,
    extract::{Query, State},
    http::{HeaderValue, StatusCode, header::CONTENT_TYPE},
    response::Response,
    routing::{get, post},
};
use refused::{Shared, refused};
use serde_json::json;
use std::sync::Arc;

/// The description of the API.
const OPENAPI: &str = include_str!("rest/openapi.json");
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// Deliveries of a page.
const PAGE: usize = 100;

pub(crate) fn router() -> Router<Arc<Service>> {
    Router::new()
        .route("/payouts", post(payouts::create).get(payouts::list))
        .route("/payouts/events", get(events::stream))
        .route("/payouts/{id}", get(payouts::one))
        .route("/deliveries", get(deliveries))
        .route("/metrics", get(metrics))
        .route("/openapi.json", get(openapi))
}

async fn openapi() -> Response {
    nano_http::json(StatusCode::OK, OPENAPI)
}

async fn metrics(State(service): Shared) -> Response {
    let text = service.metrics.text(service.tasks.open_count(), service.wallets.count());
    let mut answer = Response::new(Body::from(text));
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(OPENMETRICS));
    answer
}

/// Which deliveries are listed.
#[derive(Debug, serde::Deserialize)]
struct WhichDeliveries {
    after: Option<String>,
}

/// What webhooks were sent, and whether they know it.
async fn deliveries(State(service): Shared, Query(listed): Query<WhichDeliveries>) -> Response {
    let after = listed.after.as_deref();
    if after
        .is_some_and(|after| !after.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'.'))
    {
        return refused(&Refusal::BadCursor);
    }
    match service.outbox.page(after, PAGE).await {
        Ok(deliveries) => {
            let next = deliveries.last().filter(|_| deliveries.len() == PAGE);
            let body =
                json!({ "next": next.map(|delivery| &delivery.id), "deliveries": deliveries });
            nano_http::json(StatusCode::OK, Body::from(body.to_string()))
        }
        Err(error) => refused(&error.into()),
    }
}
