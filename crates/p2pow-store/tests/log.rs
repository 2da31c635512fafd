//! [`LogStore`]: the promises of every store, and what is left of its file by crashes, other processes and damage.

#![allow(clippy::unwrap_used)]

use p2pow_store::{Change, Expect, LogStore, Note, Page, Store, StoreError};
use std::{
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sent.log");
    (folder, path)
}

#[tokio::test]
async fn it_does_what_every_store_has_to() {
    let store = LogStore::in_memory();
    p2pow_store::contract::check(&store, &store).await.unwrap();
    let (_folder, path) = place();
    let store = LogStore::open(&path).unwrap();
    p2pow_store::contract::check(&store, &store).await.unwrap();
}

async fn records(store: &dyn Store) -> Vec<(String, u64, String)> {
    let page = Page { prefix: "", after: None, limit: 1000 };
    let found = store.list("job", page).await.unwrap().into_iter();
    found.map(|record| (record.key, record.revision.to_number(), record.value)).collect()
}

/// A few writes of every kind; gives the records after each of them.
async fn write_some(path: &Path) -> Vec<Vec<(String, u64, String)>> {
    let store = LogStore::open(path).unwrap();
    let mut seen = vec![records(&store).await];
    let first = store.put("job", "a", "\"line\\nbreak\"".into(), Expect::Absent).await.unwrap();
    seen.push(records(&store).await);
    store.note("job", "b", "{\"x\":1}".into(), Expect::Absent).await.unwrap();
    seen.push(records(&store).await);
    let second = store.put("job", "a", "2".into(), Expect::At(first)).await.unwrap();
    seen.push(records(&store).await);
    store.remove("job", "a", second).await.unwrap();
    seen.push(records(&store).await);
    seen
}

#[tokio::test]
async fn a_record_is_written_only_over_the_revision_that_the_writer_knows() {
    let store = LogStore::in_memory();
    assert_eq!(store.get("job", "a").await.unwrap(), None);
    let first = store.put("job", "a", "1".into(), Expect::Absent).await.unwrap();
    let again = store.put("job", "a", "2".into(), Expect::Absent).await.unwrap_err();
    assert_eq!(again.to_string(), "record a is at revision 1, wanted none");
    let second = store.note("job", "a", "2".into(), Expect::At(first)).await.unwrap();
    let late = store.put("job", "a", "3".into(), Expect::At(first)).await.unwrap_err();
    assert!(late.is_conflict(), "{late}");
    assert!(store.remove("job", "a", first).await.unwrap_err().is_conflict());
    store.remove("job", "a", second).await.unwrap();
    let new = store.put("job", "a", "1".into(), Expect::Absent).await.unwrap();
    assert!(new > second, "a record that is made again has none of its old revisions");
    for name in ["", "a b", "ä", "a\n"] {
        let put = store.put("job", name, "1".into(), Expect::Absent).await.unwrap_err();
        assert!(matches!(put, StoreError::Name { .. }), "{name:?}: {put}");
    }
}

#[tokio::test]
async fn a_page_holds_the_keys_with_its_prefix_after_a_key() {
    let store = LogStore::in_memory();
    for key in ["b.2", "b.1", "a.1", "b.3", "b", "c"] {
        store.put("job", key, "0".into(), Expect::Absent).await.unwrap();
    }
    store.put("other", "b.0", "0".into(), Expect::Absent).await.unwrap();
    let keys = async |prefix, after, limit| -> Vec<String> {
        let page = Page { prefix, after, limit };
        store.list("job", page).await.unwrap().into_iter().map(|record| record.key).collect()
    };
    assert_eq!(keys("", None, 1000).await, ["a.1", "b", "b.1", "b.2", "b.3", "c"]);
    assert_eq!(keys("b.", None, 1000).await, ["b.1", "b.2", "b.3"]);
    assert_eq!(keys("b.", Some("b.1"), 1).await, ["b.2"]);
    assert_eq!(keys("b.", Some("a"), 1).await, ["b.1"]);
    assert_eq!(keys("b.", Some("c"), 1000).await, [""; 0]);
}

#[tokio::test]
async fn what_was_answered_is_there_when_the_file_is_opened_again() {
    let (_folder, path) = place();
    let seen = write_some(&path).await;
    let store = LogStore::open(&path).unwrap();
    assert_eq!(records(&store).await, *seen.last().unwrap());
    // The revision of the removed record is not given again.
    let next = store.put("job", "a", "3".into(), Expect::Absent).await.unwrap();
    assert_eq!(next.to_number(), 5);
}

/// A process that dies while it writes leaves any part of its last line.
#[tokio::test]
async fn wherever_the_file_ends_it_opens_as_it_was_after_some_whole_write() {
    let (_folder, path) = place();
    let seen = write_some(&path).await;
    let whole = fs::read(&path).unwrap();
    let lines = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == b'\n').count();
    for length in 0..whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        let store = LogStore::open(&path).unwrap();
        let writes = lines(&whole[..length]).saturating_sub(1);
        assert_eq!(records(&store).await, seen[writes], "cut at {length}");
        // What is written next stands on a line of its own.
        store.put("job", "z", "1".into(), Expect::Absent).await.unwrap();
        drop(store);
        let again = LogStore::open(&path).unwrap();
        assert!(again.get("job", "z").await.unwrap().is_some(), "cut at {length}");
    }
}

