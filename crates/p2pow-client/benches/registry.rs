//! What a scan of the registry costs: 10,000 entries of the embedded network, all of them dead or hostile but one, over
//! loopback. Counted are seconds from the first question to the answer of the last, and bytes both ways at the node.
//!
//! `cargo bench -p p2pow-client --bench registry`

use nano_block::{Network, SecretKey, Seed};
use nano_devnet::Devnet;
use nano_primitives::Amount;
use p2pow_client::{Config, Market, Search, Sender};
use p2pow_server::register::registration_block;
use p2pow_store::SqliteStore;
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// Accounts that register once.
const ACCOUNTS: u32 = 8_500;
/// Entries of one more account.
const DUST: u32 = 1_500;

/// A network with a full registry. Nobody listens at any of the addresses.
async fn crowd() -> Devnet {
    let net = Devnet::builder().network(Network::Dev).start().await.expect("ports are free");
    let seed = Seed::from_bytes([7; 32]);
    for number in 0..ACCOUNTS {
        let key = seed.derive(number);
        net.open(&key, Amount::from_raw(10_u128.pow(20))).expect("there is enough");
        register(&net, &key, number);
    }
    let flooder = seed.derive(ACCOUNTS);
    net.open(&flooder, Amount::from_raw(10_u128.pow(20))).expect("there is enough");
    for number in 0..DUST {
        register(&net, &flooder, number);
    }
    net
}

fn register(net: &Devnet, key: &SecretKey, number: u32) {
    let state = net.account(&key.account()).expect("it is open").state();
    // Loopback, where who does not listen refuses at once.
    let address = Ipv4Addr::from_bits(0x7f01_0000 + number);
    let block = registration_block(&state, IpAddr::from(address)).expect("there is enough");
    net.seed(&block.sign(key).into()).expect("it is valid");
}

/// Passes bytes to and from the node, and counts them.
async fn relay(listener: TcpListener, node: SocketAddr, bytes: Arc<AtomicU64>) {
    while let Ok((client, _)) = listener.accept().await {
        let bytes = Arc::clone(&bytes);
        tokio::spawn(async move {
            let Ok(server) = TcpStream::connect(node).await else { return };
            let _ = (client.set_nodelay(true), server.set_nodelay(true));
            let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
                (client.into_split(), server.into_split());
            tokio::join!(
                pass(&mut from_client, &mut to_server, &bytes),
                pass(&mut from_server, &mut to_client, &bytes)
            );
        });
    }
}

async fn pass(
    from: &mut (impl AsyncReadExt + Unpin),
    to: &mut (impl AsyncWriteExt + Unpin),
    bytes: &AtomicU64,
) {
    let mut part = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut part).await {
        bytes.fetch_add(count as u64, Ordering::Relaxed);
        if to.write_all(&part[..count]).await.is_err() {
            return;
        }
    }
    let _ = to.shutdown().await;
}

/// The node behind a relay, as a sender of a new process sees it.
struct Bench<'a> {
    node: String,
    bytes: Arc<AtomicU64>,
    memory: &'a Path,
}

impl Bench<'_> {
    async fn scan(&self, what: &str, most: usize) {
        let config = Config {
            network: Network::Dev,
            allow_local: true,
            port: 1,
            search: Search { max_workers: most, ..Search::default() },
            ..Config::default()
        };
        self.bytes.store(0, Ordering::Relaxed);
        let start = Instant::now();
        let store = SqliteStore::open(self.memory).expect("a file can be made").shared();
        let node = nano_rpc::Client::new(&self.node).expect("it is a URL");
        let sender = Sender::new(node, config).with_market(Market::new(store));
        let listings = sender.workers().await.expect("the node answers");
        let (time, bytes) = (start.elapsed(), self.bytes.load(Ordering::Relaxed));
        println!(
            "{what}: {:.3} s, {:.2} MB, {} registered, {} asked",
            time.as_secs_f64(),
            bytes as f64 / 1e6,
            listings.registered,
            listings.workers.len()
        );
    }
}

#[tokio::main]
async fn main() {
    // `cargo test --benches` calls this too, to see that it runs.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let start = Instant::now();
    let net = crowd().await;
    println!("{} entries in {:.0} s", ACCOUNTS + DUST, start.elapsed().as_secs_f64());
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port is free");
    let node = format!("http://{}", listener.local_addr().expect("it listens"));
    let bytes = Arc::new(AtomicU64::new(0));
    tokio::spawn(relay(listener, net.rpc_addr(), Arc::clone(&bytes)));
    let folder = tempfile::tempdir().expect("a folder can be made");
    let bench = Bench { node, bytes, memory: &folder.path().join("market.db") };
    bench.scan("first scan, nobody asked", 0).await;
    for _ in 0..3 {
        bench.scan("later scan, nothing new, nobody asked", 0).await;
    }
    let late = Seed::from_bytes([8; 32]).derive(0);
    net.open(&late, Amount::from_raw(10_u128.pow(20))).expect("there is enough");
    register(&net, &late, 20_000);
    bench.scan("later scan, one new entry, nobody asked", 0).await;
    for _ in 0..3 {
        bench.scan("later scan, 100 dead ones asked", 100).await;
    }
    net.shutdown().await;
}
