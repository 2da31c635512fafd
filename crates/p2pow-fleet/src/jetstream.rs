//! [`JetStreamStore`]: records in the brokers of a cluster, in a key-value bucket of JetStream.

mod bucket;
mod key;
mod retry;

use crate::{Broker, BrokerError, Name, broker::Link};
use async_nats::jetstream::{
    self, Context,
    context::PublishErrorKind,
    message::PublishMessage,
    stream::{InfoError, LastRawMessageError, LastRawMessageErrorKind, Stream},
};
use bucket::{Bucket, Cause};
use futures_util::{StreamExt, TryStreamExt};
use p2pow_store::{
    BoxFuture, Expect, MAX_VALUE_BYTES, Page, Record, Revision, Store, StoreError, check_name,
    check_value,
};
use retry::{PATIENCE, Patience, patiently};
use std::{fmt, sync::Arc, time::Duration};

/// How long one attempt may take.
const ATTEMPT: Duration = Duration::from_secs(2);
/// How long the servers remember the numbers of writes: longer than one is tried.
const DUPLICATES: Duration = Duration::from_secs(120);
/// Bytes of a message that are not the record's value.
const HEADERS: usize = 4096;
/// Records that are fetched at the same time.
const TOGETHER: usize = 32;
/// The header that says what a message of a bucket does, and its value where a record was removed.
const OPERATION: &str = "KV-Operation";
const REMOVED: &str = "DEL";

/// Records in a key-value bucket of JetStream, which the servers of a cluster keep together.
///
/// A write is answered when most of the bucket's servers have it. Each has it in a file then, but need not have flushed
/// it: it survives the end of any process, and of the power of fewer than half of the machines. One server alone is
/// therefore less than a file of SQLite; money wants three.
///
/// Every call is tried again for 60 s while the broker is away or the cluster has no leader. A write that is tried again
/// is done once: it has a number, which the servers remember for two minutes.
pub struct JetStreamStore {
    context: Context,
    stream: Stream<()>,
    bucket: String,
    place: String,
    patience: Patience,
    /// Keeps the connection.
    link: Link,
}

/// The servers of a bucket have not agreed on who leads it.
#[derive(Debug, thiserror::Error)]
#[error("the bucket has no leader now")]
struct Leaderless;

/// The server that answered has less than is known to have been written.
#[derive(Debug, thiserror::Error)]
#[error("the server is behind the others of its cluster")]
struct Behind;

impl fmt::Debug for JetStreamStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JetStreamStore").field("place", &self.place).finish_non_exhaustive()
    }
}

impl JetStreamStore {
    /// Opens the bucket `name`, or makes it, on so many servers of the cluster: 1, 3 or 5.
    ///
    /// Waits for up to 60 s for a cluster that has not found itself yet.
    ///
    /// # Errors
    /// The broker is away or refuses the credentials, has no JetStream or too few servers of it, or the bucket is kept
    /// by fewer servers than `replicas`.
    pub async fn open(broker: &Broker, name: &Name, replicas: usize) -> Result<Self, BrokerError> {
        let link = broker.connect(&Name::random("store")).await?;
        let (found, wanted) = (link.client.max_payload(), MAX_VALUE_BYTES + HEADERS);
        if found < wanted {
            return Err(BrokerError::Payload { broker: link.broker().to_owned(), found, wanted });
        }
        let context =
            jetstream::context::ContextBuilder::new().timeout(ATTEMPT).ack_timeout(ATTEMPT);
        let context = context.backpressure_on_inflight(true).build(link.client.clone());
        let bucket = name.as_str().to_owned();
        let unknown = |source: Cause| BrokerError::Bucket {
            broker: link.broker().to_owned(),
            bucket: bucket.clone(),
            replicas,
            source,
        };
        let wanted = Bucket { name: &bucket, replicas, duplicates: DUPLICATES };
        let made = patiently(PATIENCE, || wanted.make(&context)).await.flatten();
        let found = made.map_err(unknown)?;
        if found < replicas {
            return Err(BrokerError::Replicas { bucket, found, wanted: replicas });
        }
        let stream = context.get_stream_no_info(format!("KV_{bucket}")).await;
        let stream = stream.map_err(|error| unknown(Arc::new(error)))?;
        let place = format!("{} (bucket {bucket})", link.broker());
        let patience = Patience::new(PATIENCE);
        Ok(Self { context, stream, bucket, place, patience, link })
    }

