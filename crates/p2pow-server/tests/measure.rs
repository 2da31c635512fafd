//! Figures of a running worker for `docs/benchmarks.md`. They are printed, not judged:
//! `cargo test --release -p p2pow-server --test measure -- --ignored --nocapture --test-threads 1`.

#![allow(clippy::unwrap_used)]

mod common;

use common::{FEE, Scene, alice, eventually, payments, request};
use p2pow_server::{JobEvent, Phase};
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    sync::broadcast::Receiver,
    time::{sleep, timeout},
};

fn show(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |share: usize| times[(times.len() - 1) * share / 100].as_secs_f64() * 1e3;
    println!(
        "{what}: p50 {:.2} ms, p99 {:.2} ms, most {:.2} ms of {}",
        at(50),
        at(99),
        at(100),
        times.len()
    );
}

/// When a job came to a phase.
async fn until(events: &mut Receiver<JobEvent>, phase: Phase) -> Instant {
    loop {
        if events.recv().await.unwrap().phase == phase {
            return Instant::now();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "prints figures"]
async fn from_the_last_nonce_to_the_last_block() {
    let scene = Scene::with(|config, _| config.rate.per_second = 1e9).await;
    let mut events = scene.server.subscribe();
    let mut times = Vec::new();
    for raw in 1..=90 {
        let asked = request(&[scene.send(raw)], FEE);
        let (response, (solved, published)) = tokio::join!(scene.ask(&asked), async {
            let solved = until(&mut events, Phase::Solved).await;
            (solved, until(&mut events, Phase::Published).await)
        });
        assert_eq!(response.status, 201);
        times.push(published - solved);
        until(&mut events, Phase::Confirmed).await;
    }
    show("last nonce to reward seen on the ledger, 2 blocks", times);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "prints figures"]
async fn from_a_rivals_block_to_the_next_job() {
    let scene = Scene::with(|config, net| {
        config.websocket_url = Some(net.websocket_url());
        config.poll = Duration::from_secs(3600);
    })
    .await;
    let mut times = Vec::new();
    for raw in 1..=3 {
        // More forks of one account would not be served.
        scene.gate.set(false);
        let asked = request(&[scene.send(2 * raw)], FEE);
        let other = scene.send(2 * raw + 1).sign(&alice());
        let rival = async {
            eventually(|| scene.gate.is_searching().then_some(())).await;
            let begin = Instant::now();
            scene.net.seed(&other.into()).unwrap();
            while scene.gate.is_searching() {
                std::hint::spin_loop();
                tokio::task::yield_now().await;
            }
            begin.elapsed()
        };
        let (_, time) = tokio::join!(scene.ask(&asked), rival);
        times.push(time);
        eventually(|| scene.server.jobs().is_empty().then_some(())).await;
    }
    show("a rival's block to the device being free (includes 0.2 ms of the test's gate)", times);
}

/// Asks for the info from a fresh connection of its own address.
async fn info(address: SocketAddr) -> Option<Duration> {
    let begin = Instant::now();
    let asked = async {
        let socket = TcpSocket::new_v4().ok()?;
        socket.bind("127.0.9.9:0".parse().ok()?).ok()?;
        let mut stream = socket.connect(address).await.ok()?;
        stream.write_all(b"GET /request_info HTTP/1.0\r\n\r\n").await.ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.ok()?;
        answer.starts_with(b"HTTP/1.0 200").then_some(())
    };
    timeout(Duration::from_secs(10), asked).await.ok().flatten()?;
    Some(begin.elapsed())
}

async fn attacked(what: &str, address: SocketAddr) {
    let (mut times, mut unanswered) = (Vec::new(), 0);
    let end = Instant::now() + Duration::from_secs(5);
    while Instant::now() < end {
        match info(address).await {
            Some(time) => times.push(time),
            None => unanswered += 1,
        }
    }
    show(&format!("request_info, {what}, {unanswered} unanswered"), times);
}

async fn from(address: SocketAddr, number: usize) -> Option<TcpStream> {
    let socket = TcpSocket::new_v4().ok()?;
    socket.bind(format!("127.0.8.{}:0", 1 + number % 16).parse().ok()?).ok()?;
    socket.connect(address).await.ok()
}

/// A batch of 128 blocks, well signed, that pays 1 raw.
fn cheap_batch(scene: &Scene) -> Vec<u8> {
    let blocks = payments(&scene.alice(), 128);
    request(&blocks, 1).to_json()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "prints figures"]
async fn what_is_said_under_attack() {
    let scene = Scene::with(|config, _| config.rate.per_second = 1e9).await;
    let address = scene.server.local_addr();
    attacked("at rest", address).await;
    let mut held = Vec::new();
    for number in 0..1024 {
        held.extend(from(address, number).await);
    }
    attacked("1024 idle connections of 16 addresses", address).await;
    drop(held);
    let pipeline = b"GET /request_info HTTP/1.1\r\nHost: h\r\n\r\n".repeat(2000);
    let mut rude = Vec::new();
    for number in 0..512 {
        let pipeline = pipeline.clone();
        rude.push(tokio::spawn(async move {
            let mut stream = from(address, number).await?;
            let _ = stream.write_all(&pipeline).await;
            sleep(Duration::from_secs(6)).await; // and never reads
            Some(())
        }));
    }
    attacked("512 connections that pipeline and never read", address).await;
    rude.iter().for_each(tokio::task::JoinHandle::abort);
    let body = cheap_batch(&scene);
    let head =
        format!("POST /request_work HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n", body.len());
    let request = [head.as_bytes(), &body].concat();
    let mut crowd = Vec::new();
    for number in 0..512 {
        let request = request.clone();
        crowd.push(tokio::spawn(async move {
            let mut stream = from(address, number).await?;
            let mut answer = [0; 4096];
            loop {
                stream.write_all(&request).await.ok()?;
                stream.read(&mut answer).await.ok().filter(|read| *read > 0)?;
            }
            #[allow(unreachable_code)]
            Some(())
        }));
    }
    attacked("512 connections with signed batches of 128 for 1 raw", address).await;
    crowd.iter().for_each(tokio::task::JoinHandle::abort);
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("VmHWM unknown");
    println!("peak memory of worker, node and attackers together: {peak}");
}
