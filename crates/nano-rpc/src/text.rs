//! Text from elsewhere, made fit for an error message.

use std::error::Error;

/// The start of what was found: long or odd input must not flood a log or drive a terminal.
pub(crate) fn excerpt(text: &str) -> String {
    const KEEP: usize = 200;
    let text = text.trim();
    let mut shown: String = text.chars().take(KEEP).map(printable).collect();
    if text.chars().nth(KEEP).is_some() {
        shown.push('…');
    }
    shown
}

/// [`excerpt`] of bytes that may not be UTF-8.
pub(crate) fn excerpt_bytes(bytes: &[u8]) -> String {
    let start = bytes.get(..1024).unwrap_or(bytes);
    excerpt(&String::from_utf8_lossy(start))
}

fn printable(c: char) -> char {
    if c.is_control() { ' ' } else { c }
}

/// The innermost cause of an error: the wrappers of HTTP libraries say nothing of their own.
pub(crate) fn root_cause(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    excerpt(&cause.to_string())
}
