//! What runs in processes of its own: the worker, and those who attack it.

use crate::{
    common::{bind, config},
    process::say,
};
use nano_rpc::Client;
use p2pow_server::{Config, HttpLimits, Rate};
use p2pow_store::SqliteStore;
use std::{
    env,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::sleep,
};

pub(crate) const NODE: &str = "P2POW_MEASURE_NODE";
pub(crate) const LIMITS: &str = "P2POW_MEASURE_LIMITS";
pub(crate) const ADDRESS: &str = "P2POW_MEASURE_ADDRESS";
pub(crate) const ATTACK: &str = "P2POW_MEASURE_ATTACK";
pub(crate) const CROWD: &str = "P2POW_MEASURE_CROWD";
pub(crate) const SOURCES: &str = "P2POW_MEASURE_SOURCES";
pub(crate) const REQUESTS: &str = "P2POW_MEASURE_REQUESTS";

fn told(name: &str) -> String {
    env::var(name).unwrap_or_default()
}

fn number(name: &str) -> usize {
    told(name).parse().unwrap_or(1)
}

/// A worker with the limits that workers have, or one that takes whatever comes from a proxy.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a part of the others"]
async fn worker() {
    if told(NODE).is_empty() {
        return;
    }
    let node = Client::builder(&told(NODE)).retries(0).build().unwrap();
    let config = match told(LIMITS).as_str() {
        "none" => Config {
            rate: Rate { per_second: 1e9, burst: 1_000_000 },
            trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()],
            max_checks: 100_000,
            http: HttpLimits { pace: None, ..HttpLimits::default() },
            ..config()
        },
        _ => config(),
    };
    let store = SqliteStore::in_memory().unwrap().shared();
    let (server, _gate) = bind(config, node, store).await.unwrap();
    say(server.local_addr());
    std::future::pending::<()>().await;
}

/// What all attackers know.
struct Attack {
    address: SocketAddr,
    sources: usize,
    /// What they send, in turn.
    requests: Vec<Vec<u8>>,
    next: AtomicU64,
    answered: AtomicU64,
}

/// Attackers, each in a task of its own, until they are killed.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a part of the others"]
async fn attackers() {
    let Ok(address) = told(ADDRESS).parse() else { return };
    let file = std::fs::read_to_string(told(REQUESTS)).unwrap_or_default();
    let requests = file.split('\0').map(|request| request.as_bytes().to_vec()).collect();
    let attack = Attack {
        address,
        sources: number(SOURCES),
        requests,
        next: AtomicU64::new(0),
        answered: AtomicU64::new(0),
    };
    let attack = Arc::new(attack);
    for place in 0..number(CROWD) {
        tokio::spawn(attacker(Arc::clone(&attack), place));
    }
    sleep(Duration::from_secs(1)).await;
    say("all are there");
    loop {
        sleep(Duration::from_secs(1)).await;
        say(attack.answered.load(Ordering::Relaxed));
    }
}

/// One of them: comes again whenever its connection ends.
async fn attacker(attack: Arc<Attack>, place: usize) {
    loop {
        let one = attack.connect(place).await;
        let Some(stream) = one else {
            sleep(Duration::from_millis(100)).await;
            continue;
        };
        let _ = match told(ATTACK).as_str() {
            "idle" => idle(stream).await,
            "pipeline" => pipeline(stream, &attack).await,
            "slow" => slow(stream).await,
            "once" => once(stream, &attack).await,
            _ => again(stream, &attack).await,
        };
    }
}

impl Attack {
    async fn connect(&self, place: usize) -> Option<TcpStream> {
        let socket = TcpSocket::new_v4().ok()?;
        let [.., high, low] = (place % self.sources).to_be_bytes();
        socket.bind(SocketAddr::from(([127, 8, high, low.max(1)], 0))).ok()?;
        socket.connect(self.address).await.ok()
    }

    /// A request, as if from an address that nobody has had.
    fn request(&self) -> Vec<u8> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let place = usize::try_from(number).unwrap() % self.requests.len();
        let text = String::from_utf8_lossy(&self.requests[place]);
        let [.., a, b, c] = number.to_be_bytes();
        text.replacen("{source}", &format!("10.{a}.{b}.{c}"), 1).into_bytes()
    }
}

/// Says nothing.
async fn idle(mut stream: TcpStream) -> std::io::Result<()> {
    stream.read(&mut [0; 64]).await.map(drop)
}

/// Asks and asks, and never reads.
async fn pipeline(mut stream: TcpStream, attack: &Attack) -> std::io::Result<()> {
    let many = attack.request().repeat(2000);
    loop {
        stream.write_all(&many).await?;
    }
}

/// Sends the head of a request so slowly that it never ends.
async fn slow(mut stream: TcpStream) -> std::io::Result<()> {
    stream.write_all(b"GET /request_info HTTP/1.1\r\nHost: h\r\nX: ").await?;
    loop {
        sleep(Duration::from_secs(2)).await;
        stream.write_all(b"x").await?;
    }
}

/// Asks once and hangs up.
async fn once(mut stream: TcpStream, attack: &Attack) -> std::io::Result<()> {
    stream.write_all(&attack.request()).await?;
    if stream.read(&mut [0; 4096]).await? == 0 {
        return Ok(());
    }
    attack.answered.fetch_add(1, Ordering::Relaxed);
    Ok(())
}

/// Asks as soon as it is answered.
async fn again(mut stream: TcpStream, attack: &Attack) -> std::io::Result<()> {
    let mut answer = [0; 4096];
    loop {
        stream.write_all(&attack.request()).await?;
        if stream.read(&mut answer).await? == 0 {
            return Ok(());
        }
        attack.answered.fetch_add(1, Ordering::Relaxed);
    }
}
