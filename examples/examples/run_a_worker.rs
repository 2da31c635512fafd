//! Runs a worker as a library: no key, only the account that is paid. The node is the embedded one; for a real one, give its URL.

use nano_block::{Network, SecretKey};
use nano_devnet::Devnet;
use nano_pow::Pool;
use nano_primitives::Amount;
use nano_rpc::Client;
use p2pow_server::{Config, Server};
use std::error::Error;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let net = Devnet::builder().network(Network::Dev).start().await?;
    let config = Config {
        listen: vec!["127.0.0.1:0".parse()?], // a real worker listens on port 7090 of every address
        reward_account: SecretKey::generate()?.account(),
        fee: Amount::from_xno("0.0001")?,
        network: Network::Dev,
        websocket_urls: vec![net.websocket_url().parse()?],
        ..Config::default()
    };
    let server = Server::bind(config, Client::new(&net.rpc_url())?, Pool::cpu(None)).await?;

    println!("GET http://{}/request_info shows the offer", server.local_addr());
    println!("{:#?}", server.status());
    server.shutdown().await;
    net.shutdown().await;
    Ok(())
}
