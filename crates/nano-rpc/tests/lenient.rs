//! Properties of the readers: the spelling does not matter, and nothing makes them panic.

#![allow(clippy::unwrap_used)]

use nano_rpc::{AnswerError, answers, websocket};
use proptest::prelude::*;
use serde_json::{Value, json};

fn every_reader(body: &[u8]) -> Vec<Result<(), AnswerError>> {
    macro_rules! read {
        ($($action:ident)*) => { vec![$(answers::$action(body).map(drop)),*] };
    }
    let mut results = read!(
        version uptime block_count telemetry active_difficulty account_info account_balance
        account_representative account_key account_get accounts_frontiers accounts_balances
        account_history block_info blocks_info block_hash confirmation_info receivable
        accounts_receivable process process_async work_generate work_validate work_cancel
    );
    results.push(websocket::read_event(body).map(drop));
    results.push(answers::words(422, body).map_or(Ok(()), |text| Err(AnswerError::Node { text })));
    results
}

/// Field names that the readers know, so that random objects get past the first check.
const NAMES: [&str; 24] = [
    "account",
    "accounts",
    "amount",
    "balance",
    "block",
    "blocks",
    "confirmed",
    "contents",
    "count",
    "error",
    "errors",
    "frontier",
    "frontiers",
    "hash",
    "height",
    "history",
    "message",
    "receivable",
    "representative",
    "source",
    "topic",
    "type",
    "work",
    "confirmation",
];

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        prop::sample::select(&NAMES[..]).prop_map(Value::from),
        "[0-9A-Fa-f]{64}".prop_map(Value::from),
        Just(json!("nano_3e3j5tkog48pnny9dmfzj1r16pg8t1e76dz5tmac6iq689wyjfpiij4txtdo")),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        let names = prop_oneof![
            prop::sample::select(&NAMES[..]).prop_map(str::to_owned),
            "[0-9A-F]{64}",
            ".{0,4}"
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((names, inner), 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(!every_reader(&bytes).is_empty());
    }

    #[test]
    fn no_json_makes_a_reader_panic(value in any_json()) {
        for result in every_reader(value.to_string().as_bytes()) {
            if let Err(error) = result {
                prop_assert!(error.to_string().chars().count() < 600, "{}", error);
            }
        }
    }

    #[test]
    fn every_amount_is_read_exactly(raw: u128, receivable: u128) {
        let body = json!({ "balance": raw.to_string(), "receivable": receivable.to_string() });
        let read = answers::account_balance(body.to_string().as_bytes()).unwrap();
        prop_assert_eq!((read.balance.to_raw(), read.receivable.to_raw()), (raw, receivable));
    }

    #[test]
    fn an_amount_as_a_number_is_read_exactly_or_refused(raw: u128) {
        let body = format!(r#"{{"balance":{raw}}}"#);
        match answers::account_balance(body.as_bytes()) {
            Ok(read) => prop_assert_eq!(read.balance.to_raw(), raw),
            Err(_) => prop_assert!(raw > u128::from(u64::MAX)),
        }
    }

    #[test]
    fn numbers_are_read_as_text_and_as_numbers(count: u64, cemented: u64) {
        let text = json!({ "count": count.to_string(), "unchecked": "0", "cemented": cemented.to_string() });
        let native = json!({ "count": count, "unchecked": 0, "cemented": cemented });
        let read = |body: Value| answers::block_count(body.to_string().as_bytes()).unwrap();
        prop_assert_eq!(read(text), read(native));
    }

    #[test]
    fn hexadecimal_is_read_in_either_case(bytes: [u8; 32], upper in prop::collection::vec(any::<bool>(), 64)) {
        let hash = nano_primitives::BlockHash::from_bytes(bytes);
        let spelled: String = hash.to_string().chars().zip(upper)
            .map(|(c, upper)| if upper { c } else { c.to_ascii_lowercase() })
            .collect();
        let body = json!({ "hash": spelled }).to_string();
        prop_assert_eq!(answers::process(body.as_bytes()).unwrap(), hash);
    }
}
