//! Reads key files: [`SecretKey::from_key_file`], [`Seed::from_key_file`]. One line holds the secret in 64 hexadecimal
//! digits; empty lines and comments (`#`) do not count. Whether a file's permissions are right is its reader's matter.

use crate::{SecretKey, Seed};
use core::str::FromStr;
use nano_primitives::HexError;

/// A text that is no key file. What was found is not told: it may be most of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// One line holds the secret.
    #[error("found {found} lines that are neither empty nor a comment, wanted 1")]
    Lines {
        /// Lines found.
        found: usize,
    },
    /// Not a private key or seed.
    #[error("holds no {wanted}: {found} characters found, wanted 64 hexadecimal digits")]
    Format {
        /// What it should be.
        wanted: &'static str,
        /// Characters found.
        found: usize,
    },
    /// A JSON object, as secrets under a password are kept.
    #[error("is encrypted, wanted a plain {wanted}: 64 hexadecimal digits")]
    Encrypted {
        /// What it should be.
        wanted: &'static str,
    },
}

impl SecretKey {
    /// Reads the text of a file that holds a private key, such as `p2pow key new` writes.
    ///
    /// ```
    /// use nano_block::SecretKey;
    /// let text = format!("# whose it is\n\n{}\n", "0F".repeat(32));
    /// assert!(SecretKey::from_key_file(&text).is_ok());
    /// ```
    ///
    /// # Errors
    /// Not one line of 64 hexadecimal digits.
    pub fn from_key_file(text: &str) -> Result<Self, KeyFileError> {
        read("private key", text)
    }
}

impl Seed {
    /// Reads the text of a file that holds a seed.
    ///
    /// # Errors
    /// Not one line of 64 hexadecimal digits.
    pub fn from_key_file(text: &str) -> Result<Self, KeyFileError> {
        read("seed", text)
    }
}

fn read<T: FromStr<Err = HexError>>(wanted: &'static str, text: &str) -> Result<T, KeyFileError> {
    if text.trim_start().starts_with('{') {
        return Err(KeyFileError::Encrypted { wanted });
    }
    let line = the_line(text)?;
    line.parse().map_err(|_| KeyFileError::Format { wanted, found: line.chars().count() })
}

/// The one line that is neither empty nor a comment.
fn the_line(text: &str) -> Result<&str, KeyFileError> {
    let is_content = |line: &&str| !line.is_empty() && !line.starts_with('#');
    let mut lines = text.lines().map(str::trim).filter(is_content);
    match (lines.next(), lines.count()) {
        (Some(line), 0) => Ok(line),
        (first, more) => Err(KeyFileError::Lines { found: usize::from(first.is_some()) + more }),
    }
}

#[cfg(test)]
mod tests {
    use super::KeyFileError;
    use crate::{SecretKey, Seed};
    use alloc::{format, string::ToString};

    #[test]
    fn comments_and_empty_lines_do_not_count() {
        let digits = "0f".repeat(32);
        let plain: SecretKey = digits.parse().unwrap();
        for text in [
            digits.clone(),
            format!("{digits}\r\n"),
            format!("# of Alice\n\n  # more\n\t{digits}  \n#end"),
        ] {
            assert_eq!(SecretKey::from_key_file(&text).unwrap().account(), plain.account());
        }
        assert!(Seed::from_key_file(&format!("# s\n{digits}")).is_ok());
    }

    #[test]
    fn what_is_wrong_is_told_without_what_was_found() {
        let told = |text: &str| SecretKey::from_key_file(text).unwrap_err();
        let two = format!("{0}\n{0}\n# c\n{0}", "0f".repeat(32));
        assert_eq!(told(&two), KeyFileError::Lines { found: 3 });
        assert_eq!(told("# only a comment\n"), KeyFileError::Lines { found: 0 });
        assert_eq!(told(""), KeyFileError::Lines { found: 0 });
        let short = told(&"0f".repeat(31));
        assert_eq!(short, KeyFileError::Format { wanted: "private key", found: 62 });
        assert!(!short.to_string().contains("0f0f"), "{short}");
        assert_eq!(told(" {\"format\":1}"), KeyFileError::Encrypted { wanted: "private key" });
    }
}
