//! What every [`Store`] has to do, as checks that a store's tests run.
//!
//! A journal over another store is right only if all of this holds there too.

use crate::{Expect, MAX_VALUE_BYTES, Page, Record, Revision, Store, StoreError};
use std::{collections::BTreeSet, future::poll_fn, pin::pin, task::Poll};

/// What a store did that it must not.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Breach {
    /// A call failed that has to succeed.
    #[error("a call failed")]
    Failed(#[from] StoreError),
    /// It did something else than it has to.
    #[error("{rule}: found {found}")]
    Broken {
        /// What it has to do.
        rule: &'static str,
        /// What it did.
        found: String,
    },
}

/// Holds an empty store against all that a store has to do. Both values are of the same store: they may be two
/// connections to it.
///
/// # Errors
/// The first rule that it breaks.
pub async fn check(one: &dyn Store, other: &dyn Store) -> Result<(), Breach> {
    revisions(one, other).await?;
    removed(one, other).await?;
    pages(one, other).await?;
    names(one).await?;
    race(one, other).await
}

fn broken(rule: &'static str, found: impl std::fmt::Debug) -> Breach {
    Breach::Broken { rule, found: format!("{found:?}") }
}

fn hold(holds: bool, rule: &'static str, found: impl std::fmt::Debug) -> Result<(), Breach> {
    if holds { Ok(()) } else { Err(broken(rule, found)) }
}

/// The conflict that a call has to end with.
fn conflict<T: std::fmt::Debug>(
    rule: &'static str,
    result: Result<T, StoreError>,
    belief: (Option<Revision>, Option<Revision>),
) -> Result<(), Breach> {
    match &result {
        Err(StoreError::Conflict { found, wanted, .. }) if (*found, *wanted) == belief => Ok(()),
        _ => Err(broken(rule, result)),
    }
}

async fn revisions(one: &dyn Store, other: &dyn Store) -> Result<(), Breach> {
    let none = one.get("contract", "a").await?;
    hold(none.is_none(), "a record that was never written is not there", none)?;
    let first = one.put("contract", "a", "1".into(), Expect::Absent).await?;
    let again = other.put("contract", "a", "2".into(), Expect::Absent).await;
    conflict("a record is made once", again, (Some(first), None))?;
    let second = other.put("contract", "a", "2".into(), Expect::At(first)).await?;
    hold(second > first, "a revision is greater than those before", (first, second))?;
    let late = one.put("contract", "a", "3".into(), Expect::At(first)).await;
    conflict("nobody replaces what he does not know", late, (Some(second), Some(first)))?;
    let late = one.remove("contract", "a", first).await;
    conflict("nobody removes what he does not know", late, (Some(second), Some(first)))?;
    let found = one.get("contract", "a").await?;
    let wanted = Record { key: "a".to_owned(), revision: second, value: "2".to_owned() };
    hold(found.as_ref() == Some(&wanted), "what was written last is there", &found)?;
    let third = one.note("contract", "a", "3".into(), Expect::At(second)).await?;
    let late = other.note("contract", "a", "4".into(), Expect::At(second)).await;
    conflict("a note is a write like others", late, (Some(third), Some(second)))
}

async fn removed(one: &dyn Store, other: &dyn Store) -> Result<(), Breach> {
    let old = one.put("contract", "b", "1".into(), Expect::Absent).await?;
    other.remove("contract", "b", old).await?;
    let gone = one.get("contract", "b").await?;
    hold(gone.is_none(), "a record that was removed is not there", gone)?;
    let late = one.put("contract", "b", "2".into(), Expect::At(old)).await;
    conflict("what was removed has no revision", late, (None, Some(old)))?;
    let late = one.remove("contract", "b", old).await;
    conflict("what was removed is not removed again", late, (None, Some(old)))?;
    let new = one.put("contract", "b", "3".into(), Expect::Absent).await?;
    hold(new > old, "a record that is made again has none of its old revisions", (old, new))?;
    let again = other.put("contract", "b", "4".into(), Expect::Absent).await;
    conflict("what was made again is made once", again, (Some(new), None))
}

