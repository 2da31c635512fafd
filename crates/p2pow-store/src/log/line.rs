//! [`Line`]: one write, as a line of text: 16 hexadecimal digits of checksum, a space, and JSON.

use blake2::{Blake2b, Digest, digest::consts::U8};
use serde::{Deserialize, Serialize};

/// The first line of every file.
pub(super) const HEADER: &str = "p2pow-store log 1";
/// What the first line begins with, whatever its version.
pub(super) const KIND: &str = "p2pow-store log ";

/// A write.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Line {
    #[serde(rename = "r")]
    pub(super) revision: u64,
    /// Bucket and key; without them the line holds a revision alone.
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    pub(super) key: Option<(String, String)>,
    /// What the record holds; without it there is none any more.
    #[serde(rename = "v", default, skip_serializing_if = "Option::is_none")]
    pub(super) value: Option<String>,
    /// Of a note: so many bytes of the file were on disk when it was written.
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub(super) durable: Option<u64>,
}

impl Line {
    /// The line with its end.
    pub(super) fn to_text(&self) -> String {
        let json = serde_json::to_string(self).expect("texts and numbers have a JSON form");
        format!("{:016x} {json}\n", checksum(&json))
    }

    /// Reads a line without its end; `None` if it is not as it was written.
    pub(super) fn read(line: &[u8]) -> Option<Self> {
        let line = std::str::from_utf8(line).ok()?;
        let (sum, json) = line.split_once(' ')?;
        if sum != format!("{:016x}", checksum(json)) {
            return None;
        }
        serde_json::from_str(json).ok()
    }
}

fn checksum(text: &str) -> u64 {
    u64::from_be_bytes(Blake2b::<U8>::digest(text).into())
}
