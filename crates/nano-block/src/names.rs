//! Enums that have a name in text.

/// Implements `Display` and `FromStr` of an enum with `ALL` and `as_str`, and the error of the latter.
macro_rules! read_by_name {
    ($type:ident, $error:ident, $what:literal, $wanted:literal) => {
        #[doc = concat!("A text that names no ", $what, ".")]
        #[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
        #[error("{found:?} is no {}, wanted {}", $what, $wanted)]
        pub struct $error {
            /// The text found, shortened.
            pub found: String,
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $type {
            type Err = $error;

            fn from_str(text: &str) -> Result<Self, $error> {
                let found = || $error { found: nano_primitives::excerpt(text, 80) };
                Self::ALL.into_iter().find(|known| known.as_str() == text).ok_or_else(found)
            }
        }
    };
}

pub(crate) use read_by_name;
