//! Makes a key-value bucket where there is none, and waits for a cluster that cannot do that yet.

use async_nats::jetstream::{
    Context, ErrorCode,
    context::{CreateStreamError, CreateStreamErrorKind},
    stream::{self, DiscardPolicy, StorageType},
};
use std::{error::Error, sync::Arc, time::Duration};

/// Why an attempt failed. It may be done or not.
pub(super) type Cause = Arc<dyn Error + Send + Sync>;

/// What a cluster says that has no leader yet, or not all of its servers.
const NOT_YET: [ErrorCode; 7] = [
    ErrorCode::CLUSTER_NOT_AVAILABLE,
    ErrorCode::CLUSTER_NOT_ACTIVE,
    ErrorCode::CLUSTER_NOT_LEADER,
    ErrorCode::CLUSTER_INCOMPLETE,
    ErrorCode::CLUSTER_NO_PEERS,
    ErrorCode::INSUFFICIENT_RESOURCES,
    // Somebody else has made it since we looked.
    ErrorCode::STREAM_NAME_EXIST,
];

/// A bucket that is to be there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket<'a> {
    pub(super) name: &'a str,
    /// How many servers are to keep it.
    pub(super) replicas: usize,
    /// How long they remember the numbers of writes.
    pub(super) duplicates: Duration,
}

impl Bucket<'_> {
    /// Makes the bucket, if it is not there, and says how many servers keep it. An error that another attempt does not
    /// mend is the inner one.
    pub(super) async fn make(self, context: &Context) -> Result<Result<usize, Cause>, Cause> {
        if let Ok(stream) = context.get_stream(format!("KV_{}", self.name)).await {
            return Ok(Ok(stream.cached_info().config.num_replicas));
        }
        // Somebody else may make it at the same time; the same bucket twice is no error.
        match context.create_stream(self.config()).await {
            Ok(_) => Ok(Ok(self.replicas)),
            Err(error) if may_pass(&error) => Err(Arc::new(error)),
            Err(error) => Ok(Err(Arc::new(error))),
        }
    }

    /// As a key-value bucket is laid out: `nats kv` shows and edits it.
    fn config(self) -> stream::Config {
        stream::Config {
            name: format!("KV_{}", self.name),
            description: Some("records of P2PoW".to_owned()),
            subjects: vec![format!("$KV.{}.>", self.name)],
            max_messages_per_subject: 1,
            discard: DiscardPolicy::New,
            storage: StorageType::File,
            num_replicas: self.replicas,
            duplicate_window: self.duplicates,
            allow_rollup: true,
            deny_delete: true,
            ..stream::Config::default()
        }
    }
}

/// Whether a cluster says it that is about to be whole.
fn may_pass(error: &CreateStreamError) -> bool {
    match error.kind() {
        CreateStreamErrorKind::TimedOut | CreateStreamErrorKind::Response => true,
        CreateStreamErrorKind::JetStream(error) => NOT_YET.contains(&error.error_code()),
        _ => false,
    }
}
