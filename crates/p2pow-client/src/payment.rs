//! [`Payment`]: orders, and by what they are known to be the same payment as one before.

use crate::{Order, OrderKey};

/// Orders to be carried out as one payment, in one chain of blocks.
///
/// Without a key, equal orders are the same payment as long as the one before is not done, or was not
/// [acknowledged](crate::Sender::acknowledge).
#[derive(Debug, Clone, Copy)]
pub struct Payment<'a> {
    pub(crate) orders: &'a [Order],
    pub(crate) key: Option<&'a OrderKey>,
    pub(crate) is_another: bool,
    pub(crate) is_cautious: bool,
    pub(crate) is_replacement: bool,
    pub(crate) is_told: bool,
}

impl<'a> Payment<'a> {
    /// The payment of these orders.
    #[must_use]
    pub const fn of(orders: &'a [Order]) -> Self {
        Self {
            orders,
            key: None,
            is_another: false,
            is_cautious: false,
            is_replacement: false,
            is_told: false,
        }
    }

    /// The payment of this key: the same key is the same payment for ever.
    #[must_use]
    pub const fn with_key(self, key: &'a OrderKey) -> Self {
        Self { key: Some(key), ..self }
    }

    /// Without a key: another payment, even if an equal one is not done.
    #[must_use]
    pub const fn another(self) -> Self {
        Self { is_another: true, ..self }
    }

    /// Without a key: the same payment also if an equal one was done and acknowledged, as long as nothing else has
    /// happened on the account since.
    #[must_use]
    pub const fn cautious(self) -> Self {
        Self { is_cautious: true, ..self }
    }

    /// If another payment that is not decided has signed blocks in this one's place: signs others in their place. Which
    /// of the two is confirmed is for the ledger to decide; it is never both, and if it is the one that was there before,
    /// this one is not made.
    #[must_use]
    pub const fn replacing(self) -> Self {
        Self { is_replacement: true, ..self }
    }

    /// Without a key: whoever ordered it learns of its end by this very call, so that it is
    /// [acknowledged](crate::Sender::acknowledge) before the account's next payment begins. Equal orders that wait behind
    /// it are another payment then.
    #[must_use]
    pub const fn acknowledged(self) -> Self {
        Self { is_told: true, ..self }
    }
}
