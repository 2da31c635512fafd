//! [`ask`]: one exchange with a worker: plain HTTP, bounded in time and size, never redirected.
//!
//! A worker is a stranger. So there is no connection pool, no redirect, no compression and no cookie here: one
//! connection, one request, one answer of at most so many bytes within so much time. The bytes are counted where they
//! leave the connection ([`Metered`]), so that what HTTP has beside a body (interim answers, trailers, the wrapping of
//! chunks) is bounded as well.

mod metered;

use crate::{BoxFuture, config::seconds};
use bytes::Bytes;
use futures_util::future::{Either, select};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::{
    Method, Request, Response,
    body::Incoming,
    client::conn::http1,
    header::{ACCEPT, CONNECTION, CONTENT_TYPE, HOST, USER_AGENT},
};
use hyper_util::rt::TokioIo;
use metered::{Metered, TooMuch};
use std::{borrow::Cow, error::Error, io, net::SocketAddr, pin::pin, time::Duration};
use tokio::{net::TcpStream, time::timeout};

const AGENT: &str = concat!("p2pow-client/", env!("CARGO_PKG_VERSION"));
/// Room for the headers of an answer.
const MAX_HEADERS: usize = 16 * 1024;

/// What is asked of a worker.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    /// `/` and what may stand in a path.
    pub(crate) path: Cow<'static, str>,
    /// Posted as JSON; without it the request is a GET.
    pub(crate) body: Option<Bytes>,
    pub(crate) connect_timeout: Duration,
    /// For everything, the connection included.
    pub(crate) timeout: Duration,
    pub(crate) max_bytes: usize,
}

/// What a worker answered.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Bytes,
}

/// An exchange that brought no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// No connection.
    #[error("cannot connect to {address}")]
    Connect {
        /// Whom.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// No connection, or no complete answer, in time.
    #[error("{address} did not answer within {}", seconds(*.after))]
    TimedOut {
        /// Who.
        address: SocketAddr,
        /// The time it had.
        after: Duration,
    },
    /// Not HTTP, or cut off.
    #[error("the answer of {address} is broken")]
    Broken {
        /// Who.
        address: SocketAddr,
        /// How.
        source: Box<dyn Error + Send + Sync>,
    },
    /// More than anybody needs to say.
    #[error("the answer of {address} is longer than {limit} bytes")]
    TooLong {
        /// Who.
        address: SocketAddr,
        /// The most that is read.
        limit: usize,
    },
    /// A redirect, which is never followed.
    #[error("{address} redirects (status {status}), which is not followed")]
    Redirected {
        /// Who.
        address: SocketAddr,
        /// 300 to 399.
        status: u16,
    },
}

/// Asks once.
pub(crate) fn ask(address: SocketAddr, ask: &Ask) -> BoxFuture<'_, Result<Reply, HttpError>> {
    Box::pin(async move {
        let after = ask.timeout;
        let late = |_| Err(HttpError::TimedOut { address, after });
        timeout(after, exchange(address, ask)).await.unwrap_or_else(late)
    })
}

async fn exchange(address: SocketAddr, ask: &Ask) -> Result<Reply, HttpError> {
    let stream = connect(address, ask.connect_timeout).await?;
    let broken = |source| broken(address, ask.max_bytes, source);
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(MAX_HEADERS)
        .handshake(TokioIo::new(Metered::new(stream, most(ask.max_bytes))))
        .await
        .map_err(broken)?;
    let answer = async {
        let response = sender.send_request(request(address, ask)).await.map_err(broken)?;
        read(address, response, ask.max_bytes).await
    };
    // The connection is driven here and not in a task of its own: dropping this future closes it.
    match select(pin!(answer), pin!(connection)).await {
        Either::Left((reply, _)) => reply,
        Either::Right((_, answer)) => answer.await,
    }
}

/// The bytes of an answer with all that HTTP puts around it: a body may come in chunks, whose sizes are bytes too.
const fn most(body: usize) -> usize {
    MAX_HEADERS + 2 * body
}

/// What it means that HTTP fails: the meter is at its end, or the answer is no good.
fn broken(address: SocketAddr, limit: usize, source: hyper::Error) -> HttpError {
    let cause = source.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    match cause.and_then(io::Error::get_ref) {
        Some(inner) if inner.is::<TooMuch>() => HttpError::TooLong { address, limit },
        _ => HttpError::Broken { address, source: source.into() },
    }
}

async fn connect(address: SocketAddr, after: Duration) -> Result<TcpStream, HttpError> {
    match timeout(after, TcpStream::connect(address)).await {
        Ok(stream) => stream.map_err(|source| HttpError::Connect { address, source }),
        Err(_) => Err(HttpError::TimedOut { address, after }),
    }
}

fn request(address: SocketAddr, ask: &Ask) -> Request<Full<Bytes>> {
    let method = if ask.body.is_some() { Method::POST } else { Method::GET };
    Request::builder()
        .method(method)
        .uri(&*ask.path)
        .header(HOST, address.to_string())
        .header(USER_AGENT, AGENT)
        .header(ACCEPT, "application/json")
        .header(CONTENT_TYPE, "application/json")
        .header(CONNECTION, "close")
        .body(Full::new(ask.body.clone().unwrap_or_default()))
        .expect("a path of letters and digits and plain header values make a request")
}

async fn read(
    address: SocketAddr,
    response: Response<Incoming>,
    limit: usize,
) -> Result<Reply, HttpError> {
    let status = response.status();
    if status.is_redirection() {
        return Err(HttpError::Redirected { address, status: status.as_u16() });
    }
    let body = Limited::new(response.into_body(), limit).collect().await.map_err(|error| {
        match error.downcast::<hyper::Error>() {
            Ok(source) => broken(address, limit, *source),
            Err(other) => {
                debug_assert!(other.is::<LengthLimitError>());
                HttpError::TooLong { address, limit }
            }
        }
    })?;
    Ok(Reply { status: status.as_u16(), body: body.to_bytes() })
}
