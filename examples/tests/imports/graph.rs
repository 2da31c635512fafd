//! [`Crate`]: the files of a crate and who imports whom, by the names that they use. A re-export is no import: it
//! leads to the file where the name is made.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};
use syn::{Attribute, Item, ItemMod, ItemUse, UseTree, Visibility, visit::Visit};

/// The path of a module from the crate's root, which is empty.
type Module = Vec<String>;

/// A crate's source files.
pub(crate) struct Crate {
    pub(crate) name: String,
    pub(crate) files: BTreeMap<Module, Source>,
}

/// A source file.
pub(crate) struct Source {
    name: String,
    lines: usize,
    /// What it uses, by absolute paths.
    uses: BTreeSet<Module>,
    /// What it passes on: a name and the absolute path of what it names.
    passes_on: BTreeMap<String, Module>,
    /// The types and traits that it makes.
    types: Vec<String>,
}

impl Crate {
    /// Reads every file below a `src` folder.
    pub(crate) fn read(src: &Path) -> Self {
        let name = src.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned();
        let mut krate = Self { name, files: BTreeMap::new() };
        let mut texts = BTreeMap::new();
        collect(src, src, &mut texts);
        let modules: BTreeSet<Module> = texts.keys().cloned().collect();
        for (module, (name, text)) in texts {
            let mut reader = Reader::new(&modules, module.clone());
            reader.visit_file(&syn::parse_file(&text).unwrap());
            let Reader { uses, passes_on, types, .. } = reader;
            let lines = text.lines().count();
            krate.files.insert(module, Source { name, lines, uses, passes_on, types });
        }
        krate
    }

    pub(crate) fn sizes(&self) -> Vec<usize> {
        self.files.values().map(|file| file.lines).collect()
    }

    /// The names of types and traits, each with the files that make one of it.
    pub(crate) fn types(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut types: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for file in self.files.values() {
            for name in &file.types {
                types.entry(name).or_default().insert(&file.name);
            }
        }
        types
    }

    /// Which file uses which. The root only lists what there is, so it uses nothing.
    pub(crate) fn imports(&self) -> BTreeSet<(&Module, &Module)> {
        let mut imports = BTreeSet::new();
        for (module, file) in self.files.iter().filter(|(module, _)| !module.is_empty()) {
            for used in &file.uses {
                let target = self.home(used.clone());
                if target != module {
                    imports.insert((module, target));
                }
            }
        }
        imports
    }

    /// The file where what a path names is made.
    fn home(&self, mut path: Module) -> &Module {
        for _ in 0..8 {
            let (module, file) = self.file_of(&path);
            match path.get(module.len()).and_then(|name| file.passes_on.get(name)) {
                Some(there) => {
                    path = there.iter().chain(&path[module.len() + 1..]).cloned().collect();
                }
                None => return module,
            }
        }
        self.file_of(&path).0
    }

    /// The innermost file on a path.
    fn file_of(&self, path: &[String]) -> (&Module, &Source) {
        let ends = (0..=path.len()).rev();
        ends.into_iter().find_map(|end| self.files.get_key_value(&path[..end])).unwrap()
    }

    /// Groups of files that use each other, directly or not.
    pub(crate) fn circles(&self) -> Vec<Vec<&str>> {
        let mut reach: BTreeMap<&Module, BTreeSet<&Module>> = BTreeMap::new();
        for (from, to) in self.imports() {
            reach.entry(from).or_default().insert(to);
        }
        loop {
            let before: usize = reach.values().map(BTreeSet::len).sum();
            for module in self.files.keys() {
                let next: BTreeSet<&Module> =
                    reach.get(module).into_iter().flatten().copied().collect();
                let further: Vec<&Module> =
                    next.iter().filter_map(|next| reach.get(next)).flatten().copied().collect();
                reach.entry(module).or_default().extend(further);
            }
            if reach.values().map(BTreeSet::len).sum::<usize>() == before {
                break;
            }
        }
        let reaches =
            |from: &Module, to: &Module| reach.get(from).is_some_and(|all| all.contains(to));
        let mut circles: BTreeSet<Vec<&str>> = BTreeSet::new();
        for module in self.files.keys().filter(|module| reaches(module, module)) {
            let members = self.files.iter().filter(|(other, _)| {
                *other == module || reaches(module, other) && reaches(other, module)
            });
            circles.insert(members.map(|(_, file)| file.name.as_str()).collect());
        }
        circles.into_iter().collect()
    }
}

