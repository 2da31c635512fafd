//! Every published vector of accounts, work and multipliers.

#![allow(clippy::unwrap_used)]

use nano_primitives::{Account, Difficulty, PublicKey, Root, Work};
use serde_json::Value;

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
fn accounts_are_written_and_read() {
    for vector in vectors("accounts") {
        let key: PublicKey = text(&vector, "public").parse().unwrap();
        let account: Account = text(&vector, "address").parse().unwrap();
        assert_eq!(account.public_key(), key);
        assert_eq!(Account::new(key).to_string(), text(&vector, "address"));
    }
}

#[test]
fn invalid_addresses_are_refused() {
    for vector in vectors("invalid_addresses") {
        let read = text(&vector, "address").parse::<Account>();
        assert!(read.is_err(), "{vector} was read as {read:?}");
    }
}

#[test]
fn work_has_the_published_value() {
    for vector in vectors("work") {
        let root: Root = text(&vector, "root").parse().unwrap();
        let work: Work = text(&vector, "work").parse().unwrap();
        assert_eq!(work.value(&root).to_string(), text(&vector, "difficulty"));
    }
}

#[test]
fn multipliers_are_the_published_ones() {
    for vector in vectors("multipliers") {
        let difficulty: Difficulty = text(&vector, "difficulty").parse().unwrap();
        let base: Difficulty = text(&vector, "base").parse().unwrap();
        let wanted: f64 = text(&vector, "computed").parse().unwrap();
        let found = difficulty.multiplier(base);
        assert!((found / wanted - 1.0).abs() < 1e-12, "{vector} gave {found}");
        let back = Difficulty::from_multiplier(found, base).unwrap();
        assert!(back.to_u64().abs_diff(difficulty.to_u64()) <= 64, "{vector} gave {back}");
    }
}
