//! Networks, subtypes, epochs and kinds of blocks by their names, as text and through serde.

#![allow(clippy::unwrap_used)]

use nano_block::{BlockKind, Epoch, Network, Subtype};
use proptest::prelude::*;
use serde::{Serialize, de::DeserializeOwned};
use std::{
    fmt::{Debug, Display},
    str::FromStr,
};

fn is_known<T>(name: &str) -> bool
where
    T: FromStr<Err: Display> + Display + Debug + PartialEq + Serialize + DeserializeOwned,
{
    let json = serde_json::to_string(name).unwrap();
    match (name.parse::<T>(), serde_json::from_str::<T>(&json)) {
        (Ok(value), Ok(same)) => {
            assert_eq!(value, same);
            assert_eq!(value.to_string(), name);
            assert_eq!(serde_json::to_string(&value).unwrap(), json);
            true
        }
        (Err(one), Err(other)) => {
            assert!(other.to_string().starts_with(&one.to_string()), "{other}, but {one}");
            false
        }
        (text, serde) => panic!("{name:?} is {:?} as text and {serde:?} in JSON", text.ok()),
    }
}

#[test]
fn every_name_is_read_as_it_is_written() {
    assert!(["live", "beta", "test", "dev", "banano"].into_iter().all(is_known::<Network>));
    assert!(["send", "receive", "open", "change", "epoch"].into_iter().all(is_known::<Subtype>));
    assert!(["state", "send", "receive", "open", "change"].into_iter().all(is_known::<BlockKind>));
    assert!(["0", "1", "2"].into_iter().all(is_known::<Epoch>));
}

#[test]
fn other_names_are_refused_with_what_was_wanted() {
    for name in ["", "Live", "live ", "main", "3", "02", "+1", "-1", "epoch_2"] {
        assert!(!is_known::<Network>(name) && !is_known::<Subtype>(name), "{name:?}");
        assert!(!is_known::<Epoch>(name) && !is_known::<BlockKind>(name), "{name:?}");
    }
    let error = "3".parse::<Epoch>().unwrap_err().to_string();
    assert_eq!(error, r#""3" is no epoch, wanted 0, 1 or 2"#);
    assert!(serde_json::from_str::<Epoch>("2").unwrap_err().to_string().contains("0, 1 or 2"));
}

proptest! {
    #[test]
    fn any_text_is_a_name_or_is_refused(text in "[a-z0-2]{0,8}|.{0,100}") {
        let _ = (is_known::<Network>(&text), is_known::<Subtype>(&text));
        let _ = (is_known::<Epoch>(&text), is_known::<BlockKind>(&text));
    }

    #[test]
    fn an_epochs_text_is_its_number(number: u8) {
        let by_text = number.to_string().parse::<Epoch>().ok();
        prop_assert_eq!(by_text, Epoch::from_number(number));
        prop_assert_eq!(by_text.map(Epoch::number), by_text.map(|_| number));
    }
}
