//! Every conversion against the plain form of the same value, and what serde refuses.

#![allow(clippy::unwrap_used)]

use nano_primitives::{
    Account, Amount, BlockHash, Difficulty, HexError, Link, PublicKey, Root, Signature, Work,
};
use proptest::{collection::vec, prelude::*};
use std::fmt::{Debug, Display, LowerHex, UpperHex};

/// Bytes and digits of one type of `N` bytes.
fn check_bytes<T, const N: usize>(bytes: [u8; N]) -> Result<(), TestCaseError>
where
    T: From<[u8; N]> + Into<[u8; N]> + AsRef<[u8]> + for<'a> TryFrom<&'a [u8], Error = HexError>,
    T: Copy + PartialEq + Debug + Display + UpperHex + LowerHex,
{
    let value = T::from(bytes);
    prop_assert_eq!(value.into(), bytes);
    prop_assert_eq!(value.as_ref(), &bytes[..]);
    prop_assert_eq!(T::try_from(&bytes[..]).unwrap(), value);
    let upper: String = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    prop_assert_eq!(format!("{value:X}"), upper.clone());
    prop_assert_eq!(format!("{value:x}"), upper.to_lowercase());
    prop_assert_eq!(format!("{value:#X}"), format!("0x{upper}"));
    prop_assert_eq!(value.to_string(), upper);
    Ok(())
}

fn wrong_length<T>(bytes: &[u8], wanted: usize) -> Result<(), TestCaseError>
where
    T: for<'a> TryFrom<&'a [u8], Error = HexError> + Debug,
{
    let error = T::try_from(bytes).unwrap_err();
    let is_told = matches!(error, HexError::Bytes { found, wanted: w, .. } if (found, w) == (bytes.len(), wanted));
    prop_assert!(is_told, "{}", error);
    Ok(())
}

proptest! {
    #[test]
    fn thirty_two_bytes_are_what_they_were(bytes: [u8; 32]) {
        check_bytes::<PublicKey, 32>(bytes)?;
        check_bytes::<BlockHash, 32>(bytes)?;
        check_bytes::<Root, 32>(bytes)?;
        check_bytes::<Link, 32>(bytes)?;
        let account = Account::from(PublicKey::from(bytes));
        prop_assert_eq!(PublicKey::from(account).to_bytes(), bytes);
        prop_assert_eq!(account.as_ref(), &bytes[..]);
    }

    #[test]
    fn a_signature_is_its_sixty_four_bytes(low: [u8; 32], high: [u8; 32]) {
        let mut bytes = [0; 64];
        bytes[..32].copy_from_slice(&low);
        bytes[32..].copy_from_slice(&high);
        check_bytes::<Signature, 64>(bytes)?;
    }

    #[test]
    fn another_number_of_bytes_is_refused(bytes in vec(any::<u8>(), 0..100)) {
        if bytes.len() != 32 {
            wrong_length::<PublicKey>(&bytes, 32)?;
            wrong_length::<BlockHash>(&bytes, 32)?;
            wrong_length::<Root>(&bytes, 32)?;
            wrong_length::<Link>(&bytes, 32)?;
        }
        if bytes.len() != 64 {
            wrong_length::<Signature>(&bytes, 64)?;
        }
    }

    #[test]
    fn a_number_of_sixty_four_bits_is_what_it_was(number: u64) {
        prop_assert_eq!(u64::from(Work::from(number)), number);
        prop_assert_eq!(u64::from(Difficulty::from(number)), number);
        prop_assert_eq!(format!("{:016x}", Work::from(number)), Work::from(number).to_string());
        prop_assert_eq!(format!("{:#X}", Difficulty::from(number)), format!("{number:#X}"));
    }

    #[test]
    fn a_sum_is_exact_or_none(raws in vec(prop_oneof![any::<u128>(), 0..u128::MAX / 8], 0..9)) {
        let amounts: Vec<Amount> = raws.iter().copied().map(Amount::from_raw).collect();
        let wanted = raws.iter().try_fold(0u128, |sum, raw| sum.checked_add(*raw));
        let by_reference: Option<Amount> = amounts.iter().sum();
        let by_value: Option<Amount> = amounts.into_iter().sum();
        prop_assert_eq!(by_reference.map(Amount::to_raw), wanted);
        prop_assert_eq!(by_value, by_reference);
    }

    #[test]
    fn serde_refuses_digits_of_another_number(digits in "[0-9a-fA-F]{0,140}") {
        let json = format!("{digits:?}");
        prop_assert_eq!(serde_json::from_str::<BlockHash>(&json).is_ok(), digits.len() == 64);
        prop_assert_eq!(serde_json::from_str::<Root>(&json).is_ok(), digits.len() == 64);
        prop_assert_eq!(serde_json::from_str::<Signature>(&json).is_ok(), digits.len() == 128);
        prop_assert_eq!(serde_json::from_str::<Work>(&json).is_ok(), digits.len() == 16);
        prop_assert_eq!(serde_json::from_str::<Difficulty>(&json).is_ok(), digits.len() == 16);
    }
}

#[test]
fn serde_takes_no_bytes_and_no_numbers_for_texts() {
    let error = serde_json::from_str::<BlockHash>("[1,2,3]").unwrap_err().to_string();
    assert!(error.contains("wanted") || error.contains("expected a block hash"), "{error}");
    assert!(serde_json::from_str::<Amount>("12").is_err());
    assert!(serde_json::from_str::<Work>("12").is_err());
}
