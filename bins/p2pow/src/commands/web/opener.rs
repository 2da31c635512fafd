//! [`open`]: shows a link in the user's browser, where there is one.

use std::process::{Command, Stdio};

/// The system's way to open a link.
const PROGRAM: &str = if cfg!(target_os = "macos") {
    "open"
} else if cfg!(windows) {
    "explorer"
} else {
    "xdg-open"
};

/// Whether the system has begun to open it. Without a screen there is nothing to open it on.
pub(super) fn open(link: &str) -> bool {
    let has_screen = !cfg!(target_os = "linux")
        || ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some());
    let mut command = Command::new(PROGRAM);
    command.arg(link).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    has_screen && command.spawn().is_ok()
}
