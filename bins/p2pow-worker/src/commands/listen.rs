//! Telling why an address cannot be listened on, and what to do.

use p2pow_cli::Failure;
use std::{
    io::{Error, ErrorKind},
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
