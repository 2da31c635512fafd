//! What to hear of.

use nano_primitives::Account;
use serde_json::{Value, json};

const CONFIRMATION: &str = "confirmation";
const NEW_UNCONFIRMED: &str = "new_unconfirmed_block";

/// What a subscription is to hear of; nothing by default.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Topics {
    confirmations: Option<Vec<Account>>,
    new_unconfirmed: bool,
}

impl Topics {
    /// Confirmations in every account.
    #[must_use]
    pub fn confirmations(self) -> Self {
        self.confirmations_of([])
    }

    /// Confirmations of blocks of these accounts and of sends to them; in every account if there are none.
    #[must_use]
    pub fn confirmations_of(self, accounts: impl IntoIterator<Item = Account>) -> Self {
        Self { confirmations: Some(accounts.into_iter().collect()), ..self }
    }

    /// Blocks that the node has just put into its ledger, not confirmed yet.
    #[must_use]
    pub fn new_unconfirmed(self) -> Self {
        Self { new_unconfirmed: true, ..self }
    }

    /// The messages that subscribe, each with its id, which the acknowledgement repeats.
    pub(super) fn requests(&self) -> Vec<(&'static str, Value)> {
        let confirmations = self.confirmations.as_deref().map(confirmation_options);
        let new_unconfirmed = self.new_unconfirmed.then(|| json!({}));
        [(CONFIRMATION, confirmations), (NEW_UNCONFIRMED, new_unconfirmed)]
            .into_iter()
            .filter_map(|(topic, options)| Some((topic, subscribe(topic, &options?))))
            .collect()
    }
}

fn subscribe(topic: &str, options: &Value) -> Value {
    json!({ "action": "subscribe", "topic": topic, "ack": true, "id": topic, "options": options })
}

/// The block is always asked for: the filter by accounts works only with it. Switches are JSON booleans: RsNano drops
/// the session over a text, and the reference node reads either.
fn confirmation_options(accounts: &[Account]) -> Value {
    let mut options = json!({ "include_block": true });
    if !accounts.is_empty() {
        options["accounts"] = accounts.iter().map(Account::to_string).collect();
    }
    options
}
