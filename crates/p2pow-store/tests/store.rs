//! The public face of the store: what is written is there, and nobody undoes what another wrote.

#![allow(clippy::unwrap_used)]

use p2pow_store::{
    Change, Claimed, Entry, Expect, MAX_VALUE_BYTES, Note, Page, Records, SqliteStore, Store,
    StoreError,
    crash::{CrashAt, Moment},
};
use std::{path::Path, sync::Arc};

fn all() -> Page<'static> {
    Page { prefix: "", after: None, limit: 1000 }
}

async fn keys(store: &dyn Store, page: Page<'_>) -> Vec<String> {
    store.list("job", page).await.unwrap().into_iter().map(|record| record.key).collect()
}

#[tokio::test]
async fn it_does_what_every_store_does() {
    let folder = tempfile::tempdir().unwrap();
    let open = || SqliteStore::open(folder.path().join("a.db")).unwrap();
    p2pow_store::contract::check(&open(), &open()).await.unwrap();
}

#[tokio::test]
async fn a_record_is_written_only_over_the_revision_that_the_writer_knows() {
    let store = SqliteStore::in_memory().unwrap();
    assert_eq!(store.get("job", "a").await.unwrap(), None);
    let first = store.put("job", "a", "1".into(), Expect::Absent).await.unwrap();
    let again = store.put("job", "a", "2".into(), Expect::Absent).await.unwrap_err();
    assert_eq!(again.to_string(), "record a is at revision 1, wanted none");
    let second = store.put("job", "a", "2".into(), Expect::At(first)).await.unwrap();
    assert!(second > first);
    let late = store.put("job", "a", "3".into(), Expect::At(first)).await.unwrap_err();
    assert!(late.is_conflict(), "{late}");
    assert!(store.remove("job", "a", first).await.unwrap_err().is_conflict());
    let found = store.get("job", "a").await.unwrap().unwrap();
    assert_eq!((found.value.as_str(), found.revision), ("2", second));
}

#[tokio::test]
async fn a_note_is_a_write_like_others_and_outlives_its_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let records = Records::<u64>::new(SqliteStore::open(&path).unwrap().shared(), "job");
    let first = records.create("a", &1).await.unwrap();
    let second = records.note("a", &2, first).await.unwrap();
    assert!(records.note("a", &3, first).await.unwrap_err().is_conflict());
    let other = Records::<u64>::new(SqliteStore::open(&path).unwrap().shared(), "job");
    assert_eq!(other.get("a").await.unwrap().unwrap().revision, second);
    other.update("a", &4, second).await.unwrap();
}

#[tokio::test]
async fn a_record_that_is_made_again_has_none_of_its_old_revisions() {
    let store = SqliteStore::in_memory().unwrap();
    let old = store.put("job", "a", "1".into(), Expect::Absent).await.unwrap();
    store.remove("job", "a", old).await.unwrap();
    let gone = store.put("job", "a", "1".into(), Expect::At(old)).await.unwrap_err();
    assert_eq!(gone.to_string(), "record a is not there, wanted revision 1");
    let new = store.put("job", "a", "1".into(), Expect::Absent).await.unwrap();
    assert!(new > old);
}

#[tokio::test]
async fn a_page_holds_the_keys_with_its_prefix_after_a_key() {
    let store = SqliteStore::in_memory().unwrap();
    for key in ["b.2", "b.1", "a.1", "b.3", "b", "c"] {
        store.put("job", key, "0".into(), Expect::Absent).await.unwrap();
    }
    store.put("other", "b.0", "0".into(), Expect::Absent).await.unwrap();
    assert_eq!(keys(&store, all()).await, ["a.1", "b", "b.1", "b.2", "b.3", "c"]);
    assert_eq!(keys(&store, Page { prefix: "b.", ..all() }).await, ["b.1", "b.2", "b.3"]);
    let rest = Page { prefix: "b.", after: Some("b.1"), limit: 1 };
    assert_eq!(keys(&store, rest).await, ["b.2"]);
}

