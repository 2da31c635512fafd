//! [`register`]: puts a worker's address on the ledger.
//!
//! Registering moves the registering account's voting weight to a representative that does not exist, until the
//! account's next block. So an account of its own, nearly empty, is the right one; nothing ties it to the reward
//! account.

use nano_block::{
    AccountState, BuildError, Epoch, Network, SecretKey, SignedState, StateBlock, Subtype,
};
use nano_pow::{Pool, PoolError, Puzzle};
use nano_primitives::{Account, BlockHash};
use nano_rpc::{Client, Receivable, ReceivableQuery, RpcError};
use p2pow_protocol::{
    Step,
    registry::{self, AmbiguousAddress, REGISTRATION_ACCOUNT, REGISTRATION_AMOUNT, is_dialable},
};
use std::{net::IpAddr, time::Duration};
use tokio::time::{Instant, sleep};
use tracing::info;

const POLL: Duration = Duration::from_millis(250);

/// How to register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Whose work thresholds count.
    pub network: Network,
    /// Whether an address is registered that only clients in the same network can reach.
    pub allow_local: bool,
    /// How long to wait for the confirmation.
    pub confirm_within: Duration,
}

impl Default for Options {
    fn default() -> Self {
        let confirm_within = Duration::from_secs(60);
        Self { network: Network::Live, allow_local: false, confirm_within }
    }
}

/// An address on the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Registration {
    /// The address.
    pub address: IpAddr,
    /// The account that registered it.
    pub account: Account,
    /// The block that says so.
    pub block: BlockHash,
    /// Whether it was there already: the account's last block was this registration.
    pub was_there: bool,
}

/// Why an address is not registered.
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
    /// The block cannot be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The node said something about the account that its last block does not bear out.
    #[error("the node's words about account {account} do not fit its last block {frontier}")]
    Inconsistent {
        /// The registering account.
        account: Account,
        /// The frontier that the node gave.
        frontier: BlockHash,
    },
    /// The node did not answer or refused a block.
    #[error(transparent)]
    Node(#[from] RpcError),
    /// No work was found.
    #[error("no work was found")]
    Work(#[from] PoolError),
    /// The registration is published, but its confirmation did not come.
    #[error("registration {block} is published, but was not confirmed within {after:?}")]
    Unconfirmed {
        /// The registration.
        block: BlockHash,
        /// How long was waited.
        after: Duration,
    },
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
    let representative = registry::encode(address)?;
    let state = AccountState { representative, ..*state };
    Ok(state.send(REGISTRATION_ACCOUNT, REGISTRATION_AMOUNT)?)
}

/// Registers `address` by the account of `key`, with work by `pool`, and waits for the confirmation.
///
/// An account without the money for it first receives the largest send that waits for it. An account whose last block
/// is this very registration stays as it is.
///
/// # Errors
/// See [`RegisterError`]. After [`RegisterError::Unconfirmed`] the registration may still come true.
pub async fn register(
    node: &Client,
    pool: &Pool,
    key: &SecretKey,
    address: IpAddr,
    options: &Options,
) -> Result<Registration, RegisterError> {
    if !is_dialable(address, options.allow_local) {
        return Err(RegisterError::NotDialable { address });
    }
    let registrar = Registrar { node, pool, key, options };
    let account = key.account();
    let mut standing = registrar.standing().await?;
    if standing.registered == Some(address)
        && let Some(block) = standing.state.frontier
    {
        return Ok(Registration { address, account, block, was_there: true });
    }
    if standing.state.balance < REGISTRATION_AMOUNT {
        standing = registrar.pocket(&standing).await?;
    }
    let block = registration_block(&standing.state, address)?;
    let block = registrar.publish(block, Subtype::Send, standing.epoch).await?;
    registrar.confirmed(block).await?;
    Ok(Registration { address, account, block, was_there: false })
}

/// What registering takes.
struct Registrar<'a> {
    node: &'a Client,
    pool: &'a Pool,
    key: &'a SecretKey,
    options: &'a Options,
}

