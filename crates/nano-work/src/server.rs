//! [`WorkServer`]: started with a configuration and a pool, answers over HTTP, shut down.

use crate::{config::WorkServerConfig, pages, refusal::WorkRefusal, service::Service};
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{
        HeaderValue, Method, StatusCode,
        header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE},
    },
    response::Response,
};
use nano_http::{HttpServer, ListenError, Source, json, read_body};
use nano_pow::Pool;
use serde_json::Value;
use std::{collections::HashSet, net::SocketAddr, sync::Arc, time::Duration};

/// How long a shutdown waits for answers to be written.
const GRACE: Duration = Duration::from_secs(2);

/// A server that cannot be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// Nobody could ask.
    #[error("no key is given, and nobody may ask without one")]
    NobodyMayAsk,
    /// Nothing could be asked.
    #[error("the multipliers go from {least} to {most}, wanted a range that is not empty")]
    NoMultipliers {
        /// The least that is worked on.
        least: f64,
        /// The most that is worked on.
        most: f64,
    },
    /// Two keys have the same name or the same secret. Neither is repeated: one may stand in the other's place.
    #[error("key number {number} has the name or the secret of an earlier key")]
    SameKey {
        /// Which of the keys, counted from 1.
        number: usize,
    },
    /// The system does not give the address.
    #[error(transparent)]
    Listen(#[from] ListenError),
}

/// A running server. Dropping it stops it without waiting.
///
/// It answers `work_generate`, `work_cancel`, `work_validate`, `benchmark` and `status`, sent by POST to any path. Every
/// scalar of an answer is a text. A multiplier is relative to the base of the network, the hardest of its thresholds,
/// and counts in place of a difficulty. A client that hangs up has cancelled its job; `work_cancel` ends all jobs for
/// the root that came with the same key or, without a key, from the same address. Jobs for one root share its search.
#[derive(Debug)]
pub struct WorkServer {
    service: Arc<Service>,
    http: HttpServer,
}

impl WorkServer {
    /// Starts listening on the current tokio runtime, and has the pool find what is asked for.
    ///
    /// # Errors
    /// The configuration is of no use, or the address cannot be had.
    pub async fn bind(config: WorkServerConfig, pool: Pool) -> Result<Self, BindError> {
        check(&config)?;
        let service = Arc::new(Service::new(config, pool));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&service));
        let http = service.config.http(service.closing.clone());
        Ok(Self { http: HttpServer::bind(http, router).await?, service })
    }

    /// The address that is listened on.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.http.local_addrs()[0] // there is at least one
    }

    /// Stops: takes no more requests, tells the clients that wait, and ends when all of it is done.
    pub async fn shutdown(self) {
        self.service.closing.cancel();
        self.http.shutdown(GRACE).await;
    }
}

fn check(config: &WorkServerConfig) -> Result<(), BindError> {
    if config.keys.is_empty() && config.open.is_none() {
        return Err(BindError::NobodyMayAsk);
    }
    let (least, most) = (*config.multipliers.start(), *config.multipliers.end());
    if !(least <= most && most > 0.0) {
        return Err(BindError::NoMultipliers { least, most });
    }
    let (mut names, mut secrets) = (HashSet::new(), HashSet::new());
    let mut keys = config.keys.iter();
    match keys.position(|key| !names.insert(key.name()) || !secrets.insert(key.digest)) {
        Some(index) => Err(BindError::SameKey { number: index + 1 }),
        None => Ok(()),
    }
}

/// Answers a request to any path. When its client hangs up, this is dropped, and with it the job.
async fn answer(State(service): State<Arc<Service>>, source: Source, request: Request) -> Response {
    match perform(&service, source, request).await {
        Ok(value) => respond(StatusCode::OK, &value),
        Err(refusal) => {
            service.tally.refused(&refusal);
            refused(&refusal)
        }
    }
}

async fn perform(
    service: &Service,
    source: Source,
    request: Request,
) -> Result<Value, WorkRefusal> {
    if request.method() != Method::POST {
        return Err(WorkRefusal::NotPost);
    }
    let (head, body) = request.into_parts();
    pages::check(&service.config, &head.uri, &head.headers)?;
    let body = read_body(body, service.config.http.body).await?;
    let caller = service.access.caller(&head.headers, source)?;
    service.perform(&caller, &body).await
}

fn refused(refusal: &WorkRefusal) -> Response {
    let status = StatusCode::from_u16(refusal.status()).expect("the statuses are those of HTTP");
    let mut answer = respond(status, &refusal.to_json());
    let headers = answer.headers_mut();
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(ALLOW, HeaderValue::from_static("POST"));
    }
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Some(seconds) = refusal.retry_after() {
        headers.insert(RETRY_AFTER, seconds.into());
    }
    answer
}

fn respond(status: StatusCode, value: &Value) -> Response {
    json(status, Body::from(value.to_string()))
}