fn collect(src: &Path, folder: &Path, texts: &mut BTreeMap<Module, (String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(src, &path, texts);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let relative = path.strip_prefix(src).unwrap();
            let name = relative.to_string_lossy().replace('\\', "/");
            let module = match name.trim_end_matches(".rs") {
                "lib" | "main" => Vec::new(),
                module => module.split('/').map(str::to_owned).collect(),
            };
            texts.insert(module, (name, fs::read_to_string(&path).unwrap()));
        }
    }
}

/// Collects what one file uses, outside its tests.
struct Reader<'a> {
    modules: &'a BTreeSet<Module>,
    /// Where the reader is, with modules inside the file.
    here: Module,
    uses: BTreeSet<Module>,
    passes_on: BTreeMap<String, Module>,
    types: Vec<String>,
}

impl<'a> Reader<'a> {
    fn new(modules: &'a BTreeSet<Module>, here: Module) -> Self {
        Self { modules, here, uses: BTreeSet::new(), passes_on: BTreeMap::new(), types: Vec::new() }
    }

    /// The absolute path, if it leads into this crate.
    fn absolute(&self, path: &[String]) -> Option<Module> {
        let (mut at, mut rest) = match path.first()?.as_str() {
            "crate" => (Vec::new(), &path[1..]),
            "self" => (self.here.clone(), &path[1..]),
            "super" => (self.here.clone(), path),
            first => {
                let mut child = self.here.clone();
                child.push(first.to_owned());
                return self.modules.contains(&child).then(|| [&self.here, path].concat());
            }
        };
        while rest.first().is_some_and(|name| name == "super") {
            at.pop();
            rest = &rest[1..];
        }
        Some([&at, rest].concat())
    }

    fn leaves(&mut self, tree: &UseTree, mut path: Module, is_passed_on: bool) {
        let (name, leaf) = match tree {
            UseTree::Path(tree) => {
                path.push(tree.ident.to_string());
                return self.leaves(&tree.tree, path, is_passed_on);
            }
            UseTree::Group(group) => {
                for item in &group.items {
                    self.leaves(item, path.clone(), is_passed_on);
                }
                return;
            }
            UseTree::Name(leaf) => (leaf.ident.to_string(), leaf.ident.to_string()),
            UseTree::Rename(leaf) => (leaf.rename.to_string(), leaf.ident.to_string()),
            UseTree::Glob(_) => return self.used(&path),
        };
        if leaf != "self" {
            path.push(leaf);
        }
        match self.absolute(&path) {
            Some(there) if is_passed_on => {
                self.passes_on.insert(name, there);
            }
            _ => self.used(&path),
        }
    }

    fn used(&mut self, path: &[String]) {
        self.uses.extend(self.absolute(path));
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        let (attributes, made): (&[Attribute], _) = match item {
            Item::Struct(item) => (&item.attrs, Some(&item.ident)),
            Item::Enum(item) => (&item.attrs, Some(&item.ident)),
            Item::Trait(item) => (&item.attrs, Some(&item.ident)),
            Item::Type(item) => (&item.attrs, Some(&item.ident)),
            Item::Mod(item) => (&item.attrs, None),
            Item::Fn(item) => (&item.attrs, None),
            Item::Use(item) => (&item.attrs, None),
            Item::Impl(item) => (&item.attrs, None),
            _ => (&[], None),
        };
        if !attributes.iter().any(is_for_tests) {
            self.types.extend(made.map(ToString::to_string));
            syn::visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        self.here.push(item.ident.to_string());
        syn::visit::visit_item_mod(self, item);
        self.here.pop();
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let is_passed_on = !matches!(item.vis, Visibility::Inherited);
        self.leaves(&item.tree, Vec::new(), is_passed_on);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Module = path.segments.iter().map(|part| part.ident.to_string()).collect();
        if names.len() > 1 {
            self.used(&names);
        }
        syn::visit::visit_path(self, path);
    }
}

fn is_for_tests(attribute: &Attribute) -> bool {
    attribute.path().is_ident("cfg")
        && attribute.meta.require_list().is_ok_and(|list| list.tokens.to_string() == "test")
}
