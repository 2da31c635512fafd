//! Text of values: serde by the same text that `Display` and `FromStr` use, and [`excerpt`]s of text from elsewhere.

use alloc::string::String;

/// Implements `Serialize` and `Deserialize` through `Display` and `FromStr`.
macro_rules! serde_as_text {
    ($type:ty, $what:expr) => {
        #[cfg(feature = "serde")]
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        #[cfg(feature = "serde")]
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;

                impl serde::de::Visitor<'_> for Text {
                    type Value = $type;

                    fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
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

/// The characters that a value of this crate shows of what it could not read.
const SHOWN: usize = 80;

/// What a value's error shows of the text found.
pub(crate) fn shorten(text: &str) -> String {
    excerpt(text, SHOWN)
}

/// The first `most` characters of a text from elsewhere, fit for a log, an error or a terminal; "…" follows where more
/// was there.
///
/// Line breaks and tabs become spaces; other control characters, and the invisible ones that reorder or hide text
/// (Unicode's `Bidi_Control` and zero-width characters), become U+FFFD: what a peer says must not drive a terminal,
/// forge a line of a log, or read differently from what it is.
///
/// ```
/// use nano_primitives::excerpt;
///
/// assert_eq!(excerpt("Old block", 80), "Old block");
/// assert_eq!(excerpt("\u{1b}[2Jgone\nnext", 11), "\u{fffd}[2Jgone ne…");
/// assert_eq!(excerpt("\u{202e}drawer", 80), "\u{fffd}drawer");
/// ```
#[must_use]
pub fn excerpt(text: &str, most: usize) -> String {
    let mut shown: String = text.chars().take(most).map(printable).collect();
    if text.chars().nth(most).is_some() {
        shown.push('…');
    }
    shown
}

fn printable(c: char) -> char {
    match c {
        '\n' | '\r' | '\t' | '\u{85}' | '\u{2028}' | '\u{2029}' => ' ',
        c if c.is_control() || is_deceptive(c) => '\u{fffd}',
        c => c,
    }
}

/// Whether a character has no shape of its own but changes how others are shown.
const fn is_deceptive(c: char) -> bool {
    matches!(
        c,
        '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}'
    )
}

#[cfg(test)]
mod tests {
    use super::excerpt;
    use alloc::string::String;

    #[test]
    fn nothing_of_an_excerpt_drives_a_terminal() {
        let hostile: String =
            (0..0x3000).chain(0xe0000..0xe0080).filter_map(char::from_u32).collect();
        let shown = excerpt(&hostile, usize::MAX);
        assert_eq!(shown.chars().count(), hostile.chars().count());
        assert!(!shown.chars().any(char::is_control));
        for hidden in ['\u{202e}', '\u{2066}', '\u{200b}', '\u{feff}', '\u{2028}', '\u{e0041}'] {
            assert!(hostile.contains(hidden) || hidden == '\u{feff}');
            assert!(!shown.contains(hidden), "{hidden:?}");
        }
    }

    #[test]
    fn an_excerpt_says_that_there_was_more() {
        assert_eq!(excerpt("abc", 3), "abc");
        assert_eq!(excerpt("abcd", 3), "abc…");
        assert_eq!(excerpt("ßßß", 2), "ßß…");
        assert_eq!(excerpt("", 0), "");
    }
}
