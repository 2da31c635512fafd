//! [`Password`]: what a person types to open a secret.

use std::fmt;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// Longer ones are somebody's file in the place of a password.
const MAX_BYTES: usize = 1024;

/// A password: not empty, wiped from memory when dropped, and not shown by `Debug`.
///
/// Keyboards write "é" in one code point or in two; both are the same password (Unicode's form NFC, as in RFC 8265).
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

/// A text that is no password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordError {
    /// Nothing was typed.
    #[error("the password is empty")]
    Empty,
    /// Too long to be one.
    #[error("the password has {found} bytes, wanted at most {MAX_BYTES}")]
    TooLong {
        /// Bytes found.
        found: usize,
    },
    /// A character that nobody types, such as the end of a line.
    #[error("the password has a control character in it")]
    Control,
}

impl Password {
    /// The password of this text, to the letter: spaces count.
    ///
    /// # Errors
    /// It is empty, longer than 1024 bytes, or has control characters in it.
    pub fn new(text: &str) -> Result<Self, PasswordError> {
        if text.len() > MAX_BYTES {
            return Err(PasswordError::TooLong { found: text.len() });
        }
        // Enough that it never grows, which would leave a copy behind.
        let mut normal = Zeroizing::new(String::with_capacity(3 * MAX_BYTES));
        normal.extend(text.nfc());
        match normal.as_str() {
            "" => Err(PasswordError::Empty),
            some if some.contains(char::is_control) => Err(PasswordError::Control),
            _ => Ok(Self(normal)),
        }
    }

    /// What the key is made from.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::{Password, PasswordError};

    #[test]
    fn the_same_letters_are_the_same_password_however_a_keyboard_writes_them() {
        let [one, two] = ["caf\u{e9}", "cafe\u{301}"].map(|text| Password::new(text).unwrap());
        assert_eq!(one.bytes(), two.bytes());
        assert_ne!(one.bytes(), Password::new("cafe").unwrap().bytes());
    }

    #[test]
    fn spaces_count_and_control_characters_are_refused() {
        assert_eq!(Password::new(" a ").unwrap().bytes(), b" a ");
        assert_eq!(Password::new("").unwrap_err(), PasswordError::Empty);
        assert_eq!(Password::new("a\n").unwrap_err(), PasswordError::Control);
        assert_eq!(
            Password::new(&"x".repeat(1025)).unwrap_err(),
            PasswordError::TooLong { found: 1025 }
        );
    }

    #[test]
    fn debug_does_not_show_it() {
        assert_eq!(format!("{:?}", Password::new("hunter2").unwrap()), "Password(..)");
    }
}