    /// The same with another time for which a call is tried again, 100 s at most.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience: Patience::new(patience), ..self }
    }

    /// The same as a value that journals share.
    #[must_use]
    pub fn shared(self) -> Arc<dyn Store> {
        Arc::new(self)
    }

    /// Whether the broker is connected now.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.link.is_up()
    }

    fn subject(&self, bucket: &str, key: &str) -> String {
        format!("$KV.{}.{}.{}", self.bucket, key::encode(bucket), key::encode(key))
    }

    /// Asks until there is an answer, or for as long as this store has patience.
    async fn read<T, F>(&self, key: &str, attempt: impl FnMut() -> F) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, Cause>>,
    {
        let unread = |source| {
            let (place, key) = (self.place.clone(), key.to_owned());
            StoreError::Unread { place, key, source }
        };
        self.patience.with(&self.link, attempt).await.map_err(unread)
    }

    /// The last message of a record, and whether the record is there.
    async fn last(&self, subject: &str, key: &str) -> Result<Option<(Record, bool)>, StoreError> {
        let attempt = || async {
            match self.stream.get_last_raw_message_by_subject(subject).await {
                Ok(message) => {
                    let operation = message.headers.get(OPERATION).map(|value| value.as_str());
                    let is_there = operation.is_none_or(|operation| operation == "PUT");
                    let value = String::from_utf8_lossy(&message.payload).into_owned();
                    let revision = Revision::from_number(message.sequence);
                    Ok(Some((Record { key: key.to_owned(), revision, value }, is_there)))
                }
                Err(error) if is_absent(&error) => Ok(None),
                Err(error) => Err(Arc::new(error) as Cause),
            }
        };
        self.read(key, attempt).await
    }

    async fn find(&self, bucket: &str, key: &str) -> Result<Option<Record>, StoreError> {
        let last = self.last(&self.subject(bucket, key), key).await?;
        Ok(last.and_then(|(record, is_there)| is_there.then_some(record)))
    }

    /// Writes where the last message of the record has this number, or there is none if it is 0. `None` if it has not.
    async fn publish(&self, write: &Write<'_>, after: u64) -> Result<Option<Revision>, StoreError> {
        // The same in each attempt: servers that have done it already say so.
        let number = format!("{:016x}", getrandom::u64().expect("the system has random numbers"));
        let attempt = || self.attempt(write, after, &number);
        self.patience.with(&self.link, attempt).await.map_err(|source| {
            let (place, key) = (self.place.clone(), write.key.to_owned());
            StoreError::Remote { place, key, source }
        })
    }

    async fn attempt(
        &self,
        write: &Write<'_>,
        after: u64,
        number: &str,
    ) -> Result<Option<Revision>, Cause> {
        let mut message = PublishMessage::build()
            .payload(write.value.clone())
            .message_id(number)
            .expected_last_subject_sequence(after);
        if write.removes {
            message = message.header(OPERATION, REMOVED);
        }
        let sent = async { self.context.send_publish(write.subject.clone(), message).await?.await };
        match sent.await {
            Ok(answer) => Ok(Some(Revision::from_number(answer.sequence))),
            Err(error) if error.kind() == PublishErrorKind::WrongLastSequence => {
                self.has_come_past(&write.subject, after).await.map(|()| None)
            }
            Err(error) => Err(Arc::new(error)),
        }
    }

    /// Makes sure that the refusal of a write over the message of this number is the cluster's. A server that was cut off
    /// from the others refuses by what it had until then, as long as it thinks that it leads: some 10 s.
    async fn has_come_past(&self, subject: &str, number: u64) -> Result<(), Cause> {
        let has = match self.stream.get_last_raw_message_by_subject(subject).await {
            // A smaller number is older than what the writer has seen; with the same one the refusal was wrong.
            Ok(last) => last.sequence > number,
            // It was removed, if the bucket has come so far.
            Err(error) if is_absent(&error) => {
                let info = self.stream.get_info().await.map_err(unheard)?;
                info.state.last_sequence >= number
            }
            Err(error) => return Err(Arc::new(error)),
        };
        if has { Ok(()) } else { Err(Arc::new(Behind)) }
    }

    /// Who expected something else is told what is there.
    async fn conflict(&self, write: &Write<'_>, wanted: Option<Revision>) -> StoreError {
        match self.last(&write.subject, write.key).await {
            Ok(last) => {
                let found = last.and_then(|(record, is_there)| is_there.then_some(record.revision));
                StoreError::Conflict { key: write.key.to_owned(), found, wanted }
            }
            Err(error) => error,
        }
    }

    async fn write(&self, write: Write<'_>, expect: Expect) -> Result<Revision, StoreError> {
        if let Expect::At(revision) = expect {
            return match self.publish(&write, revision.to_number()).await? {
                Some(revision) => Ok(revision),
                None => Err(self.conflict(&write, Some(revision)).await),
            };
        }
        let mut after = 0;
        loop {
            if let Some(revision) = self.publish(&write, after).await? {
                return Ok(revision);
            }
            // A record that was removed leaves a message for a while, which the new one replaces.
            after = match self.last(&write.subject, write.key).await? {
                Some((_, true)) => return Err(self.conflict(&write, None).await),
                Some((removed, false)) => removed.revision.to_number(),
                None => 0,
            };
        }
    }

    /// Takes away what a removed record has left, so that the bucket does not grow with every record that ever was. What
    /// is written meanwhile has a greater number, and stays.
    fn sweep(&self, subject: String, removed: Revision) {
        let swept = self.stream.purge().sequence(removed.to_number() + 1).filter(subject);
        tokio::spawn(async move {
            if let Err(error) = swept.await {
                tracing::debug!(%error, "what a removed record has left stays");
            }
        });
    }

    /// The keys of a bucket, those of removed records too.
    async fn keys(&self, bucket: &str) -> Result<Vec<String>, StoreError> {
        let prefix = self.subject(bucket, "");
        let attempt = || async {
            let subjects = self.stream.info_with_subjects(format!("{prefix}*")).await;
            let subjects = subjects.map_err(unheard)?;
            // Where there is no leader any server answers, with what it happens to have.
            if subjects.info.cluster.as_ref().is_some_and(|cluster| cluster.leader.is_none()) {
                return Err(Arc::new(Leaderless) as Cause);
            }
            let keys = subjects.map_ok(|(subject, _)| key::decode(subject.strip_prefix(&prefix)?));
            let keys = keys.try_filter_map(async |key| Ok(key));
            keys.try_collect::<Vec<String>>().await.map_err(unheard)
        };
        let mut keys = self.read(&format!("{bucket}/*"), attempt).await?;
        keys.sort_unstable();
        Ok(keys)
    }
}

