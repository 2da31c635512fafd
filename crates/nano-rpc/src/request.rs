//! [`Request`]: what is asked of a node, an action and its fields.

use bytes::Bytes;
use nano_block::SignedBlock;
use serde_json::{Map, Value};
use std::{borrow::Cow, fmt};

/// A call of a node: an action and its fields.
///
/// Every value is sent as a string, lists aside: the nodes differ in what else they take.
#[derive(Clone)]
pub struct Request {
    action: Cow<'static, str>,
    fields: Map<String, Value>,
    once: bool,
}

impl Request {
    /// A call of an action without fields.
    #[must_use]
    pub fn new(action: impl Into<Cow<'static, str>>) -> Self {
        let action = action.into();
        let fields = Map::from_iter([("action".to_owned(), action.clone().into())]);
        Self { action, fields, once: false }
    }

    /// The same with a field.
    #[must_use]
    pub fn set(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.fields.insert(name.to_owned(), value.to_string().into());
        self
    }

    /// The same with a field, if there is a value for it.
    #[must_use]
    pub fn set_some(self, name: &str, value: Option<impl fmt::Display>) -> Self {
        match value {
            Some(value) => self.set(name, value),
            None => self,
        }
    }

    /// The same with a list of strings as a field.
    #[must_use]
    pub fn list(mut self, name: &str, values: &[impl fmt::Display]) -> Self {
        let values: Vec<Value> = values.iter().map(|value| value.to_string().into()).collect();
        self.fields.insert(name.to_owned(), values.into());
        self
    }

    /// The same with a block as the field `block`, in JSON.
    #[must_use]
    #[allow(clippy::missing_panics_doc)] // it cannot
    pub fn block(mut self, block: &SignedBlock) -> Self {
        // As an object: RsNano takes no text for a block, and the reference node takes an object with `json_block`.
        let json = serde_json::to_value(block).expect("a block has text keys and values");
        self.fields.insert("block".to_owned(), json);
        self.set("json_block", true)
    }

    /// The same, to be sent again only where it certainly did not arrive: for what a node would do twice.
    #[must_use]
    pub const fn once(mut self) -> Self {
        self.once = true;
        self
    }

    /// The action.
    #[must_use]
    pub fn action(&self) -> &str {
        &self.action
    }

    pub(crate) const fn action_name(&self) -> &Cow<'static, str> {
        &self.action
    }

    pub(crate) const fn is_once(&self) -> bool {
        self.once
    }

    pub(crate) fn to_body(&self) -> Bytes {
        serde_json::to_vec(&self.fields).expect("an object of strings is JSON").into()
    }
}

/// The names of the fields only: a value may be a secret.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.fields.keys().filter(|name| *name != "action").collect();
        f.debug_struct("Request").field("action", &self.action).field("fields", &names).finish()
    }
}
