//! A worker that says what a test wants it to.

use nano_primitives::Amount;
use p2pow_admin::{
    AdminConfig, AdminServer, Device, Ended, Feed, Node, Queue, RunningJob, Status, Token,
};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// When the looks begin.
pub(crate) const START_MS: u64 = 1_760_000_000_000;

/// A worker that has run for an hour and a half: its clock goes on by so many seconds with each look.
pub(crate) fn busy(seconds_a_look: u64) -> impl Fn() -> Status + Send + Sync + 'static {
    let looks = Arc::new(AtomicU64::new(0));
    move || {
        let look = looks.fetch_add(1, Ordering::Relaxed);
        // Up and down between 0 and `high`.
        let wave = |period: u64, high: u64| (look % (2 * period)).abs_diff(period) * high / period;
        Status {
            program: "p2pow-worker/0.1.0".into(),
            now_ms: START_MS + 5_400_000 + look * seconds_a_look * 1000,
            started_ms: START_MS,
            network: "live".into(),
            listening: vec!["192.0.2.1:7090".parse().unwrap()],
            fee: Amount::from_raw(10_u128.pow(26)),
            hashrate: Some(1.2e9),
            hashes: look * 6_000_000_000 + wave(28, 3_000_000_000),
            queue: Queue {
                jobs: usize::try_from(wave(40, 9)).unwrap(),
                max_jobs: 16,
                in_flight: 3,
                expected_seconds: Some(4.2),
            },
            ended: Ended {
                won: look / 3,
                lost: look / 7,
                failed: look / 50,
                income: Amount::from_raw(10_u128.pow(26) * u128::from(look / 3)),
            },
            nodes: nodes(look),
            devices: devices(look),
            jobs: vec![RunningJob {
                id: "AB".repeat(32),
                phase: "solving".into(),
                works_done: 17,
                works_needed: 101,
                user_blocks: 100,
                paid: Amount::from_raw(10_u128.pow(28)),
                hashes: 12_345_678_901,
                ..RunningJob::default()
            }],
            ..Status::default()
        }
    }
}

/// One that is well, and one that is away for nine looks of sixty.
fn nodes(look: u64) -> Vec<Node> {
    vec![
        Node {
            name: "http://127.0.0.1:7076".into(),
            latency_ms: Some(0.8),
            blocks: Some(221_034_567),
            behind: Some(0),
            websocket: Some(Feed::default()),
            ..Node::default()
        },
        Node {
            name: "https://node.example.org:7076".into(),
            error: (look % 60 < 9).then(|| "does not answer within 5 s".into()),
            last_error: Some("does not answer within 5 s".into()),
            last_error_ms: Some(START_MS),
            latency_ms: Some(64.5),
            blocks: Some(221_030_000),
            behind: Some(4_567),
            ..Node::default()
        },
    ]
}

/// One that is well, and one that is not used for now.
fn devices(look: u64) -> Vec<Device> {
    vec![
        Device {
            name: "NVIDIA GeForce RTX 4090".into(),
            hashes: look,
            rate: Some(1.1e9),
            ..Device::default()
        },
        Device {
            name: "<b>cpu</b>".into(),
            failures: 3,
            quarantine_seconds: Some(20.0),
            ..Device::default()
        },
    ]
}

/// A listener that shows `source`.
pub(crate) async fn listener(
    source: impl Fn() -> Status + Send + Sync + 'static,
) -> (AdminServer, Token) {
    let token = Token::generate().unwrap();
    let address = "127.0.0.1:0".parse().unwrap();
    let config = AdminConfig::new(address, token.clone());
    (AdminServer::bind(config, source).await.unwrap(), token)
}
