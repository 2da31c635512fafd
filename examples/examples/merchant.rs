//! A merchant: hears of a payment, pockets it, and pays a part of it out. Nobody here does any work.

use nano_block::{Network, SecretKey};
use nano_devnet::Devnet;
use nano_primitives::{Account, Amount};
use nano_rpc::{
    Client, ReceivableQuery,
    websocket::{Event, Payment, Subscription, Topics},
};
use p2pow_client::{Config, Order, OrderKey, Sender};
use p2pow_examples::worker_on;
use std::{collections::BTreeSet, error::Error};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let net = Devnet::builder().network(Network::Dev).start().await?;
    let worker = worker_on(&net).await?;
    let node = Client::new(&net.rpc_url())?;
    let (shop, supplier) = (SecretKey::generate()?, SecretKey::generate()?.account());

    let topics = Topics::default().confirmations_of([shop.account()]);
    let mut events = Subscription::connect(&net.websocket_url(), topics).await?;
    let config = Config {
        network: Network::Dev,
        port: worker.local_addr().port(),
        allow_local: true,
        max_fee: Amount::from_xno("0.001")?,
        websocket_urls: vec![net.websocket_url().parse()?],
        ..Config::default()
    };
    // In earnest `with_journal(Journal::open(file)?)`: what is signed is on disk before it leaves.
    let sender = Sender::new(node.clone(), config);

    // A customer pays.
    net.fund(&shop.account(), Amount::from_xno("5")?)?;

    // Nodes tell of one payment twice: the hash says which it is.
    let mut known = BTreeSet::new();
    loop {
        let event = events.next().await.ok_or("the subscription has ended")?;
        if let Event::Reconnected = event {
            // What happened meanwhile is not told again.
            let waiting = node.receivable(&shop.account(), &ReceivableQuery::default()).await?;
            println!("{} payments wait", waiting.len());
        }
        let Some(payment) = event.payment_to(&shop.account()) else { continue };
        if known.insert(payment.hash) {
            serve(&sender, &shop, &payment, supplier).await?;
            break;
        }
    }
    println!("the shop has {} XNO", net.balance(&shop.account()).to_xno());
    println!("{} XNO wait for the supplier", net.receivable_total(&supplier).to_xno());
    assert_eq!(net.receivable_total(&supplier), Amount::from_xno("2")?);

    worker.shutdown().await;
    net.shutdown().await;
    Ok(())
}

/// Pockets a payment and pays 2 XNO of it out. The payment's hash is in both keys: after a crash both can be ordered
/// again, and neither is made twice.
async fn serve(
    sender: &Sender,
    shop: &SecretKey,
    payment: &Payment,
    supplier: Account,
) -> Result<(), Box<dyn Error>> {
    println!("{} paid {} XNO", payment.from, payment.amount.to_xno());
    let pocket = Order::Receive { source: payment.hash, amount: payment.amount };
    sender.pay(shop, &OrderKey::new(format!("pocket {}", payment.hash))?, &[pocket]).await?;
    let out = Order::Send { destination: supplier, amount: Amount::from_xno("2")? };
    sender.pay(shop, &OrderKey::new(format!("pay out {}", payment.hash))?, &[out]).await?;
    Ok(())
}
