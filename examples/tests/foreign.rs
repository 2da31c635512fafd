//! Types of other people's crates in our public signatures: those that the table of ADR 18 lists, and no others.

#![allow(clippy::unwrap_used)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};
use syn::{
    Attribute, Item, ItemImpl, ItemUse, Path as TypePath, UseTree, Visibility,
    visit::{self, Visit},
};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The crates that the first column of the table names.
fn listed() -> BTreeSet<String> {
    let text = fs::read_to_string(root().join("docs/adr/0018-what-may-change.md")).unwrap();
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    rows.map(|name| name.replace('-', "_")).collect()
}

/// The crates of others that the workspace uses.
fn others() -> BTreeSet<String> {
    let text = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let (_, after) = text.split_once("[workspace.dependencies]\n").unwrap();
    let lines = after.lines().take_while(|line| !line.starts_with('['));
    let foreign = lines.filter(|line| !line.contains("path = "));
    foreign.filter_map(|line| Some(line.split_once(" = ")?.0.replace('-', "_"))).collect()
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files(&path, found),
            false if path.extension().is_some_and(|extension| extension == "rs") => {
                found.push(path);
            }
            false => {}
        }
    }
}

/// What one file shows of other crates. Bodies, private items and tests are passed over.
struct Reader<'a> {
    others: &'a BTreeSet<String>,
    /// The crate that each imported name comes from.
    names: BTreeMap<String, String>,
    found: BTreeSet<(String, String)>,
}

impl Reader<'_> {
    fn import(&mut self, tree: &UseTree, of: Option<&str>, is_public: bool) {
        match tree {
            UseTree::Path(path) => {
                let first = path.ident.to_string();
                let of = of.unwrap_or(&first).to_owned();
                self.import(&path.tree, Some(&of), is_public);
            }
            UseTree::Group(group) => {
                group.items.iter().for_each(|tree| self.import(tree, of, is_public));
            }
            UseTree::Name(name) => self.name(name.ident.to_string(), of, is_public),
            UseTree::Rename(name) => self.name(name.rename.to_string(), of, is_public),
            UseTree::Glob(_) => {}
        }
    }

    fn name(&mut self, name: String, of: Option<&str>, is_public: bool) {
        let of = of.unwrap_or(&name).to_owned();
        if self.others.contains(&of) {
            if is_public {
                self.found.insert((of.clone(), name.clone()));
            }
            self.names.insert(name, of);
        }
    }
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<TypePath>().is_ok_and(|path| path.is_ident("test"))
    })
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        match item {
            Item::Fn(function) if is_public(&function.vis) => self.visit_signature(&function.sig),
            Item::Struct(made) if is_public(&made.vis) => {
                self.visit_generics(&made.generics);
                let fields = made.fields.iter().filter(|field| is_public(&field.vis));
                fields.for_each(|field| self.visit_type(&field.ty));
            }
            Item::Enum(made) if is_public(&made.vis) => visit::visit_item_enum(self, made),
            Item::Trait(made) if is_public(&made.vis) => visit::visit_item_trait(self, made),
            Item::Type(made) if is_public(&made.vis) => visit::visit_item_type(self, made),
            Item::Impl(block) => self.visit_item_impl(block),
            Item::Mod(module) if !is_test(&module.attrs) => visit::visit_item_mod(self, module),
            _ => {}
        }
    }

    fn visit_item_impl(&mut self, block: &'ast ItemImpl) {
        for item in block.items.iter().filter(|_| block.trait_.is_none()) {
            match item {
                syn::ImplItem::Fn(function) if is_public(&function.vis) => {
                    self.visit_signature(&function.sig);
                }
                _ => {}
            }
        }
    }

    fn visit_attribute(&mut self, _: &'ast Attribute) {}

    fn visit_block(&mut self, _: &'ast syn::Block) {}

    fn visit_path(&mut self, path: &'ast TypePath) {
        let first = path.segments[0].ident.to_string();
        let of = if self.others.contains(&first) { Some(&first) } else { self.names.get(&first) };
        if let Some(of) = of.filter(|_| path.segments.len() > 1 || self.names.contains_key(&first))
        {
            let last = path.segments.last().unwrap().ident.to_string();
            self.found.insert((of.clone(), last));
        }
        visit::visit_path(self, path);
    }
}

#[test]
fn types_of_other_crates_are_in_signatures_only_on_purpose() {
    let (listed, others) = (listed(), others());
    let mut shown: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for krate in fs::read_dir(root().join("crates")).unwrap() {
        let mut sources = Vec::new();
        files(&krate.unwrap().path().join("src"), &mut sources);
        for source in sources {
            let file = syn::parse_file(&fs::read_to_string(&source).unwrap()).unwrap();
            let mut reader =
                Reader { others: &others, names: BTreeMap::new(), found: BTreeSet::new() };
            let uses = file.items.iter().filter_map(|item| match item {
                Item::Use(ItemUse { vis, tree, .. }) => Some((is_public(vis), tree)),
                _ => None,
            });
            uses.for_each(|(is_public, tree)| reader.import(tree, None, is_public));
            reader.visit_file(&file);
            for (of, name) in reader.found {
                let place = source.strip_prefix(root()).unwrap().display().to_string();
                shown.entry(of).or_default().insert(format!("{name} in {place}"));
            }
        }
    }
    let found: BTreeSet<String> = shown.keys().cloned().collect();
    let unlisted: Vec<_> = shown.iter().filter(|(of, _)| !listed.contains(*of)).collect();
    assert!(unlisted.is_empty(), "not in the table of ADR 18: {unlisted:#?}");
    let gone: Vec<_> = listed.difference(&found).collect();
    assert!(gone.is_empty(), "in the table of ADR 18, and in no signature: {gone:?}");
}
