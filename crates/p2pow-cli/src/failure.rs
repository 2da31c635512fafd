//! Why a command did not succeed: one line for people, an exit code for scripts.

use crate::output;
use nano_primitives::excerpt;
use std::{error::Error, fmt, io, process::ExitCode};

/// Longer messages are cut: an error may quote what it found, and that may be anything.
const MAX_CHARS: usize = 1000;

/// Why a command did not succeed.
#[derive(Debug)]
pub enum Failure {
    /// The command line or the configuration makes no sense: exit code 2.
    Usage(String),
    /// Some of what was asked for is done and cannot be undone, the rest is not: exit code 3. The words say which.
    Partial(Box<dyn Error + Send + Sync>),
    /// Anything else: exit code 1.
    Failed(Box<dyn Error + Send + Sync>),
}

impl Failure {
    /// A failure that only has words.
    #[must_use]
    pub fn new(words: impl Into<String>) -> Self {
        Self::Failed(words.into().into())
    }

    /// A failure after a part was done: words or an error that says which part.
    #[must_use]
    pub fn partial(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Partial(error.into())
    }

    /// 2 for wrong usage, 3 if a part was done, 1 for the rest; 141 if nobody reads the output any more, as a shell tells
    /// it of other programs.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Usage(_) => 2,
            Self::Partial(_) => 3,
            Self::Failed(_) if self.is_silent() => 141,
            Self::Failed(_) => 1,
        })
    }

    /// Whether there is nothing to tell: nobody reads the output any more.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        match self {
            Self::Usage(_) | Self::Partial(_) => false,
            Self::Failed(error) => error.downcast_ref::<io::Error>().is_some_and(output::is_unread),
        }
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Failed(Box::new(error))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Usage(words) => words.clone(),
            Self::Partial(error) | Self::Failed(error) => chain(error.as_ref()),
        };
        f.write_str(&one_line(&text))
    }
}

/// The error and its sources, unless a text already ends with its source's.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let words = error.to_string();
        if !text.ends_with(&words) {
            text = format!("{text}: {words}");
        }
        source = error.source();
    }
    text
}

/// `text` on one line of bounded length, without control characters and those that reorder or hide text.
#[must_use]
pub fn one_line(text: &str) -> String {
    excerpt(&text.split_whitespace().collect::<Vec<_>>().join(" "), MAX_CHARS)
}

/// What clap found wrong, on one line: without its label, the usage, the pointer to `--help`, and what may be a key.
#[must_use]
pub fn gist(message: &str) -> String {
    let message = message.strip_prefix("error: ").unwrap_or(message);
    let parts = message.split("\n\n").take_while(|part| {
        !part.starts_with("Usage:") && !part.starts_with("For more information")
    });
    output::without_secrets(&one_line(&parts.collect::<Vec<_>>().join(";")))
}

#[cfg(test)]
mod tests {
    use super::{Failure, gist, one_line};

    #[test]
    fn usage_is_not_part_of_the_gist() {
        let message =
            "error: unrecognized subcommand 'x'\n\n  tip: try y\n\nUsage: p2pow\n\nFor more";
        assert_eq!(gist(message), "unrecognized subcommand 'x'; tip: try y");
    }

    #[test]
    fn a_message_is_one_line_without_characters_that_drive_a_terminal() {
        assert_eq!(one_line("a\n  b\u{1b}[31m\tc\u{202e}d"), "a b\u{fffd}[31m c\u{fffd}d");
    }

    #[test]
    fn a_huge_message_is_cut() {
        assert_eq!(one_line(&"x".repeat(5000)).chars().count(), super::MAX_CHARS + 1);
    }

    #[test]
    fn every_kind_of_failure_has_its_exit_code() {
        let code = |failure: Failure| format!("{:?}", failure.exit_code());
        let is = |code: u8| format!("{:?}", std::process::ExitCode::from(code));
        assert_eq!(code(Failure::new("the node is away")), is(1));
        assert_eq!(code(Failure::Usage("--fee is what?".to_owned())), is(2));
        let partial = Failure::partial("2 of 3 payments are confirmed");
        assert_eq!(partial.to_string(), "2 of 3 payments are confirmed");
        assert_eq!(code(partial), is(3));
    }

    #[test]
    fn sources_are_told_once() {
        #[derive(Debug, thiserror::Error)]
        #[error("cannot read the book")]
        struct Outer(#[source] std::io::Error);
        let failure = Failure::from(Outer(std::io::Error::other("it is closed")));
        assert_eq!(failure.to_string(), "cannot read the book: it is closed");
    }
}
