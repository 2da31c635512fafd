//! [`SigningRequest`]: a block that is to be signed, with all that it takes to say what it does: a block states a balance,
//! not an amount, so only the state before it tells how much it sends.

use nano_block::{AccountState, StateBlock, Subtype};
use nano_primitives::{Account, Amount, BlockHash};
use serde::{Deserialize, Serialize};

/// What a block is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// What the user ordered.
    User,
    /// The fee of a worker, on top of the user's last block. Each hired worker gets one of its own; they are forks of
    /// one another, so the ledger takes one at most.
    Reward,
}

/// What a block does once it is on the ledger. Amounts in raw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Meaning {
    /// The account's first block, which receives.
    Open {
        /// The hash of the send.
        source: BlockHash,
        /// What comes in.
        amount: Amount,
    },
    /// Money comes in.
    Receive {
        /// The hash of the send.
        source: BlockHash,
        /// What comes in.
        amount: Amount,
    },
    /// Money goes out.
    Send {
        /// Who gets it.
        destination: Account,
        /// How much.
        amount: Amount,
    },
    /// Nothing but the representative changes.
    Change {
        /// The new one.
        representative: Account,
    },
    /// A worker is paid.
    Reward {
        /// The worker's account.
        worker: Account,
        /// How much.
        fee: Amount,
    },
}

/// A block that is to be signed, and what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SigningRequest {
    /// What it is for.
    pub role: Role,
    /// The block.
    pub block: StateBlock,
    /// The account before it.
    pub before: AccountState,
    /// The block that it stands on. Its hash is the block's `previous`, so it proves `before` to a signer that trusts
    /// nobody. `None` below an account's first block, and where that is a legacy block, which proves nothing.
    pub below: Option<StateBlock>,
    /// What it does.
    pub meaning: Meaning,
}

/// Why a block is not one to be signed, or not known to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The block below was not given.
    #[error("the block stands on {previous}, which was not shown, so what it does is not known")]
    NotShown {
        /// The block's previous.
        previous: BlockHash,
    },
    /// Another block was given as the one below.
    #[error("the block stands on {wanted}, but {found} was shown as the block below it")]
    OtherBelow {
        /// The hash of what was given.
        found: BlockHash,
        /// The block's previous.
        wanted: BlockHash,
    },
    /// The block below is of another account.
    #[error("the block is of account {wanted}, but the block below it of {found}")]
    OtherAccount {
        /// Whose the block below is.
        found: Account,
        /// Whose the block is.
        wanted: Account,
    },
    /// No block of a user: no ledger takes it, or only from somebody else.
    #[error("the block neither sends, receives nor changes the representative")]
    NoMeaning,
    /// A reward that is no send, or more than a send.
    #[error("a reward block sends the fee on top of a block of the account and does nothing else")]
    NoReward,
}

impl SigningRequest {
    /// The request for a block whose state before it is known from elsewhere. `below` is shown to the signer.
    ///
    /// # Errors
    /// The block does nothing that is signed in this role.
    pub fn new(
        role: Role,
        block: StateBlock,
        before: AccountState,
        below: Option<StateBlock>,
    ) -> Result<Self, RequestError> {
        let meaning = Meaning::of(role, &block, &before)?;
        Ok(Self { role, block, before, below, meaning })
    }

    /// The request for a block of which nothing is believed but what the block below it proves by its hash: either that
    /// is on the ledger as it is, or the block that stands on it never can be.
    ///
    /// # Errors
    /// What it does is not proven, or is nothing that is signed in this role.
    pub fn proven(
        role: Role,
        block: StateBlock,
        below: Option<StateBlock>,
    ) -> Result<Self, RequestError> {
        let before = match below {
            None if block.is_first() => AccountState::unopened(block.account, block.representative),
            None => return Err(RequestError::NotShown { previous: block.previous }),
            Some(below) => {
                let (found, wanted) = (below.hash(), block.previous);
                if found != wanted {
                    return Err(RequestError::OtherBelow { found, wanted });
                }
                let (found, wanted) = (below.account, block.account);
                if found != wanted {
                    return Err(RequestError::OtherAccount { found, wanted });
                }
                state_after(&below)
            }
        };
        Self::new(role, block, before, below)
    }

    /// The fee of a reward, in raw.
    #[must_use]
    pub const fn fee(&self) -> Option<Amount> {
        match self.meaning {
            Meaning::Reward { fee, .. } => Some(fee),
            _ => None,
        }
    }

    /// Who represents the account from this block on, if that is somebody else than before it.
    #[must_use]
    pub fn new_representative(&self) -> Option<Account> {
        let representative = self.block.representative;
        (representative != self.before.representative).then_some(representative)
    }
}

