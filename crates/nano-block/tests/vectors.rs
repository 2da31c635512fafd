//! Every published vector of seeds, blocks and thresholds.

#![allow(clippy::unwrap_used)]

use nano_block::{Block, Network, SecretKey, Seed, SignedBlock, SignedState, StateBlock, verify};
use nano_primitives::{Account, Signature, Work};
use serde_json::{Value, json};

fn vectors(list: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(include_str!("data/vectors.json")).unwrap();
    let list = all[list].as_array().unwrap().clone();
    assert!(!list.is_empty());
    list
}

fn text<'a>(vector: &'a Value, key: &str) -> &'a str {
    vector[key].as_str().unwrap_or_else(|| panic!("{key} missing in {vector}"))
}

#[test]
fn seeds_derive_the_published_keys() {
    for vector in vectors("seeds") {
        let seed: Seed = text(&vector, "seed").parse().unwrap();
        let index = u32::try_from(vector["index"].as_u64().unwrap()).unwrap();
        let key = seed.derive(index);
        assert_eq!(*key.expose_hex(), text(&vector, "private"));
        assert_eq!(key.public_key().to_string(), text(&vector, "public"));
        assert_eq!(key.account().to_string(), text(&vector, "address"));
    }
}

#[test]
fn state_blocks_have_the_published_hash_and_root() {
    for vector in vectors("state_blocks") {
        let block: StateBlock = serde_json::from_value(vector.clone()).unwrap();
        if let Some(hash) = vector["hash"].as_str() {
            assert_eq!(block.hash().to_string(), hash);
        }
        if let Some(root) = vector["root"].as_str() {
            assert_eq!(block.root().to_string(), root);
        }
    }
}

#[test]
fn state_blocks_verify_as_published() {
    let mut valid = 0;
    for vector in vectors("state_blocks").iter().filter(|v| v["signature"].is_string()) {
        let signed: SignedState = serde_json::from_value(vector.clone()).unwrap();
        let wanted = vector["signature_valid"].as_bool().unwrap();
        assert_eq!(signed.verify().is_ok(), wanted, "{vector}");
        valid += usize::from(wanted);
    }
    assert!(valid > 50, "only {valid} valid signatures");
}

#[test]
fn signing_gives_the_published_signature() {
    let mut signed = 0;
    for vector in vectors("state_blocks").iter().filter(|v| v["private"].is_string()) {
        let key: SecretKey = text(vector, "private").parse().unwrap();
        let block: StateBlock = serde_json::from_value(vector.clone()).unwrap();
        let ours = block.sign(&key);
        assert_eq!(key.account(), block.account);
        ours.verify().unwrap();
        if vector["signature_deterministic_match"] == json!(true) {
            assert_eq!(ours.signature.to_string(), text(vector, "signature"), "{vector}");
            signed += 1;
        }
    }
    assert!(signed > 50, "only {signed} deterministic signatures");
}

#[test]
fn work_of_blocks_has_the_published_value() {
    let known = |vector: &&Value| vector["work_difficulty"].is_string();
    for vector in vectors("state_blocks").iter().filter(known) {
        let block: StateBlock = serde_json::from_value(vector.clone()).unwrap();
        let work: Work = text(vector, "work").parse().unwrap();
        assert_eq!(work.value(&block.root()).to_string(), text(vector, "work_difficulty"));
    }
}

/// A legacy vector with the spelling of a node's JSON.
fn legacy(vector: &Value) -> Value {
    let mut block = vector.clone();
    if let Some(source) = block.get("source_block").cloned() {
        block["source"] = source;
    }
    if let Some(balance) = block.get("balance_hex").cloned() {
        block["balance"] = balance;
    }
    block
}

#[test]
fn legacy_blocks_have_the_published_hash_and_work_value() {
    for vector in vectors("legacy_blocks") {
        let block: Block = serde_json::from_value(legacy(&vector)).unwrap();
        if let Some(hash) = vector["hash"].as_str() {
            assert_eq!(block.hash().to_string(), hash, "{vector}");
        }
        if let (Some(work), Some(value)) =
            (vector["work"].as_str(), vector["work_difficulty"].as_str())
        {
            let work: Work = work.parse().unwrap();
            assert_eq!(work.value(&block.root()).to_string(), value, "{vector}");
        }
    }
}

#[test]
fn legacy_blocks_verify_as_published() {
    let mut verified = 0;
    for vector in vectors("legacy_blocks").iter().filter(|v| v["signature_valid"].is_boolean()) {
        let block: Block = serde_json::from_value(legacy(vector)).unwrap();
        let signer = vector["signer"].as_str().or(vector["account"].as_str()).unwrap();
        let signer: Account = signer.parse().unwrap();
        let signature: Signature = text(vector, "signature").parse().unwrap();
        let valid = verify(&signer.public_key(), &block.hash(), &signature).is_ok();
        assert_eq!(json!(valid), vector["signature_valid"], "{vector}");
        verified += 1;
    }
    assert!(verified >= 3, "only {verified} signatures");
}

#[test]
fn blocks_with_work_survive_both_encodings() {
    let legacy_blocks = vectors("legacy_blocks").iter().map(legacy).collect();
    let complete = |v: &&Value| v["signature"].is_string() && v["work"].is_string();
    for mut vector in [vectors("state_blocks"), legacy_blocks].concat() {
        if !complete(&&vector) {
            continue;
        }
        if vector["type"].is_null() {
            vector["type"] = json!(if vector["link"].is_string() { "state" } else { "open" });
        }
        let signed: SignedBlock = serde_json::from_value(vector).unwrap();
        assert_eq!(SignedBlock::decode(&signed.encode().unwrap()).unwrap(), signed);
        let json = serde_json::to_string(&signed).unwrap();
        assert_eq!(serde_json::from_str::<SignedBlock>(&json).unwrap(), signed);
    }
}

#[test]
fn thresholds_are_the_published_ones() {
    for vector in vectors("thresholds") {
        let network: Network = text(&vector, "network").parse().unwrap();
        let found = network.thresholds();
        assert_eq!(found.epoch_1.to_string(), text(&vector, "epoch1"));
        assert_eq!(found.epoch_2.to_string(), text(&vector, "epoch2_send_change"));
        assert_eq!(found.epoch_2_receive.to_string(), text(&vector, "epoch2_receive_open_epoch"));
    }
}
