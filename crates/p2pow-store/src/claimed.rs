//! [`Claimed`]: a store whose claim lasts as long as anybody has it.

use crate::{Around, BoxFuture, Call, Claim, Store, StoreError};
use std::sync::Arc;

/// A store that nobody else has claimed, as long as anybody has this.
#[derive(Debug)]
pub struct Claimed {
    store: Arc<dyn Store>,
    _claim: Claim,
}

impl Claimed {
    /// Claims the store.
    ///
    /// # Errors
    /// Somebody else has, or it is a store that cannot be claimed.
    pub fn new(store: Arc<dyn Store>) -> Result<Self, StoreError> {
        let claim = store.claim()?;
        Ok(Self { store, _claim: claim })
    }
}

impl Around for Claimed {
    fn store(&self) -> &dyn Store {
        &*self.store
    }

    fn call<'a, T: Send + 'a>(
        &'a self,
        _: Call<'a>,
        answer: BoxFuture<'a, Result<T, StoreError>>,
    ) -> BoxFuture<'a, Result<T, StoreError>> {
        answer
    }
}
