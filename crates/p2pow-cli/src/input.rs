//! Reading files and standard input: bounded, and as text.

use crate::output;
use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// The largest input that is read: no block, key, configuration or batch comes near it.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// An input that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InputError {
    /// The system refused.
    #[error("cannot read {0}")]
    Read(String, #[source] io::Error),
    /// Longer than anything that is wanted here.
    #[error("{0} is longer than {MAX_BYTES} bytes")]
    TooLarge(String),
    /// A secret that others can get at.
    #[error(
        "{name} can be read or changed by others (mode 0{mode:o}), wanted its owner alone: chmod 600 {word}"
    )]
    NotPrivate {
        /// The file.
        name: String,
        /// Its permissions.
        mode: u32,
        /// The file as a shell takes it.
        word: String,
    },
    /// Bytes that are no text.
    #[error("{name} is not UTF-8 text: byte {at} is odd")]
    NotText {
        /// The file, or standard input.
        name: String,
        /// How many bytes before the odd one.
        at: usize,
    },
}

/// A file, or standard input if there is none or it is `-`.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Source {
    /// File to read; standard input without it, or with `-`
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

impl Source {
    /// The whole text.
    ///
    /// # Errors
    /// The file cannot be read, is too long, or is no text.
    pub fn read(&self) -> Result<Zeroizing<String>, InputError> {
        match self.file.as_deref() {
            Some(path) if path != Path::new("-") => read_file(path),
            _ => text_of("standard input", io::stdin().lock()),
        }
    }
}

/// The whole text of a file.
///
/// # Errors
/// The file cannot be read, is longer than 4 MiB, or is no UTF-8 text.
pub fn read_file(path: &Path) -> Result<Zeroizing<String>, InputError> {
    let name = shown(path);
    let file = File::open(path).map_err(|error| InputError::Read(name.clone(), error))?;
    text_of(&name, file)
}

/// The path as it may be told: without what may be a key, which somebody took for a file's name.
#[must_use]
pub fn shown(path: &Path) -> String {
    output::without_secrets(&path.display().to_string())
}

/// Wiped after use, as it may be a secret.
pub(crate) fn text_of(name: &str, reader: impl Read) -> Result<Zeroizing<String>, InputError> {
    let mut bytes = Zeroizing::new(Vec::new());
    reader
        .take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| InputError::Read(name.to_owned(), error))?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > MAX_BYTES) {
        return Err(InputError::TooLarge(name.to_owned()));
    }
    let text = std::str::from_utf8(&bytes)
        .map_err(|error| InputError::NotText { name: name.to_owned(), at: error.valid_up_to() })?;
    Ok(Zeroizing::new(text.to_owned()))
}
