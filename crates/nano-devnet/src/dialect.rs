//! The two implementations of a node, where their answers have different shapes.

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
    /// objects, and its own text for an epoch block that changes the representative.
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
