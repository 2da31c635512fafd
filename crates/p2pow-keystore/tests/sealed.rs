//! What sealed secrets and phrases promise: they come back as they were, and whatever was changed is told.

#![allow(clippy::unwrap_used)]

use nano_block::{SecretKey, Seed};
use p2pow_keystore::{
    Bip39Seed, Cost, DataKey, FormError, OpenError, Password, Phrase, PhraseError, Sealed, Secret,
};
use proptest::prelude::{any, prop_assert_eq, proptest};
use serde_json::Value;

/// The least that there is, to be quick.
fn cheap() -> Cost {
    Cost::new(8, 1, 1).unwrap()
}

fn password(text: &str) -> Password {
    Password::new(text).unwrap()
}

fn sealed() -> Sealed {
    let seed = Seed::from_bytes([7; 32]);
    Sealed::seal(&Secret::Seed(seed), &password("right"), cheap()).unwrap()
}

fn secrets(bytes: [u8; 32]) -> [Secret; 4] {
    let mut long = [1; 64];
    long[..32].copy_from_slice(&bytes);
    [
        Secret::Key(SecretKey::from_bytes(bytes)),
        Secret::Seed(Seed::from_bytes(bytes)),
        Secret::Bip39(Bip39Seed::from_bytes(long)),
        Secret::DataKey(DataKey::from_bytes(bytes)),
    ]
}

fn hex(secret: &Secret) -> String {
    match secret {
        Secret::Key(key) => key.expose_hex().to_string(),
        Secret::Seed(seed) => seed.expose_hex().to_string(),
        Secret::Bip39(seed) => seed.expose_hex().to_string(),
        Secret::DataKey(key) => hex::encode_upper(key.expose_bytes()),
        _ => panic!("a new kind"),
    }
}

#[test]
fn a_wrong_password_is_told_as_such() {
    let error = sealed().open(&password("wrong")).unwrap_err();
    assert_eq!(error, OpenError::Password);
    assert!(error.to_string().starts_with("the password is wrong"), "{error}");
}

#[test]
fn a_new_password_leaves_secret_and_account_and_no_byte_of_the_old_form() {
    let old = sealed();
    let secret = old.open(&password("right")).unwrap();
    let new = Sealed::seal(&secret, &password("new"), cheap()).unwrap();
    assert_eq!(hex(&new.open(&password("new")).unwrap()), hex(&secret));
    assert_eq!(new.open(&password("right")).unwrap_err(), OpenError::Password);
    assert_eq!(new.account(), old.account());
    let field = |sealed: &Sealed, pointer: &str| {
        let form: Value = serde_json::from_str(&sealed.to_json()).unwrap();
        form.pointer(pointer).unwrap().clone()
    };
    for pointer in ["/kdf/salt", "/cipher/nonce", "/sealed"] {
        assert_ne!(field(&old, pointer), field(&new, pointer), "{pointer}");
    }
}

#[test]
fn a_cut_file_is_told_to_be_cut_wherever_it_is_cut() {
    let text = sealed().to_json();
    let whole = text.trim_end().len();
    for length in 0..whole {
        let error = Sealed::from_json(&text[..length]).unwrap_err();
        assert!(matches!(error, FormError::Cut { .. }), "cut after {length}: {error}");
    }
}

/// The form with another value at this place.
fn with(pointer: &str, value: Value) -> String {
    let mut form: Value = serde_json::from_str(&sealed().to_json()).unwrap();
    *form.pointer_mut(pointer).unwrap() = value;
    form.to_string()
}

#[test]
fn a_changed_digit_is_told_as_damage_whichever_it_is() {
    let form: Value = serde_json::from_str(&sealed().to_json()).unwrap();
    for pointer in ["/kdf/salt", "/cipher/nonce", "/sealed", "/checksum"] {
        let digits = form.pointer(pointer).unwrap().as_str().unwrap();
        for place in 0..digits.len() {
            let other = if digits.as_bytes()[place] == b'0' { "1" } else { "0" };
            let mut changed = digits.to_owned();
            changed.replace_range(place..=place, other);
            let error = Sealed::from_json(&with(pointer, changed.into())).unwrap_err();
            assert_eq!(error, FormError::Checksum, "{pointer}");
        }
    }
    let bob = Seed::from_bytes([8; 32]).derive(0).account();
    for (pointer, value) in [
        ("/account", Value::from(bob.to_string())),
        ("/account", Value::Null),
        ("/kind", "key".into()),
        ("/kdf/memory_kib", 9.into()),
        ("/kdf/passes", 2.into()),
    ] {
        assert_eq!(Sealed::from_json(&with(pointer, value)).unwrap_err(), FormError::Checksum);
    }
}

