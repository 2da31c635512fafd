//! One file a subcommand.

pub(crate) mod init;
pub(crate) mod register;
pub(crate) mod run;
