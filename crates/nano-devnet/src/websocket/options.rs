//! What a subscription to confirmations wants to hear.

use super::session::is_true;
use crate::event::{Confirmation, ConfirmationKind};
use nano_block::Block;
use nano_primitives::Account;
use serde_json::Value;
use std::collections::BTreeSet;

#[derive(Debug)]
pub(super) struct Options {
    pub(super) include_block: bool,
    pub(super) include_election_info: bool,
    pub(super) include_sideband_info: bool,
    pub(super) include_linked_account: bool,
    kind: Kind,
    /// `None` without a filter.
    accounts: Option<BTreeSet<Account>>,
}

/// The confirmations that are wanted, by how they came about.
#[derive(Debug, Clone, Copy)]
enum Kind {
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
            kind: Kind::read(&options["confirmation_type"]),
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

impl Kind {
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
