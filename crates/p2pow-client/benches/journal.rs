//! What one delegated send costs its sender: the journal's share of the time, processor time, bytes over the network.
//!
//! The network `dev` and a worker run in the same process, on other threads; the sender has a thread of its own. Its work
//! is light, so what is measured is everything but the work. At the end the sender is a process of its own, for one send
//! and for many, beside the local work that it spares: hashes of the `blake2` crate, on one core.
//!
//! `cargo bench -p p2pow-client --bench journal`
#![allow(clippy::unwrap_used)]

use nano_block::{Network, SecretKey};
use nano_devnet::Devnet;
use nano_pow::Pool;
use nano_primitives::{Amount, Root, Work};
use nano_rpc::Client;
use p2pow_client::{Config, Journal, Order, OrderKey, Patience, Sender};
use p2pow_server::{Rate, Server, register::registration_block};
use p2pow_store::{Around, BoxFuture, Call, Kind, SqliteStore, Store, StoreError};
use std::{
    net::SocketAddr,
    path::Path,
    process::Command,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Runtime,
};

const SENDS: usize = 45;
/// The key of the account that sends, on a network that ends with this program.
const ALICE: &str = "0000000000000000000000000000000000000000000000000000000000000001";

/// Measures the time during which a call at least is under way, and counts them.
#[derive(Debug)]
struct Timed {
    store: SqliteStore,
    /// Calls under way, and since when there are any.
    busy: Mutex<(usize, Option<Instant>)>,
    nanos: AtomicU64,
    calls: AtomicU64,
    flushes: AtomicU64,
}

impl Timed {
    fn new(store: SqliteStore) -> Arc<Self> {
        let (busy, nanos) = (Mutex::default(), AtomicU64::new(0));
        Arc::new(Self { store, busy, nanos, calls: AtomicU64::new(0), flushes: AtomicU64::new(0) })
    }

    async fn time<T>(&self, call: impl Future<Output = T>) -> T {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.begin();
        let answer = call.await;
        self.end();
        answer
    }

    fn begin(&self) {
        let mut busy = self.busy.lock().unwrap();
        busy.0 += 1;
        busy.1.get_or_insert_with(Instant::now);
    }

    fn end(&self) {
        let mut busy = self.busy.lock().unwrap();
        busy.0 -= 1;
        if let (0, Some(since)) = (busy.0, busy.1) {
            busy.1 = None;
            let nanos = u64::try_from(since.elapsed().as_nanos()).unwrap();
            self.nanos.fetch_add(nanos, Ordering::Relaxed);
        }
    }

    fn take(&self) -> Duration {
        Duration::from_nanos(self.nanos.swap(0, Ordering::Relaxed))
    }
}

impl Around for Timed {
    fn store(&self) -> &dyn Store {
        &self.store
    }

