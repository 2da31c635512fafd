//! Signs with something of one's own in the place of a key in memory: here a vault that says what each block does and
//! signs no payment above its limit, as a hardware wallet or a signing service would.

use nano_block::{Network, SecretKey};
use nano_devnet::Devnet;
use nano_primitives::{Account, Amount, Signature};
use nano_rpc::Client;
use p2pow_client::{BoxFuture, Config, Meaning, Sender, Signer, SignerError, SigningRequest};
use p2pow_examples::worker_on;
use std::error::Error;

/// Shows what it signs, and signs up to a limit.
struct Vault {
    key: SecretKey,
    limit: Amount,
    most_fee: Amount,
}

impl Vault {
    fn judge(&self, request: &SigningRequest) -> Result<(), String> {
        match request.meaning {
            Meaning::Send { destination, amount } => {
                println!("to be signed: {} XNO to {destination}", amount.to_xno());
                let limit = self.limit;
                if amount > limit {
                    return Err(format!(
                        "{} XNO at most, wanted {}",
                        limit.to_xno(),
                        amount.to_xno()
                    ));
                }
            }
            Meaning::Reward { worker, fee } => {
                println!("to be signed: a fee of {} XNO to {worker}", fee.to_xno());
                if fee > self.most_fee {
                    return Err(format!("a fee of {} XNO is too much", fee.to_xno()));
                }
            }
            Meaning::Open { amount, .. } | Meaning::Receive { amount, .. } => {
                println!("to be signed: {} XNO come in", amount.to_xno());
            }
            // What it does not know it does not sign.
            _ => return Err("neither money nor a fee".to_owned()),
        }
        Ok(())
    }
}

impl Signer for Vault {
    fn account(&self) -> Account {
        self.key.account()
    }

    fn sign<'a>(
        &'a self,
        request: &'a SigningRequest,
    ) -> BoxFuture<'a, Result<Signature, SignerError>> {
        Box::pin(async move {
            self.judge(request).map_err(SignerError::new)?;
            Ok(self.key.sign(&request.block.hash()))
        })
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let net = Devnet::builder().network(Network::Dev).start().await?;
    let worker = worker_on(&net).await?;
    let key = SecretKey::generate()?;
    net.open(&key, Amount::from_xno("10")?)?;
    let vault = Vault { key, limit: Amount::from_xno("2")?, most_fee: Amount::from_xno("0.001")? };

    let config = Config {
        network: Network::Dev,
        port: worker.local_addr().port(),
        allow_local: true,
        max_fee: vault.most_fee,
        ..Config::default()
    };
    let sender = Sender::new(Client::new(&net.rpc_url())?, config);
    let bob = net.genesis_account();
    sender.send(&vault, bob, Amount::from_xno("1")?).await?;

    let error = sender.send(&vault, bob, Amount::from_xno("3")?).await.err();
    let error = error.ok_or("the vault signs no 3 XNO")?;
    println!("{error}: {}", error.source().map_or_else(String::new, ToString::to_string));
    // A refusal leaves nothing behind: the place on the account's chain is free again.
    assert!(error.nothing_left());
    sender.send(&vault, bob, Amount::from_xno("2")?).await?;
    assert!(net.balance(&vault.account()) < Amount::from_xno("7")?);

    worker.shutdown().await;
    net.shutdown().await;
    Ok(())
}
