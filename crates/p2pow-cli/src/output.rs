//! What people and scripts are shown: lines and JSON on standard output, figures in words, and never a secret.
//!
//! Whoever reads standard output may stop early (`… | head`): that ends the program without a word.

use serde::Serialize;
use std::{
    fmt::Display,
    io::{self, Write},
    time::Duration,
};

/// A text with as many hexadecimal digits in a row may hold a private key, or most of one.
const SECRET_DIGITS: usize = 32;

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

/// A number of things: `1 worker`, `2 workers`.
#[must_use]
pub fn count(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

/// A duration to three digits: `1.23 ms`, `43.2 s`, `600 s`.
#[must_use]
pub fn duration(duration: Duration) -> String {
    seconds(duration.as_secs_f64())
}

/// Seconds to three digits, as [`duration`] shows them; what is longer than 999 hours is only said to be.
#[must_use]
pub fn seconds(seconds: f64) -> String {
    match seconds {
        short if short < 0.01 => format!("{:.2} ms", short * 1e3),
        short if short < 1.0 => format!("{:.0} ms", short * 1e3),
        long if long < 100.0 => format!("{long:.1} s"),
        long if long < 1e4 => format!("{long:.0} s"),
        long if long < 999.0 * 3600.0 => format!("{:.0} h", long / 3600.0),
        _ => "> 999 h".to_owned(),
    }
}

/// A rate of hashes a second with its unit: `38.4 MH/s`. Of a rate that no computer has only the bound is told: what a
/// stranger says of itself may be any number.
#[must_use]
pub fn hashrate(rate: f64) -> String {
    const UNITS: [&str; 5] = ["H/s", "kH/s", "MH/s", "GH/s", "TH/s"];
    if rate.is_nan() || rate < 0.0 {
        return "no sensible hash rate".to_owned();
    }
    let (mut value, mut unit) = (rate, 0);
    // What would be shown as 1000.0 has the next unit.
    while value >= 999.95 && unit + 1 < UNITS.len() {
        (value, unit) = (value / 1000.0, unit + 1);
    }
    if value >= 999.95 {
        return "more than 999 TH/s".to_owned();
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// Whether a text has so many hexadecimal digits in a row that it may be a private key or a seed.
#[must_use]
pub fn holds_secret(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_hexdigit()).any(|run| run.len() >= SECRET_DIGITS)
}

/// The text with `…` in place of what may be a private key or a seed.
#[must_use]
pub fn without_secrets(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_hexdigit()) {
        let (before, run) = rest.split_at(start);
        let end = run.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(run.len());
        let (digits, after) = run.split_at(end);
        shown += before;
        shown += if digits.len() >= SECRET_DIGITS { "…" } else { digits };
        rest = after;
    }
    shown + rest
}

#[cfg(test)]
mod tests {
    use super::{
        count, duration, hashrate, holds_secret, is_unread, mark, seconds, without_secrets,
    };
    use std::{
        io::{Error, ErrorKind},
        time::Duration,
    };

    #[test]
    fn figures_are_shown_to_a_few_digits() {
        let shown =
            [0.00123, 0.0123, 0.5, 1.25, 43.21, 433.3, 1e5, 1e9, f64::INFINITY].map(seconds);
        let wanted = [
            "1.23 ms", "12 ms", "500 ms", "1.2 s", "43.2 s", "433 s", "28 h", "> 999 h", "> 999 h",
        ];
        assert_eq!(shown, wanted);
        assert_eq!(duration(Duration::from_nanos(600_001_601_242)), "600 s");
        assert_eq!([count(1, "worker"), count(2, "worker")], ["1 worker", "2 workers"]);
    }

    #[test]
    fn a_hashrate_is_short_whatever_is_claimed() {
        let shown = [0.0, 999.0, 12_340_000.0, 999_960.0, 5e11].map(hashrate);
        assert_eq!(shown, ["0.0 H/s", "999.0 H/s", "12.3 MH/s", "1.0 MH/s", "500.0 GH/s"]);
        for absurd in [1e15, 1e308, f64::INFINITY] {
            assert_eq!(hashrate(absurd), "more than 999 TH/s");
        }
        for nonsense in [f64::NAN, -1.0] {
            assert_eq!(hashrate(nonsense), "no sensible hash rate");
        }
    }

    #[test]
    fn what_may_be_a_key_is_not_shown() {
        let key = "0123456789abcdefABCDEF0123456789";
        assert!(holds_secret(&format!("x{key}")) && !holds_secret(&key[1..]));
        assert_eq!(without_secrets(&format!("keys/{key}00.key, a 12")), "keys/….key, a 12");
    }

    #[test]
    fn only_the_pipe_of_standard_output_is_silent() {
        assert!(is_unread(&mark(Error::from(ErrorKind::BrokenPipe))));
        assert!(!is_unread(&mark(Error::from(ErrorKind::StorageFull))));
        assert!(!is_unread(&Error::from(ErrorKind::BrokenPipe)));
    }
}
