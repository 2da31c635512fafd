//! The house rules that a compiler does not hold: which crate may use which, lints, unsafe code, sizes.

#![allow(clippy::unwrap_used)]

use serde_json::Value;
use std::{fs, path::Path, process::Command};

/// The lines of `docs/architecture.md`: a crate may use only what stands on a lower one.
const LAYERS: [&[&str]; 6] = [
    &["nano-primitives"],
    &["nano-block", "nano-pow", "nano-http"],
    &["p2pow-protocol", "p2pow-store", "p2pow-keystore", "p2pow-page", "nano-rpc", "nano-devnet"],
    &["p2pow-server", "p2pow-client", "p2pow-admin", "nano-work", "p2pow-fleet"],
    &["p2pow-wallet", "p2pow-signer", "p2pow-web", "p2pow-cli"],
    &["p2pow", "p2pow-worker"],
];
/// Packages that may use everything: nobody uses them.
const TOP: [&str; 4] = ["p2pow-examples", "p2pow-fuzz", "p2pow-no-std", "p2pow-small-sender"];
/// The only files where `unsafe` may stand, by the start of their path.
const UNSAFE: [&str; 1] = ["crates/nano-pow/src/cpu"];
const LONGEST_FILE: usize = 500;

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

fn layer(name: &str) -> Option<usize> {
    LAYERS.iter().position(|crates| crates.contains(&name))
}

/// The workspace's crates that `package` is built from; those for its tests alone do not count.
fn uses(package: &Value) -> Vec<String> {
    let dependencies = package["dependencies"].as_array().unwrap().iter();
    dependencies
        .filter(|dependency| dependency["kind"] != "dev" && dependency["path"].is_string())
        .map(|dependency| dependency["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_crate_uses_only_what_stands_below_it() {
    for package in packages() {
        let name = package["name"].as_str().unwrap();
        if TOP.contains(&name) {
            continue;
        }
        let line = layer(name).unwrap_or_else(|| panic!("{name} has no layer"));
        for used in uses(&package) {
            let below =
                layer(&used).unwrap_or_else(|| panic!("{name} uses {used}, which has no layer"));
            assert!(below < line, "{name} (layer {line}) uses {used} (layer {below})");
        }
    }
}

#[test]
fn every_package_inherits_lints_and_version() {
    for package in packages() {
        let path = package["manifest_path"].as_str().unwrap();
        let manifest = fs::read_to_string(path).unwrap();
        assert!(
            manifest.contains("[lints]\nworkspace = true"),
            "{path} does not inherit the lints"
        );
        assert!(manifest.contains("version.workspace = true"), "{path} has a version of its own");
    }
}

fn sources(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let skipped = ["target", ".git", "corpus"].iter().any(|name| path.ends_with(name));
        if path.is_dir() && !skipped {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let relative = path.strip_prefix(root()).unwrap();
            found.push(relative.to_str().unwrap().replace('\\', "/"));
        }
    }
}

#[test]
fn unsafe_code_stands_only_where_instruction_sets_are_dispatched() {
    let mut files = Vec::new();
    sources(root(), &mut files);
    assert!(files.len() > 50, "only {} source files found", files.len());
    let word = concat!("un", "safe ");
    for file in files.iter().filter(|file| !UNSAFE.iter().any(|start| file.starts_with(start))) {
        let text = fs::read_to_string(root().join(file)).unwrap();
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        let found = code.filter(|line| line.contains(&format!("{word}{{"))).count();
        assert_eq!(found, 0, "{file} has {word}code");
    }
}

#[test]
fn no_source_file_is_too_long() {
    let mut files = Vec::new();
    sources(root(), &mut files);
    for file in files {
        let lines = fs::read_to_string(root().join(&file)).unwrap().lines().count();
        assert!(lines <= LONGEST_FILE, "{file} has {lines} lines, the most is {LONGEST_FILE}");
    }
}
