//! The actions about the node itself: `version`, `uptime`, `telemetry`, `node_id`, `active_difficulty` and their like.

use super::call::{Answer, Call, Refusal};
use crate::node::unix_millis;
use nano_block::Network;
use nano_primitives::{Difficulty, Prefix};
use serde_json::{Value, json};

/// The version of the peer-to-peer protocol that today's nodes speak; nobody is spoken to here.
const PROTOCOL_VERSION: &str = "21";

pub(super) fn answer(call: &Call) -> Option<Answer> {
    Some(match call.action() {
        "version" => Ok(version(call)),
        "uptime" => Ok(json!({ "seconds": seconds_up(call) })),
        "telemetry" => telemetry(call),
        "node_id" => Ok(node_id(call)),
        "peers" => Ok(json!({ "peers": {} })),
        "active_difficulty" => Ok(active_difficulty(call)),
        "receive_minimum" => Ok(json!({ "amount": "1000000000000000000000000" })),
        _ => return None,
    })
}

fn version(call: &Call) -> Value {
    json!({
        "rpc_version": "1",
        "store_version": "24",
        "protocol_version": PROTOCOL_VERSION,
        "node_vendor": concat!("nano-devnet ", env!("CARGO_PKG_VERSION")),
        "store_vendor": "memory",
        "network": call.node.settings.network.as_str(),
        "network_identifier": call.node.settings.genesis.hash(),
        "build_info": concat!("nano-devnet ", env!("CARGO_PKG_VERSION")),
    })
}

fn seconds_up(call: &Call) -> String {
    call.node.started.elapsed().as_secs().to_string()
}

/// There are no peers, so only the node's own is known.
fn telemetry(call: &Call) -> Answer {
    if call.has("address") || call.has("port") {
        return Err(Refusal::PEER_NOT_FOUND);
    }
    if call.flag("raw", false) {
        return Ok(json!({ "metrics": [] }));
    }
    let genesis = call.node.settings.genesis.hash();
    let key = &call.node.settings.node_key;
    let thresholds = call.node.settings.network.thresholds();
    let state = call.state();
    Ok(json!({
        "block_count": state.ledger.block_count().to_string(),
        "cemented_count": state.ledger.cemented_count().to_string(),
        "unchecked_count": state.unchecked.len().to_string(),
        "account_count": state.ledger.account_count().to_string(),
        "bandwidth_cap": "10485760",
        "uptime": seconds_up(call),
        "peer_count": "0",
        "protocol_version": PROTOCOL_VERSION,
        "genesis_block": genesis,
        "major_version": env!("CARGO_PKG_VERSION_MAJOR"),
        "minor_version": env!("CARGO_PKG_VERSION_MINOR"),
        "patch_version": env!("CARGO_PKG_VERSION_PATCH"),
        "pre_release_version": "0",
        "maker": "99",
        "timestamp": unix_millis().to_string(),
        "active_difficulty": thresholds.base(),
        "node_id": node_id_text(call),
        "signature": key.sign(&genesis),
    }))
}

fn node_id(call: &Call) -> Value {
    let key = &call.node.settings.node_key;
    json!({
        "public": key.public_key(),
        "as_account": key.account(),
        "node_id": node_id_text(call),
    })
}

fn node_id_text(call: &Call) -> String {
    call.node.settings.node_key.account().with_prefix(Prefix::new("node_")).to_string()
}

/// Constant since the dynamic difficulty was given up.
fn active_difficulty(call: &Call) -> Value {
    let (full, receive) = defaults(call.node.settings.network);
    let mut answer = json!({
        "deprecated": "1",
        "network_minimum": full,
        "network_receive_minimum": receive,
        "network_current": full,
        "network_receive_current": receive,
        "multiplier": "1",
    });
    if call.flag("include_trend", false) {
        answer["difficulty_trend"] = json!(["1.000000000000000"]);
    }
    answer
}

fn defaults(network: Network) -> (Difficulty, Difficulty) {
    let thresholds = network.thresholds();
    (thresholds.base(), thresholds.epoch_2_receive)
}
