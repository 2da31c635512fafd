//! [`Term`]: a holder's time with an account, where several processes hold it one after the other.
//!
//! A later term shuts out the earlier ones: its holder writes it into the account's list of open deals, and then into
//! each deal on it, before it does anything else. Signatures leave only after a write of the deal that they belong to,
//! and a new deal is signed only after it is on the list. Both are compare-and-set, and both refuse who finds a later
//! term there. So from that moment on nothing leaves any more that is signed in an earlier term.

use p2pow_store::StoreError;
use serde::{Deserialize, Serialize};

/// The number of a holder's time with an account; 0 where nobody holds it, which is earlier than any term.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Term(u64);

/// A record that may say in which term it was written.
pub(crate) trait Termed {
    /// The place of the term, if it has one.
    fn term(&mut self) -> Option<&mut Term> {
        None
    }
}

impl Term {
    pub(crate) const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Whether nobody holds the account.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
    pub(crate) const fn is_none(&self) -> bool {
        self.0 == 0
    }

    /// Has a record be of this term, unless it is of a later one.
    pub(crate) fn sign_in(self, key: &str, record: &mut impl Termed) -> Result<(), StoreError> {
        let Some(term) = record.term() else { return Ok(()) };
        if *term > self {
            let key = key.to_owned();
            return Err(StoreError::Superseded { key, found: term.0, mine: self.0 });
        }
        *term = self;
        Ok(())
    }
}