#[test]
fn a_form_of_somebody_elses_making_is_refused_without_its_content() {
    let secret = "f00d".repeat(16);
    let big = u64::from(u32::MAX);
    for (pointer, value) in [
        ("/format", Value::from(secret.as_str())),
        ("/version", 2.into()),
        ("/version", secret.as_str().into()),
        ("/kind", secret.as_str().into()),
        ("/account", secret.as_str().into()),
        ("/kdf/name", secret.as_str().into()),
        ("/kdf/memory_kib", big.into()),
        ("/kdf/memory_kib", secret.as_str().into()),
        ("/kdf/passes", big.into()),
        ("/kdf/lanes", 0.into()),
        ("/kdf/salt", secret.as_str().into()),
        ("/cipher/nonce", "zz".into()),
        ("/sealed", "not digits".into()),
        ("/checksum", Value::Null),
    ] {
        let error = Sealed::from_json(&with(pointer, value)).unwrap_err().to_string();
        assert!(!error.contains("f00d"), "{pointer}: {error}");
    }
    let mut form: Value = serde_json::from_str(&sealed().to_json()).unwrap();
    form[&secret] = 1.into();
    assert!(!Sealed::from_json(&form.to_string()).unwrap_err().to_string().contains("f00d"));
    for text in [secret.as_str(), "[]", "7", "{}", "{\"format\": \"p2pow-sealed\"}", "\u{feff}{}"] {
        let error = Sealed::from_json(text).unwrap_err().to_string();
        assert!(!error.contains("f00d"), "{error}");
    }
    assert_eq!(
        Sealed::from_json(&with("/version", 2.into())).unwrap_err(),
        FormError::Version { found: 2 }
    );
}

#[test]
fn an_account_cannot_be_put_in_the_place_of_another_even_with_a_right_checksum() {
    use sha2::{Digest, Sha256};
    let form: Value = serde_json::from_str(&sealed().to_json()).unwrap();
    let bob = Seed::from_bytes([8; 32]).derive(0).account().to_string();
    let (salt, nonce) =
        (form["kdf"]["salt"].as_str().unwrap(), form["cipher"]["nonce"].as_str().unwrap());
    let context =
        format!("p2pow-sealed 1\nseed\n{bob}\nargon2id 8 1 1 {salt}\nxchacha20-poly1305 {nonce}\n");
    let bytes = hex::decode(form["sealed"].as_str().unwrap()).unwrap();
    let checksum = Sha256::new().chain_update(&context).chain_update(&bytes).finalize();
    let mut forged = form.clone();
    forged["account"] = bob.into();
    forged["checksum"] = hex::encode(checksum).into();
    let forged = Sealed::from_json(&forged.to_string()).unwrap();
    assert_eq!(forged.open(&password("right")).unwrap_err(), OpenError::Password);
}

#[test]
fn mistakes_in_words_are_told_by_place_and_never_by_word() {
    let words = Phrase::of_seed(&Seed::from_bytes([7; 32])).expose_words().to_string();
    let told = |text: &str| text.parse::<Phrase>().unwrap_err();
    assert_eq!(told(""), PhraseError::Count { found: 0 });
    assert_eq!(told(&words[..words.rfind(' ').unwrap()]), PhraseError::Count { found: 23 });
    let list: Vec<&str> = words.split(' ').collect();
    let swapped = [&list[1..2], &list[..1], &list[2..]].concat().join(" ");
    assert_eq!(told(&swapped), PhraseError::Checksum);
    let mistyped = words.replacen(list[3], "f00d", 1);
    let error = told(&mistyped);
    assert!(matches!(error, PhraseError::Word { .. }) && !error.to_string().contains("f00d"));
    let twelve: Phrase = format!("{}about", "abandon ".repeat(11)).parse().unwrap();
    assert_eq!(twelve.seed().unwrap_err(), PhraseError::NoSeed { found: 12 });
}

#[test]
fn nothing_shows_a_secret() {
    let seed = Seed::from_bytes([0xF0; 32]);
    let phrase = Phrase::of_seed(&seed);
    let shown =
        format!("{seed:?} {phrase:?} {:?} {:?}", secrets([0xF0; 32]), phrase.bip39_seed(""));
    assert!(!shown.to_lowercase().contains("f0f0") && !shown.contains("240"), "{shown}");
}

#[test]
fn hardened_steps_end_at_two_to_the_thirty_first() {
    let seed = Bip39Seed::from_bytes([1; 64]);
    assert!(seed.derive((1 << 31) - 1).is_some() && seed.derive(1 << 31).is_none());
    let read: Bip39Seed = seed.expose_hex().parse().unwrap();
    assert_eq!(read.derive(0).unwrap().account(), seed.derive(0).unwrap().account());
    assert_eq!("0".repeat(127).parse::<Bip39Seed>().unwrap_err().found, 127);
}

proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    #[test]
    fn every_secret_comes_back_by_its_password_and_no_other(
        bytes: [u8; 32], right in "[^\\p{Cc}]{1,40}",
    ) {
        for secret in secrets(bytes) {
            let sealed = Sealed::seal(&secret, &password(&right), cheap()).unwrap();
            let read = Sealed::from_json(&sealed.to_json()).unwrap();
            prop_assert_eq!(&read, &sealed);
            prop_assert_eq!(hex(&read.open(&password(&right)).unwrap()), hex(&secret));
            let wrong = read.open(&password(&format!("{right}.")));
            prop_assert_eq!(wrong.unwrap_err(), OpenError::Password);
        }
    }

    #[test]
    fn words_come_back(bytes: [u8; 32]) {
        let seed = Seed::from_bytes(bytes);
        let read: Phrase = Phrase::of_seed(&seed).expose_words().parse().unwrap();
        let seed = read.seed().unwrap();
        prop_assert_eq!(seed.expose_bytes(), &bytes);
    }

    #[test]
    fn any_text_is_read_without_a_panic(text in any::<String>()) {
        let _ = Sealed::from_json(&text);
        let _ = text.parse::<Phrase>();
        let _ = text.parse::<Bip39Seed>();
        let _ = Password::new(&text);
    }
}
