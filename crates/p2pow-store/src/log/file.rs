//! [`LogFile`]: the file itself: opened and checked, appended to, and written anew.

use super::line::{HEADER, KIND, Line};
use crate::{Claim, StoreError};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

/// A log that is open for appending. Holds the claim that keeps other processes out.
#[derive(Debug)]
pub(super) struct LogFile {
    path: PathBuf,
    file: File,
    /// Bytes that are known to be whole lines.
    length: u64,
    /// Whether a write or flush failed in a way that leaves unknown what is on disk: nothing more is written then.
    is_broken: bool,
    _claim: Claim,
}

impl LogFile {
    /// Opens or makes the file and reads its lines.
    pub(super) fn open(path: &Path) -> Result<(Self, Vec<Line>), StoreError> {
        let claim = Claim::beside(path)?;
        let mut file = private(OpenOptions::new().read(true).write(true).create(true))
            .open(path)
            .map_err(|source| cannot_open(path, source))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(|source| cannot_open(path, source))?;
        let (lines, whole) = read(path, &bytes)?;
        let mut log = Self {
            path: path.to_owned(),
            file,
            length: whole as u64,
            is_broken: false,
            _claim: claim,
        };
        if whole == 0 {
            log.begin()?;
        } else if whole < bytes.len() {
            log.cut().map_err(|error| log.told(error))?;
        }
        Ok((log, lines))
    }

    /// Appends a line and waits until it is on disk. If that fails, the line is taken back, or nothing more is written.
    pub(super) fn append(&mut self, line: &Line) -> Result<(), StoreError> {
        self.append_text(&line.to_text())
    }

    /// Puts these lines into the place of all lines: as a whole, or not at all.
    pub(super) fn replace(&mut self, lines: impl Iterator<Item = Line>) -> Result<(), StoreError> {
        let mut text = format!("{HEADER}\n");
        lines.for_each(|line| text.push_str(&line.to_text()));
        let new = with_end(&self.path, ".new");
        let write = || {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(true);
            let mut file = private(&mut options).open(&new)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&new, &self.path)?;
            sync_folder(&self.path)?;
            Ok(file)
        };
        self.file = write().map_err(|error| self.told(error))?;
        self.length = text.len() as u64;
        Ok(())
    }

    /// Writes the first line of a new file, and makes the file's name durable.
    fn begin(&mut self) -> Result<(), StoreError> {
        self.cut().map_err(|error| self.told(error))?;
        self.append_text(&format!("{HEADER}\n"))?;
        sync_folder(&self.path).map_err(|error| self.told(error))
    }

    fn append_text(&mut self, text: &str) -> Result<(), StoreError> {
        if self.is_broken {
            return Err(StoreError::Closed);
        }
        let file = &mut self.file;
        let write = |file: &mut File| {
            file.seek(SeekFrom::Start(self.length))?;
            file.write_all(text.as_bytes())
        };
        if let Err(error) = write(file) {
            // Whatever of it is there must not stand before the next line.
            self.is_broken = self.cut().is_err();
            return Err(self.told(error));
        }
        if let Err(error) = self.file.sync_data() {
            // The system may have dropped what it could not write, and would not say so again.
            self.is_broken = true;
            return Err(self.told(error));
        }
        self.length += text.len() as u64;
        Ok(())
    }

    /// Drops what stands after the whole lines.
    fn cut(&self) -> io::Result<()> {
        self.file.set_len(self.length)?;
        self.file.sync_data()
    }

    fn told(&self, error: io::Error) -> StoreError {
        let path = self.path.clone();
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::Full { path },
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
                StoreError::ReadOnly { path }
            }
            _ => StoreError::Failed { path, source: Arc::new(error) },
        }
    }
}

/// The lines of a file, and how many of its bytes they are. What follows is the end of a write that was never answered,
/// so that it may go; a bad line with others after it is damage.
fn read(path: &Path, bytes: &[u8]) -> Result<(Vec<Line>, usize), StoreError> {
    let corrupt = |place: usize| {
        let source = io::Error::new(io::ErrorKind::InvalidData, format!("line {place} is damaged"));
        StoreError::Corrupt { path: path.to_owned(), source: Arc::new(source) }
    };
    let Some(first) = bytes.split_inclusive(|byte| *byte == b'\n').next() else {
        return Ok((Vec::new(), 0));
    };
    let Some(header) = first.strip_suffix(b"\n") else {
        // Nothing else was written before the first line was whole.
        let is_begun = HEADER.as_bytes().starts_with(first);
        return if is_begun { Ok((Vec::new(), 0)) } else { Err(corrupt(1)) };
    };
    check_header(path, header)?.ok_or_else(|| corrupt(1))?;
    let (mut lines, mut whole) = (Vec::new(), first.len());
    for (place, line) in bytes[whole..].split_inclusive(|byte| *byte == b'\n').enumerate() {
        match line.strip_suffix(b"\n").and_then(Line::read) {
            Some(read) => lines.push(read),
            None if whole + line.len() == bytes.len() => break,
            None => return Err(corrupt(place + 2)),
        }
        whole += line.len();
    }
    Ok((lines, whole))
}

fn check_header(path: &Path, header: &[u8]) -> Result<Option<()>, StoreError> {
    if header == HEADER.as_bytes() {
        return Ok(Some(()));
    }
    let text = String::from_utf8_lossy(header);
    match text.strip_prefix(KIND).and_then(|version| version.parse().ok()) {
        Some(found) => Err(StoreError::Newer { path: path.to_owned(), found, known: 1 }),
        None => Ok(None),
    }
}

/// So that nobody else may read a new file.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// A new name in a folder is on disk only when the folder is.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(not(unix)) {
        return Ok(());
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or_else(|| Path::new(".")))?.sync_all()
}

fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

fn cannot_open(path: &Path, source: io::Error) -> StoreError {
    StoreError::Open { path: path.to_owned(), source: Arc::new(source) }
}
