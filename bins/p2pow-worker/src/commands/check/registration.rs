//! Whether the ledger leads senders to this worker, and whether there is enough to register with.

use super::finding::Finding;
use nano_block::Network;
use nano_primitives::{Account, Amount};
use nano_rpc::{Client, ReceivableQuery, RpcError};
use p2pow_cli::KeyArgs;
use p2pow_protocol::registry::{REGISTRATION_AMOUNT, encode, is_dialable};
use p2pow_server::register::{Registration, registered};
use std::net::IpAddr;

const WHAT: &str = "registration";

/// What registering goes by.
pub(super) struct RegistrationCheck<'a> {
    pub(super) node: &'a Client,
    pub(super) network: Network,
    /// The key of the first address; that of a second one is the next of the same seed.
    pub(super) key: &'a KeyArgs,
}

impl RegistrationCheck<'_> {
    /// Looks at the entry of each address, or at what is registered where no address is known.
    pub(super) async fn look(&self, addresses: &[IpAddr]) -> Vec<Finding> {
        let wanted: Vec<Option<IpAddr>> = match addresses {
            [] => vec![None],
            addresses => addresses.iter().copied().map(Some).collect(),
        };
        let mut findings = Vec::new();
        for (place, address) in (0_u32..).zip(wanted) {
            findings.extend(self.look_at(place, address).await);
        }
        findings
    }

    async fn look_at(&self, place: u32, address: Option<IpAddr>) -> Option<Finding> {
        if let Some(problem) = address.and_then(|address| self.problem(address)) {
            return Some(problem);
        }
        let key = KeyArgs { index: self.key.index.saturating_add(place), ..self.key.clone() };
        let account = match key.account() {
            Ok(Some(account)) => account,
            Ok(None) => {
                let mend = "name the key that registers (`key_file`), or look by `p2pow workers`";
                let found = "whose key registers is not told without a key or its password";
                return Some(Finding::doubtful(WHAT, found, mend));
            }
            Err(_) if place > 0 => {
                let found = "two addresses take two accounts, and the key is one";
                let mend = "name a seed (`seed_file`), or one address in `public_ip`";
                return Some(Finding::wrong(WHAT, found, mend));
            }
            // The file is a finding of its own.
            Err(_) => return None,
        };
        Some(match registered(self.node, account).await {
            Err(error) => Finding::doubtful(WHAT, error.to_string(), "see the node above"),
            Ok(None) => self.to_be_made(format!("{account} has registered nothing"), account).await,
            Ok(Some(entry)) => self.entry(entry, address).await,
        })
    }

    /// Why no sender would call this address, if that is so.
    fn problem(&self, address: IpAddr) -> Option<Finding> {
        if !is_dialable(address, self.network == Network::Dev) {
            let found = format!("no sender calls {address}: the internet does not reach it");
            return Some(Finding::wrong(
                WHAT,
                found,
                "set `public_ip` to where the world reaches you",
            ));
        }
        let error = encode(address).err()?;
        Some(Finding::wrong(WHAT, error.to_string(), "use another address"))
    }

    /// An entry that is there, beside the address that is wanted.
    async fn entry(&self, entry: Registration, address: Option<IpAddr>) -> Finding {
        let account = entry.account;
        let Some(registered) = entry.address else {
            return self.to_be_made(format!("{account} has withdrawn its address"), account).await;
        };
        match address {
            Some(address) if address != registered => {
                let found =
                    format!("senders are led to {registered} by {account}, wanted {address}");
                self.to_be_made(found, account).await.wrong_after_all()
            }
            _ => match self.node.block_info(&entry.block).await {
                Ok(Some(block)) if block.confirmed => {
                    Finding::well(WHAT, format!("{registered} is registered by {account}"))
                }
                _ => {
                    let found =
                        format!("{registered} is on the ledger by {account}, but not confirmed");
                    Finding::doubtful(WHAT, found, "look again in a minute")
                }
            },
        }
    }

    /// An entry that is to be made, and whether the account has what it takes.
    async fn to_be_made(&self, found: String, account: Account) -> Finding {
        match self.funds(account).await {
            Ok(funds) if funds < REGISTRATION_AMOUNT => {
                let found =
                    format!("{found}, and has {funds} raw of the {REGISTRATION_AMOUNT} it takes");
                Finding::doubtful(
                    WHAT,
                    found,
                    format!("send it a little Nano, then {}", self.register()),
                )
            }
            Ok(_) => Finding::doubtful(WHAT, found, self.register()),
            Err(error) => {
                Finding::doubtful(WHAT, format!("{found}; {error}"), "see the node above")
            }
        }
    }

    /// The command that registers.
    fn register(&self) -> &'static str {
        match self.network {
            Network::Dev => "`p2pow-worker register --allow-local`",
            _ => "`p2pow-worker register`",
        }
    }

    /// What the account has, and the largest that waits for it: `register` receives one.
    async fn funds(&self, account: Account) -> Result<Amount, RpcError> {
        let info = self.node.account_info(&account).await?;
        let balance = info.map_or(Amount::ZERO, |info| info.balance);
        let waiting = self.node.receivable(&account, &ReceivableQuery::default()).await?;
        let largest = waiting.into_iter().map(|entry| entry.amount).max();
        Ok(largest.and_then(|largest| balance.checked_add(largest)).unwrap_or(balance))
    }
}
