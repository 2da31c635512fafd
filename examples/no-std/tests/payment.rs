//! What the device signs is what a worker takes.

#![allow(clippy::unwrap_used)]

use nano_block::{AccountState, SecretKey};
use nano_primitives::{Account, Amount, BlockHash, PublicKey};
use p2pow_no_std::{PaymentError, read_answer, sign};
use p2pow_protocol::{Terms, WorkRequest, check_request};

const REWARD: [u8; 32] = [9; 32];

fn info(fee: u128, status: &str) -> String {
    let account = Account::new(PublicKey::from_bytes(REWARD));
    format!(
        r#"{{"version":"2.0.0","status":"{status}","reward_account":"{account}","fee":"{fee}",
            "fee_receive":"{}","dynamic_fee":false,"min_multiplier":1.0,"max_multiplier":30.0}}"#,
        fee / 2 + fee / 64
    )
}

fn alice(key: &SecretKey) -> AccountState {
    AccountState {
        account: key.account(),
        frontier: Some(BlockHash::from_bytes([1; 32])),
        balance: Amount::from_raw(1_000),
        representative: key.account(),
    }
}

#[test]
fn a_worker_takes_what_the_device_signs() {
    let key = SecretKey::from_bytes([3; 32]);
    let to = (Account::new(PublicKey::from_bytes([4; 32])), Amount::from_raw(700));
    let most = Amount::from_raw(64);
    let info = info(64, "available");
    let payment = sign(&key, &alice(&key), to, info.as_bytes(), most).unwrap();

    let request = WorkRequest::parse(&payment.request, 1).unwrap();
    let reward_account = Account::new(PublicKey::from_bytes(REWARD));
    assert_eq!(check_request(&request, &Terms { reward_account, fee: most }), Ok(()));
    assert_eq!(request.first().block, payment.user.block);
    assert_eq!(request.first().block.balance, Amount::from_raw(300));
    assert_eq!(request.paid(), Some(most));
}

#[test]
fn the_device_pays_no_more_than_it_was_told_and_signs_nothing_else() {
    let key = SecretKey::from_bytes([3; 32]);
    let to = (Account::ZERO, Amount::from_raw(700));
    let try_with = |info: String| {
        sign(&key, &alice(&key), to, info.as_bytes(), Amount::from_raw(64)).unwrap_err()
    };
    assert!(matches!(try_with(info(65, "available")), PaymentError::Dear { .. }));
    assert!(matches!(try_with(info(64, "unavailable")), PaymentError::Busy));
    assert!(matches!(try_with("{}".into()), PaymentError::Info(_)));
    assert!(read_answer(500, b"<html>").is_err());
}
