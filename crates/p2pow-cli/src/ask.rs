//! Secrets that are no file: variables and answers on the terminal.

use crate::Failure;
use std::{
    env,
    io::{self, IsTerminal},
};
use zeroize::Zeroizing;

/// A variable that is no text.
#[derive(Debug, thiserror::Error)]
#[error("the variable {0} is not UTF-8 text")]
pub struct VariableError(&'static str);

/// What a variable says, if it is set.
///
/// # Errors
/// It is no UTF-8 text.
pub fn variable(name: &'static str) -> Result<Option<Zeroizing<String>>, VariableError> {
    match env::var(name) {
        Ok(text) => Ok(Some(Zeroizing::new(text))),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => Err(VariableError(name)),
    }
}

/// An answer that is not shown while it is typed; `refusal` is told where there is no terminal.
///
/// # Errors
/// There is no terminal, or it cannot be read.
pub fn prompt(
    question: &str,
    refusal: impl FnOnce() -> String,
) -> Result<Zeroizing<String>, Failure> {
    if !io::stderr().is_terminal() {
        return Err(Failure::Usage(refusal()));
    }
    Ok(Zeroizing::new(rpassword::prompt_password(question)?))
}
