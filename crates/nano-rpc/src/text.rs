//! Text from elsewhere, made fit for an error message.

/// The characters that an error shows of what it found.
const SHOWN: usize = 200;

/// The start of what was found.
pub(crate) fn excerpt(text: &str) -> String {
    nano_primitives::excerpt(text.trim(), SHOWN)
}

/// [`excerpt`] of bytes that may not be UTF-8.
pub(crate) fn excerpt_bytes(bytes: &[u8]) -> String {
    let start = bytes.get(..1024).unwrap_or(bytes);
    excerpt(&String::from_utf8_lossy(start))
}
