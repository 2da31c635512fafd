//! Writing to standard output: a closed pipe is an error to tell, not a panic.

use serde::Serialize;
use std::{
    fmt::Display,
    io::{self, Write},
};

/// Writes one line.
///
/// # Errors
/// Standard output is closed or full.
pub fn line(text: impl Display) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}

/// Writes a value as JSON on one line.
///
/// # Errors
/// Standard output is closed or full, or the value has no JSON form.
pub fn json(value: &impl Serialize) -> io::Result<()> {
    line(serde_json::to_string(value)?)
}
