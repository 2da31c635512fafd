//! [`CompletionsArgs`] and [`ManArgs`]: what shells and `man` want to know of a program, made of its command line.

use crate::{Failure, output};
use clap::CommandFactory;
use clap_complete::Shell;
use std::path::PathBuf;

const COMPLETIONS_HELP: &str = "\
Examples:
  p2pow completions bash > /usr/share/bash-completion/completions/p2pow
  p2pow-worker completions zsh > ~/.zfunc/_p2pow-worker";

/// Options of `completions`.
#[derive(Debug, clap::Args)]
#[command(after_help = COMPLETIONS_HELP)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Options of `man`.
#[derive(Debug, clap::Args)]
pub struct ManArgs {
    /// The folder to write the pages to, such as /usr/local/share/man/man1
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
}

impl CompletionsArgs {
    /// Prints the script.
    ///
    /// # Errors
    /// Standard output is closed or full.
    pub fn print<A: CommandFactory>(&self) -> Result<(), Failure> {
        let mut command = A::command();
        let (name, mut script) = (command.get_name().to_owned(), Vec::new());
        clap_complete::generate(self.shell, &mut command, name, &mut script);
        Ok(output::line(String::from_utf8_lossy(&script).trim_end())?)
    }
}

impl ManArgs {
    /// Writes a page for the program and one for each command.
    ///
    /// # Errors
    /// The folder is not there, or cannot be written to.
    pub fn write<A: CommandFactory>(&self) -> Result<(), Failure> {
        clap_mangen::generate_to(A::command(), &self.out).map_err(|error| {
            Failure::new(format!("cannot write to {}: {error}", crate::input::shown(&self.out)))
        })
    }
}
