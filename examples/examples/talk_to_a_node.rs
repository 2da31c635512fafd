//! Asks a node for an account and what it may receive. The node is the embedded one, so this runs anywhere; for a real one,
//! give its URL.

use nano_block::SecretKey;
use nano_devnet::Devnet;
use nano_primitives::Amount;
use nano_rpc::{Client, ReceivableQuery};
use std::error::Error;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let net = Devnet::builder().start().await?;
    let alice = SecretKey::generate()?;
    net.open(&alice, Amount::from_xno("10")?)?;
    net.fund(&alice.account(), Amount::from_xno("0.5")?)?;

    let node = Client::new(&net.rpc_url())?;
    println!("{:?}", node.version().await?);
    if let Some(info) = node.account_info(&alice.account()).await? {
        println!("balance {} XNO, frontier {}", info.balance.to_xno(), info.frontier);
    }
    for send in node.receivable(&alice.account(), &ReceivableQuery::default()).await? {
        println!("{} XNO may be received from {}", send.amount.to_xno(), send.hash);
    }
    net.shutdown().await;
    Ok(())
}
