//! [`Tls`]: secure connections, or in a program without them (no feature `tls`) the error that says so.

#[cfg(not(feature = "tls"))]
mod none;
#[cfg(feature = "tls")]
mod rustls;

#[cfg(feature = "tls")]
pub(crate) use self::rustls::{HttpClient, Tls, problem};
#[cfg(not(feature = "tls"))]
pub(crate) use none::{NoTls as Tls, PlainClient as HttpClient, problem};
