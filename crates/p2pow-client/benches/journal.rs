//! What one delegated send costs its sender: the journal's share of the time, processor time, bytes over the network.
//!
//! The network `dev` and a worker run in the same process, on other threads; the sender has a thread of its own. Its work
//! is light, so what is measured is everything but the work.
#![allow(clippy::unwrap_used)]

use nano_block::{Network, SecretKey};
use nano_devnet::Devnet;
use nano_pow::Pool;
use nano_primitives::Amount;
use nano_rpc::Client;
use p2pow_client::{Config, Journal, Order, OrderKey, Patience, Sender};
use p2pow_server::{Server, register::registration_block};
use p2pow_store::{BoxFuture, Expect, Page, Record, Revision, SqliteStore, Store, StoreError};
use std::{
    net::SocketAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::net::{TcpListener, TcpStream};

/// Both runs together stay below what a worker takes from one address at once.
const SENDS: usize = 45;

/// Adds up the time that calls take, and counts them.
#[derive(Debug)]
struct Timed {
    store: SqliteStore,
    nanos: AtomicU64,
    writes: AtomicU64,
}

impl Timed {
    fn new(store: SqliteStore) -> Arc<Self> {
        Arc::new(Self { store, nanos: AtomicU64::new(0), writes: AtomicU64::new(0) })
    }

    async fn time<T>(&self, call: impl Future<Output = T>) -> T {
        let start = Instant::now();
        let answer = call.await;
        let nanos = u64::try_from(start.elapsed().as_nanos()).unwrap();
        self.nanos.fetch_add(nanos, Ordering::Relaxed);
        answer
    }

    fn take(&self) -> Duration {
        Duration::from_nanos(self.nanos.swap(0, Ordering::Relaxed))
    }
}

impl Store for Timed {
    fn get<'a>(
        &'a self,
        bucket: &'a str,
        key: &'a str,
    ) -> BoxFuture<'a, Result<Option<Record>, StoreError>> {
        Box::pin(self.time(self.store.get(bucket, key)))
    }

    fn put<'a>(
        &'a self,
        bucket: &'a str,
        key: &'a str,
        value: String,
        expect: Expect,
    ) -> BoxFuture<'a, Result<Revision, StoreError>> {
        self.writes.fetch_add(1, Ordering::Relaxed);
        Box::pin(self.time(self.store.put(bucket, key, value, expect)))
    }

    fn note<'a>(
        &'a self,
        bucket: &'a str,
        key: &'a str,
        value: String,
        expect: Expect,
    ) -> BoxFuture<'a, Result<Revision, StoreError>> {
        self.writes.fetch_add(1, Ordering::Relaxed);
        Box::pin(self.time(self.store.note(bucket, key, value, expect)))
    }

    fn remove<'a>(
        &'a self,
        bucket: &'a str,
        key: &'a str,
        revision: Revision,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(self.time(self.store.remove(bucket, key, revision)))
    }

    fn list<'a>(
        &'a self,
        bucket: &'a str,
        page: Page<'a>,
    ) -> BoxFuture<'a, Result<Vec<Record>, StoreError>> {
        Box::pin(self.time(self.store.list(bucket, page)))
    }
}

/// Passes connections on to `to`, and counts what goes through.
async fn count(listen: SocketAddr, to: SocketAddr, bytes: Arc<AtomicU64>) -> SocketAddr {
    let listener = TcpListener::bind(listen).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut from, _)) = listener.accept().await {
            let bytes = Arc::clone(&bytes);
            tokio::spawn(async move {
                let mut to = TcpStream::connect(to).await.unwrap();
                let (mut from_to, mut to_from) = (from.split(), to.split());
                let (up, down) = (
                    pass(&mut from_to.0, &mut to_from.1, &bytes),
                    pass(&mut to_from.0, &mut from_to.1, &bytes),
                );
                let _ = tokio::join!(up, down);
            });
        }
    });
    address
}

async fn pass(
    from: &mut (impl tokio::io::AsyncRead + Unpin),
    to: &mut (impl tokio::io::AsyncWrite + Unpin),
    bytes: &AtomicU64,
) -> std::io::Result<()> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut part = [0; 4096];
    loop {
        let read = from.read(&mut part).await?;
        if read == 0 {
            return to.shutdown().await;
        }
        bytes.fetch_add(u64::try_from(read).unwrap(), Ordering::Relaxed);
        to.write_all(&part[..read]).await?;
    }
}

/// Time that this thread was on a processor (Linux).
fn on_processor() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = text.split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0);
    Duration::from_nanos(nanos)
}

