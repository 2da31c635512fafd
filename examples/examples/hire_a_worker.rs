//! Sends money without doing any work: finds a worker on the ledger, hires it, and waits until the ledger shows that it was
//! done. Network and worker are embedded, so that this runs anywhere; a sender of one's own needs only the node's URL.

use nano_block::{AccountState, Network, SecretKey};
use nano_devnet::Devnet;
use nano_pow::Pool;
use nano_primitives::Amount;
use nano_rpc::Client;
use p2pow_client::{Config, SendError, Sender};
use p2pow_server::{Server, register::registration_block};
use std::{error::Error, net::IpAddr};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let net = Devnet::builder().network(Network::Dev).start().await?;
    let (alice, george) = (SecretKey::generate()?, SecretKey::generate()?);
    net.open(&alice, Amount::from_xno("10")?)?;
    let worker = start_worker(&net, &george).await?;

    let config = Config {
        network: Network::Dev,
        port: worker.local_addr().port(),
        allow_local: true,
        max_fee: Amount::from_xno("0.001")?,
        ..Config::default()
    };
    let sender = Sender::new(Client::new(&net.rpc_url())?, config);
    match sender.send(&alice, net.genesis_account(), Amount::from_xno("1")?).await {
        Ok(receipt) => println!("sent with block {}", receipt.users[0].hash()),
        // What is signed may still happen: the same order again goes on with it. With a journal in a file
        // (`with_journal`) and a key (`pay`) that holds for restarts too.
        Err(SendError::Unsettled(left)) => println!("not done yet: {}", left.summary()),
        Err(error) => return Err(error.into()),
    }
    println!("Alice has {} XNO", net.balance(&alice.account()).to_xno());
    println!("{} XNO wait for George", net.receivable_total(&george.account()).to_xno());
    worker.shutdown().await;
    net.shutdown().await;
    Ok(())
}

/// A worker, and its address on the ledger: put there without work, which only the embedded network allows.
async fn start_worker(net: &Devnet, george: &SecretKey) -> Result<Server, Box<dyn Error>> {
    let address: IpAddr = "127.0.0.1".parse()?;
    net.open(george, Amount::from_xno("0.001")?)?;
    let state: AccountState = net.account(&george.account()).ok_or("it was opened")?.state();
    net.seed(&registration_block(&state, address)?.sign(george).into())?;

    let config = p2pow_server::Config {
        listen: vec![(address, 0).into()],
        reward_account: george.account(),
        network: Network::Dev,
        ..p2pow_server::Config::default()
    };
    Ok(Server::bind(config, Client::new(&net.rpc_url())?, Pool::cpu(Some(1))).await?)
}
