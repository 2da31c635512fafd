//! [`Answer`], and how a node writes what is empty or true.

use crate::refusal::Refusal;
use serde_json::{Map, Value, json};

/// What an action answers.
pub(super) type Answer = Result<Value, Refusal>;

/// An object, or what a node writes for an empty one: an empty text.
pub(super) fn object(entries: Map<String, Value>) -> Value {
    if entries.is_empty() { json!("") } else { Value::Object(entries) }
}

/// A list, or what a node writes for an empty one.
pub(super) fn list(entries: Vec<Value>) -> Value {
    if entries.is_empty() { json!("") } else { Value::Array(entries) }
}

/// How a node writes a truth value.
pub(super) const fn bit(value: bool) -> &'static str {
    if value { "1" } else { "0" }
}
