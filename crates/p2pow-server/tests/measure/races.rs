//! How fast a job goes where a rival may be faster.

use crate::{
    common::{
        FEE, PATIENCE, Scene, alice, amount, bob, config,
        disk::{Disk, WORK},
        eventually, george,
        http::{Response, post, send},
        key, payments, request, state,
    },
    show,
};
use nano_block::{Network, SecretKey};
use nano_devnet::Devnet;
use nano_pow::{Backend, BackendError, CpuBackend, DeviceInfo, Pool, Task};
use nano_rpc::Client;
use p2pow_protocol::WorkRequest;
use p2pow_server::{JobEvent, Phase, Server};
use p2pow_store::{SqliteStore, Store};
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tokio::{sync::broadcast::Receiver, time::timeout};

/// When a job came to a phase.
async fn until(events: &mut Receiver<JobEvent>, phase: Phase) -> Instant {
    loop {
        if events.recv().await.unwrap().phase == phase {
            return Instant::now();
        }
    }
}

/// A worker whose journal is a file.
async fn on_disk() -> (Devnet, Server, Arc<Disk>) {
    let net = Devnet::builder().confirmation_delay(Duration::ZERO).start().await.unwrap();
    net.open(&alice(), amount(1_000_000_000)).unwrap();
    let path = std::env::temp_dir().join(format!("p2pow-measure-{}.db", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let disk = Arc::new(Disk::new(SqliteStore::open(&path).unwrap().shared()));
    let mut config = config();
    config.rate.per_second = 1e9;
    config.rate.burst = 1_000_000;
    config.websocket_urls = vec![net.websocket_url().parse().unwrap()];
    let node = Client::builder(&net.rpc_url()).retries(0).build().unwrap();
    let store: Arc<dyn Store> = disk.clone();
    let server = Server::bind_with(config, node, Pool::cpu(Some(1)), store).await.unwrap();
    (net, server, disk)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "prints figures"]
async fn from_the_last_nonce_to_the_last_block() {
    let (net, server, disk) = on_disk().await;
    let mut events = server.subscribe();
    for (what, blocks) in [("1 user block", 1), ("100 user blocks", 100)] {
        let (mut times, mut waits, mut all) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..if blocks == 1 { 200 } else { 20 } {
            let users = payments(&state(&net, &alice()), blocks);
            let asked = request(&users, (blocks as u128 + 1) * FEE / 2).to_json();
            disk.waited();
            let (response, (solved, seen)) =
                tokio::join!(post(server.local_addr(), "/request_work", &asked), async {
                    let solved = until(&mut events, Phase::Solved).await;
                    (solved, until(&mut events, Phase::Published).await)
                });
            assert_eq!(response.status, 201);
            times.push(seen - solved);
            until(&mut events, Phase::Confirmed).await;
            let writes = disk.waited();
            let waited = writes.iter().filter(|(kind, _)| *kind != WORK);
            waits.push(waited.map(|(_, time)| *time).sum());
            all.extend(writes);
        }
        show(&format!("last nonce to the reward seen on the ledger, {what}"), times);
        show(&format!("a job waits for its journal, all added up, {what}"), waits);
        for kind in ["flushed", "noted", WORK] {
            let times = all.iter().filter(|(of, _)| *of == kind).map(|(_, time)| *time);
            show(&format!("    {kind}"), times.collect());
        }
    }
}

/// Asks as a proxy does for a client.
async fn ask_as(address: SocketAddr, client: u8, body: Vec<u8>) -> Response {
    let headers = format!("X-Forwarded-For: 192.0.2.{client}\r\n");
    send(address, "POST /request_work", &headers, &body).await
}

/// A job by one of several senders.
fn job_by(net: &Devnet, sender: &SecretKey) -> WorkRequest {
    let at = state(net, sender);
    let user = at.send(bob(), amount(1)).unwrap();
    let reward = at.after(&user).send(george(), amount(FEE)).unwrap();
    WorkRequest::single(user.sign(sender), reward.sign(sender))
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "prints figures"]
async fn from_a_rivals_block_to_the_next_job() {
    let scene = Scene::with(|config, net| {
        config.websocket_urls = vec![net.websocket_url().parse().unwrap()];
        config.poll = Duration::from_secs(3600);
        config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    let mut times = Vec::new();
    for number in 0..60 {
        // Each spites once, account and address: who spites more is not served.
        let (spite, next) = (key(100 + 2 * number), key(101 + 2 * number));
        for sender in [&spite, &next] {
            scene.net.open(sender, amount(1_000_000)).unwrap();
        }
        scene.gate.set(false);
        let begun = scene.gate.searches();
        let (first, second) = (job_by(&scene.net, &spite), job_by(&scene.net, &next));
        let other = state(&scene.net, &spite).send(bob(), amount(7)).unwrap().sign(&spite);
        let rival = async {
            eventually(|| (scene.gate.searches() > begun).then_some(())).await;
            let queued = tokio::spawn(ask_as(scene.server.local_addr(), number, second.to_json()));
            eventually(|| (scene.server.status().busy == 2).then_some(())).await;
            let searches = scene.gate.searches();
            let begin = Instant::now();
            scene.net.seed(&other.into()).unwrap();
            while scene.gate.searches() == searches {
                tokio::task::yield_now().await;
                assert!(begin.elapsed() < PATIENCE, "the next job does not begin");
            }
            times.push(begin.elapsed());
            scene.gate.set(true);
            assert_eq!(queued.await.unwrap().status, 201);
        };
        let asked = ask_as(scene.server.local_addr(), number, first.to_json());
        tokio::join!(asked, rival);
        eventually(|| scene.server.jobs().is_empty().then_some(())).await;
    }
    show(
        "a rival's block to the device on the next job (with up to 0.2 ms of the test's gate)",
        times,
    );
}

/// When a device was asked to search, and when it came back.
#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<Vec<(Instant, Instant)>>>);

#[derive(Debug)]
struct Logged(Log, CpuBackend);

impl Backend for Logged {
    fn info(&self) -> DeviceInfo {
        DeviceInfo::new("logged")
    }

    fn search(&self, tasks: &[Task<'_>]) -> Result<(), BackendError> {
        let begin = Instant::now();
        let searched = self.1.search(tasks);
        self.0.0.lock().unwrap().push((begin, Instant::now()));
        searched
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "prints figures"]
async fn how_long_devices_are_idle_in_a_batch() {
    let network = Network::Beta;
    let net = Devnet::builder().network(network).start().await.unwrap();
    net.open(&alice(), amount(1_000_000_000)).unwrap();
    let log = Log::default();
    let pool = Pool::new(vec![Box::new(Logged(log.clone(), CpuBackend::new(1)))]);
    let config = p2pow_server::Config { network, ..config() };
    let node = Client::builder(&net.rpc_url()).build().unwrap();
    let store = SqliteStore::in_memory().unwrap().shared();
    let server = Server::bind_with(config, node, pool, store).await.unwrap();
    let asked = request(&payments(&state(&net, &alice()), 100), 101 * FEE / 2).to_json();
    let done = post(server.local_addr(), "/request_work", &asked);
    assert_eq!(timeout(4 * PATIENCE, done).await.unwrap().status, 201);
    let log = log.0.lock().unwrap();
    let gaps: Duration = log.windows(2).map(|pair| pair[1].0 - pair[0].1).sum();
    let all = log.last().unwrap().1 - log[0].0;
    println!(
        "a batch of 101 works: device idle {:.3} ms of {:.0} ms ({:.3} %), {} searches",
        gaps.as_secs_f64() * 1e3,
        all.as_secs_f64() * 1e3,
        100.0 * gaps.as_secs_f64() / all.as_secs_f64(),
        log.len()
    );
}
