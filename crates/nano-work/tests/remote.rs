//! Servers that do what they should, of every kind, as devices.

#![allow(clippy::unwrap_used)]

mod common;

use common::{
    NEVER, config, dev_base,
    fake::{Act, Fake},
    root, serve, tame_pool, until,
};
use nano_block::Network;
use nano_devnet::Devnet;
use nano_pow::{Backend, NonceRange, Pool, Puzzle, Stop, Task};
use nano_primitives::{Difficulty, Root, Work};
use nano_rpc::Client;
use nano_work::{CallerLimits, Key, RemoteBackend, WorkServer, WorkServerConfig};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

fn remote(url: &str) -> RemoteBackend {
    RemoteBackend::new(&Client::new(url).unwrap()).unwrap()
}

fn pool_of(url: &str) -> Pool {
    Pool::new(vec![Box::new(remote(url))])
}

fn url(server: &WorkServer) -> String {
    format!("http://{}", server.local_addr())
}

fn endless(byte: u8) -> Puzzle {
    Puzzle::new(root(byte), NEVER.parse().unwrap())
}

/// Work for what a request asks, its difficulty read by `radix`.
fn solve(request: &Value, radix: u32) -> Work {
    let root: Root = request["hash"].as_str().unwrap().parse().unwrap();
    let threshold = u64::from_str_radix(request["difficulty"].as_str().unwrap(), radix).unwrap();
    let mut works = (0..).map(Work::from_u64);
    works.find(|work| work.value(&root) >= Difficulty::from_u64(threshold)).unwrap()
}

#[tokio::test]
async fn our_own_server_is_a_device() {
    let server = serve(config()).await;
    let pool = pool_of(&url(&server));
    for byte in 0..3 {
        let job = Puzzle::new(root(byte), dev_base());
        assert_eq!(pool.submit(job).await.unwrap().puzzle(), &job);
    }
    let device = &pool.status().devices[0];
    assert_eq!(device.name, format!("remote {}", url(&server)));
    assert_eq!((device.solutions, device.failures, device.hashes), (3, 0, 0));
}

#[tokio::test]
async fn a_node_is_a_device() {
    let net = Devnet::builder().network(Network::Dev).start().await.unwrap();
    let pool = pool_of(&net.rpc_url());
    let job = Puzzle::new(root(1), dev_base());
    assert_eq!(pool.submit(job).await.unwrap().puzzle(), &job);
    net.shutdown().await;
}

#[tokio::test]
async fn a_server_that_reads_decimal_difficulties_is_a_device() {
    let mut decimal = Fake::start(|request| {
        if request["difficulty"].as_str().unwrap().parse::<u64>().is_err() {
            let text =
                r#"Failed to deserialize the JSON body into the target type: "expected " u64"#;
            return Act::Answer(422, text.to_owned());
        }
        let work = solve(request, 10).to_string().to_uppercase();
        Act::json(
            &json!({ "work": work, "difficulty": "18443691703551605126", "multiplier": "5.9" }),
        )
    })
    .await;
    let pool = pool_of(&decimal.url());
    for byte in 1..=3 {
        let job = Puzzle::new(root(byte), dev_base());
        assert_eq!(pool.submit(job).await.unwrap().puzzle(), &job);
    }
    // The first is asked for in hexadecimal once; then the server's way is known.
    assert_eq!(decimal.so_far(), 4);
}

#[tokio::test]
async fn a_request_has_nothing_that_some_server_could_not_read() {
    let mut fake = Fake::start(|request| Act::json(&json!({ "work": solve(request, 16) }))).await;
    let job = Puzzle::new(root(1), dev_base());
    pool_of(&fake.url()).submit(job).await.unwrap();
    let (_, body) = fake.next().await;
    let wanted = json!({
        "action": "work_generate", "hash": root(1), "difficulty": dev_base().to_string(),
        "use_peers": "false",
    });
    assert_eq!(body, wanted);
}

#[tokio::test]
async fn a_key_is_sent_along() {
    let key = Key::new("alice", "wonderland", CallerLimits::default()).unwrap();
    let server = serve(WorkServerConfig { keys: vec![key], open: None, ..config() }).await;
    let client = Client::builder(&url(&server)).header("X-API-Key", "wonderland").build().unwrap();
    let pool = Pool::new(vec![Box::new(RemoteBackend::new(&client).unwrap())]);
    assert!(pool.submit(Puzzle::new(root(1), dev_base())).await.is_ok());
    let stranger = pool_of(&url(&server)).submit(Puzzle::new(root(1), dev_base())).await;
    let error = format!("{:?}", stranger.unwrap_err());
    assert!(error.contains("Unauthorized"), "{error}");
}

#[tokio::test]
async fn a_server_does_not_hand_on_what_was_handed_on_to_it() {
    let last = serve(config()).await;
    let middle = WorkServer::bind(config(), pool_of(&url(&last))).await.unwrap();
    let error = pool_of(&url(&middle)).submit(Puzzle::new(root(1), dev_base())).await.unwrap_err();
    assert!(format!("{error:?}").contains("Work generation failed"), "{error:?}");
    let own = common::post(&middle, &common::generate(&root(1), &dev_base().to_string())).await;
    assert_eq!(own.status, 200, "{}", own.body);
}

