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

/// Listens for Ctrl-C and SIGTERM from now on; what is returned waits for one of them.
#[cfg(unix)]
pub(crate) fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupted, mut terminated) =
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
        }
    })
}

/// Listens for Ctrl-C; what is returned waits for it.
#[cfg(not(unix))]
pub(crate) fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}
