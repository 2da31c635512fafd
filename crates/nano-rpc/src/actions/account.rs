//! Accounts: their state, balances, frontiers, keys.

mod info;

pub use info::AccountInfo;

use super::{ACCOUNT_NOT_FOUND, FromEntry, PerAccount, found};
use crate::{Client, Request, RpcError, answers, lenient};
use nano_primitives::{Account, Amount, BlockHash, PublicKey};
use serde::Deserialize;
use serde_json::Value;

/// The balance of an account and what it can receive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(from = "BalanceWire")]
#[non_exhaustive]
pub struct AccountBalance {
    /// The balance after the newest confirmed block.
    pub balance: Amount,
    /// What confirmed sends have sent to the account and it has not received yet.
    pub receivable: Amount,
}

#[derive(Deserialize)]
struct BalanceWire {
    #[serde(deserialize_with = "lenient::text")]
    balance: Amount,
    #[serde(default, deserialize_with = "lenient::optional_text")]
    receivable: Option<Amount>,
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pending: Option<Amount>,
}

impl From<BalanceWire> for AccountBalance {
    fn from(wire: BalanceWire) -> Self {
        let receivable = wire.receivable.or(wire.pending).unwrap_or(Amount::ZERO);
        Self { balance: wire.balance, receivable }
    }
}

impl FromEntry for AccountBalance {
    fn from_entry(value: Value) -> Result<Self, serde_json::Error> {
        serde_json::from_value(value)
    }
}

#[derive(Deserialize)]
pub(crate) struct RepresentativeWire {
    #[serde(deserialize_with = "lenient::text")]
    representative: Account,
}

impl From<RepresentativeWire> for Account {
    fn from(wire: RepresentativeWire) -> Self {
        wire.representative
    }
}

#[derive(Deserialize)]
pub(crate) struct KeyWire {
    #[serde(deserialize_with = "lenient::text")]
    key: PublicKey,
}

impl From<KeyWire> for PublicKey {
    fn from(wire: KeyWire) -> Self {
        wire.key
    }
}

#[derive(Deserialize)]
pub(crate) struct AccountWire {
    #[serde(deserialize_with = "lenient::text")]
    account: Account,
}

impl From<AccountWire> for Account {
    fn from(wire: AccountWire) -> Self {
        wire.account
    }
}

/// The calls about accounts.
impl Client {
    /// The state of an account; `None` if it has no block yet.
    ///
    /// # Errors
    /// The call failed, or the node answered something else.
    pub async fn account_info(&self, account: &Account) -> Result<Option<AccountInfo>, RpcError> {
        let request = Request::new("account_info")
            .set("account", account)
            .set("representative", true)
            .set("receivable", true)
            .set("pending", true)
            .set("include_confirmed", true);
        found(self.ask(request, answers::account_info).await, &[ACCOUNT_NOT_FOUND])
    }

    /// The confirmed balance of an account and what it can receive; zeros if it has no block yet.
    ///
    /// # Errors
    /// The call failed, or the node answered something else.
    pub async fn account_balance(&self, account: &Account) -> Result<AccountBalance, RpcError> {
        let request = Request::new("account_balance")
            .set("account", account)
            .set("include_only_confirmed", true);
        self.ask(request, answers::account_balance).await
    }

    /// The representative of an account; `None` if it has no block yet.
    ///
    /// # Errors
    /// The call failed, or the node answered something else.
    pub async fn account_representative(
        &self,
        account: &Account,
    ) -> Result<Option<Account>, RpcError> {
        let request = Request::new("account_representative").set("account", account);
        found(self.ask(request, answers::account_representative).await, &[ACCOUNT_NOT_FOUND])
    }

    /// The public key of an account, as the node computes it.
    ///
    /// # Errors
    /// The call failed, or the node answered something else.
    pub async fn account_key(&self, account: &Account) -> Result<PublicKey, RpcError> {
        self.ask(Request::new("account_key").set("account", account), answers::account_key).await
    }

    /// The account of a public key, as the node computes it.
    ///
    /// # Errors
    /// The call failed, or the node answered something else.
    pub async fn account_get(&self, key: &PublicKey) -> Result<Account, RpcError> {
        self.ask(Request::new("account_get").set("key", key), answers::account_get).await
    }

    /// The newest block of each account, confirmed or not; an error for an account without blocks.
    ///
    /// Every account that was asked for is in the result, whichever way the node writes that it has no blocks.
    ///
    /// # Errors
    /// The call failed, or the node answered something else.
    pub async fn accounts_frontiers(
        &self,
        accounts: &[Account],
    ) -> Result<PerAccount<BlockHash>, RpcError> {
        let request = Request::new("accounts_frontiers").list("accounts", accounts);
        let found = self.ask(request, answers::accounts_frontiers).await?;
        Ok(complete(found, accounts))
    }

    /// The confirmed balance of each account and what it can receive.
    ///
    /// # Errors
    /// The call failed, or the node answered something else.
    pub async fn accounts_balances(
        &self,
        accounts: &[Account],
    ) -> Result<PerAccount<AccountBalance>, RpcError> {
        let request = Request::new("accounts_balances")
            .list("accounts", accounts)
            .set("include_only_confirmed", true);
        let found = self.ask(request, answers::accounts_balances).await?;
        Ok(complete(found, accounts))
    }
}

/// Adds the accounts that the node left out.
fn complete<T>(mut found: PerAccount<T>, accounts: &[Account]) -> PerAccount<T> {
    for account in accounts {
        found.entry(*account).or_insert_with(|| Err(ACCOUNT_NOT_FOUND.to_owned()));
    }
    found
}
