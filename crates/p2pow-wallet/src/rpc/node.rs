//! What goes to the node behind, as it came; and what does not.
//!
//! Kept from it: actions that tell secrets or end the node, actions of the node's own wallets, and private keys. A node
//! may be somebody else's, and nobody asks for its wallets here.

use super::{call::Call, shape::Answer};
use crate::{refusal::Refusal, service::Service};
use bytes::Bytes;
use nano_block::{SecretKey, Seed};
use serde_json::{Value, json};

/// Actions of a node's wallets that are not offered, and why.
const NOT_OFFERED: [(&str, &str); 10] = [
    ("payment_begin", GONE),
    ("payment_end", GONE),
    ("payment_init", GONE),
    ("payment_wait", GONE),
    ("wallet_export", TELLS),
    ("wallet_seed", TELLS),
    ("wallet_republish", "`republish`, which goes to the node, does it from a block on"),
    ("wallet_work_get", NO_WORK),
    ("work_get", NO_WORK),
    ("work_set", NO_WORK),
];
const GONE: &str = "nodes have not had it since version 22";
const TELLS: &str =
    "it tells the wallet's secrets; the file of --store with its password is the backup";
const NO_WORK: &str = "no work is kept with an account: hired workers find it for each block";
const NEWER: &str = "this version does not know it, and a node's own wallets are not asked for";

/// Actions that the node behind is not asked for, and why.
const KEPT: [(&str, &str); 4] = [
    ("stop", "it would end the node"),
    ("node_id", "it tells the node's private key"),
    ("node_id_delete", "it takes the node's identity"),
    ("epoch_upgrade", "it takes the network's private key"),
];

/// Those that have no need of a node, and would show it a secret.
pub(super) fn answer(call: &Call) -> Option<Answer> {
    Some(match call.action() {
        "key_create" => SecretKey::generate().map(|key| shown(&key)).map_err(|_| Refusal::BadKey),
        "key_expand" => call.key().map(|key| shown(&key)),
        "deterministic_key" => deterministic(call),
        "sign" | "block_create" if call.has("key") || call.has("wallet") => Err(not_passed_on(
            call,
            "a block that is signed here leaves by `send`, `receive` and the like, each once",
        )),
        action => {
            let (_, reason) = NOT_OFFERED.iter().find(|(name, _)| *name == action)?;
            Err(not_offered(call, reason))
        }
    })
}

fn not_offered(call: &Call, reason: &'static str) -> Refusal {
    Refusal::NotImplemented { action: call.action().to_owned(), reason }
}

fn shown(key: &SecretKey) -> Value {
    json!({ "private": *key.expose_hex(), "public": key.public_key(), "account": key.account() })
}

fn deterministic(call: &Call) -> Answer {
    let seed: Seed = call.seed()?.ok_or(Refusal::Json)?;
    let index = call.index()?.ok_or(Refusal::Json)?;
    Ok(shown(&seed.derive(index)))
}

fn not_passed_on(call: &Call, reason: &'static str) -> Refusal {
    Refusal::NotPassedOn { action: call.action().to_owned(), reason }
}

/// The node's own answer, to the last byte.
pub(super) async fn pass_on(service: &Service, call: &Call) -> Result<Bytes, Refusal> {
    if let Some((_, reason)) = KEPT.iter().find(|(action, _)| *action == call.action()) {
        return Err(not_passed_on(call, reason));
    }
    if call.action().starts_with("wallet_") {
        // A node's own wallets are nobody's business here, whatever a newer node can do with them.
        return Err(not_offered(call, NEWER));
    }
    Ok(service.node.pass_on(call.body()).await?)
}

#[cfg(test)]
mod tests {
    use super::{Call, answer};

    fn told(text: &str) -> serde_json::Value {
        let call = Call::parse(text.to_owned().into()).unwrap();
        match answer(&call).expect("is answered here") {
            Ok(value) => value,
            Err(refusal) => refusal.to_string().into(),
        }
    }

    /// Source: nano-docs, rpc-protocol.md, `deterministic_key` and `key_expand`.
    #[test]
    fn keys_are_made_here_and_never_shown_to_a_node() {
        let zeros = "0".repeat(64);
        let key =
            told(&format!(r#"{{"action":"deterministic_key","seed":"{zeros}","index":"0"}}"#));
        assert_eq!(
            key["private"],
            "9F0E444C69F77A49BD0BE89DB92C38FE713E0963165CCA12FAF5712D7657120F"
        );
        assert_eq!(
            key["public"],
            "C008B814A7D269A1FA3C6528B19201A24D797912DB9996FF02A1FF356E45552B"
        );
        let account = "nano_3i1aq1cchnmbn9x5rsbap8b15akfh7wj7pwskuzi7ahz8oq6cobd99d4r3b7";
        assert_eq!(key["account"], account);
        let private = key["private"].as_str().unwrap();
        assert_eq!(told(&format!(r#"{{"action":"key_expand","key":"{private}"}}"#)), key);
        assert_ne!(told(r#"{"action":"key_create"}"#), told(r#"{"action":"key_create"}"#));
    }

    #[test]
    fn what_signs_past_the_queue_and_other_wallet_actions_are_refused() {
        assert!(
            told(r#"{"action":"sign","key":"00"}"#).as_str().unwrap().starts_with("sign is not")
        );
        let told = told(r#"{"action":"wallet_seed","wallet":"00"}"#);
        let words = told.as_str().unwrap();
        assert!(words.starts_with("not_implemented: wallet_seed is not offered here: "), "{told}");
    }
}
