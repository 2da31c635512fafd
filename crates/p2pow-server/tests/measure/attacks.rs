//! What a worker still says under attack, and what that takes of memory and processor.

use crate::{
    common::{FEE, Scene, amount, george, key, payments, request},
    parts::{ADDRESS, ATTACK, CROWD, LIMITS, NODE, REQUESTS, SOURCES},
    process::Process,
    show,
};
use nano_block::{AccountState, SecretKey, StateBlock};
use nano_devnet::Devnet;
use nano_primitives::BlockHash;
use p2pow_protocol::WorkRequest;
use std::{
    io::Write,
    net::SocketAddr,
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpSocket,
    runtime,
    time::{sleep, timeout},
};

/// How long each attack is watched.
const WATCHED: Duration = Duration::from_secs(8);

/// An attack on a worker of its own.
struct Attack {
    what: &'static str,
    kind: &'static str,
    crowd: usize,
    sources: usize,
    /// What is sent, each a whole request of HTTP.
    requests: Vec<Vec<u8>>,
}

/// Asks for the info from a fresh connection of an address that has asked for nothing yet.
async fn info(address: SocketAddr, number: u32) -> Option<Duration> {
    let begin = Instant::now();
    let asked = async {
        let socket = TcpSocket::new_v4().ok()?;
        let [_, a, b, c] = number.to_be_bytes();
        socket.bind(SocketAddr::from(([127, 64 + a, b, c.max(1)], 0))).ok()?;
        let mut stream = socket.connect(address).await.ok()?;
        stream.write_all(b"GET /request_info HTTP/1.0\r\n\r\n").await.ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.ok()?;
        answer.starts_with(b"HTTP/1.0 200").then_some(())
    };
    timeout(Duration::from_secs(10), asked).await.ok().flatten()?;
    Some(begin.elapsed())
}

/// Asks again and again, in a thread that does nothing else.
fn ask_for_info(address: SocketAddr) -> (Vec<Duration>, usize) {
    let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (mut times, mut unanswered) = (Vec::new(), 0);
        let begin = Instant::now();
        for number in 1.. {
            match info(address, number).await {
                Some(time) => times.push(time),
                None => unanswered += 1,
            }
            if begin.elapsed() > WATCHED {
                break;
            }
            sleep(Duration::from_millis(2)).await;
        }
        (times, unanswered)
    })
}

fn worker(net: &Devnet, limits: &str) -> (Process, SocketAddr) {
    let mut worker = Process::start("worker", &[(NODE, &net.rpc_url()), (LIMITS, limits)]);
    let address = worker.hear().parse().unwrap();
    (worker, address)
}

/// Writes down what the attackers send.
fn written(requests: &[Vec<u8>]) -> PathBuf {
    let path = std::env::temp_dir().join(format!("p2pow-measure-{}", std::process::id()));
    let mut file = std::fs::File::create(&path).unwrap();
    file.write_all(&requests.join(&b'\0')).unwrap();
    path
}

fn attackers(attack: &Attack, address: SocketAddr) -> Process {
    let path = written(&attack.requests);
    let told = [
        (ADDRESS, address.to_string()),
        (ATTACK, attack.kind.to_owned()),
        (CROWD, attack.crowd.to_string()),
        (SOURCES, attack.sources.to_string()),
        (REQUESTS, path.to_str().unwrap().to_owned()),
    ];
    let told: Vec<(&str, &str)> =
        told.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut attackers = Process::start("attackers", &told);
    attackers.hear();
    attackers
}

/// Shows what a worker still says under an attack. The attack begins before the first question.
fn watch(net: &Devnet, attack: &Attack) {
    let (worker, address) = worker(net, "");
    let attackers = attackers(attack, address);
    let (begin, before) = (Instant::now(), (worker.cpu(), attackers.cpu()));
    let (times, unanswered) = thread::spawn(move || ask_for_info(address)).join().unwrap();
    let seconds = begin.elapsed().as_secs_f64();
    let share = |now: Duration, before: Duration| (now - before).as_secs_f64() / seconds;
    let cpu = (share(worker.cpu(), before.0), share(attackers.cpu(), before.1));
    let (now, most) = worker.memory();
    drop(attackers);
    show(&format!("{}, {unanswered} unanswered", attack.what), times);
    println!(
        "    worker: {now:.0} MiB, {most:.0} at the most, {:.2} cores; attackers: {:.2} cores",
        cpu.0, cpu.1
    );
}

