//! What a crate needs to be published: the manifest's words, a README, both licences.

#![allow(clippy::unwrap_used)]

use serde_json::Value;
use std::{fs, path::Path, process::Command};

/// The list of slugs on crates.io is long; these are the ones in use.
const CATEGORIES: [&str; 16] = [
    "api-bindings",
    "asynchronous",
    "authentication",
    "command-line-interface",
    "command-line-utilities",
    "cryptography",
    "cryptography::cryptocurrencies",
    "database",
    "development-tools",
    "development-tools::testing",
    "embedded",
    "hardware-support",
    "network-programming",
    "no-std",
    "web-programming::http-server",
    "web-programming",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn packages() -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

#[test]
fn what_is_published_says_what_a_registry_shows() {
    let mut published = 0;
    for package in packages() {
        let name = package["name"].as_str().unwrap();
        let folder = Path::new(package["manifest_path"].as_str().unwrap()).parent().unwrap();
        let place = folder.strip_prefix(root()).unwrap();
        let is_public = package["publish"].is_null();
        assert_eq!(is_public, place.starts_with("crates") || place.starts_with("bins"), "{name}");
        if !is_public {
            continue;
        }
        published += 1;
        assert!(package["description"].as_str().is_some_and(|text| text.len() > 20), "{name}");
        assert_eq!(package["license"], "MIT OR Apache-2.0", "{name}");
        assert_eq!(package["readme"], "README.md", "{name}");
        let keywords = texts(&package["keywords"]);
        assert!((1..=5).contains(&keywords.len()), "{name}: {keywords:?}");
        assert!(keywords.iter().all(|word| word.len() <= 20), "{name}: {keywords:?}");
        let categories = texts(&package["categories"]);
        assert!((1..=5).contains(&categories.len()), "{name}: {categories:?}");
        assert!(
            categories.iter().all(|known| CATEGORIES.contains(known)),
            "{name}: {categories:?}"
        );
        for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
            let ours = fs::read(folder.join(licence)).unwrap_or_default();
            assert!(ours == fs::read(root().join(licence)).unwrap(), "{name}: {licence}");
        }
        let readme = fs::read_to_string(folder.join("README.md")).unwrap();
        assert!(readme.starts_with(&format!("# {name}\n")), "{name}");
        let is_library = texts(&package["targets"][0]["kind"]) == ["lib"];
        let docs = &package["metadata"]["docs"]["rs"]["all-features"];
        assert!(!is_library || docs == true, "{name} is not documented with all features");
    }
    assert!(published > 15, "only {published} packages");
}
