//! The routes, and how answers and refusals are written.

use crate::{connections::Peer, cors, limits::Source, worker::Worker};
use axum::{
    Extension, Router,
    body::Body,
    extract::State,
    http::{
        HeaderValue, StatusCode,
        header::{CONTENT_TYPE, RETRY_AFTER},
    },
    middleware,
    response::{IntoResponse, Response},
    routing::get,
};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use p2pow_protocol::{Answer, MAX_BYTES_PER_BLOCK, Refusal};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{task::spawn_blocking, time::timeout};

/// How much of a body that is too large is read and thrown away, so that its sender gets to read the refusal.
const DRAINED: usize = 8 * 1024 * 1024;

pub(crate) fn router(worker: Arc<Worker>) -> Router {
    Router::new()
        .route("/request_info", get(request_info).post(request_info))
        .route("/request_work", get(request_work).post(request_work))
        .fallback(async || refused(&Refusal::InvalidRoute))
        .method_not_allowed_fallback(async || refused(&Refusal::MethodNotAllowed))
        .layer(middleware::from_fn(cors::allow))
        .with_state(worker)
}

/// The body is not looked at.
async fn request_info(State(worker): State<Arc<Worker>>) -> Response {
    json(StatusCode::OK, worker.info().to_json())
}

async fn request_work(
    State(worker): State<Arc<Worker>>,
    Extension(Peer(address)): Extension<Peer>,
    body: Body,
) -> Response {
    match work(&worker, address.ip().into(), body).await {
        Ok(answer) => json(status(Answer::STATUS), answer.to_json()),
        Err(refusal) => refused(&refusal),
    }
}

async fn work(worker: &Arc<Worker>, source: Source, body: Body) -> Result<Answer, Refusal> {
    worker
        .buckets
        .take(source, Instant::now())
        .map_err(|wait| Refusal::TooManyRequests { retry_after: whole_seconds(wait) })?;
    let body = read(worker, body).await?;
    // The signatures of a long batch take milliseconds, too long for a thread that serves others.
    let admission = Arc::clone(worker);
    let job = spawn_blocking(move || admission.admit(&body)).await;
    job.map_err(|_| Refusal::ShuttingDown { retry_after: 1 })??.reply().await
}

/// Rounded up, and no more than an hour.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)).min(3600)
}

/// The whole body, if it is neither too large nor too slow.
async fn read(worker: &Worker, body: Body) -> Result<Bytes, Refusal> {
    let limit = (worker.config.max_user_blocks + 1) * MAX_BYTES_PER_BLOCK;
    let read = timeout(worker.config.limits.body_within, collect(body, limit));
    read.await.map_err(|_| Refusal::TooSlow)?
}

async fn collect(mut body: Body, limit: usize) -> Result<Bytes, Refusal> {
    let (mut kept, mut size) = (BytesMut::new(), 0usize);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Refusal::InvalidJson)?;
        let Ok(data) = frame.into_data() else { continue };
        size = size.saturating_add(data.len());
        if size <= limit {
            kept.extend_from_slice(&data);
        } else if size > limit + DRAINED {
            break;
        }
    }
    if size > limit { Err(Refusal::TooLarge { limit }) } else { Ok(kept.freeze()) }
}

fn refused(refusal: &Refusal) -> Response {
    let mut response = json(status(refusal.status()), refusal.to_json());
    if let Some(seconds) = refusal.retry_after() {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn json(status: StatusCode, body: Vec<u8>) -> Response {
    (status, [(CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response()
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
