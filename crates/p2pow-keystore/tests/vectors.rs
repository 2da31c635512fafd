//! Words, derivation and sealed secrets against what independent implementations made (see the file's `_origin`).

#![allow(clippy::unwrap_used)]

use nano_block::{SecretKey, Seed};
use p2pow_keystore::{Password, Phrase, Sealed, Secret};
use serde_json::Value;

fn vectors(name: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(include_str!("data/vectors.json")).unwrap();
    let list = all[name].as_array().unwrap().clone();
    assert!(list.len() >= 2, "{name}");
    list
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap()
}

#[test]
fn twenty_four_words_are_a_seed_and_a_seed_is_twenty_four_words() {
    for vector in vectors("seed_words") {
        let seed: Seed = text(&vector, "seed").parse().unwrap();
        let phrase = Phrase::of_seed(&seed);
        assert_eq!(phrase.expose_words().as_str(), text(&vector, "words"));
        let read: Phrase =
            text(&vector, "words").to_uppercase().replace(' ', "\n ").parse().unwrap();
        let account = read.seed().unwrap().derive(0).account();
        assert_eq!(account.to_string(), text(&vector, "account"));
    }
}

#[test]
fn keys_along_44_165_n_are_those_of_the_documentation() {
    for vector in vectors("bip44") {
        let phrase: Phrase = text(&vector, "words").parse().unwrap();
        let seed = phrase.bip39_seed(text(&vector, "passphrase"));
        assert_eq!(seed.expose_hex().to_lowercase(), text(&vector, "seed"));
        for (index, pair) in (0..).zip(vector["keys"].as_array().unwrap()) {
            let wanted: SecretKey = pair[0].as_str().unwrap().parse().unwrap();
            let key = seed.derive(index).unwrap();
            assert_eq!(key.expose_bytes(), wanted.expose_bytes());
            assert_eq!(key.account().to_string(), pair[1].as_str().unwrap());
        }
    }
}

/// The same letters can be written in several ways, and keyboards differ.
#[test]
fn passphrases_are_normalised() {
    for vector in vectors("passphrases") {
        let phrase: Phrase = text(&vector, "words").parse().unwrap();
        let seed = phrase.bip39_seed(text(&vector, "passphrase"));
        assert_eq!(seed.expose_hex().to_lowercase(), text(&vector, "seed"));
    }
}

#[test]
fn what_another_implementation_has_sealed_opens() {
    for vector in vectors("sealed") {
        let sealed = Sealed::from_json(&vector["file"].to_string()).unwrap();
        let password = Password::new(text(&vector, "password")).unwrap();
        let secret = sealed.open(&password).unwrap();
        let hex = match &secret {
            Secret::Key(key) => key.expose_hex(),
            Secret::Seed(seed) => seed.expose_hex(),
            Secret::Bip39(seed) => seed.expose_hex(),
            Secret::DataKey(key) => hex::encode(key.expose_bytes()).into(),
            _ => panic!("a kind without a vector"),
        };
        assert_eq!(hex.to_lowercase(), text(&vector, "secret"));
        assert_eq!(sealed.account(), secret.key(0).map(|key| key.account()));
        assert_eq!(vector["file"], serde_json::from_str::<Value>(&sealed.to_json()).unwrap());
    }
}
