//! TLS for HTTPS and secure WebSocket: rustls with ring, Mozilla's root certificates, and those that a caller adds.

use crate::{ConfigError, text::excerpt};
use rustls::{
    ClientConfig, InvalidMessage, RootCertStore, crypto::ring, pki_types::CertificateDer,
};
use std::{error::Error, io, sync::Arc};

/// A configuration that trusts the public roots and `extra` ones.
pub(crate) fn config(extra: &[Vec<u8>]) -> Result<ClientConfig, ConfigError> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for der in extra {
        roots
            .add(CertificateDer::from_slice(der))
            .map_err(|error| ConfigError::Certificate { reason: excerpt(&error.to_string()) })?;
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring can do the default versions of TLS")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

/// What TLS has to say about a failed connection, if it failed in TLS.
pub(crate) fn problem(error: &(dyn Error + 'static)) -> Option<String> {
    match find(error)? {
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            Some("the server does not speak TLS, is it one for http:// or ws://?".to_owned())
        }
        other => Some(excerpt(&other.to_string())),
    }
}

/// Looks for the error of TLS under its wrappers. An I/O error hides what it holds from `source`.
fn find<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    if let Some(found) = error.downcast_ref() {
        return Some(found);
    }
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(inner) => find(inner),
        None => find(error.source()?),
    }
}