struct Market {
    net: Devnet,
    alice: SecretKey,
    /// What goes to and from the node, and the worker.
    bytes: [Arc<AtomicU64>; 2],
    node: SocketAddr,
    port: u16,
    _worker: Server,
}

async fn open() -> Market {
    let net = Devnet::builder()
        .network(Network::Dev)
        .confirmation_delay(Duration::ZERO)
        .start()
        .await
        .unwrap();
    let (alice, george) = (SecretKey::generate().unwrap(), SecretKey::generate().unwrap());
    net.open(&alice, Amount::from_xno("1000").unwrap()).unwrap();
    net.open(&george, Amount::from_xno("1").unwrap()).unwrap();
    let config = p2pow_server::Config {
        listen: vec!["127.0.0.3:0".parse().unwrap()],
        reward_account: george.account(),
        network: Network::Dev,
        websocket_urls: vec![net.websocket_url()],
        ..p2pow_server::Config::default()
    };
    let node = Client::new(&net.rpc_url()).unwrap();
    let worker = Server::bind(config, node, Pool::cpu(Some(1))).await.unwrap();
    let state = net.account(&george.account()).unwrap().state();
    let block = registration_block(&state, [127, 0, 0, 2].into()).unwrap();
    net.seed(&block.sign(&george).into()).unwrap();
    let bytes = [Arc::default(), Arc::default()];
    let any: SocketAddr = "127.0.0.2:0".parse().unwrap();
    let node = count(any, net.rpc_addr(), Arc::clone(&bytes[0])).await;
    let port = count(any, worker.local_addr(), Arc::clone(&bytes[1])).await.port();
    Market { net, alice, bytes, node, port, _worker: worker }
}

#[derive(Default)]
struct Figures {
    journal: Vec<Duration>,
    whole: Vec<Duration>,
    processor: Duration,
}

/// Pays again and again on a thread of its own.
fn pay(market: &Market, store: SqliteStore) -> Figures {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let timed = Timed::new(store);
    let default = Config::default();
    let config = Config {
        network: Network::Dev,
        port: market.port,
        allow_local: true,
        websocket: Some(market.net.websocket_url()),
        patience: Patience { poll: Duration::from_millis(20), ..default.patience },
        ..default
    };
    let node = Client::new(&format!("http://{}", market.node)).unwrap();
    let journal = Journal::new(Arc::clone(&timed));
    let sender = Sender::new(node, config).with_journal(journal);
    let mut figures = Figures::default();
    let before = on_processor();
    for number in 0..SENDS {
        let destination = SecretKey::generate().unwrap().account();
        let order = Order::Send { destination, amount: Amount::from_raw(1) };
        let key = OrderKey::new(format!("{number}")).unwrap();
        let start = Instant::now();
        runtime.block_on(sender.pay(&market.alice, &key, &[order])).unwrap();
        figures.whole.push(start.elapsed());
        figures.journal.push(timed.take());
    }
    figures.processor = on_processor() - before;
    println!("  {} writes a send", timed.writes.load(Ordering::Relaxed) / SENDS as u64);
    figures
}

fn median(mut times: Vec<Duration>) -> (Duration, Duration) {
    times.sort();
    (times[times.len() / 2], times[times.len() * 95 / 100])
}

fn report(name: &str, market: &Market, store: SqliteStore) {
    for bytes in &market.bytes {
        bytes.store(0, Ordering::Relaxed);
    }
    println!("{name}, {SENDS} sends:");
    let figures = std::thread::scope(|scope| scope.spawn(|| pay(market, store)).join().unwrap());
    let sends = u32::try_from(SENDS).unwrap();
    let (journal, slow) = median(figures.journal);
    println!("  in the journal: median {journal:?}, 95 of 100 within {slow:?}");
    let (whole, slow) = median(figures.whole);
    println!("  a send: median {whole:?}, 95 of 100 within {slow:?}");
    println!("  the sender's thread on a processor: {:?} a send", figures.processor / sends);
    let [node, worker] =
        market.bytes.each_ref().map(|bytes| bytes.load(Ordering::Relaxed) / u64::from(sends));
    println!("  bytes a send: {node} to and from the node, {worker} to and from the worker");
}

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let market = runtime.block_on(open());
    report("in memory", &market, SqliteStore::in_memory().unwrap());
    let folder = tempfile::tempdir_in(Path::new(env!("CARGO_TARGET_TMPDIR"))).unwrap();
    let store = SqliteStore::open(folder.path().join("journal.db")).unwrap();
    report("in a file", &market, store);
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    println!("all of it, with network and worker: {peak}");
}
