//! Answers in JSON: for handlers, and the few that are written where no router can.

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header::CONTENT_TYPE},
    response::Response,
};
use std::time::Duration;

/// The longest wait that is asked of a client.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// An answer with a body that is JSON.
pub fn json(status: StatusCode, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// A wait for `Retry-After`: whole seconds, rounded up, and an hour at most.
#[must_use]
pub fn whole_seconds(wait: Duration) -> u64 {
    let wait = wait.min(LONGEST_WAIT);
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

/// The body of a refusal. `text` is one of this crate's own, which need no escapes.
pub(crate) fn error(text: &str) -> String {
    format!(r#"{{"error":"{text}"}}"#)
}

/// What is written where no router can answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unserved {
    /// hyper could not read the head of a request, and says so by this status.
    Unreadable(StatusCode),
    /// The head of a request took too long.
    SlowHead,
    /// There is no room for a connection.
    Full,
}

impl Unserved {
    /// Whether these bytes are hyper's own refusal, which has no body.
    pub(crate) fn told_by(bytes: &[u8]) -> Option<Self> {
        let status = StatusCode::from_bytes(bytes.strip_prefix(b"HTTP/1.1 ")?.get(..3)?).ok()?;
        let head = str::from_utf8(bytes.strip_suffix(b"\r\n\r\n")?).ok()?;
        let is_bare = head.lines().any(|line| line == "content-length: 0");
        (status.is_client_error() && is_bare).then_some(Self::Unreadable(status))
    }

    const fn status(self) -> StatusCode {
        match self {
            Self::Unreadable(status) => status,
            Self::SlowHead => StatusCode::REQUEST_TIMEOUT,
            Self::Full => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::Unreadable(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE) => {
                "headers are too many or too large"
            }
            Self::Unreadable(StatusCode::URI_TOO_LONG) => "path is too long",
            Self::Unreadable(_) => "not a request of HTTP/1",
            Self::SlowHead => "head of the request did not arrive in time",
            Self::Full => "too many connections",
        }
    }

    /// The whole answer. The connection is closed after it.
    pub(crate) fn to_bytes(self, is_open_to_pages: bool) -> Vec<u8> {
        let (status, body) = (self.status(), error(self.text()));
        let mut head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n",
            body.len()
        );
        if is_open_to_pages {
            head += "access-control-allow-origin: *\r\n";
        }
        if self == Self::Full {
            head += "retry-after: 1\r\n";
        }
        (head + "\r\n" + &body).into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::{StatusCode, Unserved, whole_seconds};
    use std::time::Duration;

    #[test]
    fn a_wait_is_told_in_whole_seconds_of_an_hour_at_most() {
        let waits = [0, 1, 1000, 1001].map(|ms| whole_seconds(Duration::from_millis(ms)));
        assert_eq!(waits, [0, 1, 1, 2]);
        assert_eq!(whole_seconds(Duration::MAX), 3600);
    }

    #[test]
    fn a_refusal_of_hyper_is_known() {
        let bare = "HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
        let too_large = Unserved::Unreadable(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
        assert_eq!(Unserved::told_by(bare.as_bytes()), Some(too_large));
        for other in [
            "HTTP/1.1 404 Not Found\r\ncontent-length: 04\r\n\r\n",
            "HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 404 Not Found\r\ncontent-length: 1\r\n\r\nx",
            "HTTP/1.1 9\r\ncontent-length: 0\r\n\r\n",
            "",
        ] {
            assert_eq!(Unserved::told_by(other.as_bytes()), None, "{other:?}");
        }
    }

    #[test]
    fn the_door_says_when_to_come_again_and_pages_may_read_it() {
        let text = String::from_utf8(Unserved::Full.to_bytes(true)).unwrap();
        assert!(text.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{text}");
        assert!(text.contains("\r\nretry-after: 1\r\n"), "{text}");
        assert!(text.contains("\r\naccess-control-allow-origin: *\r\n"), "{text}");
        assert!(text.ends_with("\r\n\r\n{\"error\":\"too many connections\"}"), "{text}");
        assert!(!String::from_utf8(Unserved::SlowHead.to_bytes(false)).unwrap().contains("access"));
    }
}
