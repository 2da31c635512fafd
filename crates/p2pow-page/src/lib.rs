//! What the pages of P2PoW's programs share, the operator's and the market's: styles, charts and figures for the
//! browser, and what keeps a page to itself.
//!
//! Files are in the binary ([`Asset`]), and [`guarded`] answers tell the browser to run and ask nothing else. Who asks
//! a listener must name this machine ([`own_host`]) and show the [`Token`] ([`token`](fn@token)), which a page keeps where no
//! other page and no other port gets it. See `docs/adr/0011-operators-listener.md`.
//!
//! ```
//! use axum::{Router, middleware::{from_fn, from_fn_with_state, map_response}, routing::get};
//! use p2pow_page::{Asset, SHARED, Token, guarded, own_host, routes, token};
//!
//! static FILES: [Asset; 1] = [Asset::html("/", "<!doctype html><title>A page</title>")];
//!
//! let secret = Router::new()
//!     .route("/secret", get(async || "42"))
//!     .layer(from_fn_with_state(Token::generate()?, token));
//! let router: Router = secret
//!     .merge(routes(&SHARED))
//!     .merge(routes(&FILES))
//!     .layer(from_fn(own_host))
//!     .layer(map_response(async |response| guarded(response)));
//! # Ok::<_, p2pow_page::TokenError>(())
//! ```
#![forbid(unsafe_code)]

mod asset;
mod gate;
mod token;

pub use {
    asset::{Asset, SHARED, guarded, routes},
    gate::{NotLetIn, own_host, token},
    token::{Token, TokenError},
};
