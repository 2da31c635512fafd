//! Writing to standard output. Whoever reads it may stop early (`… | head`): that ends the program without a word.

use serde::Serialize;
use std::{
    fmt::Display,
    io::{self, Write},
};

/// Nobody reads what is written.
#[derive(Debug, thiserror::Error)]
#[error("nobody reads standard output any more")]
struct Unread;

/// Writes one line.
///
/// # Errors
/// Standard output is closed or full.
pub fn line(text: impl Display) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).map_err(mark)
}

/// Writes a value as JSON on one line.
///
/// # Errors
/// Standard output is closed or full, or the value has no JSON form.
pub fn json(value: &impl Serialize) -> io::Result<()> {
    line(serde_json::to_string(value)?)
}

/// Tells the closed pipe of standard output from those of connections.
pub(crate) fn mark(error: io::Error) -> io::Error {
    match error.kind() {
        kind @ io::ErrorKind::BrokenPipe => io::Error::new(kind, Unread),
        _ => error,
    }
}

/// Whether an error only says that nobody reads standard output any more.
pub(crate) fn is_unread(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<Unread>())
}

#[cfg(test)]
mod tests {
    use super::{is_unread, mark};
    use std::io::{Error, ErrorKind};

    #[test]
    fn only_the_pipe_of_standard_output_is_silent() {
        assert!(is_unread(&mark(Error::from(ErrorKind::BrokenPipe))));
        assert!(!is_unread(&mark(Error::from(ErrorKind::StorageFull))));
        assert!(!is_unread(&Error::from(ErrorKind::BrokenPipe)));
    }
}
