//! `p2pow-small-sender ID DESTINATION AMOUNT`: one payment from a small device, without a hash of its own.
//!
//! Settings come from the environment: `P2POW_NODE` (the URL of a node's RPC), `P2POW_KEY_FILE`, `P2POW_JOURNAL` (a file
//! for what was signed, in a folder that is there), and as far as needed `P2POW_NETWORK`, `P2POW_MAX_FEE` (XNO),
//! `P2POW_WORKERS` (addresses, in place of the registry), `P2POW_PORT`, `P2POW_ALLOW_LOCAL=true`.
//!
//! The same ID is the same payment, however often it is run. What is signed is in the journal, on disk, before it leaves.
//! Exit status: 0 the payment is confirmed; 2 something of it is signed, or may be: run it again with the same ID; 1
//! nothing of it was signed, or the ID is another payment's.
#![forbid(unsafe_code)]

use nano_block::SecretKey;
use nano_primitives::{Account, Amount};
use nano_rpc::Client;
use p2pow_client::{Config, Journal, Order, OrderKey, SendError, Sender};
use p2pow_store::{LogStore, StoreError};
use std::{env, error::Error, fmt::Display, process::ExitCode, str::FromStr};

#[derive(Debug, thiserror::Error)]
enum SettingError {
    #[error("{0} is not set")]
    Missing(&'static str),
    #[error("{name}: {problem}")]
    Malformed { name: &'static str, problem: String },
    #[error("wanted three arguments: ID DESTINATION AMOUNT, the amount in XNO")]
    Arguments,
}

fn main() -> ExitCode {
    let failure = match run() {
        Ok(hash) => {
            println!("{hash}");
            return ExitCode::SUCCESS;
        }
        Err(failure) => failure,
    };
    eprintln!("p2pow-small-sender: {}", chain(&*failure));
    ExitCode::from(if may_be_signed(&*failure) { 2 } else { 1 })
}

/// Whether to pay in another way could pay twice.
fn may_be_signed(failure: &(dyn Error + 'static)) -> bool {
    match failure.downcast_ref() {
        Some(SendError::KeyReused { .. }) => false,
        Some(error) => !error.nothing_left(),
        // What earlier runs have signed is in the journal that cannot be opened, perhaps because one is still at it.
        None => failure.is::<StoreError>(),
    }
}

/// The error and its sources, unless a text already ends with its source's.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let words = error.to_string();
        if !text.ends_with(&words) {
            text = format!("{text}: {words}");
        }
        source = error.source();
    }
    text
}

/// Pays, and gives the hash of the block that did.
fn run() -> Result<String, Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [id, destination, amount] = &arguments[..] else {
        return Err(SettingError::Arguments.into());
    };
    let order = Order::Send {
        destination: destination.parse::<Account>()?,
        amount: Amount::from_xno(amount)?,
    };
    let key = SecretKey::from_key_file(&std::fs::read_to_string(needed("P2POW_KEY_FILE")?)?)?;
    let journal = Journal::new(LogStore::open(needed("P2POW_JOURNAL")?)?);
    let node = Client::new(&needed("P2POW_NODE")?)?;
    let sender = Sender::new(node, config()?).with_journal(journal);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let receipt = runtime.block_on(sender.pay(&key, &OrderKey::new(id)?, &[order]))?;
    Ok(receipt.users[0].hash().to_string())
}

fn config() -> Result<Config, SettingError> {
    let mut config = Config::default();
    set(&mut config.network, "P2POW_NETWORK", str::parse)?;
    set(&mut config.max_fee, "P2POW_MAX_FEE", Amount::from_xno)?;
    set(&mut config.port, "P2POW_PORT", str::parse)?;
    set(&mut config.allow_local, "P2POW_ALLOW_LOCAL", bool::from_str)?;
    set(&mut config.workers, "P2POW_WORKERS", |list| list.split(',').map(str::parse).collect())?;
    Ok(config)
}

/// Sets what the environment names.
fn set<T, E: Display>(
    setting: &mut T,
    name: &'static str,
    read: fn(&str) -> Result<T, E>,
) -> Result<(), SettingError> {
    if let Ok(text) = env::var(name) {
        let malformed = |error: E| SettingError::Malformed { name, problem: error.to_string() };
        *setting = read(&text).map_err(malformed)?;
    }
    Ok(())
}

fn needed(name: &'static str) -> Result<String, SettingError> {
    env::var(name).map_err(|_| SettingError::Missing(name))
}
