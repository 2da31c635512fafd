//! [`Config`]: where the page is served, to whom, and what it is told.

use nano_http::Rate;
use nano_primitives::{Account, Amount};
use p2pow_page::Token;
use std::{net::SocketAddr, time::Duration};

/// Who may ask.
#[derive(Debug, Clone)]
pub enum Access {
    /// Whoever shows the token, on loopback.
    Token(Token),
    /// Everybody, a list of workers and nothing else: there is no key in the process. Each address may ask so often.
    Public(Rate),
}

/// What a server is told before it starts.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Config {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Who may ask.
    pub access: Access,
    /// How often the registry is looked at and workers are asked.
    pub look_every: Duration,
    /// Where an account is shown to people, with `{}` in its place; no links without it.
    pub explorer: Option<String>,
    /// What the test of a worker sends, and to whom; without it a raw to the account itself.
    pub trial: Option<Trial>,
}

/// What the test of a worker sends on a network without value, where nobody is asked first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trial {
    /// Who gets it.
    pub payee: Account,
    /// How much, in raw.
    pub amount: Amount,
}

impl Config {
    /// The usual configuration.
    #[must_use]
    pub const fn new(listen: SocketAddr, access: Access) -> Self {
        let look_every = Duration::from_secs(60);
        Self { listen, access, look_every, explorer: None, trial: None }
    }
}
