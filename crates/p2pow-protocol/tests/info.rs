//! `request_info`: written for old clients, read from workers of every age.

#![allow(clippy::unwrap_used)]

mod common;

use common::{FEE, worker};
use nano_block::Subtype::{Change, Open, Receive, Send};
use nano_primitives::Amount;
use p2pow_protocol::{
    DynamicFee, Info, InfoError, NetworkInfo, QueueInfo, Status, VERSION, feature,
    fees::{fee_receive, price},
};
use serde_json::{Value, json};

fn info() -> Info {
    Info {
        version: VERSION.into(),
        status: Status::Available,
        error: None,
        retry_after: None,
        reward_account: worker(),
        fee: FEE,
        fee_receive: fee_receive(FEE),
        dynamic_fee: DynamicFee::Fixed,
        last_update: 1_607_674_182_067,
        min_multiplier: 1.0,
        max_multiplier: 30.0,
        network: Some(NetworkInfo {
            minimum: "fffffff800000000".into(),
            receive_minimum: "fffffe0000000000".into(),
            current: "fffffff800000000".into(),
            receive_current: "fffffe0000000000".into(),
            multiplier: "1".into(),
        }),
        implementation: Some("p2pow-server/0.1.0".into()),
        features: vec![feature::BATCH.into()],
        max_user_blocks: Some(128),
        queue: Some(QueueInfo { jobs: 2, expected_seconds: 3.5 }),
        hashrate: Some(1e6),
    }
}

/// What the old worker sends.
fn old() -> Value {
    json!({
        "version": "2.0.0",
        "reward_account": worker().to_string(),
        "fee": "100000000000000000000000000",
        "fee_receive": "51562500000000000000000000",
        "min_multiplier": 1.0,
        "max_multiplier": 30.0,
        "last_update": 1_607_674_182_067_u64,
        "dynamic_fee": false,
        "status": "available"
    })
}

fn parse(info: &Value) -> Result<Info, InfoError> {
    Info::parse(info.to_string().as_bytes())
}

#[test]
fn what_is_written_is_read() {
    assert_eq!(Info::parse(&info().to_json()), Ok(info()));
    let busy = Info {
        status: Status::Unavailable,
        error: Some("Current network difficulty exceded maximum difficulty allowed".into()),
        retry_after: Some(5),
        dynamic_fee: DynamicFee::Holds(60),
        ..info()
    };
    assert_eq!(Info::parse(&busy.to_json()), Ok(busy));
}

#[test]
fn old_clients_find_every_key_they_look_at() {
    let written: Value = serde_json::from_slice(&info().to_json()).unwrap();
    assert_eq!(written["version"], "2.0.0");
    assert_eq!(written["status"], "available");
    assert_eq!(written["fee"], "6400");
    assert_eq!(written["fee_receive"], "3300");
    assert_eq!(written["reward_account"], worker().to_string());
    assert_eq!(written["dynamic_fee"], false);
    assert!(written["min_multiplier"].is_number() && written["max_multiplier"].is_number());
    assert!(written["last_update"].is_u64());
    assert_eq!(written["network"]["minimum_receive_minimum"], "fffffe0000000000");
    assert_eq!(written.get("error"), None);
}

#[test]
fn an_old_worker_is_read() {
    let info = parse(&old()).unwrap();
    assert_eq!(info.network, None);
    assert_eq!(info.features, [] as [&str; 0]);
    let offer = info.offer();
    assert!(offer.is_available);
    assert_eq!(offer.max_user_blocks, 1);
    assert_eq!(offer.price(&[Send]), Some(info.fee));
    assert_eq!(offer.price(&[Open]), Some(info.fee_receive));
    assert_eq!(offer.price(&[Send, Send]), None);
}

#[test]
fn what_an_old_client_insists_on_is_needed() {
    let needed =
        ["version", "reward_account", "fee", "fee_receive", "min_multiplier", "max_multiplier"];
    for field in needed {
        let mut without = old();
        without.as_object_mut().unwrap().remove(field);
        assert_eq!(parse(&without), Err(InfoError::Missing { field }));
        let mut wrong = old();
        wrong[field] = json!([]);
        assert!(matches!(parse(&wrong), Err(InfoError::Malformed { .. })), "{field}");
    }
}

#[test]
fn another_version_or_a_wrong_value_is_no_worker() {
    let with = |field: &str, value: Value| {
        let mut info = old();
        info[field] = value;
        parse(&info).unwrap_err()
    };
    assert_eq!(with("version", json!("2.0.1")), InfoError::Version { found: "2.0.1".into() });
    let account = worker().to_string();
    let wrong_checksum = format!("{}1", &account[..account.len() - 1]);
    let wrong_checksum =
        if wrong_checksum == account { account.replace("nano_", "ban_") } else { wrong_checksum };
    assert!(matches!(with("reward_account", json!(wrong_checksum)), InfoError::Malformed { .. }));
    for fee in [json!("-1"), json!("1.5"), json!("many"), json!(-1), json!(1e300)] {
        assert!(matches!(with("fee", fee), InfoError::Malformed { field: "fee", .. }));
    }
    assert!(matches!(with("max_multiplier", json!("inf")), InfoError::Malformed { .. }));
}

#[test]
fn everything_else_may_be_odd() {
    let mut odd = old();
    for field in ["network", "queue", "features", "hashrate", "implementation", "last_update"] {
        odd[field] = json!({"x": [1]});
    }
    odd["status"] = json!(["unavailable"]);
    odd["error"] = json!(["Current network difficulty"]);
    odd["retryAfter"] = json!(0.25);
    odd["dynamic_fee"] = json!(60.0);
    odd["max_multiplier"] = json!("30");
    odd["max_user_blocks"] = json!(-1);
    let info = parse(&odd).unwrap();
    assert_eq!(info.status, Status::Unavailable);
    assert_eq!(info.retry_after, Some(1));
    assert_eq!(info.dynamic_fee, DynamicFee::Holds(60));
    assert!(!info.offer().is_available);
    assert_eq!((info.hashrate, info.queue, info.last_update), (None, None, 0));
}

#[test]
fn what_is_no_object_is_shown_by_its_start() {
    for body in ["", "<html>", "[]", "5"] {
        let error = Info::parse(body.as_bytes()).unwrap_err();
        assert_eq!(error, InfoError::NotAnObject { start: body.into() });
    }
}

#[test]
fn a_batch_is_priced_by_the_fee() {
    let offer = info().offer();
    assert_eq!(offer.max_user_blocks, 128);
    let blocks = [Send, Receive, Change];
    assert_eq!(offer.price(&blocks), price(&blocks, FEE));
    assert_eq!(offer.price(&[]), None);
    assert_eq!(offer.price(&[Send; 129]), None);
    assert_eq!(offer.wait_seconds, Some(3.5));
    assert_eq!(offer.price(&[Send]), Some(Amount::from_raw(6400)));
}
