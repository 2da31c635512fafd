//! How answers and refusals are written.

use axum::{
    http::{HeaderValue, StatusCode, header::RETRY_AFTER},
    response::Response,
};
use nano_http::{BodyError, TooMany, json};
use p2pow_protocol::{Answer, Info, Refusal};

/// 200 with what the worker says of itself.
pub(super) fn info(info: &Info) -> Response {
    json(StatusCode::OK, info.to_json())
}

/// 201 with the works, or the refusal.
pub(super) fn outcome(outcome: Result<Answer, Refusal>) -> Response {
    match outcome {
        Ok(answer) => json(status(Answer::STATUS), answer.to_json()),
        Err(refusal) => refused(&refusal),
    }
}

/// A refusal; the wait that it asks for is said by a header, too.
pub(super) fn refused(refusal: &Refusal) -> Response {
    let mut response = json(status(refusal.status()), refusal.to_json());
    if let Some(seconds) = refusal.retry_after() {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// What is told to a client whose body is of no use.
pub(super) fn unread(error: &BodyError) -> Refusal {
    match *error {
        BodyError::TooLarge { limit } => Refusal::TooLarge { limit },
        BodyError::TooSlow { .. } => Refusal::TooSlow,
        _ => Refusal::InvalidJson,
    }
}

/// What is told to a client that asks too often.
pub(super) fn too_many(error: TooMany) -> Refusal {
    Refusal::TooManyRequests { retry_after: error.retry_after() }
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