/// What one asks the other for is not asked back, so that nothing is left when the client leaves.
#[tokio::test]
async fn servers_may_name_each_other_and_themselves() {
    let addresses = [common::nobody().await, common::nobody().await];
    let mut servers = Vec::new();
    for listen in addresses {
        let mut devices: Vec<Box<dyn Backend>> = vec![common::tame()];
        for peer in addresses {
            devices.push(Box::new(remote(&format!("http://{peer}"))));
        }
        let config = WorkServerConfig { listen, ..config() };
        servers.push(WorkServer::bind(config, Pool::new(devices)).await.unwrap());
    }
    let client = common::ask(&servers[0], &common::generate(&root(1), NEVER)).await;
    // The client's and its own; the other server has one.
    common::until_jobs(&servers[0], "2").await;
    common::until_jobs(&servers[1], "1").await;
    drop(client);
    for server in &servers {
        common::until_jobs(server, "0").await;
    }
}

#[tokio::test]
async fn a_job_given_up_is_given_up_by_the_server_too() {
    let far = tame_pool();
    let server = WorkServer::bind(config(), far.clone()).await.unwrap();
    let pool = pool_of(&url(&server));
    let ticket = pool.submit(endless(1));
    until("the server works", || !far.status().running.is_empty()).await;
    drop(ticket);
    until("the server is idle", || far.status().running.is_empty()).await;
    assert!(pool.submit(Puzzle::new(root(2), dev_base())).await.is_ok());
    assert_eq!(pool.status().devices[0].failures, 0);
}

#[tokio::test]
async fn a_pool_that_closes_gives_its_jobs_up() {
    let far = tame_pool();
    let server = WorkServer::bind(config(), far.clone()).await.unwrap();
    let pool = pool_of(&url(&server));
    let ticket = pool.submit(endless(1));
    until("the server works", || !far.status().running.is_empty()).await;
    drop((pool, ticket));
    until("the server is idle", || far.status().running.is_empty()).await;
}

#[tokio::test]
async fn a_server_gets_one_job_at_a_time_and_each_is_cancelled_by_name() {
    let mut fake = Fake::start(|request| match request["action"].as_str() {
        Some("work_cancel") => Act::json(&json!({ "success": "" })),
        _ => Act::Hang,
    })
    .await;
    let pool = Pool::new(vec![Box::new(remote(&fake.url()))]);
    let first = pool.submit(endless(1));
    assert_eq!(fake.next().await.1["hash"], json!(root(1)));
    drop(first);
    let second = pool.submit(endless(2));
    // The server answers every cancel but goes on: it is asked three times, then taken at its word.
    for _ in 0..3 {
        let (_, body) = fake.next().await;
        assert_eq!(body, json!({ "action": "work_cancel", "hash": root(1) }));
    }
    let (_, body) = fake.next().await;
    assert_eq!((&body["action"], &body["hash"]), (&json!("work_generate"), &json!(root(2))));
    drop(second);
    assert_eq!(pool.status().devices[0].failures, 0);
}

#[tokio::test]
async fn a_job_given_up_before_its_turn_is_not_sent() {
    let mut fake = Fake::start(|request| match request["action"].as_str() {
        Some("work_cancel") => Act::json(&json!({})),
        _ if request["hash"] == json!(root(1)) => Act::Hang,
        _ => Act::json(&json!({ "work": solve(request, 16) })),
    })
    .await;
    let pool = Pool::new(vec![Box::new(remote(&fake.url()))]);
    let first = pool.submit(endless(1));
    fake.next().await;
    drop(first);
    let second = pool.submit(endless(2));
    until("the second job is on", || {
        pool.status().running.iter().any(|running| running.puzzle.root == root(2))
    })
    .await;
    drop(second);
    pool.submit(Puzzle::new(root(3), dev_base())).await.unwrap();
    while let (_, body) = fake.next().await
        && body["hash"] != json!(root(3))
    {
        assert_eq!(body["hash"], json!(root(1)), "only what was sent is cancelled");
    }
}

/// The best of some attempts, as the machine may be busy with other things.
#[tokio::test]
async fn a_search_ends_at_once_however_slow_the_server() {
    let mut best = Duration::MAX;
    for _ in 0..10 {
        best = best.min(stop_latency().await);
    }
    println!("stopped after {best:?}");
    assert!(best < Duration::from_millis(10), "stopped after {best:?}");
}

async fn stop_latency() -> Duration {
    let mut fake = Fake::start(|_| Act::Hang).await;
    let backend = remote(&fake.url());
    let stop = Stop::new();
    let stopper = stop.clone();
    let search = std::thread::spawn(move || {
        let task = Task::new(endless(1), NonceRange::new(0, u64::MAX), &stopper);
        backend.search(std::slice::from_ref(&task)).unwrap();
        assert_eq!(task.work(), None);
        Instant::now()
    });
    fake.next().await;
    let stopped = Instant::now();
    stop.stop();
    search.join().unwrap().saturating_duration_since(stopped)
}

#[tokio::test]
async fn a_measurement_is_not_sent() {
    let mut fake = Fake::start(|_| Act::Hang).await;
    let backend = remote(&fake.url());
    let rate = tokio::task::spawn_blocking(move || {
        nano_pow::measure(&backend, Duration::from_millis(20)).unwrap()
    });
    assert!(rate.await.unwrap() < 1.0);
    assert_eq!(fake.so_far(), 0);
}
