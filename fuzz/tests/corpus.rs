//! Every property over its committed corpus, on stable Rust.

#![allow(clippy::unwrap_used)]

use p2pow_fuzz::PROPERTIES;
use std::{fs, path::Path};

#[test]
fn every_property_holds_over_its_corpus() {
    for (name, property) in PROPERTIES {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
        let mut files = 0;
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}")) {
            property(&fs::read(entry.unwrap().path()).unwrap());
            files += 1;
        }
        println!("{name}: {files} inputs");
        assert!(files >= 5, "{name} has only {files} inputs");
    }
}

#[test]
fn every_property_holds_for_truncated_and_repeated_inputs() {
    for (name, property) in PROPERTIES {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
        for entry in fs::read_dir(&folder).unwrap() {
            let bytes = fs::read(entry.unwrap().path()).unwrap();
            property(&bytes[..bytes.len() / 2]);
            property(&[&bytes[..], &bytes[..]].concat());
        }
    }
}
