//! One connection: its requests are given to the router, each with its [`Peer`](crate::Peer).

use crate::{
    HttpConfig, HttpLimits, Peer,
    door::{Door, Pass},
    io::Guarded,
    pace::Pace,
    peer::Proxies,
    phase::Answering,
    refusal::Unserved,
};
use axum::{
    Router,
    body::{Body, Bytes, HttpBody},
    http::{
        HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode,
        header::{ACCESS_CONTROL_ALLOW_ORIGIN, ORIGIN},
    },
    response::IntoResponse,
};
use hyper::{
    body::{Frame, Incoming, SizeHint},
    server::conn::http1,
    service::{Service, service_fn},
};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use std::{
    convert::Infallible,
    net::SocketAddr,
    pin::{Pin, pin},
    sync::atomic::{AtomicU64, Ordering},
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    select,
    sync::Semaphore,
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use tower_http::{
    request_id::{MakeRequestId, PropagateRequestIdLayer, RequestId, SetRequestIdLayer},
    trace::TraceLayer,
};
use tracing::{debug, info_span};

/// The least buffer that hyper takes.
const LEAST_BUFFER: usize = 8 * 1024;
/// The longest id that is taken over from a proxy.
const LONGEST_ID: usize = 64;
/// So many of those turned away are told why at once; others are cut off.
const TOLD: usize = 64;
/// How long somebody who is turned away may take to read why.
const TOLD_WITHIN: Duration = Duration::from_secs(1);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What all connections of a server share.
#[derive(Debug)]
pub(crate) struct Shared {
    router: TowerToHyperService<Router>,
    limits: HttpLimits,
    proxies: Proxies,
    is_open_to_pages: bool,
    door: Door,
    pace: Option<Pace>,
    told: Semaphore,
    closing: CancellationToken,
    /// Connections that are still there are cut off.
    cut: CancellationToken,
}

impl Shared {
    pub(crate) fn new(config: &HttpConfig, router: Router, cut: CancellationToken) -> Self {
        Self {
            router: TowerToHyperService::new(layered(router, config)),
            limits: config.limits,
            proxies: Proxies::new(config.trusted_proxies.clone()),
            is_open_to_pages: config.cors.is_some(),
            door: Door::new(&config.limits),
            pace: config.limits.pace.map(Pace::new),
            told: Semaphore::new(TOLD),
            closing: config.closing.clone(),
            cut,
        }
    }

    pub(crate) const fn closing(&self) -> &CancellationToken {
        &self.closing
    }

    /// Serves a connection if there is room for it.
    pub(crate) async fn meet<Io>(&self, io: Io, address: SocketAddr)
    where
        Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let stranger = !self.proxies.trust(address.ip());
        match self.door.enter(stranger.then(|| address.ip().into())) {
            Some(pass) => self.converse(io, address, pass).await,
            None => self.turn_away(io, address).await,
        }
    }

    async fn converse<Io>(&self, io: Io, address: SocketAddr, pass: Pass)
    where
        Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (phase, leave) = (pass.phase(), pass.leave());
        let io = Guarded::new(io, pass, self.limits, self.is_open_to_pages);
        let service = service_fn(|request| self.answer(request, address, phase.begin()));
        let connection = http1::Builder::new()
            .header_read_timeout(None)
            .max_headers(self.limits.headers)
            .max_header_size(self.limits.head_bytes)
            .max_buf_size(self.limits.head_bytes.max(LEAST_BUFFER))
            .serve_connection(TokioIo::new(io), service)
            .with_upgrades();
        let mut connection = pin!(connection);
        let ended = select! {
            ended = connection.as_mut() => ended,
            () = leave.cancelled() => Ok(()),
            () = self.closing.cancelled() => {
                connection.as_mut().graceful_shutdown();
                select! {
                    ended = connection.as_mut() => ended,
                    () = self.cut.cancelled() => Ok(()),
                }
            }
        };
        if let Err(error) = ended {
            debug!(error = &error as &dyn std::error::Error, %address, "a connection broke");
        }
    }
}

