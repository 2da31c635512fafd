//! Asks again after a time-out, until a payment is done: the same key is the same payment, so that it is made once,
//! whatever was signed, published or lost before. The network here confirms nothing at first.

use nano_block::{Network, SecretKey};
use nano_devnet::Devnet;
use nano_primitives::Amount;
use nano_rpc::Client;
use p2pow_client::{Config, Order, OrderKey, Patience, SendError, Sender};
use p2pow_examples::worker_on;
use std::{error::Error, time::Duration};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let net = Devnet::builder().network(Network::Dev).start().await?;
    let worker = worker_on(&net).await?;
    let alice = SecretKey::generate()?;
    net.open(&alice, Amount::from_xno("10")?)?;
    let bob = SecretKey::generate()?.account();

    let config = Config {
        network: Network::Dev,
        port: worker.local_addr().port(),
        allow_local: true,
        max_fee: Amount::from_xno("0.001")?,
        // In earnest ten minutes, the default.
        patience: Patience { deal: Duration::from_secs(4), ..Patience::default() },
        ..Config::default()
    };
    let sender = Sender::new(Client::new(&net.rpc_url())?, config);

    net.faults().leave_unconfirmed(true);
    let invoice = OrderKey::new("invoice 7")?;
    let order = Order::Send { destination: bob, amount: Amount::from_xno("1")? };
    let receipt = loop {
        match sender.pay(&alice, &invoice, &[order]).await {
            Ok(receipt) => break receipt,
            Err(SendError::Unsettled(left)) => {
                println!("signed, and not settled: {left}");
                net.faults().leave_unconfirmed(false);
            }
            Err(error) if error.nothing_left() => println!("nothing is signed: {error}"),
            Err(error) => return Err(error.into()),
        }
    };
    println!("paid by block {}", receipt.users[0].hash());
    assert_eq!(net.receivable_total(&bob), Amount::from_xno("1")?, "once");

    worker.shutdown().await;
    net.shutdown().await;
    Ok(())
}
