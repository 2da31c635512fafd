//! Derives a key from a seed, builds the account's next block, signs it, and shows it as a node wants it.

use nano_block::{AccountState, Seed};
use nano_primitives::{Account, Amount};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let seed: Seed = "0000000000000000000000000000000000000000000000000000000000000042".parse()?;
    let key = seed.derive(0);
    let state = AccountState {
        account: key.account(),
        frontier: Some("90F172FC8DB95F1863098B2114E9D5BEE648EEAA65D4A17292E97BC5FA187750".parse()?),
        balance: Amount::from_xno("2.5")?,
        representative: key.account(),
    };
    let bob: Account =
        "nano_3e3j5tkog48pnny9dmfzj1r16pg8t1e76dz5tmac6iq689wyjfpiij4txtdo".parse()?;

    let send = state.send(bob, Amount::from_xno("1")?)?.sign(&key);
    send.verify()?;

    println!("hash {}", send.hash());
    println!("root {} still needs work", send.root());
    println!("{}", serde_json::to_string_pretty(&send)?);
    Ok(())
}
