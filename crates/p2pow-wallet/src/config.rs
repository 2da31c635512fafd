//! [`Config`]: what a wallet server is told before it starts.

use nano_http::{HttpLimits, IpNet};
use nano_primitives::{Account, Amount};
use p2pow_keystore::Cost;
use std::{fmt, net::SocketAddr, time::Duration};
use zeroize::Zeroizing;

/// How a wallet server works. The default suits a wallet for programs of the same machine.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen. Without a token only on loopback.
    pub listen: Vec<SocketAddr>,
    /// What every caller must show, if anything.
    pub token: Option<Token>,
    /// What clients may take up.
    pub limits: HttpLimits,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Who represents the accounts of new wallets; without it the first account of their seed.
    pub representative: Option<Account>,
    /// Whether what arrives for unlocked wallets is received without being asked for.
    pub receive: bool,
    /// The least that is received without being named; in raw.
    pub receive_minimum: Amount,
    /// How often is looked for what has arrived.
    pub receive_every: Duration,
    /// How long a call of the RPC waits for its block to be confirmed.
    pub wait: Duration,
    /// Payments that wait or are under way, at most.
    pub most_waiting: usize,
    /// Payments of an account that are made in one chain with one reward, at most.
    pub most_together: usize,
    /// How long a payment is tried for which nothing could be signed.
    pub give_up: Duration,
    /// Who is told of every payment that is over.
    pub webhooks: Vec<Webhook>,
    /// What guessing a password costs.
    pub cost: Cost,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: vec![([127, 0, 0, 1], 7072).into()],
            token: None,
            limits: HttpLimits {
                body: nano_http::BodyLimits {
                    bytes: 4 * 1024 * 1024,
                    within: Duration::from_secs(60),
                },
                connections_per_address: 1024,
                ..HttpLimits::default()
            },
            trusted_proxies: Vec::new(),
            representative: None,
            receive: false,
            receive_minimum: Amount::from_raw(10_u128.pow(24)),
            receive_every: Duration::from_secs(30),
            wait: Duration::from_secs(300),
            most_waiting: 100_000,
            most_together: 100,
            give_up: Duration::from_secs(600),
            webhooks: Vec::new(),
            cost: Cost::default(),
        }
    }
}

/// A secret that callers show, or that deliveries are signed with. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(Zeroizing<String>);

/// A secret that cannot be used. It is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "found a secret of {found} characters, wanted at least {least}, visible ASCII and no spaces"
)]
pub struct TokenError {
    found: usize,
    least: usize,
}

impl Token {
    /// Shorter ones can be guessed.
    const LEAST: usize = 16;

    /// A secret of at least 16 visible ASCII characters.
    ///
    /// # Errors
    /// It is shorter, or cannot be sent in a header.
    pub fn new(secret: impl Into<String>) -> Result<Self, TokenError> {
        let secret = Zeroizing::new(secret.into());
        let is_visible = secret.bytes().all(|byte| byte.is_ascii_graphic());
        let found = secret.chars().count();
        if is_visible && found >= Self::LEAST {
            Ok(Self(secret))
        } else {
            Err(TokenError { found, least: Self::LEAST })
        }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

/// Somebody who is told of payments.
#[derive(Clone)]
pub struct Webhook {
    /// Where to send it, over HTTP or HTTPS. Never shown: it may hold a secret.
    pub url: String,
    /// What deliveries are signed with.
    pub secret: Token,
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Webhook(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::Token;

    #[test]
    fn a_secret_is_long_and_is_never_shown() {
        let token = Token::new("0123456789abcdef").unwrap();
        assert_eq!(format!("{token:?}"), "Token(..)");
        for wrong in ["", "0123456789abcde", "0123456789 abcdef", "0123456789abcdeß"] {
            let error = Token::new(wrong).unwrap_err();
            assert!(wrong.is_empty() || !error.to_string().contains(wrong), "{error}");
        }
    }
}
