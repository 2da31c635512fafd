//! [`Given`]: what a command line and the environment say of options that a file may fill in.

use super::layout::alone;
use clap::{
    ArgMatches, Args, Command, FromArgMatches,
    error::Error,
    parser::{RawValues, ValueSource},
};
use std::{fmt, marker::PhantomData};

/// The flags and variables of the options `T`, for `#[command(flatten)]`. None of them is required here, as a file may
/// say it; [`Table::options`](super::Table::options) makes a `T` of both.
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
    pub(super) fn texts(&self, id: &str) -> Option<RawValues<'_>> {
        let matches = self.matches.as_ref()?;
        match matches.value_source(id)? {
            ValueSource::CommandLine | ValueSource::EnvVariable => matches.get_raw(id),
            _ => None,
        }
    }
}

impl<T: Args> FromArgMatches for Given<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        Ok(Self { matches: Some(matches.clone()), options: PhantomData })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
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
