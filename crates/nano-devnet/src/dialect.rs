//! [`Dialect`]: the two implementations of a node, where they write and read different shapes.

use serde_json::Value;

/// Whose shapes the RPC answers have, where two implementations of the node differ.
///
/// The reference node writes an empty list or object as `""`, leaves out what has nothing in it,
/// and gives a block's contents as text unless `json_block` is set. A client must cope with both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dialect {
    /// The reference node, nano_node.
    #[default]
    Reference,
    /// RsNano, the second implementation: `[]` and `{}` for what is empty, blocks always as
    /// objects, the roots of elections too, and its own text for an epoch block that changes the
    /// representative. Its WebSocket ends a session over a message whose JSON types are not those
    /// that it wants, as a switch that is a text.
    RsNano,
}

impl Dialect {
    /// Rewrites the empty lists and objects in an answer.
    pub(crate) fn adapt(self, answer: Value) -> Value {
        match self {
            Self::RsNano => answer,
            Self::Reference => blank_empty(answer),
        }
    }

    /// Whether a message to the WebSocket can be read. The reference node reads any scalar as a
    /// text, and skips what it cannot read; RsNano ends the session.
    pub(crate) fn reads(self, message: &Value) -> bool {
        match self {
            Self::Reference => true,
            Self::RsNano => is_typed(message),
        }
    }
}

/// What RsNano reads as booleans.
const SWITCHES: [&str; 8] = [
    "include_block",
    "include_election_info",
    "include_election_info_with_votes",
    "include_linked_account",
    "include_sideband_info",
    "all_local_accounts",
    "include_replays",
    "include_indeterminate",
];
/// What RsNano reads as lists of texts.
const LISTS: [&str; 2] = ["accounts", "representatives"];

/// Whether everything that RsNano reads has the JSON type that it reads it as; `null` stands for
/// what is missing, but not as `ack`. Options are read when a topic that has some is subscribed to.
fn is_typed(message: &Value) -> bool {
    let text = |name: &str| message[name].is_null() || message[name].is_string();
    message.is_object()
        && ["action", "topic", "id"].into_iter().all(text)
        && message.get("ack").is_none_or(Value::is_boolean)
        && (!reads_options(message) || are_options_typed(&message["options"]))
}

fn reads_options(message: &Value) -> bool {
    message["action"] == "subscribe"
        && (message["topic"] == "confirmation" || message["topic"] == "vote")
}

fn are_options_typed(options: &Value) -> bool {
    let is = |name: &str, fits: fn(&Value) -> bool| options[name].is_null() || fits(&options[name]);
    options.is_null()
        || options.is_object()
            && SWITCHES.into_iter().all(|name| is(name, Value::is_boolean))
            && LISTS.into_iter().all(|name| is(name, is_list_of_texts))
            && is("confirmation_type", Value::is_string)
}

fn is_list_of_texts(value: &Value) -> bool {
    value.as_array().is_some_and(|list| list.iter().all(Value::is_string))
}

fn blank_empty(value: Value) -> Value {
    match value {
        Value::Array(list) if list.is_empty() => Value::String(String::new()),
        Value::Object(map) if map.is_empty() => Value::String(String::new()),
        Value::Array(list) => list.into_iter().map(blank_empty).collect(),
        Value::Object(map) => {
            map.into_iter().map(|(key, value)| (key, blank_empty(value))).collect()
        }
        scalar => scalar,
    }
}
