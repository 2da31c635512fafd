//! The operator's page: its files are in the binary, and a policy keeps it from asking anybody else.

use axum::{
    Router,
    body::Bytes,
    http::{
        HeaderName, HeaderValue,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
            X_CONTENT_TYPE_OPTIONS,
        },
    },
    response::{IntoResponse, Response},
    routing::get,
};

/// Scripts and styles of this listener alone, none of them inline; requests to it alone; in nobody's frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
     img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A file of the page.
#[derive(Debug, Clone, Copy)]
struct Asset {
    path: &'static str,
    kind: &'static str,
    text: &'static str,
}

const fn asset(path: &'static str, kind: &'static str, text: &'static str) -> Asset {
    Asset { path, kind, text }
}

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

const ASSETS: [Asset; 8] = [
    asset("/", HTML, include_str!("page/index.html")),
    asset("/style.css", CSS, include_str!("page/style.css")),
    asset("/icon.svg", SVG, include_str!("page/icon.svg")),
    asset("/main.js", SCRIPT, include_str!("page/main.js")),
    asset("/access.js", SCRIPT, include_str!("page/access.js")),
    asset("/chart.js", SCRIPT, include_str!("page/chart.js")),
    asset("/format.js", SCRIPT, include_str!("page/format.js")),
    asset("/view.js", SCRIPT, include_str!("page/view.js")),
];

/// The routes of the page. Nothing in it is secret: what it shows it asks for with the token.
pub(crate) fn routes() -> Router {
    ASSETS
        .iter()
        .fold(Router::new(), |router, &asset| router.route(asset.path, get(async move || asset)))
}

impl IntoResponse for Asset {
    fn into_response(self) -> Response {
        let kind = HeaderValue::from_static(self.kind);
        ([(CONTENT_TYPE, kind)], Bytes::from_static(self.text.as_bytes())).into_response()
    }
}

/// What every answer of the listener says to browsers.
pub(crate) fn guarded(mut response: Response) -> Response {
    const OWN: &str = "same-origin";
    let headers: [(HeaderName, &str); 6] = [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("cross-origin-resource-policy"), OWN),
        (HeaderName::from_static("cross-origin-opener-policy"), OWN),
    ];
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
