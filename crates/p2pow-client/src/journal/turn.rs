//! [`Turn`]: one payment of an account at a time, in this process by a mutex, and among processes by a locked file
//! beside the journal. It keeps order; that no two blocks are signed on one previous rests on the records alone.

use super::error::JournalError;
use nano_primitives::Account;
use std::{
    collections::HashMap,
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex as StdMutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{Mutex, OwnedMutexGuard},
    time::{Instant, sleep, timeout_at},
};

/// Between two looks at a file that another process has locked.
const POLL: Duration = Duration::from_millis(25);
/// Bytes that are read of who holds a turn.
const HOLDER: u64 = 200;

/// The turns of the accounts of one journal.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    /// The journal's file, if it has one.
    file: Option<PathBuf>,
    accounts: StdMutex<HashMap<Account, Arc<Mutex<()>>>>,
}

/// The account's turn is had until this is dropped, or the process ends.
#[derive(Debug)]
pub(crate) struct Turn {
    _process: OwnedMutexGuard<()>,
    _file: Option<File>,
}

impl Turns {
    /// Those of the journal in this file.
    #[cfg(feature = "sqlite")]
    pub(crate) fn beside(file: &Path) -> Self {
        Self { file: Some(file.to_owned()), accounts: StdMutex::default() }
    }

    /// Waits for the account's turn, but not beyond `until`. `tell` learns once, if there is something to wait for, who
    /// has it.
    pub(crate) async fn take(
        &self,
        account: Account,
        until: Instant,
        tell: impl Fn(&str),
    ) -> Result<Turn, JournalError> {
        let mutex = {
            let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(accounts.entry(account).or_default())
        };
        let process = match Arc::clone(&mutex).try_lock_owned() {
            Ok(guard) => guard,
            Err(_) => {
                let holder = "another payment of this process";
                tell(holder);
                let busy = |_| JournalError::Busy { holder: holder.to_owned() };
                timeout_at(until, mutex.lock_owned()).await.map_err(busy)?
            }
        };
        let file = match &self.file {
            Some(journal) => Some(lock(&beside(journal, account), until, tell).await?),
            None => None,
        };
        Ok(Turn { _process: process, _file: file })
    }
}

/// The account's lock file. It is never removed: whoever waits for it may have it open.
fn beside(journal: &Path, account: Account) -> PathBuf {
    let mut name = journal.as_os_str().to_owned();
    name.push(format!(".{account}.lock"));
    PathBuf::from(name)
}

async fn lock(path: &Path, until: Instant, tell: impl Fn(&str)) -> Result<File, JournalError> {
    let broken = |source| JournalError::Lock { path: path.to_owned(), source };
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(broken)?;
    let mut is_told = false;
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::Error(source)) => return Err(broken(source)),
            Err(TryLockError::WouldBlock) => {}
        }
        if !std::mem::replace(&mut is_told, true) {
            tell(&holder(&mut file));
        }
        if Instant::now() >= until {
            return Err(JournalError::Busy { holder: holder(&mut file) });
        }
        sleep(POLL).await;
    }
    // Only for whoever waits to be told.
    let _ = sign_in(&mut file);
    Ok(file)
}

/// Who has locked the file, by its own word.
fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let read =
        file.seek(SeekFrom::Start(0)).and_then(|_| file.take(HOLDER).read_to_string(&mut text));
    match read {
        Ok(_) if !text.trim().is_empty() => text.trim().escape_debug().to_string(),
        _ => "another process".to_owned(),
    }
}

fn sign_in(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    writeln!(file, "process {}", std::process::id())
}
