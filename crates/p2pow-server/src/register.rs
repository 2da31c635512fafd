//! [`register`]: puts a worker's address on the ledger. [`unregister`]: takes it off, as far as a ledger lets that happen.
//!
//! - Registering moves the registering account's voting weight to a representative that does not exist, until the
//!   account's next block. So an account of its own, nearly empty, is the right one; nothing ties it to the reward account.
//! - Of each account clients take the newest entry. So one account announces one address, and an address of IPv4 and one
//!   of IPv6 take two accounts.
//! - An entry stays on the ledger for ever. [`unregister`] writes a newer one that is no address: clients that take the
//!   newest entry call nobody then; those of 2020, which take every entry, may call the old address as long as they live.

use crate::own_account::{OwnAccount, OwnAccountError, OwnState};
use nano_block::{AccountState, SignedState, StateBlock, Subtype};
use nano_primitives::{Account, BlockHash};
use nano_rpc::{Client, HistoryQuery, ReceivableQuery, RpcError};
use p2pow_protocol::registry::{
    self, AmbiguousAddress, REGISTRATION_ACCOUNT, REGISTRATION_AMOUNT, is_dialable,
};
use std::net::IpAddr;

/// How many sends to the registration account are looked at: those of other amounts are no entries.
const LOOKED_AT: u64 = 16;

/// What an account has on the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Registration {
    /// The address; none after [`unregister`].
    pub address: Option<IpAddr>,
    /// The account that registered it.
    pub account: Account,
    /// The block that says so.
    pub block: BlockHash,
    /// Whether it was there already: nothing had to be done.
    pub was_there: bool,
}

