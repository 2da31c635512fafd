//! [`AnswerError`], and how the body of an answer is read: first whether it is one, then its shape.

use crate::{
    reason::Reason,
    text::{excerpt, excerpt_bytes},
};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// An answer that is not what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// The node refused.
    #[error("the node answered {text:?}")]
    Node {
        /// The node's words.
        text: String,
    },
    /// The answer is not JSON.
    #[error("found {found:?}, wanted JSON: {reason}")]
    NotJson {
        /// The start of the answer.
        found: String,
        /// Where and why it is not JSON.
        #[source]
        reason: Reason,
    },
    /// The answer is JSON of another shape.
    #[error("`{path}` of the answer: {reason}")]
    Shape {
        /// The field, by its path from the top; `.` is the top.
        path: String,
        /// What was found and what was wanted.
        #[source]
        reason: Reason,
    },
    /// The answer is well formed but cannot be true.
    #[error("`{field}` of the answer is {found}, wanted {wanted}")]
    Untrue {
        /// The field.
        field: &'static str,
        /// The value found.
        found: String,
        /// What it had to be.
        wanted: String,
    },
}

/// Reads the body of an answer of HTTP status 200: JSON, unless it is one of the ways to say an error.
///
/// # Errors
/// The body is not JSON, an object with `error`, or a bare string, which RsNano answers where it has nothing yet.
pub fn body(body: &[u8]) -> Result<Value, AnswerError> {
    match serde_json::from_slice(body) {
        // No action answers with a bare text: it is what RsNano says of an action that it only knows by name.
        Ok(Value::String(text)) => Err(AnswerError::Node { text: excerpt(&text) }),
        Ok(value) => match error_text(&value) {
            Some(text) => Err(AnswerError::Node { text }),
            None => Ok(value),
        },
        Err(error) => {
            Err(AnswerError::NotJson { found: excerpt_bytes(body), reason: Reason::of(error) })
        }
    }
}

/// The node's words in an answer of a 4xx status: JSON with `error`, a bare JSON string, or for 400 and 422, which
/// RsNano uses for what it cannot read, plain text. `None` if it is rather a server in between that speaks.
#[must_use]
pub fn words(status: u16, body: &[u8]) -> Option<String> {
    match self::body(body) {
        Err(AnswerError::Node { text }) => Some(text),
        _ if !matches!(status, 400 | 422) => None,
        Err(AnswerError::NotJson { found, .. }) if !found.is_empty() => Some(found),
        _ => None,
    }
}

/// The text of `{"error": …}`.
pub(crate) fn error_text(value: &Value) -> Option<String> {
    match value.get("error")? {
        Value::Null => None,
        Value::String(text) => Some(excerpt(text)),
        other => Some(excerpt(&other.to_string())),
    }
}

/// Reads a value of the shape of `T`.
pub(crate) fn shape<T: DeserializeOwned>(value: Value) -> Result<T, AnswerError> {
    serde_path_to_error::deserialize(value).map_err(|error| AnswerError::Shape {
        path: excerpt(&error.path().to_string()),
        reason: Reason::of(error.into_inner()),
    })
}

/// Reads the body of an answer of the shape of `T`.
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, AnswerError> {
    shape(body(bytes)?)
}
