//! The messages, in the node's shapes (every scalar is a text), and [`Options`]: what a subscription to confirmations wants
//! to hear.

use crate::{
    node::unix_millis,
    told::{BlockView, Confirmation, ConfirmationKind, contents, election_info},
};
use nano_block::Block;
use nano_primitives::Account;
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub(super) fn ack(action: &str, id: &Value) -> String {
    let mut message = json!({ "ack": action, "time": unix_millis().to_string() });
    match id {
        Value::String(id) if !id.is_empty() => message["id"] = json!(id),
        Value::Number(id) => message["id"] = json!(id.to_string()),
        _ => {}
    }
    message.to_string()
}

pub(super) fn new_unconfirmed_block(block: &BlockView) -> String {
    json!({
        "topic": "new_unconfirmed_block",
        "time": unix_millis().to_string(),
        "hash": block.hash,
        "message": with_subtype(block),
    })
    .to_string()
}

pub(super) fn confirmation(confirmation: &Confirmation, options: &Options) -> String {
    let view = &confirmation.block;
    let mut message = json!({
        "account": view.account,
        "amount": view.amount,
        "hash": view.hash,
        "confirmation_type": confirmation.kind.as_str(),
    });
    if options.include_election_info {
        message["election_info"] = election_info(confirmation);
    }
    if options.include_block {
        message["block"] = with_subtype(view);
        if options.include_linked_account {
            let linked = view.counterpart.map_or("0".to_owned(), |account| account.to_string());
            message["block"]["linked_account"] = json!(linked);
        }
    }
    if options.include_sideband_info {
        message["sideband"] = json!({
            "height": view.height.to_string(),
            "local_timestamp": view.timestamp.to_string(),
        });
    }
    json!({
        "topic": "confirmation",
        "time": unix_millis().to_string(),
        "message": message,
    })
    .to_string()
}

fn with_subtype(view: &BlockView) -> Value {
    let mut block = contents(&view.block);
    if let Some(subtype) = view.state_subtype {
        block["subtype"] = json!(subtype.as_str());
    }
    block
}

/// What a subscription to confirmations wants to hear.
#[derive(Debug)]
pub(super) struct Options {
    pub(super) include_block: bool,
    pub(super) include_election_info: bool,
    pub(super) include_sideband_info: bool,
    pub(super) include_linked_account: bool,
    kind: WantedKind,
    /// `None` without a filter.
    accounts: Option<BTreeSet<Account>>,
}

/// The confirmations that are wanted, by how they came about.
#[derive(Debug, Clone, Copy)]
enum WantedKind {
    All,
    Active,
    Only(ConfirmationKind),
}

impl Options {
    pub(super) fn read(options: &Value) -> Self {
        let on = |name: &str| is_true(&options[name]);
        let has_filter = options.get("accounts").is_some() || on("all_local_accounts");
        Self {
            include_block: options.get("include_block").is_none_or(is_true),
            include_election_info: on("include_election_info")
                || on("include_election_info_with_votes"),
            include_sideband_info: on("include_sideband_info"),
            include_linked_account: on("include_linked_account"),
            kind: WantedKind::read(&options["confirmation_type"]),
            accounts: has_filter.then(|| accounts(&options["accounts"])),
        }
    }

    /// Adds and removes accounts of the filter.
    pub(super) fn update(&mut self, options: &Value) {
        let mut update = |name: &str, change: fn(&mut BTreeSet<Account>, &Account)| {
            if let Some(list) = options.get(name) {
                let filter = self.accounts.get_or_insert_default();
                for account in accounts(list) {
                    change(filter, &account);
                }
            }
        };
        update("accounts_add", |filter, account| {
            filter.insert(*account);
        });
        update("accounts_del", |filter, account| {
            filter.remove(account);
        });
    }

    pub(super) fn wants(&self, confirmation: &Confirmation) -> bool {
        self.kind.fits(confirmation.kind) && self.wants_account(confirmation)
    }

    /// As in a node the filter looks at the account and the link, and only while blocks are
    /// included.
    fn wants_account(&self, confirmation: &Confirmation) -> bool {
        let Some(filter) = &self.accounts else { return true };
        let Block::State(state) = confirmation.block.block.block else { return false };
        self.include_block
            && (filter.contains(&state.account) || filter.contains(&state.link.to_account()))
    }
}

impl WantedKind {
    fn read(value: &Value) -> Self {
        match value.as_str().unwrap_or_default().to_ascii_lowercase().as_str() {
            "active" => Self::Active,
            "active_quorum" => Self::Only(ConfirmationKind::Quorum),
            "active_confirmation_height" => Self::Only(ConfirmationKind::Height),
            "inactive" => Self::Only(ConfirmationKind::Seeded),
            _ => Self::All,
        }
    }

    fn fits(self, kind: ConfirmationKind) -> bool {
        match self {
            Self::All => true,
            Self::Active => kind != ConfirmationKind::Seeded,
            Self::Only(only) => kind == only,
        }
    }
}

/// The accounts of a list; what is no account is ignored.
fn accounts(list: &Value) -> BTreeSet<Account> {
    let texts = list.as_array().map_or(&[][..], Vec::as_slice).iter().filter_map(Value::as_str);
    texts.filter_map(|text| text.parse().ok()).collect()
}

/// Whether a switch is on, be it a boolean, a text or a number.
pub(super) fn is_true(value: &Value) -> bool {
    match value {
        Value::Bool(on) => *on,
        Value::String(text) => text == "true" || text == "1",
        Value::Number(number) => number.as_u64() == Some(1),
        _ => false,
    }
}
