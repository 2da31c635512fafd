//! [`read_body`]: a request's body as a whole, if it is neither too large nor too slow.

use crate::{BodyLimits, refusal};
use axum::{
    body::{Body, HttpBody},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use std::time::Duration;
use tokio::time::timeout;

/// How much of a body that is too large is read and thrown away, so that its sender gets to read the refusal.
const DRAINED: usize = 8 * 1024 * 1024;

/// A body that is of no use.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BodyError {
    /// It has more bytes than are taken.
    #[error("request is larger than {limit} bytes")]
    TooLarge {
        /// The most bytes taken.
        limit: usize,
    },
    /// It did not arrive in time.
    #[error("request did not arrive within {limit:?}")]
    TooSlow {
        /// The time it had.
        limit: Duration,
    },
    /// The client broke off, or its chunks are malformed.
    #[error("request broke off")]
    Broken(#[source] axum::Error),
}

/// Reads a whole body. One that is too large is read up to 8 MiB further, and thrown away, so that its sender gets to
/// read the refusal: one who still writes does not see an answer before the connection is reset.
///
/// # Errors
/// The body is larger or slower than `limits` allow, or breaks off.
pub async fn read_body(body: Body, limits: BodyLimits) -> Result<Bytes, BodyError> {
    let slow = |_| BodyError::TooSlow { limit: limits.within };
    timeout(limits.within, collect(body, limits.bytes)).await.map_err(slow)?
}

async fn collect(mut body: Body, limit: usize) -> Result<Bytes, BodyError> {
    let most = limit.saturating_add(DRAINED);
    if usize::try_from(body.size_hint().lower()).map_or(true, |announced| announced > most) {
        return Err(BodyError::TooLarge { limit });
    }
    let (mut kept, mut length) = (BytesMut::new(), 0_usize);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(BodyError::Broken)?.into_data() else { continue };
        length = length.saturating_add(data.len());
        match length {
            length if length <= limit => kept.extend_from_slice(&data),
            length if length <= most => kept.clear(),
            _ => break,
        }
    }
    if length <= limit { Ok(kept.freeze()) } else { Err(BodyError::TooLarge { limit }) }
}

impl IntoResponse for BodyError {
    fn into_response(self) -> Response {
        let status = match self {
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow { .. } => StatusCode::REQUEST_TIMEOUT,
            Self::Broken(_) => StatusCode::BAD_REQUEST,
        };
        refusal::json(status, refusal::error(&self.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::{BodyError, BodyLimits, read_body};
    use axum::{body::Body, response::IntoResponse};
    use std::time::Duration;

    fn limits(bytes: usize) -> BodyLimits {
        BodyLimits { bytes, ..BodyLimits::default() }
    }

    #[tokio::test]
    async fn a_body_is_taken_up_to_its_limit() {
        assert_eq!(read_body(Body::from("12345"), limits(5)).await.unwrap(), "12345");
        assert_eq!(read_body(Body::empty(), limits(0)).await.unwrap(), "");
        let error = read_body(Body::from("123456"), limits(5)).await.unwrap_err();
        assert_eq!(error.to_string(), "request is larger than 5 bytes");
        assert_eq!(error.into_response().status(), 413);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_come_is_not_waited_for() {
        let never = Body::new(Never);
        let within = Duration::from_secs(3);
        let error = read_body(never, BodyLimits { bytes: 5, within }).await.unwrap_err();
        assert!(matches!(error, BodyError::TooSlow { limit } if limit == within), "{error}");
    }

    struct Never;

    impl axum::body::HttpBody for Never {
        type Data = bytes::Bytes;
        type Error = std::convert::Infallible;

        fn poll_frame(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<hyper::body::Frame<bytes::Bytes>, Self::Error>>>
        {
            std::task::Poll::Pending
        }
    }
}
