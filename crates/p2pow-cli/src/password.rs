//! [`PasswordArgs`]: where a password comes from: a file, the environment or a prompt, never an argument.

use crate::{
    Failure,
    ask::{prompt, variable},
    files::read_private,
    input::shown,
};
use p2pow_keystore::{Password, PasswordError};
use std::path::{Path, PathBuf};

/// The variable that may hold the password of an encrypted key file.
pub const PASSWORD_VARIABLE: &str = "P2POW_PASSWORD";

/// Where a password that was typed came from.
const ANSWER: &str = "the answer";

/// What was found in the place of a password is none. It is not repeated.
#[derive(Debug, thiserror::Error)]
#[error("{origin}: {source}")]
struct NoPassword {
    origin: String,
    source: PasswordError,
}

/// Where to find a password. Without any of these it is asked for on the terminal.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct PasswordArgs {
    /// File with the password of an encrypted key file, such as alice.password (or the variable P2POW_PASSWORD)
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}

impl PasswordArgs {
    /// The password of something that is there: by file, variable or prompt. `None` if nobody can be asked.
    ///
    /// # Errors
    /// The file cannot be used, or what was found is no password.
    pub fn find(&self) -> Result<Option<Password>, Failure> {
        find(self.password_file.as_deref(), PASSWORD_VARIABLE)
    }

    /// The password of `what`, which is there already.
    ///
    /// # Errors
    /// Nobody can be asked, or what was found is no password.
    pub fn get(&self, what: &str) -> Result<Password, Failure> {
        match self.find()? {
            Some(password) => Ok(password),
            None => ask(&format!("Password of {what}: "), || needs(what)),
        }
    }

    /// A password for something new. On a terminal it is asked for twice.
    ///
    /// # Errors
    /// As for [`get`](Self::get), or the two answers differ.
    pub fn choose(&self, what: &str) -> Result<Password, Failure> {
        match self.find()? {
            Some(password) => Ok(password),
            None => choose(what, || needs(what)),
        }
    }
}

fn needs(what: &str) -> String {
    format!(
        "no password for {what}: give --password-file FILE, or set {PASSWORD_VARIABLE} (without a \
         terminal nobody can be asked)"
    )
}

/// A password from the file, else from the variable.
///
/// # Errors
/// The file cannot be used, or what was found is no password.
pub fn find(file: Option<&Path>, name: &'static str) -> Result<Option<Password>, Failure> {
    if let Some(path) = file {
        let text = read_private(path)?;
        // Editors end a file with a line feed that nobody means.
        let line = text.strip_suffix('\n').unwrap_or(&text);
        let line = line.strip_suffix('\r').unwrap_or(line);
        return checked(&shown(path), line).map(Some);
    }
    let Some(text) = variable(name)? else { return Ok(None) };
    checked(name, &text).map(Some)
}

/// Asks twice; `refusal` is told where there is no terminal.
///
/// # Errors
/// There is no terminal, the answers differ, or are no password.
pub fn choose(what: &str, refusal: impl FnOnce() -> String) -> Result<Password, Failure> {
    let first = prompt(&format!("New password for {what}: "), refusal)?;
    let second = prompt("The same again: ", String::new)?;
    if *first != *second {
        return Err(Failure::new("the two passwords differ, and nothing was written"));
    }
    checked(ANSWER, &first)
}

fn ask(question: &str, refusal: impl FnOnce() -> String) -> Result<Password, Failure> {
    checked(ANSWER, &prompt(question, refusal)?)
}

fn checked(origin: &str, text: &str) -> Result<Password, Failure> {
    Ok(Password::new(text).map_err(|source| NoPassword { origin: origin.to_owned(), source })?)
}
