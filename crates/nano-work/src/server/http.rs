//! One request over HTTP: its method, its body, and how the answer is written.

use super::service::Service;
use crate::refusal::Refusal;
use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper::{
    Method, Request, Response, StatusCode,
    body::Incoming,
    header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_MAX_AGE, ALLOW, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE,
    },
};
use serde_json::Value;
use std::net::IpAddr;
use tokio::time::timeout;

/// How much of a body that is too large is read and thrown away, so that its sender gets to read the refusal.
const DRAINED: usize = 1024 * 1024;

type Answer = Response<Full<Bytes>>;

/// Answers a request to any path.
pub(crate) async fn answer(
    service: &Service,
    address: IpAddr,
    request: Request<Incoming>,
) -> Answer {
    let mut answer = match *request.method() {
        Method::OPTIONS if service.config.cors => preflight(),
        Method::POST => respond(service, post(service, address, request).await),
        _ => respond(service, Err(Refusal::NotPost)),
    };
    if service.config.cors {
        answer.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    }
    answer
}

async fn post(
    service: &Service,
    address: IpAddr,
    request: Request<Incoming>,
) -> Result<Value, Refusal> {
    let (head, body) = request.into_parts();
    let body = read(service, body).await?;
    let caller = service.access.caller(&head.headers, address)?;
    service.perform(&caller, &body).await
}

/// The whole body, if it is neither too large nor too slow.
async fn read(service: &Service, body: Incoming) -> Result<Bytes, Refusal> {
    let limits = service.config.http;
    let slow = |_| Refusal::TooSlow { limit: limits.body_within };
    timeout(limits.body_within, collect(body, limits.body)).await.map_err(slow)?
}

async fn collect(mut body: Incoming, limit: usize) -> Result<Bytes, Refusal> {
    let (mut kept, mut length) = (BytesMut::new(), 0_usize);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Refusal::Malformed(error.to_string()))?;
        let Ok(data) = frame.into_data() else { continue };
        length = length.saturating_add(data.len());
        match length {
            length if length <= limit => kept.extend_from_slice(&data),
            length if length - limit <= DRAINED => kept.clear(),
            _ => break,
        }
    }
    if length <= limit { Ok(kept.freeze()) } else { Err(Refusal::TooLarge { limit }) }
}

fn respond(service: &Service, result: Result<Value, Refusal>) -> Answer {
    match result {
        Ok(value) => json(StatusCode::OK, &value),
        Err(refusal) => {
            service.tally.refused(&refusal);
            refused(&refusal)
        }
    }
}

fn refused(refusal: &Refusal) -> Answer {
    let status = StatusCode::from_u16(refusal.status()).expect("the statuses are those of HTTP");
    let mut answer = json(status, &refusal.to_json());
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

fn json(status: StatusCode, value: &Value) -> Answer {
    let mut answer = Response::new(Full::from(value.to_string()));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}

/// What a browser wants to hear before it lets a page ask.
fn preflight() -> Answer {
    let mut answer = Response::new(Full::default());
    *answer.status_mut() = StatusCode::NO_CONTENT;
    let headers = answer.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST, OPTIONS"));
    headers.insert(
        ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("authorization, content-type, x-api-key"),
    );
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    answer
}
