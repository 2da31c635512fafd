//! The node's JSON: what is written, what is understood, and how a refusal reads.

#![allow(clippy::unwrap_used)]

use nano_block::{
    Block, ChangeBlock, OpenBlock, ReceiveBlock, Seed, SendBlock, SignedBlock, SignedState,
    StateBlock,
};
use nano_primitives::{Account, Amount, BlockHash, Link, Work};
use proptest::prelude::*;
use serde_json::{Value, json};

fn signed() -> SignedState {
    let key = Seed::from_bytes([7; 32]).derive(0);
    let block = StateBlock {
        account: key.account(),
        previous: BlockHash::from_bytes([1; 32]),
        representative: Account::ZERO,
        balance: Amount::from_raw(5),
        link: Link::from_bytes([2; 32]),
    };
    block.sign(&key).with_work(Work::from_u64(0xab))
}

fn read(value: Value) -> Result<SignedState, String> {
    serde_json::from_value(value).map_err(|error| error.to_string())
}

#[test]
fn a_state_block_is_written_as_a_node_writes_it() {
    let json = serde_json::to_string(&signed()).unwrap();
    assert!(json.starts_with(r#"{"type":"state","account":"nano_"#), "{json}");
    let value: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(value["type"], "state");
    assert_eq!(value["balance"], "5");
    assert_eq!(value["work"], "00000000000000ab");
    assert_eq!(value["link"], "02".repeat(32));
    assert_eq!(value["link_as_account"], signed().block.link.to_account().to_string());
    assert_eq!(value.as_object().unwrap().len(), 9);
}

#[test]
fn the_link_is_read_in_each_of_its_spellings() {
    let full = serde_json::to_value(signed()).unwrap();
    let without = |key: &str| {
        let mut value = full.clone();
        value.as_object_mut().unwrap().remove(key);
        value
    };
    assert_eq!(read(without("link")), Ok(signed()));
    assert_eq!(read(without("link_as_account")), Ok(signed()));
    let mut account_in_link = without("link_as_account");
    account_in_link["link"] = full["link_as_account"].clone();
    assert_eq!(read(account_in_link), Ok(signed()));
    let mut wrong_second = full.clone();
    wrong_second["link_as_account"] = json!("nonsense");
    assert_eq!(read(wrong_second), Ok(signed()));
}

#[test]
fn unknown_keys_and_a_missing_type_do_no_harm_to_a_state_block() {
    let mut value = serde_json::to_value(signed()).unwrap();
    value["block_type"] = json!("state");
    value["future"] = json!({"a": [1]});
    value.as_object_mut().unwrap().remove("type");
    assert_eq!(read(value), Ok(signed()));
}

#[test]
fn a_refusal_names_the_field_and_what_was_found() {
    let cases = [
        ("account", json!("nano_1"), "`account` of the state block: account \"nano_1\" has 1 char"),
        ("balance", json!(5), "`balance` of the state block: found a number, wanted a string"),
        ("balance", json!("-5"), "`balance` of the state block: amount \"-5\" is not a decimal"),
        ("previous", json!("00"), "`previous` of the state block: a block hash is 2 characters"),
        ("signature", json!(null), "state block has no `signature`"),
        ("representative", json!([1, {"a": 2}]), "found a list, wanted a string"),
        ("link", json!(true), "`link` of the state block: found a boolean"),
        ("work", json!({"a": [1]}), "`work` of the state block: found an object"),
        ("type", json!("send"), "block has `type` send, wanted state"),
        ("type", json!("foo"), "\"foo\" is no type of block"),
    ];
    for (field, found, wanted) in cases {
        let mut value = serde_json::to_value(signed()).unwrap();
        value[field] = found;
        let error = read(value).unwrap_err();
        assert!(error.contains(wanted), "{field}: {error}");
    }
}

#[test]
fn every_missing_field_is_named() {
    let full = serde_json::to_value(signed()).unwrap();
    for field in ["account", "previous", "representative", "balance", "signature"] {
        let mut value = full.clone();
        value.as_object_mut().unwrap().remove(field);
        assert_eq!(read(value).unwrap_err(), format!("state block has no `{field}`"));
    }
}

#[test]
fn an_unsigned_block_is_read_where_no_signature_is_wanted() {
    let value = serde_json::to_value(signed().block).unwrap();
    assert!(value.get("signature").is_none());
    assert_eq!(serde_json::from_value::<StateBlock>(value.clone()).unwrap(), signed().block);
    assert_eq!(serde_json::from_value::<Block>(value).unwrap(), signed().block.into());
}

fn any_block() -> impl Strategy<Value = Block> {
    let (a, b, c) = (any::<[u8; 32]>(), any::<[u8; 32]>(), any::<[u8; 32]>());
    (0..5, a, b, c, any::<[u8; 32]>(), any::<u128>()).prop_map(|(kind, a, b, c, d, raw)| {
        let hash = BlockHash::from_bytes;
        let account = |bytes| Account::new(nano_primitives::PublicKey::from_bytes(bytes));
        let balance = Amount::from_raw(raw);
        match kind {
            0 => Block::Send(SendBlock { previous: hash(a), destination: account(b), balance }),
            1 => Block::Receive(ReceiveBlock { previous: hash(a), source: hash(b) }),
            2 => Block::Open(OpenBlock {
                source: hash(a),
                representative: account(b),
                account: account(c),
            }),
            3 => Block::Change(ChangeBlock { previous: hash(a), representative: account(b) }),
            _ => Block::State(StateBlock {
                account: account(a),
                previous: hash(b),
                representative: account(c),
                balance,
                link: Link::from_bytes(d),
            }),
        }
    })
}

proptest! {
    #[test]
    fn any_block_survives_json_and_binary(block in any_block(), work: Option<u64>) {
        let key = Seed::from_bytes([3; 32]).derive(1);
        let signed = SignedBlock { work: work.map(Work::from_u64), ..block.sign(&key) };
        let json = serde_json::to_vec(&signed).unwrap();
        prop_assert_eq!(serde_json::from_slice::<SignedBlock>(&json).unwrap(), signed);
        match signed.encode() {
            Ok(bytes) => prop_assert_eq!(SignedBlock::decode(&bytes), Ok(signed)),
            Err(_) => prop_assert!(signed.work.is_none()),
        }
        prop_assert!(signed.verify_by(&key.public_key()).is_ok());
    }

    #[test]
    fn any_bytes_are_a_block_or_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..260)) {
        let _ = serde_json::from_slice::<SignedBlock>(&bytes);
        if let Ok(signed) = SignedBlock::decode(&bytes) {
            prop_assert_eq!(signed.encode().unwrap(), bytes);
        }
    }

    #[test]
    fn a_changed_bit_breaks_the_signature(bit in 0usize..512, hash: [u8; 32]) {
        let key = Seed::from_bytes([9; 32]).derive(0);
        let hash = BlockHash::from_bytes(hash);
        let mut bytes = key.sign(&hash).to_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let changed = nano_primitives::Signature::from_bytes(bytes);
        prop_assert!(nano_block::verify(&key.public_key(), &hash, &changed).is_err());
    }
}