#[tokio::test]
async fn what_was_answered_is_there_when_the_file_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let store = SqliteStore::open(&path).unwrap();
    let revision = store.put("job", "a", "{\"b\":1}".into(), Expect::Absent).await.unwrap();
    // Nothing is said to it before the other is opened: as after a kill.
    let other = SqliteStore::open(&path).unwrap();
    let found = other.get("job", "a").await.unwrap().unwrap();
    assert_eq!((found.value.as_str(), found.revision), ("{\"b\":1}", revision));
    other.put("job", "a", "2".into(), Expect::At(revision)).await.unwrap();
    assert!(
        store.put("job", "a", "3".into(), Expect::At(revision)).await.unwrap_err().is_conflict()
    );
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("a.db")).unwrap();
    store.put("job", "a", "1".into(), Expect::Absent).await.unwrap();
    let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(Result::unwrap).collect();
    assert!(files.len() > 1, "the log has a file of its own");
    for file in files {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o77, 0, "{file:?}");
    }
}

#[tokio::test]
async fn of_many_who_make_the_same_record_one_does() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let stores = [SqliteStore::open(&path).unwrap(), SqliteStore::open(&path).unwrap()];
    let stores = stores.map(Arc::new);
    let tasks = (0..100).map(|number| {
        let store = Arc::clone(&stores[number % 2]);
        tokio::spawn(async move { store.put("job", "a", number.to_string(), Expect::Absent).await })
    });
    let mut made = 0;
    for task in tasks.collect::<Vec<_>>() {
        match task.await.unwrap() {
            Ok(_) => made += 1,
            Err(error) => assert!(error.is_conflict(), "{error}"),
        }
    }
    assert_eq!(made, 1);
}

#[tokio::test]
async fn names_and_sizes_that_not_every_store_takes_are_refused() {
    let store = SqliteStore::in_memory().unwrap();
    for name in ["", "a b", "ä", "a\0", "*", ">", &"a".repeat(513)] {
        let put = store.put("job", name, "1".into(), Expect::Absent).await.unwrap_err();
        assert!(matches!(put, StoreError::Name { .. }), "{name:?}: {put}");
        assert!(store.get(name, "a").await.is_err());
    }
    let large = format!("\"{}\"", "a".repeat(MAX_VALUE_BYTES));
    let put = store.put("job", "a", large, Expect::Absent).await.unwrap_err();
    assert!(matches!(put, StoreError::TooLarge { .. }), "{put}");
}

fn open_error(path: &Path) -> StoreError {
    SqliteStore::open(path).unwrap_err()
}

#[test]
fn a_file_of_another_kind_is_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    std::fs::write(&path, "not a database, but quite long enough to have a header ".repeat(40))
        .unwrap();
    let before = std::fs::read(&path).unwrap();
    assert!(matches!(open_error(&path), StoreError::Corrupt { .. }));
    assert_eq!(std::fs::read(&path).unwrap(), before);
    let nowhere = folder.path().join("missing/a.db");
    let error = open_error(&nowhere);
    assert!(matches!(error, StoreError::Open { .. }), "{error}");
    assert!(error.to_string().contains("missing/a.db"), "{error}");
}

#[test]
fn a_file_of_a_newer_version_or_another_program_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let (newer, foreign) = (folder.path().join("newer.db"), folder.path().join("foreign.db"));
    drop(SqliteStore::open(&newer).unwrap());
    let sqlite = rusqlite::Connection::open(&newer).unwrap();
    sqlite.pragma_update(None, "user_version", 2).unwrap();
    drop(sqlite);
    let error = open_error(&newer);
    assert!(matches!(error, StoreError::Newer { found: 2, known: 1, .. }), "{error}");
    let sqlite = rusqlite::Connection::open(&foreign).unwrap();
    sqlite.execute_batch("CREATE TABLE a (b)").unwrap();
    drop(sqlite);
    assert!(matches!(open_error(&foreign), StoreError::Corrupt { .. }));
}

#[tokio::test]
async fn a_record_of_another_form_is_named() {
    let store = SqliteStore::in_memory().unwrap().shared();
    store.put("job", "a", "\"text\"".into(), Expect::Absent).await.unwrap();
    let error = Records::<u64>::new(store, "job").get("a").await.unwrap_err();
    assert_eq!(error.to_string(), "record a of job is not readable by this version");
}

