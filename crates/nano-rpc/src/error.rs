//! [`RpcError`]: what can go wrong with a call, and whether it is worth trying again; [`Refusal`]: why a node refused a
//! block; [`ConfigError`]: why there is no client.

use crate::{answers::reader::AnswerError, reason::Reason};
use std::{borrow::Cow, fmt, time::Duration};

/// A call of a node that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RpcError {
    /// The node understood and refused.
    #[error(transparent)]
    Node(NodeError),
    /// No connection could be made: nothing was sent.
    #[error("{action}: cannot connect to {url}: {reason}")]
    Connect {
        /// The action that was asked for.
        action: Cow<'static, str>,
        /// The node, without credentials.
        url: String,
        /// The cause.
        #[source]
        reason: Reason,
    },
    /// The server's certificate or its TLS was not acceptable: nothing was sent.
    #[error("{action}: no secure connection to {url}: {reason}")]
    Tls {
        /// The action that was asked for.
        action: Cow<'static, str>,
        /// The node, without credentials.
        url: String,
        /// The cause.
        #[source]
        reason: Reason,
    },
    /// The answer did not come in time. The node may have acted all the same.
    #[error("{action}: no answer from {url} within {after:?}")]
    TimedOut {
        /// The action that was asked for.
        action: Cow<'static, str>,
        /// The node, without credentials.
        url: String,
        /// The limit.
        after: Duration,
    },
    /// The connection broke before the answer was complete. The node may have acted all the same.
    #[error("{action}: connection to {url} broke: {reason}")]
    Broken {
        /// The action that was asked for.
        action: Cow<'static, str>,
        /// The node, without credentials.
        url: String,
        /// The cause.
        #[source]
        reason: Reason,
    },
    /// An HTTP status that is no node's answer: of a proxy, a rate limit, a redirect (none is followed).
    #[error("{action}: {url} answered HTTP status {status}, wanted 200{}", detail(.text))]
    Status {
        /// The action that was asked for.
        action: Cow<'static, str>,
        /// The node, without credentials.
        url: String,
        /// The status found.
        status: u16,
        /// The start of the body, or where a redirect points to.
        text: String,
        /// How long the server asks to wait.
        retry_after: Option<Duration>,
    },
    /// The answer is larger than the client reads.
    #[error("{action}: answer of {url} is larger than {limit} bytes")]
    TooLarge {
        /// The action that was asked for.
        action: Cow<'static, str>,
        /// The node, without credentials.
        url: String,
        /// The largest answer that is read, in bytes.
        limit: usize,
    },
    /// The answer is not what this action answers.
    #[error("{action}: {error}")]
    Answer {
        /// The action that was asked for.
        action: Cow<'static, str>,
        /// What was found and what was wanted.
        error: AnswerError,
    },
}

impl RpcError {
    /// Whether the same call may succeed a little later: the network or a server in between failed, not the call.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        match self {
            Self::Connect { .. } | Self::TimedOut { .. } | Self::Broken { .. } => true,
            // The server was late, busy or broken, or a proxy has no node at the moment.
            Self::Status { status, .. } => matches!(status, 408 | 429 | 500..=599),
            _ => false,
        }
    }

    /// Whether the request certainly had no effect: it was never sent, or turned away at the door.
    #[must_use]
    pub const fn is_unsent(&self) -> bool {
        matches!(
            self,
            Self::Connect { .. } | Self::Tls { .. } | Self::Status { status: 429 | 503, .. }
        )
    }

    /// The node's own words, if it was the node that refused.
    #[must_use]
    pub fn node_text(&self) -> Option<&str> {
        match self {
            Self::Node(error) => Some(error.text()),
            _ => None,
        }
    }

    /// Why the node refused a block, if that is what happened and the words are known.
    #[must_use]
    pub fn refusal(&self) -> Option<Refusal> {
        self.node_text().and_then(Refusal::from_text)
    }

    /// Whether the node does not know the action at all.
    #[must_use]
    pub fn is_unknown_action(&self) -> bool {
        matches!(self, Self::Node(error) if error.is_unknown_action())
    }

    pub(crate) fn answer(action: impl Into<Cow<'static, str>>, error: AnswerError) -> Self {
        match error {
            AnswerError::Node { text } => Self::refused(action.into(), text),
            error => Self::Answer { action: action.into(), error },
        }
    }

    pub(crate) const fn refused(action: Cow<'static, str>, text: String) -> Self {
        Self::Node(NodeError { action, text })
    }

    /// What a time to wait the server asked for.
    pub(crate) const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

/// A node's refusal in its own words: the text of `{"error": …}`, or the plain text of an HTTP 400 or 422.
///
/// Compares with that text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{action}: the node answered {text:?}")]
pub struct NodeError {
    action: Cow<'static, str>,
    text: String,
}

impl NodeError {
    /// The action that was asked for.
    #[must_use]
    pub fn action(&self) -> &str {
        &self.action
    }

