//! What can be said about a client.

use crate::{Client, ConfigError, endpoint::Endpoint, tls, transport::Transport};
use std::{fmt, sync::Arc, time::Duration};

/// Makes a [`Client`].
#[derive(Clone)]
pub struct ClientBuilder {
    url: String,
    headers: Vec<(String, String)>,
    root_certificates: Vec<Vec<u8>>,
    timeout: Duration,
    retries: u32,
    max_answer: usize,
}

impl ClientBuilder {
    pub(super) fn new(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            headers: Vec::new(),
            root_certificates: Vec::new(),
            timeout: Duration::from_secs(10),
            retries: 2,
            max_answer: 32 << 20,
        }
    }

    /// Sends a header with every call, an API key for example. The value is never shown.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Trusts a root certificate (X.509, DER) beside the public ones: for a node behind one's own authority.
    #[must_use]
    pub fn root_certificate(mut self, der: &[u8]) -> Self {
        self.root_certificates.push(der.to_vec());
        self
    }

    /// How long one try of a call may take; 10 s by default.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How often a call is tried again; 2 by default.
    #[must_use]
    pub const fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// The largest answer that is read, in bytes; 32 MiB by default, the nodes' own limit of a request.
    #[must_use]
    pub const fn max_answer(mut self, bytes: usize) -> Self {
        self.max_answer = bytes;
        self
    }

    /// Makes the client. Connects to nothing yet.
    ///
    /// # Errors
    /// The URL is not one of `http` or `https`, or a header or certificate is malformed.
    pub fn build(self) -> Result<Client, ConfigError> {
        let mut endpoint = Endpoint::parse(&self.url, ["http", "https"])?;
        for (name, value) in &self.headers {
            endpoint.add_header(name, value)?;
        }
        let tls = tls::config(&self.root_certificates)?;
        let transport = Arc::new(Transport::new(endpoint, tls, self.max_answer));
        let (timeout, retries) = (self.timeout, self.retries);
        Ok(Client { transport, timeout, retries, reads_decimal: Arc::default() })
    }
}

/// Without the URL and the values of the headers: they may be secrets.
impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("ClientBuilder")
            .field("headers", &headers)
            .field("timeout", &self.timeout)
            .field("retries", &self.retries)
            .field("max_answer", &self.max_answer)
            .finish_non_exhaustive()
    }
}
