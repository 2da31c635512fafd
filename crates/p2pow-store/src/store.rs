//! [`Store`]: what every store of records can do.

use crate::{
    Change, Claim, Expect, MAX_KEY_BYTES, MAX_VALUE_BYTES, Note, Page, Record, Revision, StoreError,
};
use std::{fmt, pin::Pin, sync::Arc};

/// What the calls of a [`Store`] return.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Durable JSON records by bucket and key, each written by compare-and-set.
///
/// Buckets and keys are 1 to [`MAX_KEY_BYTES`] ASCII letters, digits and `-_=./`, which is what every store can name.
/// What else is to be part of a key is put into hexadecimal digits or hashed by the caller.
pub trait Store: fmt::Debug + Send + Sync {
    /// The record of a key, if there is one.
    fn get<'a>(
        &'a self,
        bucket: &'a str,
        key: &'a str,
    ) -> BoxFuture<'a, Result<Option<Record>, StoreError>>;

    /// Writes `value`, a JSON text, if the record is as expected. It is durable when this is answered; dropping the
    /// future does not undo a write that has begun.
    fn put<'a>(
        &'a self,
        bucket: &'a str,
        key: &'a str,
        value: String,
        expect: Expect,
    ) -> BoxFuture<'a, Result<Revision, StoreError>>;

    /// The same, but when this is answered the write survives the end of the process only, not of the power: for what
    /// can be found out again. The next [`put`](Self::put) to the store makes it durable too. A store without such a
    /// difference just puts.
    fn note<'a>(
        &'a self,
        bucket: &'a str,
        key: &'a str,
        value: String,
        expect: Expect,
    ) -> BoxFuture<'a, Result<Revision, StoreError>> {
        self.put(bucket, key, value, expect)
    }

    /// Notes several records, or removes them, one after the other, until one fails: the answers of those that were tried,
    /// of which only the last can be an error. A process that dies in the middle may leave the first ones written, never a
    /// later one without those before it. A store may do it in one step. The answer for a record that was removed is the
    /// revision that it had.
    fn note_all<'a>(
        &'a self,
        notes: Vec<Note>,
    ) -> BoxFuture<'a, Vec<Result<Revision, StoreError>>> {
        in_turn(self, notes)
    }

    /// Removes the record, if it is still as it was at `revision`.
    fn remove<'a>(
        &'a self,
        bucket: &'a str,
        key: &'a str,
        revision: Revision,
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// A part of the bucket's records.
    fn list<'a>(
        &'a self,
        bucket: &'a str,
        page: Page<'a>,
    ) -> BoxFuture<'a, Result<Vec<Record>, StoreError>>;

    /// Takes the sole right to work with the store. It is a matter among those who claim it: others read and write all the
    /// same.
    ///
    /// # Errors
    /// Somebody has it, in this process or another one ([`StoreError::Claimed`]), or it is a store that cannot be claimed,
    /// as it is unless it says otherwise.
    fn claim(&self) -> Result<Claim, StoreError> {
        Err(StoreError::Unclaimable)
    }
}

/// Makes notes one by one until one fails.
pub(crate) fn in_turn<S: Store + ?Sized>(
    store: &S,
    notes: Vec<Note>,
) -> BoxFuture<'_, Vec<Result<Revision, StoreError>>> {
    Box::pin(async move {
        let mut answers = Vec::with_capacity(notes.len());
        for Note { bucket, key, change } in notes {
            let answer = match change {
                Change::Write(value, expect) => store.note(bucket, &key, value, expect).await,
                Change::Remove(last) => store.remove(bucket, &key, last).await.map(|()| last),
            };
            let is_over = answer.is_err();
            answers.push(answer);
            if is_over {
                break;
            }
        }
        answers
    })
}

impl<S: Store + ?Sized> Store for Arc<S> {
    fn get<'a>(
        &'a self,
        bucket: &'a str,
        key: &'a str,
    ) -> BoxFuture<'a, Result<Option<Record>, StoreError>> {
        (**self).get(bucket, key)
    }

    fn put<'a>(
        &'a self,
        bucket: &'a str,
        key: &'a str,
        value: String,
        expect: Expect,
    ) -> BoxFuture<'a, Result<Revision, StoreError>> {
        (**self).put(bucket, key, value, expect)
    }

    fn note<'a>(
        &'a self,
        bucket: &'a str,
        key: &'a str,
        value: String,
        expect: Expect,
    ) -> BoxFuture<'a, Result<Revision, StoreError>> {
        (**self).note(bucket, key, value, expect)
    }

    fn note_all<'a>(
        &'a self,
        notes: Vec<Note>,
    ) -> BoxFuture<'a, Vec<Result<Revision, StoreError>>> {
        (**self).note_all(notes)
    }

    fn remove<'a>(
        &'a self,
        bucket: &'a str,
        key: &'a str,
        revision: Revision,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        (**self).remove(bucket, key, revision)
    }

    fn list<'a>(
        &'a self,
        bucket: &'a str,
        page: Page<'a>,
    ) -> BoxFuture<'a, Result<Vec<Record>, StoreError>> {
        (**self).list(bucket, page)
    }

    fn claim(&self) -> Result<Claim, StoreError> {
        (**self).claim()
    }
}

/// Checks a bucket's or record's name, as every [`Store`] does before it uses one.
///
/// # Errors
/// Not every store can name it.
pub fn check_name(name: &str) -> Result<(), StoreError> {
    let is_good = |byte: u8| byte.is_ascii_alphanumeric() || b"-_=./".contains(&byte);
    if name.is_empty() || name.len() > MAX_KEY_BYTES || !name.bytes().all(is_good) {
        return Err(StoreError::Name { name: name.escape_debug().take(64).collect() });
    }
    Ok(())
}

/// Checks a value before it is written, as every [`Store`] does.
///
/// # Errors
/// It is too large for one piece.
pub fn check_value(key: &str, value: &str) -> Result<(), StoreError> {
    if value.len() > MAX_VALUE_BYTES {
        return Err(StoreError::TooLarge { key: key.to_owned(), bytes: value.len() });
    }
    Ok(())
}