    /// The node's words.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The reference node says "Unknown command"; others name the action, for they fail to read it.
    fn is_unknown_action(&self) -> bool {
        // The name in RsNano's words is checked: it lists all the others that it knows in the same sentence.
        self.text.eq_ignore_ascii_case("unknown command")
            || self.text.contains(&format!("unknown variant `{}`", self.action))
    }
}

impl PartialEq<str> for NodeError {
    fn eq(&self, text: &str) -> bool {
        self.text == text
    }
}

/// Why a node refused a block, read from its text.
///
/// The texts are those of the reference node (nano/lib/errors.cpp) and of RsNano; they differ in a few places only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// The block is in the ledger already.
    OldBlock,
    /// Another block stands in its place.
    Fork,
    /// Its previous block is not known.
    GapPrevious,
    /// The send that it receives is not known.
    GapSource,
    /// An epoch block for an unopened account that has nothing to receive.
    GapEpochOpen,
    /// The signature is not of the right key.
    BadSignature,
    /// A legacy send whose balance grows.
    NegativeSpend,
    /// The send is received already, or was to somebody else.
    Unreceivable,
    /// The balance does not change by the amount that was sent.
    BalanceMismatch,
    /// The kind of block cannot stand there.
    BlockPosition,
    /// The work is not enough.
    InsufficientWork,
    /// The burn account cannot be opened.
    OpensBurnAccount,
    /// An epoch block with another representative.
    RepresentativeMismatch,
    /// The block is not of the subtype that it was sent with. Also the answer to a send that is in the ledger already,
    /// when it comes again with its subtype.
    WrongSubtype,
}

impl Refusal {
    const TEXTS: [(&'static str, Self); 19] = [
        ("Old block", Self::OldBlock),
        ("Fork", Self::Fork),
        ("Gap previous block", Self::GapPrevious),
        ("Gap source block", Self::GapSource),
        ("Gap pending for open epoch block", Self::GapEpochOpen),
        ("Bad signature", Self::BadSignature),
        ("Negative spend", Self::NegativeSpend),
        ("Unreceivable", Self::Unreceivable),
        ("Balance and amount delta do not match", Self::BalanceMismatch),
        ("Balance and amount delta don't match", Self::BalanceMismatch),
        ("This block cannot follow the previous block", Self::BlockPosition),
        ("Block work is insufficient", Self::InsufficientWork),
        ("Block work is less than threshold", Self::InsufficientWork),
        ("Block attempts to open the burn account", Self::OpensBurnAccount),
        ("Representative mismatch", Self::RepresentativeMismatch),
        ("Invalid block balance for given subtype", Self::WrongSubtype),
        ("Invalid previous block for given subtype", Self::WrongSubtype),
        ("Invalid epoch link", Self::WrongSubtype),
        ("Invalid subtype", Self::WrongSubtype),
    ];

    /// The refusal of a node's text; `None` for words that are not known.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        // Whole texts, no parts of one: a refusal that is taken for another one may cost money.
        let same = |known: &str| known.eq_ignore_ascii_case(text.trim());
        Self::TEXTS.iter().find(|(known, _)| same(known)).map(|&(_, refusal)| refusal)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = Self::TEXTS.iter().find(|(_, refusal)| refusal == self).map(|(text, _)| *text);
        f.write_str(text.expect("every refusal has a text"))
    }
}

/// A client that cannot be made: of a node, or of any other server that is spoken to in the same way.
///
/// No value is repeated that may be a secret: nothing of a URL but a well-known scheme, and of a header its name, if it
/// has the form of one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The URL is none.
    #[error("the URL is malformed, wanted {wanted}://host[:port][/path]: {reason}")]
    Url {
        /// What is wrong with it.
        #[source]
        reason: Reason,
        /// A scheme that it may have.
        wanted: &'static str,
    },
    /// The URL has a scheme that is not spoken here.
    #[error("the URL has the scheme {found:?}, wanted {} or {}", .wanted[0], .wanted[1])]
    Scheme {
        /// The scheme found.
        found: String,
        /// The schemes wanted.
        wanted: [&'static str; 2],
    },
    /// The URL asks for TLS, which this program was built without.
    #[error(
        "the URL has the scheme https or wss, but this program was built without TLS (feature `tls` of nano-rpc)"
    )]
    NoTls,
    /// A header that cannot be sent.
    #[error("the header {name:?} cannot be sent: {reason}")]
    Header {
        /// The header's name; `…` if it has not the form of one.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A certificate that cannot be trusted as a root.
    #[error("the root certificate is malformed, wanted an X.509 certificate in DER: {reason}")]
    Certificate {
        /// What is wrong with it.
        #[source]
        reason: Reason,
    },
}

/// The text in brackets, if there is any.
fn detail(text: &str) -> impl fmt::Display {
    if text.is_empty() { String::new() } else { format!(" ({text})") }
}