/// A message to a bucket.
struct Write<'a> {
    subject: String,
    key: &'a str,
    value: bytes::Bytes,
    removes: bool,
}

fn unheard(error: InfoError) -> Cause {
    Arc::new(error)
}

fn is_absent(error: &LastRawMessageError) -> bool {
    matches!(error.kind(), LastRawMessageErrorKind::NoMessageFound)
}

impl Store for JetStreamStore {
    fn get<'a>(
        &'a self,
        bucket: &'a str,
        key: &'a str,
    ) -> BoxFuture<'a, Result<Option<Record>, StoreError>> {
        Box::pin(async move {
            check_name(bucket)?;
            check_name(key)?;
            self.find(bucket, key).await
        })
    }

    fn put<'a>(
        &'a self,
        bucket: &'a str,
        key: &'a str,
        value: String,
        expect: Expect,
    ) -> BoxFuture<'a, Result<Revision, StoreError>> {
        Box::pin(async move {
            check_name(bucket)?;
            check_name(key)?;
            check_value(key, &value)?;
            let subject = self.subject(bucket, key);
            self.write(Write { subject, key, value: value.into(), removes: false }, expect).await
        })
    }

    fn remove<'a>(
        &'a self,
        bucket: &'a str,
        key: &'a str,
        revision: Revision,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            check_name(bucket)?;
            check_name(key)?;
            let (subject, value) = (self.subject(bucket, key), bytes::Bytes::new());
            let write = Write { subject: subject.clone(), key, value, removes: true };
            let removed = self.write(write, Expect::At(revision)).await?;
            self.sweep(subject, removed);
            Ok(())
        })
    }

    fn list<'a>(
        &'a self,
        bucket: &'a str,
        page: Page<'a>,
    ) -> BoxFuture<'a, Result<Vec<Record>, StoreError>> {
        Box::pin(async move {
            check_name(bucket)?;
            let keys = self.keys(bucket).await?.into_iter();
            let is_in = |key: &String| {
                key.starts_with(page.prefix) && page.after.is_none_or(|after| key.as_str() > after)
            };
            let found = futures_util::stream::iter(keys.filter(is_in))
                .map(async |key| self.find(bucket, &key).await)
                .buffered(TOGETHER)
                .try_filter_map(async |record| Ok(record));
            found.take(page.limit).try_collect().await
        })
    }
}
