//! What `run` and `work-server` have in common: listening, and serving until they are stopped.

use p2pow_cli::Failure;
use std::{
    io::{self, Error, ErrorKind},
    net::SocketAddr,
};

/// The failure, and what to do about it: `setting` is how another address is given.
pub(crate) fn cannot_listen(address: SocketAddr, error: &Error, setting: &str) -> Failure {
    let hint = match error.kind() {
        ErrorKind::AddrInUse => {
            format!("another program has the port: end it, or give another port ({setting})")
        }
        ErrorKind::AddrNotAvailable => {
            format!("the address is not this computer's: give one that is ({setting})")
        }
        ErrorKind::PermissionDenied => {
            format!("this user may not have the port: give one from 1024 upwards ({setting})")
        }
        _ => format!("give another address or port ({setting})"),
    };
    Failure::new(format!("cannot listen on {address}: {error}; {hint}"))
}

/// Waits for Ctrl-C or SIGTERM.
#[cfg(unix)]
pub(crate) async fn until_stopped() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        outcome = tokio::signal::ctrl_c() => outcome,
        _ = terminated.recv() => Ok(()),
    }
}

/// Waits for Ctrl-C.
#[cfg(not(unix))]
pub(crate) async fn until_stopped() -> io::Result<()> {
    tokio::signal::ctrl_c().await
}