/// Why an address is not registered, or not taken back.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// The registry would show another address.
    #[error(transparent)]
    Ambiguous(#[from] AmbiguousAddress),
    /// No client would call this address.
    #[error("address {address} cannot be reached from the internet, so no client would call it")]
    NotDialable {
        /// The address.
        address: IpAddr,
    },
    /// The account has too little, and nothing to receive that would do.
    #[error("account {account} has less than {REGISTRATION_AMOUNT} raw and nothing to receive")]
    NoMoney {
        /// The registering account.
        account: Account,
    },
    /// There is nothing to take back.
    #[error("account {account} has registered nothing")]
    NotRegistered {
        /// The registering account.
        account: Account,
    },
    /// The account could not be worked with.
    #[error(transparent)]
    Account(#[from] OwnAccountError),
}

impl From<RpcError> for RegisterError {
    fn from(error: RpcError) -> Self {
        Self::Account(error.into())
    }
}

/// The block that registers `address`: exactly the registration amount to the registration account, with the address
/// as the representative.
///
/// # Errors
/// The address cannot be written, or the account has no block yet or too little.
///
/// ```
/// use nano_block::{AccountState, Seed};
/// use nano_primitives::Amount;
/// use p2pow_protocol::registry::REGISTRATION_ACCOUNT;
/// use p2pow_server::register::registration_block;
///
/// let george = Seed::from_bytes([1; 32]).derive(0);
/// let state = AccountState {
///     account: george.account(),
///     frontier: Some("AB".repeat(32).parse()?),
///     balance: Amount::from_raw(20_000_000),
///     representative: george.account(),
/// };
/// let block = registration_block(&state, "200.195.0.0".parse()?)?;
/// assert_eq!(block.link, REGISTRATION_ACCOUNT.into());
/// assert_eq!(block.balance, Amount::from_raw(20_000_000 - 18_080_613));
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
pub fn registration_block(
    state: &AccountState,
    address: IpAddr,
) -> Result<StateBlock, RegisterError> {
    entry_block(state, registry::encode(address)?)
}

fn entry_block(state: &AccountState, representative: Account) -> Result<StateBlock, RegisterError> {
    let state = AccountState { representative, ..*state };
    let block = state.send(REGISTRATION_ACCOUNT, REGISTRATION_AMOUNT);
    Ok(block.map_err(OwnAccountError::from)?)
}

/// Registers `address`, and waits for the confirmation. `allow_local` lets addresses pass that only clients in the same
/// network can reach.
///
/// An account without the money for it first receives the largest send that waits for it. An account whose newest entry
/// is this address stays as it is, whatever it did since.
///
/// # Errors
/// See [`RegisterError`]. After [`OwnAccountError::Unconfirmed`] the registration may still come true.
pub async fn register(
    by: &OwnAccount<'_>,
    address: IpAddr,
    allow_local: bool,
) -> Result<Registration, RegisterError> {
    if !is_dialable(address, allow_local) {
        return Err(RegisterError::NotDialable { address });
    }
    let wanted =
        Announcement { address: Some(address), representative: registry::encode(address)? };
    announce(by, wanted, newest_entry(by.node, by.account()).await?).await
}

/// Writes a newer entry that is no address, and waits for the confirmation. It costs what registering costs, and gives
/// the account its own voting weight back.
///
/// # Errors
/// The account has no entry; otherwise as for [`register`].
pub async fn unregister(by: &OwnAccount<'_>) -> Result<Registration, RegisterError> {
    let account = by.account();
    let newest = newest_entry(by.node, account).await?;
    let newest = newest.ok_or(RegisterError::NotRegistered { account })?;
    let wanted = Announcement { address: None, representative: account };
    announce(by, wanted, Some(newest)).await
}

/// What an account has registered, if it has: its newest entry, confirmed or not.
///
/// # Errors
/// The node does not answer.
pub async fn registered(
    node: &Client,
    account: Account,
) -> Result<Option<Registration>, RegisterError> {
    let registration = |(block, entry): (_, Announcement)| Registration {
        address: entry.address,
        account,
        block,
        was_there: true,
    };
    Ok(newest_entry(node, account).await?.map(registration))
}

/// What an entry of the registry says.
#[derive(Debug, Clone, Copy)]
struct Announcement {
    address: Option<IpAddr>,
    representative: Account,
}

async fn announce(
    by: &OwnAccount<'_>,
    wanted: Announcement,
    newest: Option<(BlockHash, Announcement)>,
) -> Result<Registration, RegisterError> {
    let (account, address) = (by.account(), wanted.address);
    if let Some((block, newest)) = newest
        && newest.address == address
    {
        by.confirmed(block).await?;
        return Ok(Registration { address, account, block, was_there: true });
    }
    let mut standing = by.standing().await?;
    if standing.state.balance < REGISTRATION_AMOUNT {
        standing = pocket(by, &standing).await?;
    }
    let block = entry_block(&standing.state, wanted.representative)?;
    let block = by.send(&standing, block).await?;
    by.confirmed(block).await?;
    Ok(Registration { address, account, block, was_there: false })
}

/// The newest entry of the account, by its own chain: whatever it did since, that is what clients take.
async fn newest_entry(
    node: &Client,
    account: Account,
) -> Result<Option<(BlockHash, Announcement)>, RegisterError> {
    let filter = vec![REGISTRATION_ACCOUNT];
    let query = HistoryQuery { account_filter: filter, ..HistoryQuery::newest(LOOKED_AT) };
    let history = node.account_history(&account, &query).await?;
    let mut sends = history.entries.iter().filter(|entry| {
        entry.subtype == Some(Subtype::Send) && entry.amount == Some(REGISTRATION_AMOUNT)
    });
    let Some(newest) = sends.next() else { return Ok(None) };
    let Some(info) = node.block_info(&newest.hash).await? else { return Ok(None) };
    let Ok(signed) = SignedState::try_from(info.contents) else { return Ok(None) };
    let is_entry = signed.block.account == account
        && signed.block.link == REGISTRATION_ACCOUNT.into()
        && signed.hash() == newest.hash;
    let representative = signed.block.representative;
    let entry = Announcement { address: registry::decode(&representative), representative };
    Ok(is_entry.then_some((newest.hash, entry)))
}

/// Receives the largest send that waits for the account.
async fn pocket(by: &OwnAccount<'_>, standing: &OwnState) -> Result<OwnState, RegisterError> {
    let account = by.account();
    let found = by.node.receivable(&account, &ReceivableQuery::default()).await?;
    let largest = found.into_iter().max_by_key(|entry| entry.amount);
    let largest = largest.ok_or(RegisterError::NoMoney { account })?;
    let (_, standing) = by.receive(standing, &largest).await?;
    match standing.state.balance < REGISTRATION_AMOUNT {
        true => Err(RegisterError::NoMoney { account }),
        false => Ok(standing),
    }
}