/// The registering account.
struct Registrant {
    state: AccountState,
    epoch: Option<Epoch>,
    /// The address that its last block registers.
    registered: Option<IpAddr>,
}

impl Registrar<'_> {
    /// The account's state; what the node says about it is checked against the account's last block.
    async fn standing(&self) -> Result<Registrant, RegisterError> {
        let account = self.key.account();
        let Some(info) = self.node.account_info(&account).await? else {
            let state = AccountState::unopened(account, account);
            return Ok(Registrant { state, epoch: Some(Epoch::Epoch0), registered: None });
        };
        let inconsistent = || RegisterError::Inconsistent { account, frontier: info.frontier };
        let last = self.node.block_info(&info.frontier).await?.ok_or_else(inconsistent)?;
        let mut registered = None;
        if let Ok(last_state) = SignedState::try_from(last.contents) {
            let block = last_state.block;
            let fits = last_state.hash() == info.frontier
                && (block.account, block.balance) == (account, info.balance);
            if !fits {
                return Err(inconsistent());
            }
            let is_registration = block.link == REGISTRATION_ACCOUNT.into()
                && last.amount == Some(REGISTRATION_AMOUNT);
            registered = registry::decode(&block.representative).filter(|_| is_registration);
        }
        let epoch = Epoch::from_number(info.account_version);
        Ok(Registrant { state: info.state(account), epoch, registered })
    }

    /// Receives the largest send that waits for the account.
    async fn pocket(&self, standing: &Registrant) -> Result<Registrant, RegisterError> {
        let account = standing.state.account;
        let found = self.node.receivable(&account, &ReceivableQuery::default()).await?;
        let largest = found.into_iter().max_by_key(|entry| entry.amount);
        let source = largest.ok_or(RegisterError::NoMoney { account })?;
        let block = standing.state.receive(source.hash, source.amount)?;
        let epoch = epoch_after(standing.epoch, &source);
        let is_first = standing.state.frontier.is_none();
        let subtype = if is_first { Subtype::Open } else { Subtype::Receive };
        self.publish(block, subtype, epoch).await?;
        let state = standing.state.after(&block);
        if state.balance < REGISTRATION_AMOUNT {
            return Err(RegisterError::NoMoney { account });
        }
        Ok(Registrant { state, epoch, registered: None })
    }

    async fn publish(
        &self,
        block: StateBlock,
        subtype: Subtype,
        epoch: Option<Epoch>,
    ) -> Result<BlockHash, RegisterError> {
        let step = Step { hash: block.hash(), root: block.root(), subtype, epoch };
        let threshold = step.threshold(&self.options.network.thresholds());
        let solution = self.pool.submit(Puzzle::new(step.root, threshold)).await?;
        let signed = block.sign(self.key).with_work(solution.work());
        let hash = self.node.process(&signed.into(), Some(subtype)).await?;
        info!(%hash, %subtype, "published");
        Ok(hash)
    }

    async fn confirmed(&self, block: BlockHash) -> Result<(), RegisterError> {
        let after = self.options.confirm_within;
        let deadline = Instant::now() + after;
        while !self.node.block_info(&block).await?.is_some_and(|info| info.confirmed) {
            if Instant::now() >= deadline {
                return Err(RegisterError::Unconfirmed { block, after });
            }
            sleep(POLL).await;
        }
        Ok(())
    }
}

/// The account's epoch after it receives `source`, where that is known.
fn epoch_after(account: Option<Epoch>, source: &Receivable) -> Option<Epoch> {
    let source = source.min_version.and_then(Epoch::from_number);
    match (account, source) {
        (Some(Epoch::Epoch2), _) | (_, Some(Epoch::Epoch2)) => Some(Epoch::Epoch2),
        (account, source) => account.zip(source).map(|(account, source)| account.max(source)),
    }
}