#[tokio::test]
async fn all_records_of_a_bucket_come_in_pages() {
    let records = Records::<usize>::new(SqliteStore::in_memory().unwrap().shared(), "job");
    for number in 0..1201 {
        records.create(&format!("{number:04}"), &number).await.unwrap();
    }
    let all = records.all("").await.unwrap();
    assert!(all.iter().map(|entry| entry.value).eq(0..1201));
    let Entry { key, revision, value } = all[7].clone();
    assert_eq!((key.as_str(), value), ("0007", 7));
    records.remove(&key, revision).await.unwrap();
    assert_eq!(records.all("").await.unwrap().len(), 1200);
}

#[tokio::test]
async fn notes_that_are_written_together_end_with_the_first_that_conflicts() {
    let store = SqliteStore::in_memory().unwrap().shared();
    // One that does not know how to do it in one step.
    let simple = CrashAt::new(Arc::clone(&store), usize::MAX, Moment::Before);
    let stores: [&dyn Store; 2] = [&*store, &simple];
    for (number, store) in stores.into_iter().enumerate() {
        let note = |key: &str| Note {
            bucket: "job",
            key: format!("{number}-{key}"),
            change: Change::Write("1".into(), Expect::Absent),
        };
        store.put("job", &note("b").key, "0".into(), Expect::Absent).await.unwrap();
        let answers = store.note_all(vec![note("a"), note("b"), note("c")]).await;
        assert!(matches!(&answers[..], [Ok(_), Err(error)] if error.is_conflict()), "{answers:?}");
        let left = async |key: &str| store.get("job", &note(key).key).await.unwrap();
        let [a, b, c] = [left("a").await, left("b").await, left("c").await];
        assert_eq!(a.map(|record| record.value).as_deref(), Some("1"));
        assert_eq!(b.map(|record| record.value).as_deref(), Some("0"));
        assert_eq!(c, None);
        let removal = |key: &str, revision| Note { change: Change::Remove(revision), ..note(key) };
        let noted = store.note_all(vec![note("c"), note("d")]).await;
        let revision = |place: usize| *noted[place].as_ref().unwrap();
        let answers = store
            .note_all(vec![
                removal("c", revision(0)),
                note("e"),
                removal("d", revision(0)),
                note("f"),
            ])
            .await;
        assert!(matches!(&answers[..], [Ok(_), Ok(_), Err(error)] if error.is_conflict()));
        let is_there = async |key| left(key).await.is_some();
        assert_eq!([is_there("c").await, is_there("d").await], [false, true]);
        assert_eq!([is_there("e").await, is_there("f").await], [true, false]);
    }
}

#[tokio::test]
async fn a_store_that_dies_at_a_write_has_or_has_not_done_it() {
    for (moment, left) in [(Moment::Before, 1), (Moment::After, 2)] {
        let store = SqliteStore::in_memory().unwrap().shared();
        let dying = CrashAt::new(Arc::clone(&store), 2, moment);
        dying.put("job", "1", "1".into(), Expect::Absent).await.unwrap();
        let dead = dying.put("job", "2", "2".into(), Expect::Absent).await;
        assert!(matches!(dead, Err(StoreError::Closed)));
        assert!(dying.is_dead() && dying.get("job", "1").await.is_err());
        assert!(dying.put("job", "3", "3".into(), Expect::Absent).await.is_err());
        assert_eq!(keys(&*store, all()).await.len(), left);
    }
}

#[tokio::test]
async fn a_store_is_worked_with_by_one_at_a_time_among_those_who_ask() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.db");
    let open = || SqliteStore::open(&file).unwrap().shared();
    let memory = SqliteStore::in_memory().unwrap().shared();
    // Two connections to one file are as two processes are; what is in memory is shared within one.
    for (one, other) in [(open(), open()), (Arc::clone(&memory), memory)] {
        let claimed: Arc<dyn Store> = Arc::new(Claimed::new(one).unwrap());
        let records = Records::<u64>::new(Arc::clone(&claimed), "job");
        let dying = Arc::new(CrashAt::new(Arc::clone(&other), 9, Moment::Before));
        for refused in [other.claim(), dying.claim(), claimed.claim()] {
            assert!(matches!(refused, Err(StoreError::Claimed { .. })), "{refused:?}");
        }
        drop(claimed);
        assert!(other.claim().is_err(), "somebody can still write");
        records.create("a", &1).await.unwrap();
        drop(records);
        drop(dying.claim().unwrap());
        assert_eq!(other.get("job", "a").await.unwrap().unwrap().value, "1");
    }
}
