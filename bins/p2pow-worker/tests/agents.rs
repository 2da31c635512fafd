//! A fleet, as its operator meets it: agents, a front end, and who is there.

#![cfg(feature = "fleet")]
#![allow(clippy::unwrap_used)]

#[path = "../../../crates/p2pow-fleet/tests/fleet/broker.rs"]
#[allow(dead_code)] // not all of it is used here
mod broker;
mod common;

use common::{json_of, refused, worker};
use nano_primitives::{Difficulty, Root};
use nano_rpc::Client;
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Read},
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
    let mut agent = Program::start(&["agent", "--fleet", &fleet, "--fleet-member", "one"]);
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
