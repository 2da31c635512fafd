//! Values written as a string, a number or a boolean.

use serde::{
    Deserialize, Deserializer,
    de::{Error, Visitor},
};
use std::{fmt, str::FromStr};

/// The text of a string, a number or a boolean; `None` for `null`.
struct Scalar(Option<String>);

impl Scalar {
    /// The text, unless the node left it empty.
    fn filled(self) -> Option<String> {
        self.0.filter(|text| !text.is_empty())
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl ScalarVisitor {
    #[allow(clippy::unnecessary_wraps)] // the shape that the visitor's methods need
    fn read<E>(value: impl ToString) -> Result<Scalar, E> {
        Ok(Scalar(Some(value.to_string())))
    }
}

impl Visitor<'_> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, a number or a boolean")
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Scalar, E> {
        Self::read(value)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Scalar, E> {
        Self::read(value)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Scalar, E> {
        Self::read(value)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Scalar, E> {
        Self::read(value)
    }

    /// With an exponent: a whole number this large has lost digits already, so it must not pass for one.
    fn visit_f64<E: Error>(self, value: f64) -> Result<Scalar, E> {
        Self::read(format_args!("{value:e}"))
    }

    fn visit_unit<E: Error>(self) -> Result<Scalar, E> {
        Ok(Scalar(None))
    }
}

fn parse<T: FromStr<Err: fmt::Display>, E: Error>(text: &str) -> Result<T, E> {
    text.parse().map_err(E::custom)
}

/// Reads a value by its text.
pub(crate) fn text<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    parse(&Scalar::deserialize(deserializer)?.0.unwrap_or_default())
}

/// Reads a value by its text; `null` and `""` are none. Use with `#[serde(default)]`.
pub(crate) fn optional_text<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    Scalar::deserialize(deserializer)?.filled().map(|text| parse(&text)).transpose()
}

/// Reads a value by its text, and takes a text that it does not know for none.
pub(crate) fn known_text<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr,
{
    Ok(Scalar::deserialize(deserializer)?.filled().and_then(|text| text.parse().ok()))
}

/// Reads a number.
pub(crate) fn number<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr,
{
    parse_number(&Scalar::deserialize(deserializer)?.0.unwrap_or_default())
}

/// Reads a number; `null` and `""` are none.
pub(crate) fn optional_number<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr,
{
    Scalar::deserialize(deserializer)?.filled().map(|text| parse_number(&text)).transpose()
}

fn parse_number<T: FromStr, E: Error>(text: &str) -> Result<T, E> {
    let wanted = std::any::type_name::<T>();
    text.parse().map_err(|_| E::custom(format_args!("found {text:?}, wanted a number ({wanted})")))
}

/// Reads a truth value; `null` and `""` are none.
pub(crate) fn optional_flag<'de, D>(deserializer: D) -> Result<Option<bool>, D::Error>
where
    D: Deserializer<'de>,
{
    Scalar::deserialize(deserializer)?.filled().map(|text| parse_flag(&text)).transpose()
}

/// Reads a truth value; `null` and `""` are false.
pub(crate) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    optional_flag(deserializer).map(Option::unwrap_or_default)
}

fn parse_flag<E: Error>(text: &str) -> Result<bool, E> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "true" => Ok(true),
        "0" | "false" => Ok(false),
        _ => Err(E::custom(format_args!("found {text:?}, wanted true, false, 1 or 0"))),
    }
}

/// A value read by its text, for use inside lists and objects.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Text<T>(pub(crate) T);

impl<'de, T: FromStr<Err: fmt::Display>> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text(deserializer).map(Self)
    }
}
