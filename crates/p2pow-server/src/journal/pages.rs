//! [`Pages`]: where the jobs are written, and whether that goes well.

use super::record::{EndedJob, OpenJob, Owner};
use p2pow_store::{Records, Store, StoreError};
use std::sync::Arc;
use tokio::sync::watch;
use tracing::{error, info};

/// The bucket of the books.
pub(crate) const ENDED: &str = "worker-ended";
const OPEN: &str = "worker-open";

/// The records of the jobs. Clones share them.
#[derive(Debug, Clone)]
pub(super) struct Pages {
    pub(super) open: Records<OpenJob>,
    pub(super) ended: Records<EndedJob>,
    pub(super) owner: Owner,
    /// Why the last write failed, if it did.
    trouble: Arc<watch::Sender<Option<String>>>,
}

impl Pages {
    pub(super) fn new(store: &Arc<dyn Store>) -> Self {
        Self {
            open: Records::new(Arc::clone(store), OPEN),
            ended: Records::new(Arc::clone(store), ENDED),
            owner: Owner::new(),
            trouble: Arc::new(watch::Sender::new(None)),
        }
    }

    /// Why nothing can be written, if that is so.
    pub(super) fn trouble(&self) -> Option<String> {
        self.trouble.borrow().clone()
    }

    /// Hears how a write went, and tells the operator where that changes.
    pub(super) fn hear(&self, failure: Option<&StoreError>) {
        let trouble = failure.filter(|error| !error.is_conflict()).map(ToString::to_string);
        self.trouble.send_if_modified(|known| {
            let changes = *known != trouble;
            match &trouble {
                Some(error) if changes => {
                    error!(%error, "the journal cannot be written, so no more jobs are taken");
                }
                None if changes => info!("the journal is written again"),
                _ => {}
            }
            known.clone_from(&trouble);
            changes
        });
    }
}