    fn call<'a, T: Send + 'a>(
        &'a self,
        call: Call<'a>,
        answer: BoxFuture<'a, Result<T, StoreError>>,
    ) -> BoxFuture<'a, Result<T, StoreError>> {
        if call.kind == Kind::Put {
            self.flushes.fetch_add(1, Ordering::Relaxed);
        }
        Box::pin(self.time(answer))
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
    let (alice, george): (SecretKey, _) = (ALICE.parse().unwrap(), SecretKey::generate().unwrap());
    net.open(&alice, Amount::from_xno("1000").unwrap()).unwrap();
    net.open(&george, Amount::from_xno("1").unwrap()).unwrap();
    let config = p2pow_server::Config {
        listen: vec!["127.0.0.3:0".parse().unwrap()],
        reward_account: george.account(),
        network: Network::Dev,
        websocket_urls: vec![net.websocket_url().parse().unwrap()],
        rate: Rate { per_second: 1e6, burst: 1_000_000 },
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

fn sender(node: SocketAddr, port: u16, websocket: String) -> Sender {
    let default = Config::default();
    let config = Config {
        network: Network::Dev,
        port,
        allow_local: true,
        websocket_urls: vec![websocket.parse().unwrap()],
        patience: Patience { poll: Duration::from_millis(20), ..default.patience },
        ..default
    };
    Sender::new(Client::new(&format!("http://{node}")).unwrap(), config)
}

fn order() -> Order {
    let destination = SecretKey::generate().unwrap().account();
    Order::Send { destination, amount: Amount::from_raw(1) }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Pays again and again on a thread of its own.
fn pay(market: &Market, store: SqliteStore) -> Figures {
    let (runtime, timed) = (runtime(), Timed::new(store));
    let sender = sender(market.node, market.port, market.net.websocket_url())
        .with_journal(Journal::new(Arc::clone(&timed)));
    let mut figures = Figures::default();
    let before = on_processor();
    for number in 0..SENDS {
        let (order, key) = (order(), OrderKey::new(format!("{number}")).unwrap());
        let start = Instant::now();
        runtime.block_on(sender.pay(&market.alice, &key, &[order])).unwrap();
        figures.whole.push(start.elapsed());
        figures.journal.push(timed.take());
    }
    figures.processor = on_processor() - before;
    let [calls, flushes] = [&timed.calls, &timed.flushes]
        .map(|count| count.load(Ordering::Relaxed) as f64 / SENDS as f64);
    println!("  {calls:.1} calls of the store a send, {flushes:.1} of them flushed");
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
    tell_bytes(market, SENDS);
}

fn tell_bytes(market: &Market, sends: usize) {
    let [node, worker] =
        market.bytes.each_ref().map(|bytes| bytes.swap(0, Ordering::Relaxed) / sends as u64);
    println!("  bytes a send: {node} to and from the node, {worker} to and from the worker");
}

/// This program again, as a sender and nothing else: for so many sends.
fn alone(market: &Market, folder: &Path, sends: usize) {
    market.bytes.iter().for_each(|bytes| bytes.store(0, Ordering::Relaxed));
    println!("a process of its own, journal and market in files, sends: {sends}");
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["alone", &market.node.to_string(), &market.port.to_string()])
        .args([&market.net.websocket_url(), &sends.to_string()])
        .arg(folder.join(format!("{sends}.db")))
        .status();
    assert!(status.unwrap().success());
    tell_bytes(market, sends);
}

/// What that process does. Figures count from its start.
fn pay_alone(arguments: &[String]) {
    let [node, port, websocket, sends, file] = arguments else { panic!("five arguments") };
    let alice: SecretKey = ALICE.parse().unwrap();
    let (runtime, sends): (_, u32) = (runtime(), sends.parse().unwrap());
    let store = SqliteStore::open(format!("{file}.market")).unwrap().shared();
    let sender = sender(node.parse().unwrap(), port.parse().unwrap(), websocket.clone())
        .with_journal(Journal::open(file).unwrap())
        .with_market(p2pow_client::Market::new(store));
    for number in 0..sends {
        let key = OrderKey::new(format!("{number}")).unwrap();
        runtime.block_on(sender.pay(&alice, &key, &[order()])).unwrap();
    }
    println!("  all threads on a processor: {:?} a send; {}", on_processors() / sends, peak());
}

/// Time that all threads of this process were on a processor (Linux).
fn on_processors() -> Duration {
    let threads = std::fs::read_dir("/proc/self/task").unwrap();
    let nanos = threads.map(|thread| {
        let path = thread.unwrap().path().join("schedstat");
        let text = std::fs::read_to_string(path).unwrap_or_default();
        text.split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0)
    });
    Duration::from_nanos(nanos.sum())
}

/// The most memory that this process had (Linux).
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    peak.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What a send costs that finds its work on this computer, by the definition of work with the `blake2` crate.
fn local_work() {
    const HASHES: u64 = 2_000_000;
    let (root, before) = (Root::from_bytes([7; 32]), on_processor());
    let best = (0..HASHES).map(|nonce| Work::from_u64(nonce).value(&root)).max();
    assert!(best.is_some());
    let rate = HASHES as f64 / (on_processor() - before).as_secs_f64();
    let threshold = Network::Live.thresholds().base().to_u64();
    let expected = 2.0_f64.powi(64) / (u64::MAX - threshold) as f64;
    println!("local work of a live send: {expected:.0} hashes, {:.0} s of a core", expected / rate);
    println!("  at {:.2} million hashes/s; {}", rate / 1e6, peak());
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.split_first() {
        Some((first, rest)) if first == "alone" => return pay_alone(rest),
        Some((first, _)) if first == "local" => return local_work(),
        _ => {}
    }
    let runtime = Runtime::new().unwrap();
    let market = runtime.block_on(open());
    report("in memory", &market, SqliteStore::in_memory().unwrap());
    let folder = tempfile::tempdir_in(Path::new(env!("CARGO_TARGET_TMPDIR"))).unwrap();
    let store = SqliteStore::open(folder.path().join("journal.db")).unwrap();
    report("in a file", &market, store);
    for sends in [1, SENDS] {
        alone(&market, folder.path(), sends);
    }
    let local = Command::new(std::env::current_exe().unwrap()).arg("local").status();
    assert!(local.unwrap().success());
}
