//! Configuration files in TOML.

use crate::{Failure, KeyArgs, input, values};
use nano_primitives::Amount;
use serde::{Deserialize, Deserializer, de};
use std::{path::Path, str::FromStr};

/// Reads the file.
///
/// # Errors
/// The file cannot be read or is not what it should be: the error names the line and the problem, but does not show the
/// line, which may hold an API key.
pub fn read<T: de::DeserializeOwned>(path: &Path) -> Result<T, Failure> {
    let text = input::read_file(path)?;
    toml::from_str(&text).map_err(|error| wrong(path, &text, &error))
}

fn wrong(path: &Path, text: &str, error: &toml::de::Error) -> Failure {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    Failure::new(format!("{} line {line}: {}", path.display(), error.message()))
}

/// Takes the paths that a configuration has for keys as relative to where that configuration is.
pub fn resolve(key: &mut KeyArgs, config: &Path) {
    let folder = config.parent().unwrap_or(Path::new(""));
    for file in [&mut key.key_file, &mut key.seed_file].into_iter().flatten() {
        *file = folder.join(&*file);
    }
}

/// Reads an amount as [`values::amount`] does, for `deserialize_with`.
///
/// # Errors
/// The value is no text or no amount.
pub fn amount<'de, D: Deserializer<'de>>(from: D) -> Result<Amount, D::Error> {
    values::amount(&String::deserialize(from)?).map_err(de::Error::custom)
}

/// Reads any value by its text form, for `deserialize_with`.
///
/// # Errors
/// The value is no text or not of that form.
pub fn text<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: std::fmt::Display>,
{
    String::deserialize(from)?.parse().map_err(de::Error::custom)
}
