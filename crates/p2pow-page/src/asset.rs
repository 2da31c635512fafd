//! [`Asset`]: a file of a page. The files are in the binary, and a policy keeps a page from asking anybody else.

use axum::{
    Router,
    body::{Body, Bytes},
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

/// A file of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asset {
    /// Where it is, with its `/`.
    pub path: &'static str,
    /// The content type.
    pub kind: &'static str,
    /// The file.
    pub text: &'static str,
}

impl Asset {
    /// A page.
    #[must_use]
    pub const fn html(path: &'static str, text: &'static str) -> Self {
        Self { path, kind: "text/html; charset=utf-8", text }
    }

    /// Styles.
    #[must_use]
    pub const fn css(path: &'static str, text: &'static str) -> Self {
        Self { path, kind: "text/css; charset=utf-8", text }
    }

    /// A JavaScript module.
    #[must_use]
    pub const fn script(path: &'static str, text: &'static str) -> Self {
        Self { path, kind: "text/javascript; charset=utf-8", text }
    }

    /// A picture.
    #[must_use]
    pub const fn svg(path: &'static str, text: &'static str) -> Self {
        Self { path, kind: "image/svg+xml", text }
    }
}

/// What every page has: styles, charts, figures, elements, and how it shows its token.
pub const SHARED: [Asset; 6] = [
    Asset::css("/style.css", include_str!("files/style.css")),
    Asset::svg("/icon.svg", include_str!("files/icon.svg")),
    Asset::script("/access.js", include_str!("files/access.js")),
    Asset::script("/chart.js", include_str!("files/chart.js")),
    Asset::script("/dom.js", include_str!("files/dom.js")),
    Asset::script("/format.js", include_str!("files/format.js")),
];

/// The routes of files. Nothing in them is secret: what a page shows it asks for with the token.
pub fn routes(assets: &'static [Asset]) -> Router {
    assets
        .iter()
        .fold(Router::new(), |router, &asset| router.route(asset.path, get(async move || asset)))
}

impl IntoResponse for Asset {
    fn into_response(self) -> Response {
        let kind = HeaderValue::from_static(self.kind);
        let body = Body::from(Bytes::from_static(self.text.as_bytes()));
        ([(CONTENT_TYPE, kind)], body).into_response()
    }
}

/// What every answer of such a listener says to browsers. What is not said to be cached, is not.
#[must_use]
pub fn guarded(mut response: Response) -> Response {
    const OWN: &str = "same-origin";
    let headers: [(HeaderName, &str); 5] = [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-resource-policy"), OWN),
        (HeaderName::from_static("cross-origin-opener-policy"), OWN),
    ];
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    let cached = response.headers_mut().entry(CACHE_CONTROL);
    cached.or_insert(HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::SHARED;

    #[test]
    fn no_file_has_markup_from_text_or_asks_elsewhere() {
        for asset in SHARED {
            for word in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("]
            {
                assert!(!asset.text.contains(word), "{} has {word}", asset.path);
            }
            let asks = asset.text.replace("http://www.w3.org/2000/svg", "").contains("http");
            assert!(!asks, "{} names another host", asset.path);
        }
    }
}
