//! [`Token`]: what an operator shows to be let in.

use blake2::{Blake2b, Digest, digest::consts::U32};
use std::{
    fmt,
    fs::{self, OpenOptions},
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
    str::FromStr,
};
use zeroize::Zeroizing;

/// A token has 64 hexadecimal digits: 32 bytes of the system's randomness.
const BYTES: usize = 32;

/// What an operator shows to be let in. It is not shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(Zeroizing<String>);

/// A token that cannot be had. What was found is not told.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The text is no token.
    #[error("no token: {found} characters found, wanted 64 hexadecimal digits")]
    Format {
        /// Characters found.
        found: usize,
    },
    /// The system has no randomness to give.
    #[error("the system gives no random bytes")]
    Random(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A file that cannot be read or written.
    #[error("cannot {what} the token in {}", path.display())]
    File {
        /// What was tried.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file that holds no token.
    #[error("{} holds no token: remove it, and a new one is written", path.display())]
    Content {
        /// The file.
        path: PathBuf,
    },
    /// A file that others can read.
    #[error("{} can be read by other users (mode {mode:04o}), wanted 0600: chmod 600 {}", path.display(), path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
}

impl Token {
    /// A new token.
    ///
    /// # Errors
    /// The system has no randomness to give.
    pub fn generate() -> Result<Self, TokenError> {
        let mut bytes = Zeroizing::new([0; BYTES]);
        getrandom::fill(bytes.as_mut()).map_err(|error| TokenError::Random(error.into()))?;
        Ok(Self(Zeroizing::new(hex::encode(bytes.as_ref()))))
    }

    /// The token of a file that its owner alone can read; a file that is not there yet is written.
    ///
    /// # Errors
    /// The file cannot be read or written, holds no token, or others can read it.
    pub fn of_file(path: &Path) -> Result<Self, TokenError> {
        match Self::read(path) {
            Err(TokenError::File { source, .. }) if source.kind() == ErrorKind::NotFound => {
                Self::write(path)
            }
            outcome => outcome,
        }
    }

    /// The token of a file that is there.
    ///
    /// # Errors
    /// As for [`of_file`](Self::of_file), and the file is not there.
    pub fn read(path: &Path) -> Result<Self, TokenError> {
        let wrong = |source| TokenError::File { what: "read", path: path.to_owned(), source };
        let text = Zeroizing::new(fs::read_to_string(path).map_err(wrong)?);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(path).map_err(wrong)?.permissions().mode() & 0o7777;
            if mode & 0o077 != 0 {
                return Err(TokenError::Exposed { path: path.to_owned(), mode });
            }
        }
        text.trim().parse().map_err(|_| TokenError::Content { path: path.to_owned() })
    }

    fn write(path: &Path) -> Result<Self, TokenError> {
        let wrong = |source| TokenError::File { what: "write", path: path.to_owned(), source };
        let token = Self::generate()?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(wrong)?;
        writeln!(file, "{}", token.expose()).and_then(|()| file.sync_all()).map_err(wrong)?;
        Ok(token)
    }

    /// The digits, for a header or a link.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether this was shown. The time it takes says nothing of the token: digests are compared.
    pub(crate) fn is(&self, shown: &str) -> bool {
        digest(self.expose()) == digest(shown)
    }
}

fn digest(text: &str) -> [u8; 32] {
    Blake2b::<U32>::digest(text.as_bytes()).into()
}

impl FromStr for Token {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, TokenError> {
        let is_token = text.len() == 2 * BYTES && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        match is_token {
            true => Ok(Self(Zeroizing::new(text.to_owned()))),
            false => Err(TokenError::Format { found: text.chars().count() }),
        }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::{Token, TokenError};
    use std::fs;

    #[test]
    fn a_token_is_written_once_and_shown_by_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("admin.token");
        assert!(Token::read(&path).is_err());
        let token = Token::of_file(&path).unwrap();
        assert_eq!(Token::of_file(&path).unwrap(), token);
        assert_ne!(Token::generate().unwrap(), token);
        assert_eq!(format!("{token:?}"), "Token(..)");
        assert!(token.is(token.expose()) && !token.is(&token.expose()[1..]) && !token.is(""));
    }

    #[test]
    fn a_file_that_holds_something_else_is_told_without_its_content() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("admin.token");
        let _ = Token::of_file(&path).unwrap();
        fs::write(&path, "s3cret").unwrap();
        let error = Token::of_file(&path).unwrap_err().to_string();
        assert!(error.contains("holds no token") && !error.contains("s3cret"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_token_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("admin.token");
        let _ = Token::of_file(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let error = Token::of_file(&path).unwrap_err();
        assert!(matches!(error, TokenError::Exposed { mode: 0o640, .. }), "{error}");
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }
}
