//! [`Call`]: a request of the wallet RPC, read as leniently as a node reads it: a scalar may be a text, a number or a
//! truth value.

use crate::{refusal::Refusal, wallets::WalletId};
use bytes::Bytes;
use nano_block::{SecretKey, Seed};
use nano_primitives::{Account, Amount, BlockHash};
use serde_json::{Map, Value};
use std::{borrow::Cow, fmt, str::FromStr};
use zeroize::Zeroizing;

/// A JSON object with an action.
pub(crate) struct Call {
    fields: Map<String, Value>,
    action: String,
    body: Bytes,
}

/// The action only: a field may be a secret.
impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("action", &self.action).finish_non_exhaustive()
    }
}

impl Call {
    pub(crate) fn parse(body: Bytes) -> Result<Self, Refusal> {
        let Ok(Value::Object(fields)) = serde_json::from_slice(&body) else {
            return Err(Refusal::Json);
        };
        let action = fields.get("action").and_then(Value::as_str).ok_or(Refusal::Json)?;
        let action = action.trim().to_ascii_lowercase();
        Ok(Self { fields, action, body })
    }

    pub(crate) fn action(&self) -> &str {
        &self.action
    }

    /// The request as it came.
    pub(crate) fn body(&self) -> Bytes {
        self.body.clone()
    }

    /// A field as a text, if it is there; `null` is nothing, and so is what is no scalar.
    pub(crate) fn optional(&self, name: &str) -> Option<Cow<'_, str>> {
        match self.fields.get(name)? {
            Value::String(text) => Some(Cow::from(text)),
            Value::Number(number) => Some(Cow::from(number.to_string())),
            Value::Bool(flag) => Some(Cow::from(if *flag { "true" } else { "false" })),
            _ => None,
        }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.fields.get(name).is_some_and(|value| !value.is_null())
    }

    /// A field that must be there: a node that misses one says that it cannot parse the JSON.
    pub(crate) fn text(&self, name: &str) -> Result<Cow<'_, str>, Refusal> {
        self.optional(name).ok_or(Refusal::Json)
    }

    /// A switch; what is neither true nor false is its default, as in a node.
    pub(crate) fn flag(&self, name: &str, default: bool) -> bool {
        match self.optional(name).as_deref() {
            Some("true" | "1") => true,
            Some("false" | "0") => false,
            _ => default,
        }
    }

    fn parsed<T: FromStr>(&self, name: &str, wrong: Refusal) -> Result<T, Refusal> {
        self.text(name)?.parse().map_err(|_| wrong)
    }

    fn parsed_if_there<T: FromStr>(
        &self,
        name: &str,
        wrong: Refusal,
    ) -> Result<Option<T>, Refusal> {
        self.optional(name).map(|text| text.parse().map_err(|_| wrong)).transpose()
    }

    pub(crate) fn wallet(&self) -> Result<WalletId, Refusal> {
        self.parsed("wallet", Refusal::BadWallet)
    }

    pub(crate) fn account(&self) -> Result<Account, Refusal> {
        self.parsed("account", Refusal::BadAccount)
    }

    /// The accounts of a list that must be there.
    pub(crate) fn accounts(&self) -> Result<Vec<Account>, Refusal> {
        let listed = match self.fields.get("accounts").ok_or(Refusal::Json)? {
            Value::Array(listed) => listed.as_slice(),
            // As a node reads what is no list: nothing in it.
            _ => &[],
        };
        let account = |value: &Value| value.as_str()?.parse().ok();
        listed.iter().map(|value| account(value).ok_or(Refusal::BadAccount)).collect()
    }

    /// The wallet that something is taken out of.
    pub(crate) fn source_wallet(&self) -> Result<WalletId, Refusal> {
        self.parsed("source", Refusal::BadSource)
    }

    pub(crate) fn source(&self) -> Result<Account, Refusal> {
        self.parsed("source", Refusal::BadSource)
    }

    pub(crate) fn destination(&self) -> Result<Account, Refusal> {
        self.parsed("destination", Refusal::BadDestination)
    }

    pub(crate) fn representative(&self) -> Result<Account, Refusal> {
        self.parsed("representative", Refusal::BadRepresentative)
    }

    pub(crate) fn hash(&self, name: &str) -> Result<BlockHash, Refusal> {
        self.parsed(name, Refusal::InvalidHash)
    }

    /// An amount in raw, and not zero: nobody can send nothing.
    pub(crate) fn amount(&self) -> Result<Amount, Refusal> {
        let amount: Amount = self.parsed("amount", Refusal::InvalidAmount)?;
        if amount.is_zero() { Err(Refusal::InvalidAmount) } else { Ok(amount) }
    }

    pub(crate) fn threshold(&self) -> Result<Option<Amount>, Refusal> {
        self.parsed_if_there("threshold", Refusal::BadThreshold)
    }

    /// A count that must be there and is at least 1.
    pub(crate) fn count(&self) -> Result<u64, Refusal> {
        let count = self.parsed("count", Refusal::InvalidCount)?;
        if count == 0 { Err(Refusal::InvalidCount) } else { Ok(count) }
    }

    pub(crate) fn count_if_there(&self) -> Result<Option<u64>, Refusal> {
        self.parsed_if_there("count", Refusal::InvalidCount)
    }

    pub(crate) fn index(&self) -> Result<Option<u32>, Refusal> {
        self.parsed_if_there("index", Refusal::InvalidIndex)
    }

    pub(crate) fn modified_since(&self) -> Result<Option<u64>, Refusal> {
        self.parsed_if_there("modified_since", Refusal::InvalidTimestamp)
    }

    pub(crate) fn key(&self) -> Result<SecretKey, Refusal> {
        self.parsed("key", Refusal::BadKey)
    }

    pub(crate) fn seed(&self) -> Result<Option<Seed>, Refusal> {
        self.parsed_if_there("seed", Refusal::BadSeed)
    }

    pub(crate) fn password(&self) -> Result<Zeroizing<String>, Refusal> {
        Ok(Zeroizing::new(self.text("password")?.into_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::Call;

    fn call(text: &str) -> Call {
        Call::parse(text.to_owned().into()).unwrap()
    }

    #[test]
    fn scalars_are_read_in_every_spelling() {
        for count in ["5", "\"5\""] {
            let call = call(&format!(r#"{{"action":"x","count":{count},"flag":true,"no":"0"}}"#));
            assert_eq!(call.count().ok(), Some(5));
            assert!(call.flag("flag", false) && !call.flag("no", true) && call.flag("none", true));
        }
    }

    #[test]
    fn what_is_missing_or_no_call_is_told_as_a_node_does() {
        for text in ["", "[]", "{}", "{\"action\":5}", "nonsense"] {
            let refusal = Call::parse(text.to_owned().into()).unwrap_err();
            assert_eq!(refusal.to_string(), "Unable to parse JSON", "{text}");
        }
        let call = call(r#"{"action":" Send ","amount":"-1","count":"0","wallet":"AB"}"#);
        assert_eq!(call.action(), "send");
        let told = |refusal: Option<super::Refusal>| refusal.map(|refusal| refusal.to_string());
        assert_eq!(told(call.amount().err()).as_deref(), Some("Invalid amount number"));
        assert_eq!(told(call.count().err()).as_deref(), Some("Invalid count"));
        assert_eq!(told(call.wallet().err()).as_deref(), Some("Bad wallet number"));
        assert_eq!(told(call.account().err()).as_deref(), Some("Unable to parse JSON"));
    }
}
