//! Which file of a crate uses which: no circles. One type for a name. And how large the files are, for the next reader:
//! `cargo test -p p2pow-examples --test imports -- --nocapture`.

#![allow(clippy::unwrap_used)]

#[path = "imports/graph.rs"]
mod graph;

use graph::Crate;
use std::{fs, path::Path};

/// Files that may use each other, by the end of their names: a builder and what it builds.
const TOGETHER: [&[&str]; 0] = [];

/// The source folders of all crates.
fn crates() -> Vec<Crate> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let folders = ["crates", "bins"].map(|folder| fs::read_dir(root.join(folder)).unwrap());
    let mut crates: Vec<Crate> = folders
        .into_iter()
        .flatten()
        .map(|entry| Crate::read(&entry.unwrap().path().join("src")))
        .collect();
    crates.sort_by(|a, b| a.name.cmp(&b.name));
    crates
}

#[test]
fn files_of_a_crate_do_not_import_in_circles() {
    let crates = crates();
    assert!(crates.len() > 10 && crates.iter().all(|found| !found.files.is_empty()));
    let edges: usize = crates.iter().map(|found| found.imports().len()).sum();
    assert!(edges > 200, "only {edges} imports were found: the test does not see them");
    let mut found = Vec::new();
    for krate in &crates {
        for circle in krate.circles() {
            let is_allowed = |group: &&[&str]| {
                circle.iter().all(|file| group.iter().any(|end| file.ends_with(end)))
            };
            if !TOGETHER.iter().any(is_allowed) {
                found.push(format!("{}: {}", krate.name, circle.join(" ↔ ")));
            }
        }
    }
    assert!(found.is_empty(), "files that import each other:\n{}", found.join("\n"));
}

#[test]
fn a_type_name_means_one_thing_in_a_crate() {
    let mut twice = Vec::new();
    for krate in crates() {
        let found = krate.types();
        let many = found.into_iter().filter(|(_, files)| files.len() > 1);
        twice.extend(many.map(|(name, files)| format!("{}: {name} in {files:?}", krate.name)));
    }
    assert!(twice.is_empty(), "names that stand for several types:\n{}", twice.join("\n"));
}

#[test]
fn sizes_of_files() {
    println!(
        "{:<16}{:>6}{:>8}{:>8}{:>9}{:>9}",
        "crate", "files", "lines", "middle", "under 80", "longest"
    );
    let crates = crates();
    let row = |name: &str, mut sizes: Vec<usize>| {
        sizes.sort_unstable();
        let (files, lines) = (sizes.len(), sizes.iter().sum::<usize>());
        let small = sizes.iter().filter(|&&size| size < 80).count() * 100 / files;
        let (middle, longest) = (sizes[files / 2], sizes[files - 1]);
        println!("{name:<16}{files:>6}{lines:>8}{middle:>8}{small:>8}%{longest:>9}");
    };
    for krate in &crates {
        row(&krate.name, krate.sizes());
    }
    row("all", crates.iter().flat_map(Crate::sizes).collect());
}
