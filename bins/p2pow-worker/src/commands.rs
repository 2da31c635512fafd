//! One file a subcommand, and what several of them need.

#[cfg(feature = "fleet")]
pub(crate) mod agent;
pub(crate) mod bench;
pub(crate) mod books;
pub(crate) mod check;
pub(crate) mod devices;
#[cfg(feature = "fleet")]
pub(crate) mod fleet;
pub(crate) mod init;
pub(crate) mod register;
pub(crate) mod run;
pub(crate) mod serve;
pub(crate) mod sweep;
pub(crate) mod top;
pub(crate) mod work_server;
