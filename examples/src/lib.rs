//! One idea a file: see the folder `examples/`. Run one with `cargo run -p p2pow-examples --example NAME`.
//!
//! The chapters of `docs/guide` are here too, so that every block of code in them is compiled and run.
#![forbid(unsafe_code)]

use nano_block::{AccountState, Network, SecretKey};
use nano_devnet::Devnet;
use nano_pow::Pool;
use nano_primitives::Amount;
use nano_rpc::Client;
use p2pow_server::{Server, register::registration_block};
use std::{error::Error, net::IpAddr};

/// A worker on 127.0.0.1 for a development network, and its address on the ledger: put there without work, which only
/// the embedded network allows.
///
/// # Errors
/// The network or the worker could not be set up.
pub async fn worker_on(net: &Devnet) -> Result<Server, Box<dyn Error>> {
    let address: IpAddr = "127.0.0.1".parse()?;
    let george = SecretKey::generate()?;
    net.open(&george, Amount::from_xno("0.001")?)?;
    let state: AccountState = net.account(&george.account()).ok_or("it was opened")?.state();
    net.seed(&registration_block(&state, address)?.sign(&george).into())?;

    let config = p2pow_server::Config {
        listen: vec![(address, 0).into()],
        reward_account: george.account(),
        network: Network::Dev,
        ..p2pow_server::Config::default()
    };
    Ok(Server::bind(config, Client::new(&net.rpc_url())?, Pool::cpu(Some(1))).await?)
}

/// The guide. Each chapter is a page of `docs/guide`.
pub mod guide {
    #[doc = include_str!("../../docs/guide/wallet.md")]
    pub mod wallet {}
    #[doc = include_str!("../../docs/guide/merchant.md")]
    pub mod merchant {}
    #[doc = include_str!("../../docs/guide/worker.md")]
    pub mod worker {}
    #[doc = include_str!("../../docs/guide/work.md")]
    pub mod work {}
    #[doc = include_str!("../../docs/guide/testing.md")]
    pub mod testing {}
}
