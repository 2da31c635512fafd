//! What is read, what is written, and what is refused, and how the refusal reads.

use nano_primitives::{
    Account, AccountError, Amount, AmountError, BlockHash, Difficulty, HexError, Link, Prefix,
    PublicKey, Root, Signature, Unit, Work,
};
use proptest::prelude::*;

const GENESIS: &str = "nano_3e3j5tkog48pnny9dmfzj1r16pg8t1e76dz5tmac6iq689wyjfpiij4txtdo";

#[test]
fn wrong_length_says_both_lengths() {
    let error = "AB".parse::<BlockHash>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "a block hash is 2 characters long, wanted 64 hexadecimal digits"
    );
    let error = Signature::from_slice(&[0; 63]).unwrap_err();
    assert_eq!(error, HexError::Bytes { what: "a signature", found: 63, wanted: 64 });
}

#[test]
fn a_character_outside_hexadecimal_is_refused() {
    let text = format!("{}G", "A".repeat(63));
    assert!(matches!(text.parse::<Root>(), Err(HexError::Digit { what: "a root", .. })));
    let text = "é".repeat(64);
    assert!(matches!(text.parse::<Link>(), Err(HexError::Digit { .. })));
}

#[test]
fn hex_is_read_in_either_case_and_written_upper() {
    let lower = "ab".repeat(32);
    assert_eq!(lower.parse::<BlockHash>().unwrap().to_string(), "AB".repeat(32));
}

#[test]
fn the_old_prefix_is_read_and_the_new_one_written() {
    let old = GENESIS.replace("nano_", "xrb_");
    assert_eq!(old.parse::<Account>().unwrap().to_string(), GENESIS);
}

#[test]
fn other_networks_bring_their_prefix() {
    let account: Account = GENESIS.parse().unwrap();
    let banano = account.with_prefix(Prefix::BANANO).to_string();
    assert_eq!(banano, GENESIS.replace("nano_", "ban_"));
    assert_eq!(Account::parse_with_prefixes(&banano, &[Prefix::BANANO]), Ok(account));
    assert!(matches!(banano.parse::<Account>(), Err(AccountError::Prefix { .. })));
}

#[test]
fn a_wrong_checksum_names_the_right_one() {
    let wrong = GENESIS.replace("txtdo", "txtdx");
    let error = wrong.parse::<Account>().unwrap_err().to_string();
    assert!(error.contains("wrong checksum") && error.contains("ij4txtdo"), "{error}");
}

#[test]
fn a_huge_text_does_not_flood_the_error() {
    let error = "x".repeat(1_000_000).parse::<Account>().unwrap_err().to_string();
    assert!(error.len() < 400, "{} bytes", error.len());
}

#[test]
fn amounts_are_exact() {
    let cases = [
        ("1", "1000000000000000000000000000000"),
        ("0.0001", "100000000000000000000000000"),
        (".5", "500000000000000000000000000000"),
        ("3.", "3000000000000000000000000000000"),
        ("0.000000000000000000000000000001", "1"),
        ("340282366.920938463463374607431768211455", "340282366920938463463374607431768211455"),
    ];
    for (xno, raw) in cases {
        assert_eq!(Amount::from_xno(xno).unwrap().to_string(), raw, "{xno}");
    }
    assert_eq!(Amount::MAX.to_xno(), "340282366.920938463463374607431768211455");
    assert_eq!(Amount::ZERO.to_xno(), "0");
    assert_eq!(Amount::from_raw(1).display_in(Unit::BANANO).to_string(), format!("0.{:0>29}", 1));
}

#[test]
fn odd_amounts_are_refused() {
    for text in ["", ".", "-1", "+1", "1e3", "1,5", " 1", "1 ", "1.2.3", "0x10", "٣", "NaN"] {
        let error = Amount::from_xno(text).unwrap_err();
        assert!(matches!(error, AmountError::Digits { .. }), "{text:?} gave {error}");
    }
    assert!(matches!("1.5".parse::<Amount>(), Err(AmountError::Digits { .. })));
    let tiny = format!("0.{}1", "0".repeat(30));
    assert!(matches!(Amount::from_xno(&tiny), Err(AmountError::Places { places: 31, .. })));
    let huge = "340282366920938463463374607431768211456";
    assert!(matches!(huge.parse::<Amount>(), Err(AmountError::TooLarge { .. })));
}

