//! [`Reason`]: why a library below could not do something, in one line, with its own error behind it.

use crate::text::excerpt;
use std::{error::Error, fmt, sync::Arc};

/// Why something failed: one line, fit to be shown, and the innermost error that is behind it as [`Error::source`], to
/// be looked into (an [`io::Error`](std::io::Error), for one). Equal to another by its words.
#[derive(Clone)]
pub struct Reason {
    words: String,
    error: Option<Arc<dyn Error + Send + Sync>>,
}

impl Reason {
    /// The innermost cause of this error: the wrappers of HTTP libraries say nothing of their own.
    pub(crate) fn of<E: Error + Send + Sync + 'static>(error: E) -> Self {
        Self::boxed(error.into())
    }

    /// The same of an error whose type is not known.
    pub(crate) fn boxed(error: Box<dyn Error + Send + Sync>) -> Self {
        Self { words: excerpt(&root(&*error).to_string()), error: Some(error.into()) }
    }

    /// The same in other words.
    pub(crate) fn said(words: &str, error: impl Error + Send + Sync + 'static) -> Self {
        Self { words: excerpt(words), error: Some(Arc::new(error)) }
    }

    /// A reason of our own, behind which there is nothing.
    pub(crate) fn words(words: &str) -> Self {
        Self { words: words.to_owned(), error: None }
    }

    /// The words.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.words
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

/// The words alone: what is behind them may quote what is no one else's business.
impl fmt::Debug for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Reason").field(&self.words).finish()
    }
}

impl PartialEq for Reason {
    fn eq(&self, other: &Self) -> bool {
        self.words == other.words
    }
}

impl Eq for Reason {}

impl Error for Reason {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.as_deref().map(|error| root(error))
    }
}

/// The innermost error.
fn root<'a>(error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause
}
