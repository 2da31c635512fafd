//! Options that can also stand in a TOML file.
//!
//! An option is declared once, as a field of a struct that derives [`clap::Args`]; from that come the flag, the variable
//! (`env`), the key of the file (the field's name), the check of its value, its default, and the commented file that a
//! program writes for its user. Flags come first, then variables, then the file, then defaults.
//!
//! - [`Layout`] says which options and tables a file may have; it reads files and writes the commented one.
//! - [`Given`] holds the flags and variables of such a struct in a command line.
//! - [`Table`] is what was read, and gives the structs.
//!
//! What a file says is never repeated in a message, as it may be a secret in a wrong place: an error names the file, the
//! line, the key, and what is wanted.
//!
//! ```
//! use p2pow_cli::config::{Given, Layout};
//!
//! #[derive(Debug, clap::Args)]
//! struct Options {
//!     /// How many workers to hire
//!     #[arg(long, value_name = "N", env = "EXAMPLE_HIRE", default_value = "2")]
//!     hire: u32,
//! }
//!
//! let layout = Layout::new().options::<Options>();
//! assert!(layout.template(&[]).contains("# How many workers to hire\n# hire = 2\n"));
//! let options: Options = layout.empty().options(&Given::nothing())?;
//! assert_eq!(options.hire, 2);
//! # Ok::<_, p2pow_cli::Failure>(())
//! ```

mod layout;
mod problem;
mod read;
mod table;
mod template;

pub(crate) use problem::wanted;
pub use {
    layout::Layout,
    table::{Given, Table},
};
