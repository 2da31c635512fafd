//! A thousand payouts through a wallet server, on an embedded network with its own worker, with journal and store on
//! disk: payouts a second, and what part of the time is not work.
//!
//! `cargo run --profile bench -p p2pow-wallet --example payouts -- 1000 2` (payouts, accounts that pay them)

use nano_block::{Network, SecretKey};
use nano_devnet::Devnet;
use nano_pow::{Pool, Puzzle};
use nano_primitives::{Account, Amount, Root};
use nano_rpc::Client;
use p2pow_client::{Journal, Sender};
use p2pow_server::{Server, register::registration_block};
use p2pow_store::SqliteStore;
use p2pow_wallet::{Config, Parts, Password, WalletServer};
use serde_json::{Value, json};
use std::{
    error::Error,
    net::{Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

type Outcome<T> = Result<T, Box<dyn Error>>;

const HERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

#[tokio::main]
async fn main() -> Outcome<()> {
    let mut numbers = std::env::args().skip(1).map(|number| number.parse::<usize>());
    let payouts = numbers.next().transpose()?.unwrap_or(1000);
    let accounts = numbers.next().transpose()?.unwrap_or(1);
    let net = Devnet::builder().network(Network::Dev).start().await?;
    let worker = worker(&net).await?;
    let folder = tempfile::tempdir()?;
    let server = serve(&net, worker.local_addr().port(), folder.path()).await?;
    let address = server.local_addrs()[0];
    let payers = payers(&net, address, accounts).await?;

    let to = SecretKey::generate()?.account();
    let wanted: Vec<Value> = (0..payouts)
        .map(|n| {
            let account = payers[n % payers.len()];
            json!({ "account": account, "destination": to, "amount": "1", "key": n.to_string() })
        })
        .collect();
    let start = Instant::now();
    ask(address, "POST /payouts", &json!({ "payouts": wanted })).await?;
    let accepted = start.elapsed();
    while server.open_payments() > 0 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let took = start.elapsed();
    let arrived = net.receivable(&to).len();
    let works = net.block_count().0;
    assert_eq!(arrived, payouts, "each payout once");
    let work = work_alone(payouts + payouts.div_ceil(100)).await?;
    let rate = payouts as f64 / took.as_secs_f64();
    let outside = 100.0 * (1.0 - work.as_secs_f64() / took.as_secs_f64());
    println!(
        "{payouts} payouts of {accounts} accounts: accepted in {accepted:.2?}, confirmed in {took:.2?}, {rate:.0} a second"
    );
    println!(
        "the same works alone: {work:.2?}; {outside:.0} % of the time is outside work ({works} blocks on the ledger)"
    );
    server.shutdown().await;
    worker.shutdown().await;
    Ok(())
}

/// A worker that is registered.
async fn worker(net: &Devnet) -> Outcome<Server> {
    let config = p2pow_server::Config {
        listen: vec![HERE],
        reward_account: SecretKey::generate()?.account(),
        network: Network::Dev,
        websocket_urls: vec![net.websocket_url().parse()?],
        ..p2pow_server::Config::default()
    };
    let server = Server::bind(config, Client::new(&net.rpc_url())?, Pool::cpu(Some(1))).await?;
    let key = SecretKey::generate()?;
    net.open(&key, Amount::from_xno("0.001")?)?;
    let state = net.account(&key.account()).ok_or("it was opened")?.state();
    net.seed(&registration_block(&state, Ipv4Addr::LOCALHOST.into())?.sign(&key).into())?;
    Ok(server)
}

async fn serve(net: &Devnet, port: u16, folder: &std::path::Path) -> Outcome<WalletServer> {
    let node = Client::new(&net.rpc_url())?;
    let config = p2pow_client::Config {
        network: Network::Dev,
        port,
        allow_local: true,
        websocket_urls: vec![net.websocket_url().parse()?],
        ..p2pow_client::Config::default()
    };
    let journal = Journal::open(folder.join("journal.db"))?;
    let parts = Parts {
        sender: Sender::new(node.clone(), config).with_journal(journal),
        node,
        store: SqliteStore::open(folder.join("wallet.db"))?.shared(),
        owners: None,
        password: Password::new("correct horse")?,
    };
    Ok(WalletServer::bind(Config { listen: vec![HERE], ..Config::default() }, parts).await?)
}

/// Accounts of a wallet that have money.
async fn payers(net: &Devnet, address: SocketAddr, count: usize) -> Outcome<Vec<Account>> {
    let wallet = ask(address, "POST /", &json!({ "action": "wallet_create" })).await?;
    let mut payers = Vec::new();
    for _ in 0..count.max(1) {
        let key = SecretKey::generate()?;
        net.open(&key, Amount::from_xno("100")?)?;
        let (action, wallet) = ("wallet_add", &wallet["wallet"]);
        let add = json!({ "action": action, "wallet": wallet, "key": *key.expose_hex() });
        ask(address, "POST /", &add).await?;
        payers.push(key.account());
    }
    Ok(payers)
}

/// How long so many works take by themselves, one after the other.
async fn work_alone(count: usize) -> Outcome<Duration> {
    let pool = Pool::cpu(Some(1));
    let threshold = Network::Dev.thresholds().base();
    let start = Instant::now();
    for _ in 0..count {
        let root = Root::from_bytes(*nano_block::random_bytes()?);
        pool.submit(Puzzle::new(root, threshold)).await?;
    }
    Ok(start.elapsed())
}

async fn ask(to: SocketAddr, line: &str, body: &Value) -> Outcome<Value> {
    let body = body.to_string();
    let length = body.len();
    let head = format!(
        "{line} HTTP/1.1\r\nhost: {to}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
    );
    let mut stream = TcpStream::connect(to).await?;
    stream.write_all((head + &body).as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let (_, body) = answer.split_once("\r\n\r\n").ok_or("no answer")?;
    Ok(serde_json::from_str(body)?)
}