async fn pages(one: &dyn Store, other: &dyn Store) -> Result<(), Breach> {
    for key in ["b.2", "b.1", "a.1", "b.3", "b", "c", "b/=_-", ".", "a..b"] {
        one.put("page", key, "0".into(), Expect::Absent).await?;
    }
    let gone = one.put("page", "b.15", "0".into(), Expect::Absent).await?;
    one.remove("page", "b.15", gone).await?;
    one.put("page.other", "b.0", "0".into(), Expect::Absent).await?;
    let all = Page { prefix: "", after: None, limit: 100 };
    let wanted = [
        (all, &[".", "a..b", "a.1", "b", "b.1", "b.2", "b.3", "b/=_-", "c"][..]),
        (Page { prefix: "b.", ..all }, &["b.1", "b.2", "b.3"]),
        (Page { prefix: "b.", after: Some("b.1"), limit: 1 }, &["b.2"]),
        (Page { after: Some("b.15"), limit: 2, ..all }, &["b.2", "b.3"]),
        (Page { prefix: "d", ..all }, &[]),
        (Page { limit: 0, ..all }, &[]),
    ];
    for (page, wanted) in wanted {
        let found = other.list("page", page).await?;
        let keys: Vec<&str> = found.iter().map(|record| record.key.as_str()).collect();
        hold(keys == wanted, "a page has the keys behind another in order", keys)?;
    }
    Ok(())
}

async fn names(store: &dyn Store) -> Result<(), Breach> {
    for name in ["", "a b", "ä", "a\0", "*", ">", &"a".repeat(513)] {
        let put = store.put("contract", name, "1".into(), Expect::Absent).await;
        let is_refused = matches!(put, Err(StoreError::Name { .. }));
        hold(is_refused, "a name that not every store has is refused", (name, put))?;
        let got = store.get(name, "a").await;
        hold(matches!(got, Err(StoreError::Name { .. })), "so is such a bucket", (name, got))?;
    }
    let long = "=.".repeat(256);
    let revision = store.put("contract", &long, "1".into(), Expect::Absent).await?;
    store.remove("contract", &long, revision).await?;
    let large = format!("\"{}\"", "a".repeat(MAX_VALUE_BYTES));
    let put = store.put("contract", "c", large, Expect::Absent).await;
    hold(matches!(put, Err(StoreError::TooLarge { .. })), "a value too large is refused", put)
}

/// Of many who write at the same time one does each time: nothing is lost, nothing is done twice.
async fn race(one: &dyn Store, other: &dyn Store) -> Result<(), Breach> {
    let mut revision = one.put("race", "a", "0".into(), Expect::Absent).await?;
    let mut seen = BTreeSet::from([revision]);
    for round in 0..20 {
        let value = |who: &str| format!("\"{who} {round}\"");
        let (one, other) = both(
            one.put("race", "a", value("one"), Expect::At(revision)),
            other.put("race", "a", value("other"), Expect::At(revision)),
        )
        .await;
        let results = [one, other];
        let mut written = results.iter().filter_map(|result| result.as_ref().ok());
        let (first, second) = (written.next().copied(), written.next());
        let Some(new) = first.filter(|_| second.is_none()) else {
            return Err(broken("of two who replace the same state one does", results));
        };
        let lost = results.into_iter().find_map(Result::err);
        let is_told = lost.as_ref().is_some_and(StoreError::is_conflict);
        hold(is_told, "and the other is told", lost)?;
        hold(seen.insert(new), "no state has the revision of another", new)?;
        revision = new;
    }
    Ok(())
}

/// What two futures come to, both on their way at the same time.
async fn both<T>(one: impl Future<Output = T>, other: impl Future<Output = T>) -> (T, T) {
    let mut one = pin!(one);
    let mut other = pin!(other);
    let (mut first, mut second) = (None, None);
    poll_fn(|context| {
        if first.is_none()
            && let Poll::Ready(done) = one.as_mut().poll(context)
        {
            first = Some(done);
        }
        if second.is_none()
            && let Poll::Ready(done) = other.as_mut().poll(context)
        {
            second = Some(done);
        }
        match (first.take(), second.take()) {
            (Some(first), Some(second)) => Poll::Ready((first, second)),
            (unfinished, other) => {
                (first, second) = (unfinished, other);
                Poll::Pending
            }
        }
    })
    .await
}
