//! What was said about options: [`Given`] by a command line and the environment, [`Table`] by a file; and how both become
//! the structs of a program.

use super::{layout::alone, problem::Problem};
use crate::{Failure, gist, input::shown};
use clap::{
    Arg, ArgMatches, Args, Command, FromArgMatches,
    parser::{RawValues, ValueSource},
};
use std::{
    collections::BTreeMap,
    ffi::OsString,
    fmt,
    marker::PhantomData,
    path::{Path, PathBuf},
};

/// The flags and variables of the options `T`, for `#[command(flatten)]`. None of them is required here, as a file may
/// say it; [`Table::options`] makes a `T` of both.
#[derive(Clone)]
pub struct Given<T> {
    matches: Option<ArgMatches>,
    options: PhantomData<fn() -> T>,
}

impl<T> Given<T> {
    /// No flags and no variables.
    #[must_use]
    pub const fn nothing() -> Self {
        Self { matches: None, options: PhantomData }
    }

    /// The texts that a flag or, without it, a variable has for this option.
    fn texts(&self, id: &str) -> Option<RawValues<'_>> {
        let matches = self.matches.as_ref()?;
        match matches.value_source(id)? {
            ValueSource::CommandLine | ValueSource::EnvVariable => matches.get_raw(id),
            _ => None,
        }
    }
}

impl<T: Args> FromArgMatches for Given<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Ok(Self { matches: Some(matches.clone()), options: PhantomData })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl<T: Args> Args for Given<T> {
    fn augment_args(command: Command) -> Command {
        let own = alone(T::augment_args(Command::new("options")));
        command.args(own.get_arguments())
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<T> fmt::Debug for Given<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids = self.matches.iter().flat_map(ArgMatches::ids).map(clap::Id::as_str);
        f.debug_tuple("Given").field(&ids.collect::<Vec<_>>()).finish()
    }
}

/// A file that was read, or a table in it. Every value was taken by its option's parser.
#[derive(Debug, Clone, Default)]
pub struct Table {
    pub(super) origin: Origin,
    /// `[name]` or `[[name]]`; nothing for a whole file.
    pub(super) heading: Option<String>,
    pub(super) line: Option<usize>,
    pub(super) entries: Vec<Entry>,
    pub(super) texts: BTreeMap<&'static str, BTreeMap<String, String>>,
    pub(super) tables: BTreeMap<&'static str, Vec<Table>>,
}

/// The file that something stands in, if it is one.
#[derive(Debug, Clone, Default)]
pub(super) struct Origin(Option<PathBuf>);

/// An option that a file says something about.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) line: usize,
    pub(super) texts: Vec<String>,
}

impl Origin {
    pub(super) fn new(path: &Path) -> Self {
        Self(Some(path.to_owned()))
    }

    pub(super) fn wrong(&self, line: Option<usize>, problem: &Problem) -> Failure {
        let file = self.0.as_deref().map(shown);
        let line = line.map(|line| format!("line {line}"));
        let place = file.into_iter().chain(line).collect::<Vec<_>>().join(" ");
        Failure::new(if place.is_empty() {
            problem.to_string()
        } else {
            format!("{place}: {problem}")
        })
    }
}

impl Entry {
    /// As it would be typed.
    pub(super) fn flags(&self, arg: &Arg) -> Vec<OsString> {
        self.texts.iter().map(|text| flag(arg, text)).collect()
    }
}

/// Whether only one of the two may be said.
pub(super) fn exclude(command: &Command, one: &Arg, other: &Arg) -> bool {
    let excludes = |one: &Arg, other: &Arg| {
        command.get_arg_conflicts_with(one).iter().any(|arg| arg.get_id() == other.get_id())
    };
    excludes(one, other) || excludes(other, one)
}

fn flag(arg: &Arg, value: impl Into<OsString>) -> OsString {
    let name = arg.get_long().expect("options of a file have long flags");
    let mut flag = OsString::from(format!("--{name}="));
    flag.push(value.into());
    flag
}

impl Table {
    /// The options `T`: by flags, else variables, else this table, else defaults. What excludes a flag or variable that
    /// is given is not taken from here.
    ///
    /// # Errors
    /// An option is missing, or does not go with another.
    pub fn options<T: Args>(&self, given: &Given<T>) -> Result<T, Failure> {
        let command = T::augment_args(Command::new("options").no_binary_name(true));
        let is_given = |arg: &Arg| given.texts(arg.get_id().as_str()).is_some();
        let given_args: Vec<&Arg> = command.get_arguments().filter(|arg| is_given(arg)).collect();
        let (mut flags, mut missing) = (Vec::new(), Vec::new());
        for arg in command.get_arguments() {
            let is_excluded = || given_args.iter().any(|other| exclude(&command, arg, other));
            if let Some(texts) = given.texts(arg.get_id().as_str()) {
                flags.extend(texts.map(|text| flag(arg, text)));
            } else if let Some(entry) = self.entry(arg).filter(|_| !is_excluded()) {
                flags.extend(entry.flags(arg));
            } else if arg.is_required_set() {
                missing.push(arg);
            }
        }
        if !missing.is_empty() {
            let problem = Problem::missing(&missing, self.heading.as_deref());
            return Err(self.origin.wrong(self.line, &problem));
        }
        // Each value was taken by its parser before; what can be wrong is how they go together.
        let together = |error: clap::Error| Failure::Usage(gist(&error.to_string()));
        let matches = command.clone().try_get_matches_from(flags).map_err(together)?;
        T::from_arg_matches(&matches).map_err(together)
    }

    /// Whether what this table says for an option of `T` is in force: it says something, and no flag or variable does. Then a
    /// path is relative to [`folder`](Self::folder).
    #[must_use]
    pub fn decides<T>(&self, given: &Given<T>, key: &str) -> bool {
        given.texts(key).is_none() && self.entries.iter().any(|entry| entry.key == key)
    }

    fn entry(&self, arg: &Arg) -> Option<&Entry> {
        self.entries.iter().find(|entry| arg.get_id() == entry.key.as_str())
    }

    /// The texts `name = { … }`.
    #[must_use]
    pub fn texts(&self, name: &str) -> BTreeMap<String, String> {
        self.texts.get(name).cloned().unwrap_or_default()
    }

    /// The table `[name]`, or an empty one.
    #[must_use]
    pub fn table(&self, name: &str) -> Self {
        let empty = || Self { origin: self.origin.clone(), ..Self::default() };
        self.tables(name).first().cloned().unwrap_or_else(empty)
    }

    /// The tables `[[name]]`.
    #[must_use]
    pub fn tables(&self, name: &str) -> &[Self] {
        self.tables.get(name).map_or(&[], Vec::as_slice)
    }

    /// The folder that paths in the file are relative to.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.origin.0.as_deref().and_then(Path::parent).unwrap_or(Path::new(""))
    }

    /// A failure that names this table's place in its file.
    pub fn wrong(&self, problem: impl Into<String>) -> Failure {
        self.origin.wrong(self.line, &Problem::Syntax(problem.into()))
    }
}
