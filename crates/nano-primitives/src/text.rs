//! Serde by the same text that `Display` and `FromStr` use.

/// Implements `Serialize` and `Deserialize` through `Display` and `FromStr`.
macro_rules! serde_as_text {
    ($type:ty, $what:expr) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;

                impl serde::de::Visitor<'_> for Text {
                    type Value = $type;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str($what)
                    }

                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$type, E> {
                        text.parse().map_err(E::custom)
                    }
                }

                deserializer.deserialize_str(Text)
            }
        }
    };
}

pub(crate) use serde_as_text;

/// The start of `text` fit for an error message: long or odd input must not flood a log.
pub(crate) fn shorten(text: &str) -> String {
    const KEEP: usize = 80;
    let mut shown: String = text.chars().take(KEEP).map(printable).collect();
    if text.chars().nth(KEEP).is_some() {
        shown.push('…');
    }
    shown
}

fn printable(c: char) -> char {
    if c.is_control() { '\u{fffd}' } else { c }
}
