//! Reads an account that began with legacy blocks, lifts it to newer epochs, and goes on with state blocks: the kinds of
//! blocks, whose signature an epoch block has, and what work a block needs.

use nano_block::{Block, Epoch, Network, OpenBlock, SecretKey, SendBlock, StateBlock, Subtype};
use nano_devnet::Devnet;
use nano_primitives::Amount;
use nano_rpc::Client;
use std::error::Error;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let net = Devnet::builder().network(Network::Dev).epoch_0().start().await?;
    let node = Client::new(&net.rpc_url())?;
    let (genesis, alice) = (net.genesis_key(), SecretKey::generate()?);

    // Legacy blocks say less than state blocks: a send holds the balance that is left, an open its source.
    let before = net.account(&genesis.account()).ok_or("the genesis account")?;
    let amount = Amount::from_xno("10")?;
    let balance = before.balance.checked_sub(amount).ok_or("it has all there is")?;
    let send = SendBlock { previous: before.frontier, destination: alice.account(), balance };
    let source = net.seed(&Block::Send(send).sign(&genesis))?;
    let representative = genesis.account();
    let open = OpenBlock { source, representative, account: alice.account() };
    net.seed(&Block::Open(open).sign(&alice))?;

    // An epoch block changes nothing but the version, and is signed by the epoch signer (of this network the genesis
    // key), not by the account.
    for epoch in [Epoch::Epoch1, Epoch::Epoch2] {
        let state = net.account(&alice.account()).ok_or("it was opened")?.state();
        let block = StateBlock {
            account: alice.account(),
            previous: state.frontier.ok_or("it has blocks")?,
            representative: state.representative,
            balance: state.balance,
            link: epoch.link().ok_or("epoch 0 has no block")?,
        };
        let signed = block.sign(&genesis);
        assert!(signed.verify().is_err(), "it is not the account's signature");
        signed.verify_by(&genesis.account().public_key())?;
        net.seed(&signed.into())?;
    }

    let info = node.account_info(&alice.account()).await?.ok_or("it was opened")?;
    println!("version {:?}, {} blocks", info.account_version, info.block_count);
    assert_eq!(info.account_version, Some(Epoch::Epoch2));

    // From the newest block to the first.
    let mut hash = Some(info.frontier);
    while let Some(next) = hash {
        let block = node.block_info(&next).await?.ok_or("it is in the ledger")?.contents.block;
        let epoch = match block {
            Block::State(state) => Epoch::from_link(&state.link),
            _ => None,
        };
        println!("{next} {} {epoch:?}", block.kind());
        hash = block.previous();
    }

    let thresholds = Network::Live.thresholds();
    println!("a legacy block on the live network needs work of {}", thresholds.for_legacy());
    for (subtype, epoch) in [
        (Subtype::Send, Epoch::Epoch2),
        (Subtype::Receive, Epoch::Epoch2),
        (Subtype::Receive, Epoch::Epoch1),
    ] {
        println!("a {subtype} at {epoch:?} needs work of {}", thresholds.for_state(subtype, epoch));
    }
    net.shutdown().await;
    Ok(())
}