impl Shared {
    async fn answer(
        &self,
        mut request: Request<Incoming>,
        address: SocketAddr,
        mut answering: Answering,
    ) -> Result<Response<Answer>, Infallible> {
        let peer = self.proxies.peer(address, request.headers());
        if !(self.proxies.trust(address.ip()) && has_short_id(request.headers())) {
            request.headers_mut().remove(REQUEST_ID);
        }
        let page = self.page(&request);
        request.extensions_mut().insert(peer);
        let turn = match &self.pace {
            Some(pace) => pace.turn(peer.source()).await,
            None => Ok(()),
        };
        let mut response = match turn {
            Ok(()) => self.router.call(request).await?,
            Err(too_many) => self.refuse(too_many),
        };
        if let Some(page) = page {
            response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, page);
        }
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            answering.upgrade();
        }
        Ok(response.map(|body| Answer { body, _answering: answering }))
    }

    /// An answer that the router is not asked for.
    fn refuse(&self, refusal: impl IntoResponse) -> Response<Body> {
        let mut response = refusal.into_response();
        if self.is_open_to_pages {
            let all = HeaderValue::from_static("*");
            response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, all);
        }
        response
    }

    /// The origin of a page that asks for leave, which is echoed.
    fn page(&self, request: &Request<Incoming>) -> Option<HeaderValue> {
        let asks = self.is_open_to_pages && request.method() == Method::OPTIONS;
        request.headers().get(ORIGIN).filter(|_| asks).cloned()
    }

    /// Says that there is no room, if that is cheap: to so many at once, and each for a moment.
    async fn turn_away(&self, mut io: impl AsyncRead + AsyncWrite + Unpin, address: SocketAddr) {
        debug!(%address, "too many connections");
        let Ok(_told) = self.told.try_acquire() else { return };
        let tell = async {
            io.write_all(&Unserved::Full.to_bytes(self.is_open_to_pages)).await?;
            io.shutdown().await?;
            // Closed with bytes unread, a connection is reset, and its client sees nothing of the answer.
            let mut rest = [0; 1024];
            while io.read(&mut rest).await? > 0 {}
            Ok::<_, std::io::Error>(())
        };
        let _ = timeout(TOLD_WITHIN, tell).await;
    }
}

fn has_short_id(headers: &HeaderMap) -> bool {
    headers.get(REQUEST_ID).is_some_and(|id| id.len() <= LONGEST_ID && id.to_str().is_ok())
}

/// The body of an answer. When it is dropped, the answer has been given.
struct Answer {
    body: Body,
    _answering: Answering,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The router with what every answer passes: leave for pages, an id, and a line in the log.
fn layered(router: Router, config: &HttpConfig) -> Router {
    let traced = TraceLayer::new_for_http()
        .make_span_with(|request: &Request<Body>| {
            let id = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok());
            let peer = request.extensions().get::<Peer>().map(|peer| peer.address);
            // The query may hold secrets.
            let (method, path) = (request.method(), request.uri().path());
            info_span!("request", id, peer = peer.map(tracing::field::display), %method, path)
        })
        .on_request(())
        .on_body_chunk(())
        .on_eos(())
        .on_failure(());
    let id = SetRequestIdLayer::new(REQUEST_ID, Ids);
    let router = router.layer((id, traced, PropagateRequestIdLayer::new(REQUEST_ID)));
    match &config.cors {
        Some(cors) => router.layer(cors.layer()),
        None => router,
    }
}

/// Numbers the requests of this process.
#[derive(Debug, Clone, Copy)]
struct Ids;

impl MakeRequestId for Ids {
    fn make_request_id<B>(&mut self, _: &Request<B>) -> Option<RequestId> {
        static LAST: AtomicU64 = AtomicU64::new(0);
        let id = LAST.fetch_add(1, Ordering::Relaxed) + 1;
        Some(RequestId::new(HeaderValue::from(id)))
    }
}
