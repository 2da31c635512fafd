//! One file a subcommand.

pub(crate) mod bench;
pub(crate) mod devices;
pub(crate) mod init;
pub(crate) mod register;
pub(crate) mod run;
pub(crate) mod work_server;
