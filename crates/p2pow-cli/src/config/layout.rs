//! [`Layout`]: which options and tables a file may have.

use clap::{Arg, Args, Command};

/// Which options and tables a file may have: those of structs that derive [`clap::Args`], by the names of their fields.
#[derive(Debug, Clone, Default)]
pub struct Layout {
    /// The options that stand here, with all that clap knows of them.
    pub(super) command: Command,
    pub(super) parts: Vec<Part>,
}

/// A table inside a file or table.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) name: &'static str,
    /// What it is for, as a comment.
    pub(super) about: &'static str,
    pub(super) kind: Kind,
}

/// The kinds of tables.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    /// `name = { anything = "text" }`; the example is such a key.
    Texts { example: &'static str },
    /// `[name]`, once.
    One(Layout),
    /// `[[name]]`, as often as wanted.
    Many(Layout),
}

impl Layout {
    /// A file or table without anything in it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the options of a struct. One without a default names a value that it may have in its help, behind "such as".
    #[must_use]
    pub fn options<T: Args>(mut self) -> Self {
        self.command = T::augment_args(self.command);
        self
    }

    /// Adds a table of texts by names of the user's choice, such as headers. Only files have it: it is for what must not
    /// stand on a command line.
    #[must_use]
    pub fn texts(self, name: &'static str, about: &'static str, example: &'static str) -> Self {
        self.part(name, about, Kind::Texts { example })
    }

    /// Adds a table `[name]`.
    #[must_use]
    pub fn table(self, name: &'static str, about: &'static str, layout: Self) -> Self {
        self.part(name, about, Kind::One(layout))
    }

    /// Adds tables `[[name]]`.
    #[must_use]
    pub fn list(self, name: &'static str, about: &'static str, layout: Self) -> Self {
        self.part(name, about, Kind::Many(layout))
    }

    fn part(mut self, name: &'static str, about: &'static str, kind: Kind) -> Self {
        self.parts.push(Part { name, about, kind });
        self
    }

    /// The options that stand here, as they are declared.
    pub fn declared(&self) -> impl Iterator<Item = &Arg> {
        self.command.get_arguments()
    }

    pub(super) fn arg(&self, key: &str) -> Option<&Arg> {
        self.declared().find(|arg| arg.get_id() == key)
    }

    pub(super) fn find(&self, name: &str) -> Option<&Part> {
        self.parts.iter().find(|part| part.name == name)
    }

    /// The names that may stand here.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let options = self.declared().map(|arg| arg.get_id().as_str());
        options.chain(self.parts.iter().map(|part| part.name))
    }
}

impl Part {
    /// The layout of the table, unless its keys are the user's choice.
    pub(super) fn layout(&self) -> Option<&Layout> {
        match &self.kind {
            Kind::Texts { .. } => None,
            Kind::One(layout) | Kind::Many(layout) => Some(layout),
        }
    }

    /// Its name as a file shows it.
    pub(super) fn heading(&self) -> String {
        let name = self.name;
        match self.kind {
            Kind::Many(_) => format!("[[{name}]]"),
            _ => format!("[{name}]"),
        }
    }
}

/// The options of `T` with nothing that depends on the others: each may be missing, and needs no other.
pub(super) fn alone(command: Command) -> Command {
    command.mut_args(|arg| arg.required(false).requires(clap::builder::Resettable::Reset))
}