fn post(body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST /request_work HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: {{source}}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

fn get_info() -> Vec<Vec<u8>> {
    vec![b"GET /request_info HTTP/1.1\r\nHost: h\r\n\r\n".to_vec()]
}

/// A job of an account in this state.
fn job_of(sender: &SecretKey, at: &AccountState, paid: u128) -> WorkRequest {
    let user = at.send(george(), amount(1)).unwrap();
    let reward = at.after(&user).send(george(), amount(paid)).unwrap();
    WorkRequest::single(user.sign(sender), reward.sign(sender))
}

/// Jobs that pay well, of accounts that nobody has heard of.
fn invented(count: u32) -> Vec<Vec<u8>> {
    let one = |number: u32| {
        let sender = nano_block::Seed::from_bytes([77; 32]).derive(number);
        let account = sender.account();
        let frontier = Some(BlockHash::from_bytes([7; 32]));
        let at =
            AccountState { account, frontier, balance: amount(1_000_000), representative: account };
        post(&job_of(&sender, &at, FEE).to_json())
    };
    (0..count).map(one).collect()
}

/// Jobs that pay well, on frontiers that are not confirmed.
async fn unconfirmed(net: &Devnet) -> Vec<Vec<u8>> {
    let opened = (0..64).map(|number| {
        let sender = key(100 + number);
        net.open(&sender, amount(1_000_000)).unwrap();
        sender
    });
    let opened: Vec<SecretKey> = opened.collect();
    net.faults().leave_unconfirmed(true);
    let one = |sender: &SecretKey| {
        let at = crate::common::state(net, sender);
        let pending: StateBlock = at.send(george(), amount(1)).unwrap();
        net.seed(&pending.sign(sender).into()).unwrap();
        post(&job_of(sender, &at.after(&pending), FEE).to_json())
    };
    opened.iter().map(one).collect()
}

fn attack(what: &'static str, kind: &'static str, (crowd, sources): (usize, usize)) -> Attack {
    Attack { what, kind, crowd, sources, requests: get_info() }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "prints figures"]
async fn request_info_under_connections() {
    let scene = Scene::new().await;
    let net = &scene.net;
    watch(net, &attack("at rest", "idle", (1, 1)));
    watch(net, &attack("1024 idle connections of 16 addresses", "idle", (1024, 16)));
    watch(net, &attack("10,000 slow connections of 16 addresses", "slow", (10_000, 16)));
    watch(net, &attack("10,000 slow connections of 10,000 addresses", "slow", (10_000, 10_000)));
    watch(net, &attack("512 that pipeline and never read, of 16", "pipeline", (512, 16)));
    watch(net, &attack("512 that pipeline and never read, of 512", "pipeline", (512, 512)));
    watch(net, &attack("512 that ask for the info, of 512", "again", (512, 512)));
    watch(net, &attack("256 that ask once and come again, of 16", "once", (256, 16)));
    watch(net, &attack("256 that ask once and come again, of 256", "once", (256, 256)));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "prints figures"]
async fn request_info_under_jobs() {
    let scene = Scene::new().await;
    let net = &scene.net;
    let cheap = post(&request(&payments(&scene.alice(), 128), 1).to_json());
    let of = |what, kind, crowd, requests| Attack { requests, ..attack(what, kind, crowd) };
    watch(
        net,
        &of("512 with signed batches for 1 raw, of 16", "again", (512, 16), vec![cheap.clone()]),
    );
    watch(net, &of("512 with signed batches for 1 raw, of 512", "again", (512, 512), vec![cheap]));
    let jobs = invented(2000);
    watch(net, &of("256 with jobs of invented accounts, of 16", "again", (256, 16), jobs.clone()));
    watch(net, &of("256 with jobs of invented accounts, of 256", "again", (256, 256), jobs));
    let pending = unconfirmed(net).await;
    watch(net, &of("256 with jobs on unconfirmed frontiers, of 256", "again", (256, 256), pending));
}

/// How many requests a second are refused, with one connection for each of 16 clients.
fn refused(net: &Devnet, what: &'static str, requests: Vec<Vec<u8>>) {
    let (worker, address) = worker(net, "none");
    let crowd = Attack { what, kind: "again", crowd: 16, sources: 16, requests };
    let mut attackers = attackers(&crowd, address);
    let count = |attackers: &mut Process| attackers.hear().parse::<u64>().unwrap();
    let (first, begin, before) = (count(&mut attackers), Instant::now(), worker.cpu());
    let mut last = first;
    for _ in 0..4 {
        last = count(&mut attackers);
    }
    let (seconds, cpu) = (begin.elapsed().as_secs_f64(), (worker.cpu() - before).as_secs_f64());
    let answered = (last - first) as f64;
    println!(
        "{what}: {:.0} a second, {:.0} a second and core of the worker ({:.2} cores)",
        answered / seconds,
        answered / cpu,
        cpu / seconds
    );
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "prints figures"]
async fn refusals_a_second() {
    let scene = Scene::new().await;
    let net = &scene.net;
    let good = request(&[scene.send(1000)], FEE);
    let json = crate::common::json_of(&good);
    let spoiled = |part: &str, field: &str, value: serde_json::Value| {
        let mut json = json.clone();
        json[part][field] = value;
        vec![post(json.to_string().as_bytes())]
    };
    let with = |change: &dyn Fn(&mut StateBlock)| {
        let mut reward = good.reward().block;
        change(&mut reward);
        let signed = reward.sign(&crate::common::alice());
        vec![post(&WorkRequest::single(*good.first(), signed).to_json())]
    };
    let zeros = serde_json::json!("0".repeat(128));
    refused(net, "the info, for comparison", get_info());
    refused(net, "1, no JSON", vec![post(b"x")]);
    refused(net, "2, no user block", vec![post(b"{}")]);
    refused(net, "3, no reward block", vec![post(br#"{"user_block":{}}"#)]);
    refused(net, "4, user block malformed", spoiled("user_block", "balance", "x".into()));
    refused(net, "4, user signature wrong", spoiled("user_block", "signature", zeros.clone()));
    refused(net, "5, reward block malformed", spoiled("reward_block", "balance", "x".into()));
    refused(net, "5, reward signature wrong", spoiled("reward_block", "signature", zeros));
    let stranger = crate::common::bob();
    refused(net, "6, two accounts", {
        let reward = StateBlock { account: stranger, ..good.reward().block }.sign(&key(3));
        vec![post(&WorkRequest::single(*good.first(), reward).to_json())]
    });
    refused(net, "7, another worker's", with(&|reward| reward.link = stranger.into()));
    refused(net, "8, wrong previous", with(&|reward| reward.previous = BlockHash::ZERO));
    refused(
        net,
        "9, fee of 1 raw",
        with(&|reward| {
            reward.balance = good.last().block.balance.checked_sub(amount(1)).unwrap();
        }),
    );
    let batch = post(&request(&payments(&scene.alice(), 128), 1).to_json());
    refused(net, "9, fee of 1 raw, batch of 128", vec![batch]);
    refused(net, "accepted up to the first RPC, and 10", invented(20_000));
}
