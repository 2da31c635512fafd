//! The crates for devices and browsers: what they are built from must build where they do.

#![allow(clippy::unwrap_used)]

use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Command,
};

/// The crates that need no standard library.
const PORTABLE: [&str; 3] = ["nano-primitives", "nano-block", "p2pow-protocol"];
/// What their manifests say as `rust-version`.
const OLDEST_RUST: (u32, u32) = (1, 85);

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--offline", "--format-version", "1"])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().unwrap()
}

/// The ids of everything that `start` is built from, itself included; tests and build scripts do not count.
fn built_from<'a>(start: &'a str, nodes: &BTreeMap<&'a str, &'a Value>) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut open = vec![start];
    while let Some(id) = open.pop() {
        if found.insert(id) {
            let normal = |kinds: &[Value]| kinds.iter().any(|kind| kind["kind"].is_null());
            let used =
                list(nodes[id], "deps").iter().filter(|used| normal(list(used, "dep_kinds")));
            open.extend(used.map(|used| used["pkg"].as_str().unwrap()));
        }
    }
    found
}

fn version(text: &str) -> (u32, u32) {
    let mut parts = text.split('.').map(|part| part.parse().unwrap());
    (parts.next().unwrap(), parts.next().unwrap())
}

#[test]
fn the_portable_crates_and_all_they_are_built_from_want_no_newer_rust_than_they_say() {
    let metadata = metadata();
    let packages: BTreeMap<&str, &Value> = list(&metadata, "packages")
        .iter()
        .map(|package| (package["id"].as_str().unwrap(), package))
        .collect();
    let nodes = list(&metadata["resolve"], "nodes")
        .iter()
        .map(|node| (node["id"].as_str().unwrap(), node))
        .collect();
    for (id, package) in &packages {
        if !PORTABLE.contains(&package["name"].as_str().unwrap()) {
            continue;
        }
        assert_eq!(version(package["rust_version"].as_str().unwrap()), OLDEST_RUST, "{id}");
        let wanted = |used: &&str| packages[used]["rust_version"].as_str().map(version);
        let too_new = |used: &&str| wanted(used) > Some(OLDEST_RUST);
        let found: Vec<&str> = built_from(id, &nodes).into_iter().filter(too_new).collect();
        assert!(found.is_empty(), "{id} uses what wants a newer Rust: {found:#?}");
    }
}
