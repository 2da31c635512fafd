//! [`serve`]: the routes of the protocol on a server of `nano-http`, which holds every client to its limits.

use super::{answers, info::info};
use crate::{config::Config, worker::Worker};
use axum::{
    Router,
    body::Body,
    extract::State,
    http::{Method, header::CONTENT_TYPE},
    response::Response,
    routing::get,
};
use nano_http::{
    BodyLimits, Buckets, CancellationToken, Cors, HttpConfig, HttpServer, ListenError, Source,
    read_body,
};
use p2pow_protocol::{Answer, MAX_BYTES_PER_BLOCK, Refusal};
use std::sync::Arc;
use tokio::task::spawn_blocking;

/// What every request needs.
#[derive(Debug)]
struct Front {
    worker: Arc<Worker>,
    /// How many requests for work an address may send.
    buckets: Buckets,
    body: BodyLimits,
}

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
    let front = Front { worker, buckets: Buckets::new(config.rate), body: limits.body };
    let http = HttpConfig {
        listen: config.listen.clone(),
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
        headers: vec![CONTENT_TYPE],
        max_age: None,
    }
}

fn router(front: Front) -> Router {
    Router::new()
        .route("/request_info", get(request_info).post(request_info))
        .route("/request_work", get(request_work).post(request_work))
        .fallback(async || answers::refused(&Refusal::InvalidRoute))
        .method_not_allowed_fallback(async || answers::refused(&Refusal::MethodNotAllowed))
        .with_state(Arc::new(front))
}

/// The body is not looked at.
async fn request_info(State(front): State<Arc<Front>>) -> Response {
    answers::info(&info(&front.worker))
}

async fn request_work(State(front): State<Arc<Front>>, source: Source, body: Body) -> Response {
    answers::outcome(work(&front, source, body).await)
}

async fn work(front: &Front, source: Source, body: Body) -> Result<Answer, Refusal> {
    front.buckets.take(&source).map_err(answers::too_many)?;
    let body = read_body(body, front.body).await.map_err(|error| answers::unread(&error))?;
    // The signatures of a long batch take milliseconds, too long for a thread that serves others.
    let worker = Arc::clone(&front.worker);
    let job = spawn_blocking(move || worker.admit(&body)).await;
    job.map_err(|_| Refusal::ShuttingDown { retry_after: 1 })??.reply().await
}
