//! [`VERSION`] of the lines that are spoken, and [`read_line`]: one of bounded length, read in bounded time by whoever
//! calls.

use std::io;
use tokio::io::{AsyncRead, AsyncReadExt};

/// The version of the protocol that is spoken here.
pub const VERSION: u64 = 1;

/// A line that is none.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LineError {
    #[error("a line of more than {max} bytes")]
    TooLong { max: usize },
    #[error("the connection ended after {bytes} bytes and no line")]
    Ended { bytes: usize },
    #[error("the connection failed")]
    Io(#[from] io::Error),
}

/// Reads up to the first line feed, which is not a part of what is given back. What follows it is not read, or lost.
pub(crate) async fn read_line(
    mut from: impl AsyncRead + Unpin,
    max: usize,
) -> Result<Vec<u8>, LineError> {
    let mut line = Vec::with_capacity(1024);
    loop {
        let start = line.len();
        if start >= max {
            return Err(LineError::TooLong { max });
        }
        let room = (max - start).min(4096) as u64;
        if (&mut from).take(room).read_buf(&mut line).await? == 0 {
            return Err(LineError::Ended { bytes: start });
        }
        if let Some(end) = line[start..].iter().position(|byte| *byte == b'\n') {
            line.truncate(start + end);
            return Ok(line);
        }
    }
}
