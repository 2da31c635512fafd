//! Where the socket is and who may use it: [`Access`], and [`BindError`] where that cannot be had.

use std::{
    fs::{self, DirBuilder, File, Permissions, TryLockError},
    io,
    os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::net::UnixListener;

/// What the group or others may do to a folder that is still one's own: look and go through.
const CHANGED_BY_OTHERS: u32 = 0o022;

/// Who may ask a signer, and how patiently it listens.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Access {
    /// The ids of other users whose processes may ask; those of the signer's own user always may. The socket is open to
    /// all then (mode 0666, not 0600), and each process is asked for its user by the kernel's word (`SO_PEERCRED`).
    pub users: Vec<u32>,
    /// How long a question may take to come, and an answer to be taken.
    pub line: Duration,
    /// Connections at once; more wait.
    pub connections: usize,
}

impl Default for Access {
    fn default() -> Self {
        Self { users: Vec::new(), line: Duration::from_secs(10), connections: 64 }
    }
}

/// A socket that cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// Another signer has it.
    #[error("another signer listens at {}: end it, or name another socket", path.display())]
    Taken {
        /// The socket.
        path: PathBuf,
    },
    /// There is something else in its place.
    #[error("{} is there and is no socket: it is left alone, name another path", path.display())]
    NoSocket {
        /// What is there.
        path: PathBuf,
    },
    /// Others could put a socket of their own in its place.
    #[error(
        "the folder {} can be changed by others (mode 0{mode:o}, user {owner}), wanted this user alone: use one of its \
         own, such as one made by mkdir -m 700", path.display()
    )]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
        /// Whose it is.
        owner: u32,
    },
    /// The system refused.
    #[error("cannot listen at {}", path.display())]
    Io {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// A socket that is listened at, and the lock that says so.
#[derive(Debug)]
pub(crate) struct Socket {
    pub(crate) listener: UnixListener,
    path: PathBuf,
    /// Held as long as the socket is in use. The process's end frees it, however that comes.
    _lock: File,
}

impl Access {
    /// Whether processes of this user may ask.
    pub(crate) fn lets_in(&self, user: u32) -> bool {
        user == own_user() || self.users.contains(&user)
    }
}

impl Socket {
    /// Listens at `path`, which a signer that was killed may have left behind. On a tokio runtime.
    pub(crate) fn bind(path: &Path, access: &Access) -> Result<Self, BindError> {
        let failed = |source| BindError::Io { path: path.to_owned(), source };
        check_folder(path)?;
        let lock = lock(path)?;
        match fs::symlink_metadata(path) {
            Ok(found) if found.file_type().is_socket() => fs::remove_file(path).map_err(failed)?,
            Ok(_) => return Err(BindError::NoSocket { path: path.to_owned() }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
        let listener = UnixListener::bind(path).map_err(failed)?;
        // Whoever connects before this is asked for its user, as everybody is.
        let mode = if access.users.is_empty() { 0o600 } else { 0o666 };
        fs::set_permissions(path, Permissions::from_mode(mode)).map_err(failed)?;
        Ok(Self { listener, path: path.to_owned(), _lock: lock })
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // What is left behind does no harm: the next one removes it.
        let _ = fs::remove_file(&self.path);
    }
}

/// The user that this process acts as.
pub(crate) fn own_user() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// The folder is made if it is not there, and must be nobody else's to change.
fn check_folder(path: &Path) -> Result<(), BindError> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let failed = |source| BindError::Io { path: path.to_owned(), source };
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
    let found = fs::metadata(folder).map_err(failed)?;
    let (mode, owner) = (found.mode() & 0o7777, found.uid());
    if mode & CHANGED_BY_OTHERS != 0 || (owner != own_user() && owner != 0) {
        return Err(BindError::Folder { path: folder.to_owned(), mode, owner });
    }
    Ok(())
}

/// A lock beside the socket: a socket alone does not say whether somebody still listens.
fn lock(path: &Path) -> Result<File, BindError> {
    let failed = |source| BindError::Io { path: path.to_owned(), source };
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let file = File::options().create(true).truncate(false).write(true).open(&name);
    let file = file.map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(BindError::Taken { path: path.to_owned() }),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}
