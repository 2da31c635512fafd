//! [`Transport`]: one request over HTTP or HTTPS, bounded in time and size; no redirects.

use crate::{
    Reason, RpcError, answers,
    endpoint::{self, Endpoint},
    text::excerpt_bytes,
    tls::{self, HttpClient},
};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::{
    HeaderMap, Request, Response, StatusCode,
    body::Incoming,
    header::{CONTENT_TYPE, HeaderValue, LOCATION, RETRY_AFTER},
};
use hyper_util::client::legacy::{Error, connect::HttpConnector};
use std::{borrow::Cow, time::Duration};
use tokio::time::timeout;

/// How long making a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A way to one node.
#[derive(Debug)]
pub(crate) struct Transport {
    endpoint: Endpoint,
    http: HttpClient,
    max_answer: usize,
}

impl Transport {
    pub(crate) fn new(endpoint: Endpoint, max_answer: usize) -> Self {
        let mut tcp = HttpConnector::new();
        // A call is one small packet; it must not wait for a second one.
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
        let http = endpoint.tls().http(tcp);
        Self { endpoint, http, max_answer }
    }

    pub(crate) const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Sends a call once and gives the body of its answer, if that has the status of an answer.
    pub(crate) fn post(
        &self,
        action: Cow<'static, str>,
        body: Bytes,
        after: Duration,
    ) -> BoxFuture<'_, Result<Bytes, RpcError>> {
        Box::pin(async move {
            // The limit holds for all of it: connecting, TLS, the answer's last byte.
            let call = Call { action: &action, url: self.endpoint.shown() };
            let late =
                |_| Err(RpcError::TimedOut { action: call.action(), url: call.url(), after });
            timeout(after, self.attempt(call, body)).await.unwrap_or_else(late)
        })
    }

    async fn attempt(&self, call: Call<'_>, body: Bytes) -> Result<Bytes, RpcError> {
        let response =
            self.http.request(self.request(body)).await.map_err(|error| call.failed(error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = self.collect(call, response).await?;
        call.judge(status, &headers, body)
    }

    fn request(&self, body: Bytes) -> Request<Full<Bytes>> {
        let mut request = Request::post(self.endpoint.uri().clone())
            .body(Full::new(body))
            .expect("the URL was checked when it was read");
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.extend(self.endpoint.headers().clone());
        request
    }

    async fn collect(&self, call: Call<'_>, answer: Response<Incoming>) -> Result<Bytes, RpcError> {
        // The length that a server announces is not believed: the bytes are counted as they come.
        let limit = self.max_answer;
        match Limited::new(answer.into_body(), limit).collect().await {
            Ok(body) => Ok(body.to_bytes()),
            Err(error) if error.is::<LengthLimitError>() => {
                Err(RpcError::TooLarge { action: call.action(), url: call.url(), limit })
            }
            Err(error) => Err(call.broken(Reason::boxed(error))),
        }
    }
}

/// What every error of a call says.
#[derive(Clone, Copy)]
struct Call<'a> {
    action: &'a Cow<'static, str>,
    url: &'a str,
}

impl Call<'_> {
    fn action(self) -> Cow<'static, str> {
        self.action.clone()
    }

    fn url(self) -> String {
        self.url.to_owned()
    }

    fn broken(self, reason: Reason) -> RpcError {
        RpcError::Broken { action: self.action(), url: self.url(), reason }
    }

    fn failed(self, error: Error) -> RpcError {
        let (action, url) = (self.action(), self.url());
        if !error.is_connect() {
            return self.broken(Reason::of(error));
        }
        match tls::problem(&error) {
            Some(words) => {
                let reason = Reason::said(&words, error);
                RpcError::Tls { action, url, reason }
            }
            None => RpcError::Connect { action, url, reason: Reason::of(error) },
        }
    }

    /// The body, if the status is that of an answer, or else what the status means.
    fn judge(
        self,
        status: StatusCode,
        headers: &HeaderMap,
        body: Bytes,
    ) -> Result<Bytes, RpcError> {
        if status.is_success() {
            return Ok(body);
        }
        let words = answers::words(status.as_u16(), &body);
        // 408 and 429 are about when, not about what was asked: those may be asked again.
        let ours = status.is_client_error() && !matches!(status.as_u16(), 408 | 429);
        match words {
            Some(text) if ours => Err(RpcError::refused(self.action(), text)),
            words => {
                Err(self.status(status, headers, words.unwrap_or_else(|| excerpt_bytes(&body))))
            }
        }
    }

    fn status(self, status: StatusCode, headers: &HeaderMap, body: String) -> RpcError {
        // Not followed: the headers may hold a key, which is for this host alone.
        let text = if status.is_redirection() { redirect(headers) } else { body };
        RpcError::Status {
            action: self.action(),
            url: self.url(),
            status: status.as_u16(),
            text,
            retry_after: retry_after(headers),
        }
    }
}

/// Where a redirect points to, without path and query.
fn redirect(headers: &HeaderMap) -> String {
    let target = headers.get(LOCATION).and_then(|value| value.to_str().ok());
    match target.and_then(endpoint::shown) {
        Some(target) => format!("a redirect to {target}, which is not followed"),
        None => "a redirect, which is not followed".to_owned(),
    }
}

/// The wait that a server asks for in seconds; its other form, a date, is not read.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}