#[test]
fn work_is_sixteen_digits() {
    assert_eq!("ABCDEF0123456789".parse::<Work>().unwrap().to_string(), "abcdef0123456789");
    for text in
        ["", "0", "0x12345678901234", "+123456789012345", "12345678901234567", "g234567890123456"]
    {
        assert!(text.parse::<Work>().is_err(), "{text:?}");
    }
}

#[test]
fn senseless_multipliers_are_refused() {
    let base = Difficulty::from_u64(0xffff_fff8_0000_0000);
    for multiplier in [0.0, -1.0, f64::NAN, f64::NEG_INFINITY, 1e-12] {
        assert!(Difficulty::from_multiplier(multiplier, base).is_err(), "{multiplier}");
    }
    assert_eq!(Difficulty::from_multiplier(1.0, base).unwrap(), base);
    assert_eq!(Difficulty::from_multiplier(f64::INFINITY, base).unwrap(), Difficulty::MAX);
}

#[test]
fn expected_hashes_are_the_known_powers_of_two() {
    let send = Difficulty::from_u64(0xffff_fff8_0000_0000);
    let receive = Difficulty::from_u64(0xffff_fe00_0000_0000);
    assert_eq!(send.expected_hashes(), f64::from(1u32 << 29));
    assert_eq!(receive.expected_hashes(), f64::from(1u32 << 23));
    assert_eq!(Difficulty::MIN.expected_hashes(), 1.0);
}

proptest! {
    #[test]
    fn accounts_round_trip(bytes: [u8; 32]) {
        let account = Account::new(PublicKey::from_bytes(bytes));
        prop_assert_eq!(account.to_string().parse::<Account>().unwrap(), account);
        let json = serde_json::to_string(&account).unwrap();
        prop_assert_eq!(serde_json::from_str::<Account>(&json).unwrap(), account);
    }

    #[test]
    fn one_changed_character_is_noticed(bytes: [u8; 32], place in 5usize..65, to in "[13-9a-km-uw-z]") {
        let text = Account::new(PublicKey::from_bytes(bytes)).to_string();
        let mut changed = text.clone();
        changed.replace_range(place..=place, &to);
        prop_assume!(changed != text);
        prop_assert!(changed.parse::<Account>().is_err());
    }

    #[test]
    fn amounts_round_trip_in_every_unit(raw: u128) {
        let amount = Amount::from_raw(raw);
        prop_assert_eq!(amount.to_string().parse::<Amount>().unwrap(), amount);
        for unit in [Unit::RAW, Unit::XNO, Unit::BANANO] {
            let text = amount.display_in(unit).to_string();
            prop_assert_eq!(Amount::parse_unit(&text, unit).unwrap(), amount);
        }
    }

    #[test]
    fn arithmetic_is_that_of_u128(a: u128, b: u128) {
        let (x, y) = (Amount::from_raw(a), Amount::from_raw(b));
        prop_assert_eq!(x.checked_add(y).map(Amount::to_raw), a.checked_add(b));
        prop_assert_eq!(x.checked_sub(y).map(Amount::to_raw), a.checked_sub(b));
        prop_assert_eq!(x.checked_mul(b).map(Amount::to_raw), a.checked_mul(b));
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,80}") {
        let _ = (text.parse::<Account>(), text.parse::<BlockHash>(), text.parse::<Work>());
        if let Ok(amount) = Amount::from_xno(&text) {
            prop_assert_eq!(Amount::from_xno(&amount.to_xno()).unwrap(), amount);
        }
    }

    #[test]
    fn bytes_round_trip(bytes: [u8; 32], nonce: u64) {
        let hash = BlockHash::from_bytes(bytes);
        prop_assert_eq!(hash.to_string().parse::<BlockHash>().unwrap(), hash);
        prop_assert_eq!(Link::from(hash).to_block_hash(), hash);
        prop_assert_eq!(Work::from_u64(nonce).to_string().parse::<Work>().unwrap().to_u64(), nonce);
    }

    #[test]
    fn a_higher_threshold_has_a_higher_multiplier(a: u64, b: u64) {
        let base = Difficulty::from_u64(0xffff_fff8_0000_0000);
        let (low, high) = (Difficulty::from_u64(a.min(b)), Difficulty::from_u64(a.max(b)));
        prop_assert!(low.multiplier(base) <= high.multiplier(base));
    }
}
