//! [`Policy`]: what a signer signs, as far as a block and the one below it tell.

use crate::{Kind, Refusal};
use nano_block::Subtype;
use nano_primitives::{Account, Amount};
use p2pow_client::{Meaning, SigningRequest};
use p2pow_protocol::fees;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a signer signs. Amounts in raw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Policy {
    /// The most that one block sends.
    pub max_amount: Amount,
    /// The most that leaves in 24 hours, fees included, from all accounts together.
    pub max_per_day: Amount,
    /// The most to pay for the work of one send; a job of several blocks costs more, a receive less.
    pub max_fee: Amount,
    /// Who may get money; anybody, if this is empty. Workers need not be in it: fees have their own limit.
    pub destinations: BTreeSet<Account>,
    /// What is signed at all.
    pub kinds: BTreeSet<Kind>,
    /// Rewards on top of one block, at most: one for each worker that is hired for it, of which one is paid.
    pub max_rewards: usize,
}

impl Default for Policy {
    /// 1 XNO a block, 10 XNO a day, 0.001 XNO for the work of a send, to anybody.
    fn default() -> Self {
        let xno = |text| Amount::from_xno(text).expect("a small amount");
        Self {
            max_amount: xno("1"),
            max_per_day: xno("10"),
            max_fee: xno("0.001"),
            destinations: BTreeSet::new(),
            kinds: Kind::ALL.into_iter().collect(),
            max_rewards: 16,
        }
    }
}

/// The works of consecutive user blocks, for which one reward may pay.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Works {
    /// Sends and changes.
    heavy: usize,
    /// Receives and opens.
    light: usize,
}

impl Works {
    /// More blocks than this are not paid for together.
    const MOST: usize = 1000;

    /// These and the work of one more block. Beyond the most, the block begins anew.
    pub(crate) const fn and(self, meaning: &Meaning) -> Self {
        let Self { heavy, light } =
            if self.heavy + self.light < Self::MOST { self } else { Self { heavy: 0, light: 0 } };
        match meaning {
            Meaning::Receive { .. } | Meaning::Open { .. } => Self { heavy, light: light + 1 },
            _ => Self { heavy: heavy + 1, light },
        }
    }

    /// What they and the reward's own work cost where a send costs `fee`.
    fn price(self, fee: Amount) -> Amount {
        let heavy = std::iter::repeat_n(Subtype::Send, self.heavy);
        let works: Vec<_> =
            heavy.chain(std::iter::repeat_n(Subtype::Receive, self.light)).collect();
        fees::price(&works, fee).unwrap_or(Amount::MAX)
    }
}

impl Policy {
    /// Whether a block of the user is within the policy, but for the limit of the day.
    pub(crate) fn check_user(&self, request: &SigningRequest) -> Result<(), Refusal> {
        match request.meaning {
            Meaning::Send { destination, amount } => {
                self.allow(Kind::Send)?;
                self.check_send(destination, amount)?;
            }
            Meaning::Open { .. } => return self.allow(Kind::Receive),
            Meaning::Receive { .. } => self.allow(Kind::Receive)?,
            _ => return self.allow(Kind::Change),
        }
        if request.new_representative().is_some() { self.allow(Kind::Change) } else { Ok(()) }
    }

    fn check_send(&self, destination: Account, amount: Amount) -> Result<(), Refusal> {
        if !self.destinations.is_empty() && !self.destinations.contains(&destination) {
            return Err(Refusal::Destination { destination });
        }
        let max = self.max_amount;
        if amount > max { Err(Refusal::MaxAmount { amount, max }) } else { Ok(()) }
    }

    /// Whether a reward that pays for these works is within the policy, but for the limit of the day. `others` are
    /// signed on the same block.
    pub(crate) fn check_reward(
        &self,
        fee: Amount,
        works: Works,
        others: usize,
    ) -> Result<(), Refusal> {
        self.allow(Kind::Reward)?;
        if others >= self.max_rewards {
            return Err(Refusal::TooManyRewards { max: self.max_rewards });
        }
        let max = self.most_for(works);
        if fee > max { Err(Refusal::MaxFee { fee, max }) } else { Ok(()) }
    }

    /// The most that a reward may pay for these works; nothing, if none is signed at all.
    pub(crate) fn most_for(&self, works: Works) -> Amount {
        let is_allowed = self.kinds.contains(&Kind::Reward);
        if is_allowed { works.price(self.max_fee) } else { Amount::ZERO }
    }

    fn allow(&self, kind: Kind) -> Result<(), Refusal> {
        if self.kinds.contains(&kind) { Ok(()) } else { Err(Refusal::NotAllowed { kind }) }
    }
}