impl Meaning {
    fn of(role: Role, block: &StateBlock, before: &AccountState) -> Result<Self, RequestError> {
        let subtype = block.subtype(before.balance);
        let (link, balance) = (block.link, block.balance);
        let falls = before.balance.checked_sub(balance);
        let rises = balance.checked_sub(before.balance);
        match (role, subtype, falls, rises) {
            (Role::Reward, Some(Subtype::Send), Some(fee), _)
                if block.representative == before.representative =>
            {
                Ok(Self::Reward { worker: link.to_account(), fee })
            }
            (Role::Reward, ..) => Err(RequestError::NoReward),
            (Role::User, Some(Subtype::Send), Some(amount), _) => {
                Ok(Self::Send { destination: link.to_account(), amount })
            }
            (Role::User, Some(Subtype::Receive), _, Some(amount)) => {
                Ok(Self::Receive { source: link.to_block_hash(), amount })
            }
            (Role::User, Some(Subtype::Open), _, Some(amount)) if !amount.is_zero() => {
                Ok(Self::Open { source: link.to_block_hash(), amount })
            }
            (Role::User, Some(Subtype::Change), ..) => {
                Ok(Self::Change { representative: block.representative })
            }
            (Role::User, ..) => Err(RequestError::NoMeaning),
        }
    }
}

/// The account after a state block of it.
pub(crate) fn state_after(last: &StateBlock) -> AccountState {
    AccountState {
        account: last.account,
        frontier: Some(last.hash()),
        balance: last.balance,
        representative: last.representative,
    }
}

#[cfg(test)]
mod tests {
    use super::{Meaning, RequestError, Role, SigningRequest, state_after};
    use nano_block::{AccountState, Epoch, Seed, StateBlock};
    use nano_primitives::{Account, Amount, BlockHash, Link};

    fn account(index: u32) -> Account {
        Seed::from_bytes([7; 32]).derive(index).account()
    }

    fn hash(byte: u8) -> BlockHash {
        BlockHash::from_bytes([byte; 32])
    }

    /// A block that leaves account 0 with 100 raw.
    fn below() -> StateBlock {
        StateBlock {
            account: account(0),
            previous: hash(1),
            representative: account(9),
            balance: Amount::from_raw(100),
            link: Link::ZERO,
        }
    }

    fn meaning(role: Role, block: StateBlock) -> Result<Meaning, RequestError> {
        SigningRequest::proven(role, block, Some(below())).map(|request| request.meaning)
    }

    #[test]
    fn what_a_block_does_is_proven_by_the_block_below_it() {
        let (state, amount) = (state_after(&below()), Amount::from_raw(30));
        let send = state.send(account(1), amount).unwrap();
        let told = Meaning::Send { destination: account(1), amount };
        assert_eq!(meaning(Role::User, send), Ok(told));
        let told = Meaning::Reward { worker: account(1), fee: amount };
        assert_eq!(meaning(Role::Reward, send), Ok(told));
        let receive = state.receive(hash(5), amount).unwrap();
        assert_eq!(meaning(Role::User, receive), Ok(Meaning::Receive { source: hash(5), amount }));
        let change = state.change(account(2)).unwrap();
        let request = SigningRequest::proven(Role::User, change, Some(below())).unwrap();
        assert_eq!(request.meaning, Meaning::Change { representative: account(2) });
        assert_eq!((request.before, request.new_representative()), (state, Some(account(2))));
        let open = AccountState::unopened(account(0), account(9)).receive(hash(5), amount).unwrap();
        let request = SigningRequest::proven(Role::User, open, None).unwrap();
        assert_eq!(request.meaning, Meaning::Open { source: hash(5), amount });
    }

    #[test]
    fn a_send_cannot_be_shown_as_a_receive() {
        let send = state_after(&below()).send(account(1), Amount::from_raw(60)).unwrap();
        let poorer = StateBlock { balance: Amount::from_raw(10), ..below() };
        let error = SigningRequest::proven(Role::User, send, Some(poorer)).unwrap_err();
        assert_eq!(
            error,
            RequestError::OtherBelow { found: poorer.hash(), wanted: below().hash() }
        );
        let error = SigningRequest::proven(Role::User, send, None).unwrap_err();
        assert_eq!(error, RequestError::NotShown { previous: below().hash() });
    }

    #[test]
    fn a_block_on_somebody_elses_is_no_request() {
        let block = StateBlock { account: account(3), previous: below().hash(), ..below() };
        let wanted = RequestError::OtherAccount { found: account(0), wanted: account(3) };
        assert_eq!(meaning(Role::User, block), Err(wanted));
    }

    #[test]
    fn a_reward_is_a_send_and_nothing_else() {
        let state = state_after(&below());
        let send = state.send(account(1), Amount::from_raw(1)).unwrap();
        for block in [
            StateBlock { representative: account(2), ..send },
            state.receive(hash(5), Amount::from_raw(1)).unwrap(),
            state.change(account(2)).unwrap(),
        ] {
            assert_eq!(meaning(Role::Reward, block), Err(RequestError::NoReward));
        }
    }

    #[test]
    fn blocks_of_the_network_and_of_nobody_are_not_signed() {
        let idle = StateBlock { previous: below().hash(), ..below() };
        let epoch = Epoch::Epoch2.link().unwrap();
        for link in [epoch, Link::from_bytes([1; 32])] {
            let block = StateBlock { link, ..idle };
            assert_eq!(meaning(Role::User, block), Err(RequestError::NoMeaning));
        }
        let opened = StateBlock {
            previous: BlockHash::ZERO,
            balance: Amount::ZERO,
            link: Link::from_bytes([1; 32]),
            ..below()
        };
        let error = SigningRequest::proven(Role::User, opened, None).unwrap_err();
        assert_eq!(error, RequestError::NoMeaning);
    }
}
