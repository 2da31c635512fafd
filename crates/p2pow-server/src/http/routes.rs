//! [`serve`]: the routes of the protocol on a server of `nano-http`, which holds every client to its limits.

use super::{answers, front::Front, jobs};
use crate::{config::Config, job::Job, worker::Worker};
use axum::{
    Router,
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderName, Method, header::CONTENT_TYPE},
    response::Response,
    routing::get,
};
use nano_http::{CancellationToken, Cors, HttpConfig, HttpServer, ListenError, Source};
use p2pow_protocol::{MAX_BYTES_PER_BLOCK, Refusal};
use std::{sync::Arc, time::Instant};
use tracing::info;

/// By which a client says that it would rather not wait (RFC 7240).
const PREFER: HeaderName = HeaderName::from_static("prefer");

/// Starts to listen, until `closing` is cancelled.
///
/// # Errors
/// An address cannot be had.
pub(crate) async fn serve(
    worker: Arc<Worker>,
    config: &Config,
    closing: CancellationToken,
) -> Result<HttpServer, ListenError> {
    let mut limits = config.http;
    limits.body.bytes = (config.max_user_blocks + 1).saturating_mul(MAX_BYTES_PER_BLOCK);
    let front = Front::new(worker, config.rate, limits.body);
    let http = HttpConfig {
        listen: config.listen.clone(),
        sockets: config.sockets.clone(),
        limits,
        trusted_proxies: config.trusted_proxies.clone(),
        cors: Some(any_page()),
        closing,
    };
    HttpServer::bind(http, router(front)).await
}

/// Web wallets talk to workers directly, so every answer may be read by every page.
fn any_page() -> Cors {
    Cors {
        methods: vec![Method::GET, Method::HEAD, Method::OPTIONS, Method::POST],
        headers: vec![CONTENT_TYPE, PREFER],
        max_age: None,
    }
}

fn router(front: Front) -> Router {
    Router::new()
        .route("/request_info", get(request_info).post(request_info))
        .route("/request_work", get(request_work).post(request_work))
        .route("/jobs/{id}", get(jobs::state))
        .route("/jobs/{id}/events", get(jobs::events))
        .fallback(async || answers::refused(&Refusal::InvalidRoute))
        .method_not_allowed_fallback(async || answers::refused(&Refusal::MethodNotAllowed))
        .with_state(Arc::new(front))
}

/// The body is not looked at.
async fn request_info(State(front): State<Arc<Front>>) -> Response {
    let began = Instant::now();
    let answer = answers::info(&front.worker);
    front.worker.timings().info.count(began.elapsed());
    answer
}

async fn request_work(
    State(front): State<Arc<Front>>,
    source: Source,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let began = Instant::now();
    let admitted = admit(&front, source, body).await;
    front.worker.timings().admit.count(began.elapsed());
    match admitted {
        Ok(job) if wants_no_wait(&headers) => jobs::accepted(&job),
        Ok(job) => answers::outcome(job.reply().await),
        Err(refusal) => answers::refused(&refusal),
    }
}

async fn admit(front: &Front, source: Source, body: Body) -> Result<Job, Refusal> {
    front.buckets.take(&source).map_err(answers::too_many)?;
    front.worker.welcome(source)?;
    let body = front.bodies.read(body).await?;
    let worker = Arc::clone(&front.worker);
    let check = move || worker.admit(&body.bytes, source);
    let job = front.checkers.check(check).await;
    let job = job.ok_or(Refusal::ShuttingDown { retry_after: 1 })??;
    info!(job = %job.id(), "asked for"); // beside the request's id, which the span has
    Ok(job)
}

/// Whether the client would rather be told at once where to look (RFC 7240).
fn wants_no_wait(headers: &HeaderMap) -> bool {
    let preferences = headers.get_all(PREFER).iter().filter_map(|value| value.to_str().ok());
    let mut named = preferences.flat_map(|value| value.split([',', ';']));
    named.any(|preference| preference.trim().eq_ignore_ascii_case("respond-async"))
}