#[tokio::test]
async fn a_changed_byte_is_noticed_and_the_file_left_as_it_is() {
    let (_folder, path) = place();
    write_some(&path).await;
    let whole = fs::read(&path).unwrap();
    let last = whole[..whole.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap();
    for place in 0..last {
        let mut changed = whole.clone();
        changed[place] ^= 1;
        fs::write(&path, &changed).unwrap();
        let error = LogStore::open(&path).unwrap_err();
        let is_told = matches!(error, StoreError::Corrupt { .. } | StoreError::Newer { .. });
        assert!(is_told, "byte {place}: {error}");
        assert_eq!(fs::read(&path).unwrap(), changed, "byte {place}");
    }
}

/// Damages a line of the file, counted from 1, and says what is there when it is opened.
async fn damaged(path: &Path, place: usize) -> Result<Vec<String>, StoreError> {
    let whole = fs::read_to_string(path).unwrap();
    let mut lines: Vec<String> = whole.lines().map(str::to_owned).collect();
    lines[place - 1].replace_range(0..1, "x");
    fs::write(path, format!("{}\n", lines.join("\n"))).unwrap();
    let opened = LogStore::open(path);
    fs::write(path, whole).unwrap();
    Ok(records(&opened?).await.into_iter().map(|(key, ..)| key).collect())
}

/// The power may go before the disk has what is noted, and then the disk may have any of it.
#[tokio::test]
async fn notes_may_be_lost_with_the_power_and_nothing_else_may() {
    let (_folder, path) = place();
    let store = LogStore::open(&path).unwrap();
    store.put("job", "a", "1".into(), Expect::Absent).await.unwrap(); // line 2
    let first = store.note("job", "b", "1".into(), Expect::Absent).await.unwrap();
    store.note("job", "c", "1".into(), Expect::Absent).await.unwrap();
    drop(store);
    assert_eq!(damaged(&path, 3).await.unwrap(), ["a"]);
    assert_eq!(damaged(&path, 4).await.unwrap(), ["a", "b"]);
    let error = damaged(&path, 2).await.unwrap_err();
    assert!(
        matches!(error, StoreError::Corrupt { .. }),
        "it was on disk before the notes: {error}"
    );

    // Another process, which does not know what is on disk of what it reads.
    let store = LogStore::open(&path).unwrap();
    let change = Change::Remove(first);
    let removal = Note { bucket: "job", key: "b".into(), change };
    assert!(store.note_all(vec![removal]).await.iter().all(Result::is_ok));
    drop(store);
    assert_eq!(damaged(&path, 4).await.unwrap(), ["a", "b"]);
    assert!(damaged(&path, 2).await.is_err());

    let store = LogStore::open(&path).unwrap();
    store.put("job", "d", "1".into(), Expect::Absent).await.unwrap(); // line 6
    drop(store);
    for place in 2..6 {
        let error = damaged(&path, place).await.unwrap_err();
        assert!(matches!(error, StoreError::Corrupt { .. }), "line {place}: {error}");
    }
    assert_eq!(damaged(&path, 6).await.unwrap(), ["a", "c"], "it may not have been answered");
}

#[test]
fn a_file_of_another_kind_or_version_is_not_touched() {
    let (folder, path) = place();
    for text in ["not a log\n", "not a log", "\n", "SQLite format 3\0"] {
        fs::write(&path, text).unwrap();
        let error = LogStore::open(&path).unwrap_err();
        assert!(matches!(error, StoreError::Corrupt { .. }), "{text:?}: {error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
    fs::write(&path, "p2pow-store log 2\nwhatever").unwrap();
    assert!(matches!(LogStore::open(&path), Err(StoreError::Newer { found: 2, known: 1, .. })));
    let nowhere = LogStore::open(folder.path().join("missing/sent.log")).unwrap_err();
    assert!(matches!(nowhere, StoreError::Open { .. }), "{nowhere}");
}

#[tokio::test]
async fn a_second_process_is_told_that_the_first_has_the_file() {
    let (_folder, path) = place();
    let store = LogStore::open(&path).unwrap();
    let second = LogStore::open(&path).unwrap_err();
    assert!(matches!(second, StoreError::Claimed { .. }), "{second}");
    let claim = store.claim().unwrap();
    assert!(matches!(store.claim(), Err(StoreError::Claimed { .. })));
    drop(claim);
    store.claim().unwrap();
    drop(store);
    LogStore::open(&path).unwrap();
}

#[tokio::test]
async fn a_file_that_is_mostly_out_of_date_is_written_anew_with_all_that_counts() {
    let (_folder, path) = place();
    let store = LogStore::open(&path).unwrap();
    store.put("job", "kept", "7".into(), Expect::Absent).await.unwrap();
    let mut revision = store.put("job", "a", "0".into(), Expect::Absent).await.unwrap();
    for number in 1..200 {
        revision = store.put("job", "a", number.to_string(), Expect::At(revision)).await.unwrap();
    }
    store.remove("job", "a", revision).await.unwrap();
    let before = (records(&store).await, fs::metadata(&path).unwrap().len());
    drop(store);
    let store = LogStore::open(&path).unwrap();
    assert_eq!(records(&store).await, before.0);
    assert!(fs::metadata(&path).unwrap().len() < before.1 / 10);
    let next = store.put("job", "a", "1".into(), Expect::Absent).await.unwrap();
    assert_eq!(next.to_number(), 203, "the revision of a removed record is not given again");
    drop(store);
    let store = LogStore::open(&path).unwrap();
    assert_eq!(store.get("job", "a").await.unwrap().unwrap().revision, next);
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, path) = place();
    let _store = LogStore::open(&path).unwrap();
    for file in fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o77, 0, "{file:?}");
    }
}
