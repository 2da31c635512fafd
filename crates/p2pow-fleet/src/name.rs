//! [`Name`]: what a fleet and its members are called.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr, sync::Arc};

/// The longest name, in bytes.
const LONGEST: usize = 48;

/// The name of a fleet, an agent or a front end: 1 to 48 ASCII letters, digits, `-` and `_`, so that it is one token of
/// a subject. Clones are cheap.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(Arc<str>);

/// A text that is no name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("found {found:?}, wanted a name: 1 to {LONGEST} ASCII letters, digits, - and _")]
pub struct NameError {
    found: String,
}

impl Name {
    /// A name that nobody else has: `kind`, and 8 random hexadecimal digits.
    ///
    /// # Panics
    /// The system has no random numbers.
    #[must_use]
    pub fn random(kind: &str) -> Self {
        let number = getrandom::u32().expect("the system has random numbers");
        Self(format!("{kind}-{number:08x}").into())
    }

    /// The name as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let is_good = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if text.is_empty() || text.len() > LONGEST || !text.bytes().all(is_good) {
            return Err(NameError { found: text.chars().take(LONGEST).collect() });
        }
        Ok(Self(text.into()))
    }
}

impl TryFrom<String> for Name {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0.as_ref().to_owned()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Name({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Name;

    #[test]
    fn a_name_is_one_token_of_a_subject() {
        for good in ["a", "gpu-7_B", &"x".repeat(48)] {
            assert_eq!(good.parse::<Name>().unwrap().as_str(), good);
        }
        for bad in ["", "a.b", "*", ">", "a b", "ä", "a\r\n", &"x".repeat(49)] {
            assert!(bad.parse::<Name>().is_err(), "{bad:?}");
            let json = serde_json::to_string(bad).unwrap();
            assert!(serde_json::from_str::<Name>(&json).is_err(), "{bad:?}");
        }
        assert_ne!(Name::random("agent"), Name::random("agent"));
    }
}
