//! [`WebSocketUrl`]: where a node's WebSocket is, checked before anything depends on it.

use crate::{
    ConfigError,
    endpoint::{Address, Endpoint},
};
use std::{
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
};

/// The URL of a node's WebSocket, which is one: `ws` or `wss`, a host, a port that is a number.
///
/// It may hold credentials, so what is shown of it is scheme, host and port; [`as_str`](Self::as_str) is all of it.
///
/// ```
/// use nano_rpc::WebSocketUrl;
///
/// let url: WebSocketUrl = "ws://name:secret@127.0.0.1:7078".parse()?;
/// assert_eq!(url.to_string(), "ws://127.0.0.1:7078");
/// assert!("http://127.0.0.1:7078".parse::<WebSocketUrl>().is_err());
/// # Ok::<_, nano_rpc::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct WebSocketUrl {
    whole: String,
    endpoint: Endpoint,
}

impl WebSocketUrl {
    /// The URL with all that is in it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.whole
    }

    #[cfg(feature = "websocket")]
    pub(crate) const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }
}

impl PartialEq for WebSocketUrl {
    fn eq(&self, other: &Self) -> bool {
        self.whole == other.whole
    }
}

impl Eq for WebSocketUrl {}

impl Hash for WebSocketUrl {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.whole.hash(state);
    }
}

impl FromStr for WebSocketUrl {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let endpoint = Address::new(text).endpoint(["ws", "wss"])?;
        Ok(Self { whole: text.trim().to_owned(), endpoint })
    }
}

impl fmt::Display for WebSocketUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.endpoint.shown())
    }
}

impl fmt::Debug for WebSocketUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WebSocketUrl").field(&self.endpoint.shown()).finish()
    }
}
