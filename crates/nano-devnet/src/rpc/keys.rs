//! Keys, signatures and amounts: nothing of the ledger.

use super::{Answer, Call, Refusal, block::contents_as_asked};
use nano_block::{SecretKey, Seed};
use nano_primitives::{Amount, BlockHash, Unit};
use serde_json::json;

pub(super) fn answer(call: &Call) -> Option<Answer> {
    Some(match call.action() {
        "key_create" => {
            SecretKey::generate().map_err(|_| Refusal::EMPTY).and_then(|key| expanded(&key))
        }
        "key_expand" => key(call, "key").and_then(|key| expanded(&key)),
        "deterministic_key" => deterministic_key(call),
        "sign" => sign(call),
        "nano_to_raw" => nano_to_raw(call),
        "raw_to_nano" => raw_to_nano(call),
        _ => return None,
    })
}

pub(super) fn key(call: &Call, field: &str) -> Result<SecretKey, Refusal> {
    call.text(field)?.parse().map_err(|_| Refusal::BAD_PRIVATE_KEY)
}

fn expanded(key: &SecretKey) -> Answer {
    Ok(json!({
        "private": *key.expose_hex(),
        "public": key.public_key(),
        "account": key.account(),
    }))
}

fn deterministic_key(call: &Call) -> Answer {
    let seed: Seed = call.text("seed")?.parse().map_err(|_| Refusal::BAD_SEED)?;
    let index: u32 = call.text("index")?.parse().map_err(|_| Refusal::BAD_INDEX)?;
    expanded(&seed.derive(index))
}

/// Signs a block or a bare hash. The reference node refuses a bare hash unless it is configured to
/// sign it.
fn sign(call: &Call) -> Answer {
    if !call.has("key") {
        return Err(Refusal::KEY_REQUIRED);
    }
    let key = key(call, "key")?;
    if !call.has("block") {
        let hash = call.hash("hash")?;
        if hash == BlockHash::ZERO {
            return Err(Refusal::BAD_BLOCK);
        }
        return Ok(json!({ "signature": key.sign(&hash) }));
    }
    let mut block = call.block()?;
    block.signature = key.sign(&block.hash());
    Ok(json!({ "signature": block.signature, "block": contents_as_asked(call, &block) }))
}

fn amount(call: &Call) -> Result<Amount, Refusal> {
    call.text("amount")?.parse().map_err(|_| Refusal::BAD_AMOUNT)
}

/// Raw in one Nano.
fn nano() -> u128 {
    10u128.pow(u32::try_from(Unit::XNO.decimals()).expect("a unit has few decimals"))
}

fn nano_to_raw(call: &Call) -> Answer {
    let raw = amount(call)?.checked_mul(nano()).ok_or(Refusal::AMOUNT_TOO_BIG)?;
    Ok(json!({ "amount": raw }))
}

/// Whole Nano only: the rest is cut off, as in a node.
fn raw_to_nano(call: &Call) -> Answer {
    Ok(json!({ "amount": (amount(call)?.to_raw() / nano()).to_string() }))
}
