//! Files of secrets: read only where nobody else can, and written so.

use crate::input::{InputError, shown, text_of};
use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::Path,
};
use zeroize::Zeroizing;

/// The whole text of a file that its owner alone can read.
///
/// # Errors
/// It cannot be read, others can read or write it, it is longer than 4 MiB, or is no UTF-8 text.
pub fn read_private(path: &Path) -> Result<Zeroizing<String>, InputError> {
    let name = shown(path);
    let file = File::open(path).map_err(|error| InputError::Read(name.clone(), error))?;
    check_private(&file, path)?;
    text_of(&name, file)
}

/// Writes a new file that its owner alone can read (mode 0600). A file that is there already is left alone.
///
/// # Errors
/// The file exists or cannot be written.
pub fn write_new_private(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Puts a text in the place of a file's content, for its owner alone to read. Whatever happens, the file is the old
/// one or the new one, whole.
///
/// # Errors
/// The file's folder cannot be written.
pub fn replace_private(path: &Path, text: &str) -> io::Result<()> {
    // A link stays, and leads to the new content.
    let path = path.canonicalize()?;
    let folder = path.parent().unwrap_or(Path::new("/"));
    let mut file = tempfile::NamedTempFile::new_in(folder)?; // mode 0600
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(&path)?;
    // The name is as lasting as the content.
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Refuses a file that the group or others can read or write. What is no file, such as a pipe, is let through.
#[cfg(unix)]
fn check_private(file: &File, path: &Path) -> Result<(), InputError> {
    use std::os::unix::fs::MetadataExt;
    const OTHERS: u32 = 0o066;
    let about = file.metadata().map_err(|error| InputError::Read(shown(path), error))?;
    let mode = about.mode() & 0o777;
    if about.is_file() && mode & OTHERS != 0 {
        return Err(InputError::NotPrivate { name: shown(path), mode, word: word(path) });
    }
    Ok(())
}

/// Other systems have other permissions, which are not looked at.
#[cfg(not(unix))]
fn check_private(_: &File, _: &Path) -> Result<(), InputError> {
    Ok(())
}

/// The path as a shell takes it.
#[cfg(unix)]
fn word(path: &Path) -> String {
    let name = shown(path);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    if name.chars().all(is_plain) && !name.starts_with('-') {
        name
    } else {
        format!("-- '{}'", name.replace('\'', r"'\''"))
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::{read_private, replace_private, write_new_private};
    use std::{
        fs::{self, Permissions},
        os::unix::fs::{PermissionsExt, symlink},
    };

    #[test]
    fn a_file_that_others_can_read_or_write_is_refused_with_the_command_that_mends_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("it's mine.key");
        write_new_private(&path, "secret").unwrap();
        assert_eq!(read_private(&path).unwrap().as_str(), "secret");
        for mode in [0o640, 0o604, 0o620, 0o602, 0o644, 0o666] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            let told = read_private(&path).unwrap_err().to_string();
            let command = format!("chmod 600 -- '{}/it'\\''s mine.key'", folder.path().display());
            assert!(
                told.contains(&format!("mode 0{mode:o}")) && told.ends_with(&command),
                "{told}"
            );
            let status = std::process::Command::new("sh").args(["-c", &command]).status().unwrap();
            assert!(status.success());
            assert!(read_private(&path).is_ok(), "the command has mended it");
        }
        fs::set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
        assert!(read_private(&path).is_ok());
    }

    #[test]
    fn a_replaced_file_keeps_its_name_its_links_and_its_privacy() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("a.key"), folder.path().join("link"));
        write_new_private(&path, "old").unwrap();
        assert!(write_new_private(&path, "other").is_err());
        symlink(&path, &link).unwrap();
        replace_private(&link, "new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(read_private(&path).unwrap().as_str(), "new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing is left behind");
    }
}
