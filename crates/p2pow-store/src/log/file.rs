//! [`LogFile`]: the file itself: opened and checked, appended to, and written anew.

use super::line::{HEADER, KIND, Line};
use crate::{Claim, StoreError};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufReader, Seek, SeekFrom, Write},
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
    /// Those of them that are known to be on disk.
    durable: u64,
    /// Whether a write or flush failed in a way that leaves unknown what is on disk: nothing more is written then.
    is_broken: bool,
    _claim: Claim,
}

impl LogFile {
    /// Opens or makes the file and hands on its lines.
    pub(super) fn open(path: &Path, each: impl FnMut(Line)) -> Result<Self, StoreError> {
        let claim = Claim::beside(path)?;
        let file = private(OpenOptions::new().read(true).write(true).create(true))
            .open(path)
            .map_err(|source| cannot_open(path, source))?;
        let found = Reader::new(path, &file).read(each)?;
        let mut log = Self {
            path: path.to_owned(),
            file,
            length: found.whole,
            durable: found.durable,
            is_broken: false,
            _claim: claim,
        };
        if found.whole == 0 {
            log.begin()?;
        } else if found.whole < found.bytes {
            log.cut().map_err(|error| log.told(error))?;
        }
        Ok(log)
    }

    /// Appends a line and waits until it is on disk, to which what was noted before it comes first. If that fails, the
    /// line is taken back, or nothing more is written.
    pub(super) fn append(&mut self, line: &Line) -> Result<(), StoreError> {
        if self.durable < self.length {
            self.flush()?;
        }
        self.write(&line.to_text())?;
        self.flush()
    }

    /// Appends a line that comes to the disk some time, and before what is appended after it.
    pub(super) fn note(&mut self, line: &mut Line) -> Result<(), StoreError> {
        line.durable = Some(self.durable);
        self.write(&line.to_text())
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
        self.durable = self.length;
        Ok(())
    }

    /// Writes the first line of a new file, and makes the file's name durable.
    fn begin(&mut self) -> Result<(), StoreError> {
        self.cut().map_err(|error| self.told(error))?;
        self.write(&format!("{HEADER}\n"))?;
        self.flush()?;
        sync_folder(&self.path).map_err(|error| self.told(error))
    }

    fn write(&mut self, text: &str) -> Result<(), StoreError> {
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
        self.length += text.len() as u64;
        Ok(())
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        if self.is_broken {
            return Err(StoreError::Closed);
        }
        if let Err(error) = self.file.sync_data() {
            // The system may have dropped what it could not write, and would not say so again.
            self.is_broken = true;
            return Err(self.told(error));
        }
        self.durable = self.length;
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

/// What was found in a file.
#[derive(Debug, Default)]
struct Found {
    bytes: u64,
    /// Those that are whole lines, from its beginning.
    whole: u64,
    /// Those that were on disk before a line was written that is there.
    durable: u64,
}

/// Reads a file line by line.
struct Reader<'a> {
    path: &'a Path,
    file: BufReader<&'a File>,
    line: Vec<u8>,
    found: Found,
    place: usize,
}

impl<'a> Reader<'a> {
    fn new(path: &'a Path, file: &'a File) -> Self {
        let file = BufReader::new(file);
        Self { path, file, line: Vec::new(), found: Found::default(), place: 0 }
    }

    /// Hands on the lines up to the first that is not whole. What follows then is the end of a write that was never
    /// answered, and notes that the power was lost with, so that it may go. It is damage if a line says that the bad one
    /// was on disk before it was written.
    fn read(mut self, mut each: impl FnMut(Line)) -> Result<Found, StoreError> {
        if !self.header()? {
            return Ok(self.found);
        }
        let mut bad = None;
        loop {
            let start = self.found.bytes;
            if !self.next()? {
                return Ok(self.found);
            }
            let line = self.line.strip_suffix(b"\n").and_then(Line::read);
            let Some(line) = line else {
                bad.get_or_insert((start, self.place));
                continue;
            };
            // What was waited for stands on what was on disk.
            let durable = line.durable.unwrap_or(start);
            match bad {
                Some((start, place)) if start < durable => return Err(self.corrupt(place)),
                Some(_) => {}
                None => {
                    self.found.durable = self.found.durable.max(durable);
                    self.found.whole = self.found.bytes;
                    each(line);
                }
            }
        }
    }

    /// Reads the first line; whether there is one.
    fn header(&mut self) -> Result<bool, StoreError> {
        self.next()?;
        let Some(header) = self.line.strip_suffix(b"\n") else {
            // Nothing else was written before the first line was whole.
            let is_begun = HEADER.as_bytes().starts_with(&self.line);
            return if is_begun { Ok(false) } else { Err(self.corrupt(1)) };
        };
        check_header(self.path, header)?.ok_or_else(|| self.corrupt(1))?;
        self.found.whole = self.found.bytes;
        Ok(true)
    }

    /// Reads the next line, with its end if it has one; whether there is any.
    fn next(&mut self) -> Result<bool, StoreError> {
        self.line.clear();
        let read = self.file.read_until(b'\n', &mut self.line);
        let bytes = read.map_err(|source| cannot_open(self.path, source))?;
        self.found.bytes += bytes as u64;
        self.place += 1;
        Ok(bytes > 0)
    }

    fn corrupt(&self, place: usize) -> StoreError {
        let words = format!("line {place} is damaged");
        let source = Arc::new(io::Error::new(io::ErrorKind::InvalidData, words));
        StoreError::Corrupt { path: self.path.to_owned(), source }
    }
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
