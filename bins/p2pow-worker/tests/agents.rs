//! A fleet, as its operator meets it: agents, a front end, and who is there.

#![cfg(feature = "fleet")]
#![allow(clippy::unwrap_used)]

#[path = "../../../crates/p2pow-fleet/tests/fleet/broker.rs"]
#[allow(dead_code)] // not all of it is used here
mod broker;
mod common;

use common::{json_of, refused, worker};
use nano_block::Network;
use nano_devnet::Devnet;
use nano_primitives::{Account, Difficulty, PublicKey, Root};
use nano_rpc::Client;
use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

/// 2^20 hashes: long enough for a message to an agent.
const THRESHOLD: Difficulty = Difficulty::from_u64(0xffff_f000_0000_0000);

/// The program with `--json`, until it is dropped.
struct Program {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Program {
    fn start(arguments: &[&str]) -> Self {
        let mut command = worker(arguments);
        command.args(["--json", "--devices", "cpu", "--threads", "1"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines }
    }

    fn next(&mut self) -> Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// Asks it to stop, as a service manager does, and gives the last that it says.
    #[cfg(unix)]
    fn stop(mut self) -> Value {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let said: Vec<String> = self.lines.by_ref().lines().map(Result::unwrap).collect();
        assert!(self.child.wait().unwrap().success());
        serde_json::from_str(said.last().unwrap()).unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn an_agent_works_for_a_work_server() {
    let Some(mut broker) = broker::start("") else { return };
    let fleet = broker.address();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("agent.toml");
    fs::write(&file, format!("fleet = \"{fleet}\"\nfleet_member = \"one\"\n")).unwrap();
    let mut agent = Program::start(&["agent", "--config", file.to_str().unwrap()]);
    let started = agent.next();
    assert_eq!((&started["event"], &started["agent"]), (&json!("started"), &json!("one")));
    assert_eq!(agent.next(), json!({ "event": "connected" }));
    let mut server = Program::start(&[
        "work-server",
        "--listen",
        "127.0.0.1:0",
        "--network",
        "dev",
        "--max-multiplier",
        "1000000000",
        "--fleet",
        &fleet,
    ]);
    let started = server.next();
    assert!(
        started["devices"][1].as_str().unwrap().starts_with("fleet p2pow at nats://"),
        "{started}"
    );
    let url = format!("http://{}", started["listening"].as_str().unwrap());
    let client = Client::builder(&url).retries(0).build().unwrap();
    let end = Instant::now() + Duration::from_secs(120);
    // The server's own device finds a part of them.
    for number in 0u64.. {
        let mut root = [0; 32];
        root[..8].copy_from_slice(&number.to_be_bytes());
        let root = Root::from_bytes(root);
        let work = client.work_generate(&root, Some(THRESHOLD)).await.unwrap();
        assert!(work.value(&root) >= THRESHOLD);
        let status = json_of(&["fleet", "status", "--json", "--fleet", &fleet]);
        assert_eq!(status["agents"]["one"]["devices"].as_array().unwrap().len(), 1);
        let front = status["fronts"].as_object().unwrap().values().next().unwrap();
        if front["found"].as_u64().unwrap() > 0 {
            break;
        }
        assert!(Instant::now() < end, "the agent found none of {number} works");
    }
    broker.kill();
    assert_eq!(agent.next(), json!({ "event": "disconnected" }));
    client.work_generate(&Root::from_bytes([9; 32]), Some(THRESHOLD)).await.unwrap();
    broker.restart();
    assert_eq!(agent.next(), json!({ "event": "connected" }));
    let stopped = agent.stop();
    assert_eq!(stopped["event"], "stopped");
    assert!(stopped["found"].as_u64().unwrap() > 0, "{stopped}");
    assert_eq!(server.stop(), json!({ "event": "stopped" }));
}

#[test]
fn what_makes_no_sense_is_told() {
    refused(&["agent"], 2, "give --fleet");
    refused(&["agent", "--fleet", "nats://me:secret@a.example"], 2, "without credentials");
    refused(&["agent", "--fleet", "nats://a.example", "--fleet-name", "a.b"], 2, "wanted a name");
    refused(
        &["fleet", "status", "--fleet", "nats://127.0.0.1:1"],
        1,
        "is nats-server running there?",
    );
    let missing = ["agent", "--fleet", "nats://127.0.0.1:1", "--fleet-nkey-file", "/missing"];
    refused(&missing, 1, "cannot read /missing");
}

/// As flags are read, and without a word of what a file says.
#[test]
fn a_fleet_in_the_configuration_is_read_as_flags_are() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("worker.toml");
    let path = file.to_str().unwrap();
    let refused = |lines: &str, code, wanted: &str| {
        fs::write(&file, lines).unwrap();
        refused(&["agent", "--config", path], code, wanted);
    };
    let missing = format!("cannot read {}", folder.path().join("a.nk").display());
    refused("fleet = \"nats://127.0.0.1:1\"\nfleet_nkey_file = \"a.nk\"", 1, &missing);
    refused("threads = 1", 2, "a line `fleet = ");
    refused("fleet = [\"nats://a\"]\nfleet_user = \"a\"", 2, "without `fleet_password_file`");
    refused("fleet_user = \"a\"\nfleet_token_file = \"b\"", 1, "exclude each other");
    fs::write(&file, "fleet = [\"nats://a\", \"nats://secret@b\"]").unwrap();
    for program in ["agent", "work-server"] {
        let output = common::run(&[program, "--config", path]);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(error.contains("worker.toml line 1: `fleet`: wanted the address"), "{error}");
        assert!(!error.contains("secret"), "{error}");
    }
    // A flag comes before the file, and what it excludes is not taken from there.
    fs::write(&file, "fleet = \"nats://a\"\nfleet_token_file = \"b\"").unwrap();
    let flags =
        ["agent", "--config", path, "--fleet", "nats://127.0.0.1:1", "--fleet-nkey-file", "/c"];
    common::refused(&flags, 1, "cannot read /c");
}

/// The operator's listener, asked with its token.
fn metrics(address: &str, token: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!("GET /metrics HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    write!(stream, "{head}Authorization: Bearer {}\r\n\r\n", token.trim()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_tells_of_its_fleet_in_its_metrics() {
    let Some(broker) = broker::start("") else { return };
    let net = Devnet::builder().network(Network::Dev).start().await.unwrap();
    let (fleet, folder) = (broker.address(), tempfile::tempdir().unwrap());
    let file = |name| folder.path().join(name).to_str().unwrap().to_owned();
    let _agent = Program::start(&["agent", "--fleet", &fleet, "--fleet-member", "one"]);
    let (node, token, journal) = (net.rpc_url(), file("admin.token"), file("worker.db"));
    let mut arguments = vec!["run", "--config", "/dev/null", "--network", "dev", "--node", &node];
    arguments.extend(["--fee", "0.0001", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]);
    arguments.extend(["--admin-token-file", &token, "--journal", &journal, "--fleet", &fleet]);
    let reward = Account::new(PublicKey::from_bytes([7; 32])).to_string();
    arguments.extend(["--reward-account", &reward]);
    let mut program = Program::start(&arguments);
    let started = program.next();
    let (admin, token) = (started["admin"].as_str().unwrap(), fs::read_to_string(&token).unwrap());
    let end = Instant::now() + Duration::from_secs(120);
    loop {
        let text = metrics(admin, &token);
        let has = |line: &str| text.lines().any(|found| found == line);
        let is_there = has("p2pow_worker_fleet_agents 1.0") && has("p2pow_worker_fleet_up 1.0");
        if is_there {
            assert!(has("p2pow_worker_fleet_agent_orders{agent=\"one\"} 0.0"), "{text}");
            assert!(has("p2pow_worker_fleet_search_seconds_count 0"), "{text}");
            break;
        }
        assert!(Instant::now() < end, "{text}");
        std::thread::sleep(Duration::from_millis(100));
    }
}
