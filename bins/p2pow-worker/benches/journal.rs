//! What the journal costs a job, in a file of SQLite and in the fleet's broker, on one machine:
//! `cargo bench -p p2pow-worker --features fleet --bench journal`. Needs `nats-server`. The jobs are those of a development
//! network, whose works take a fraction of a millisecond.

#![allow(clippy::unwrap_used)]

#[path = "../../../crates/p2pow-fleet/tests/fleet/broker.rs"]
#[allow(dead_code)] // the tests use the rest
mod broker;
#[path = "../../../crates/p2pow-fleet/tests/fleet/three.rs"]
#[allow(dead_code)]
mod three;

use nano_block::{AccountState, Network, SecretKey, Seed};
use nano_devnet::Devnet;
use nano_pow::Pool;
use nano_primitives::{Account, Amount};
use nano_rpc::Client;
use p2pow_fleet::{Broker, JetStreamStore, Name, Presence};
use p2pow_protocol::WorkRequest;
use p2pow_server::{Config, JournalIn, Phase, Server};
use p2pow_store::SqliteStore;
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

const JOBS: u32 = 300;
/// Jobs before those that count.
const FIRST: u32 = 20;
const TOGETHER: usize = 8;
const FEE: u128 = 6400;

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = SqliteStore::open(folder.path().join("worker.db")).unwrap().shared();
    runtime.block_on(measure("SQLite", JournalIn::own(file)));
    let Some(one) = broker::start("") else { return };
    runtime.block_on(fleet("JetStream, 1 server", &[one]));
    let three = three::start().unwrap();
    runtime.block_on(fleet("JetStream, 3 servers", &three));
}

/// With a place among front ends, as `run --fleet-journal` has one.
async fn fleet(what: &str, servers: &[broker::Server]) {
    let name: Name = "p2pow".parse().unwrap();
    let broker = Broker::new(servers.iter().map(broker::Server::address), name.clone()).unwrap();
    let store = JetStreamStore::open(&broker, &name, servers.len()).await.unwrap().shared();
    let (member, time) = (Name::random("front"), Duration::from_secs(20));
    let presence = Presence::join(Arc::clone(&store), member, time, false).await.unwrap();
    measure(what, JournalIn::shared(store, Arc::new(presence))).await;
}

fn key(number: u32) -> SecretKey {
    Seed::from_bytes([7; 32]).derive(number)
}

fn account(number: u32) -> Account {
    key(number).account()
}

fn request(net: &Devnet, number: u32) -> WorkRequest {
    let key = key(number);
    let state: AccountState = net.account(&key.account()).unwrap().state();
    let user = state.send(account(u32::MAX), Amount::from_raw(1)).unwrap();
    let reward = state.after(&user).send(account(u32::MAX - 1), Amount::from_raw(FEE)).unwrap();
    WorkRequest::single(user.sign(&key), reward.sign(&key))
}

async fn measure(what: &str, journal: JournalIn) {
    let net = Devnet::builder().confirmation_delay(Duration::ZERO).start().await.unwrap();
    for number in 0..FIRST + 2 * JOBS {
        net.open(&key(number), Amount::from_raw(1_000_000)).unwrap();
    }
    let mut config = Config {
        listen: vec!["127.0.0.1:0".parse().unwrap()],
        reward_account: account(u32::MAX - 1),
        fee: Amount::from_raw(FEE),
        network: Network::Dev,
        ..Config::default()
    };
    config.http.pace = None;
    config.rate.per_second = 1e6;
    config.rate.burst = 1_000_000;
    let node = Client::new(&net.rpc_url()).unwrap();
    let server = Server::bind_with(config, node, Pool::cpu(Some(1)), journal).await.unwrap();
    let (address, mut events) = (server.local_addr(), server.subscribe());
    let requests: Vec<_> = (0..FIRST + 2 * JOBS).map(|number| request(&net, number)).collect();
    let (alone, together) = requests.split_at((FIRST + JOBS) as usize);
    let (mut answered, mut ended) = (Vec::new(), Vec::new());
    for asked in alone {
        let began = Instant::now();
        let body = asked.to_json();
        tokio::task::spawn_blocking(move || ask(address, &body)).await.unwrap();
        answered.push(began.elapsed());
        loop {
            let event = events.recv().await.unwrap();
            if event.job.id() == asked.id() && event.phase == Phase::Confirmed {
                break;
            }
        }
        ended.push(began.elapsed());
    }
    println!("{what}: answered {}, in the books {}", middle(answered), middle(ended));
    let bodies: Vec<Vec<u8>> = together.iter().map(WorkRequest::to_json).collect();
    let began = Instant::now();
    thread::scope(|scope| {
        for bodies in bodies.chunks(bodies.len().div_ceil(TOGETHER)) {
            scope.spawn(|| bodies.iter().for_each(|body| ask(address, body)));
        }
    });
    let all = u64::from(FIRST + 2 * JOBS);
    while server.status().won < all {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let rate = f64::from(JOBS) / began.elapsed().as_secs_f64();
    println!("{what}: {rate:.0} jobs a second, {TOGETHER} at a time");
    server.shutdown().await;
}

/// The middle and the 99th percentile of those that count.
fn middle(mut times: Vec<Duration>) -> String {
    times.drain(..FIRST as usize);
    times.sort_unstable();
    format!("p50 {:.2?}, p99 {:.2?}", times[times.len() / 2], times[times.len() * 99 / 100])
}

fn ask(address: SocketAddr, body: &[u8]) {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    let head = format!(
        "POST /request_work HTTP/1.1\r\nHost: w\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
}
