//! Finds the work of a receive at the live threshold, showing progress, and checks it.

use nano_block::{Epoch, Network, Subtype};
use nano_pow::{Pool, Puzzle};
use nano_primitives::Root;
use std::{error::Error, time::Duration};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let root: Root = "718CC2121C3E641059BC1C2CFC45666C99E8AE922F7A807B7D07B62C995D79E2".parse()?;
    let threshold = Network::Live.thresholds().for_state(Subtype::Receive, Epoch::Epoch2);
    println!("about {} hashes are expected", threshold.expected_hashes());

    let pool = Pool::cpu(None);
    let ticket = pool.submit(Puzzle::new(root, threshold));
    let progress = ticket.watch();
    let show = async {
        loop {
            tokio::time::sleep(Duration::from_millis(250)).await;
            println!("{} hashes tried", progress.progress().hashes);
        }
    };
    // The ticket is a future: dropping it, here if the other branch could win, cancels the search.
    let solution = tokio::select! {
        solution = ticket => solution?,
        () = show => unreachable!("it shows for ever"),
    };

    println!("work {} has the value {}", solution.work(), solution.value());
    assert!(solution.work().value(&root) >= threshold);
    Ok(())
}
