//! A worker that is killed in the middle of a job, and its books.

#![cfg(unix)]
#![allow(clippy::unwrap_used)]

use nano_block::{AccountState, Network, SecretKey, Seed, StateBlock};
use nano_devnet::Devnet;
use nano_primitives::{Account, Amount};
use p2pow_protocol::WorkRequest;
use p2pow_store::SqliteStore;
use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Child, ChildStdout, Command, Output, Stdio},
};

const FEE: u128 = 6400;

fn key(number: u8) -> SecretKey {
    Seed::from_bytes([number; 32]).derive(0)
}

fn george() -> Account {
    key(2).account()
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_p2pow-worker"));
    command.args(arguments).current_dir(folder).env_clear();
    command.env("XDG_RUNTIME_DIR", folder);
    command
}

fn output(folder: &Path, arguments: &[&str]) -> Output {
    let output = command(folder, arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}

fn text(folder: &Path, arguments: &[&str]) -> String {
    String::from_utf8(output(folder, arguments).stdout).unwrap()
}

/// A worker, killed when it is dropped: by SIGKILL, as nothing else would be a test.
struct Running {
    child: Child,
    lines: BufReader<ChildStdout>,
    address: SocketAddr,
}

impl Running {
    fn start(folder: &Path, net: &Devnet) -> Self {
        let (node, reward) = (net.rpc_url(), george().to_string());
        let arguments = [
            "run",
            "--json",
            "--listen",
            "127.0.0.1:0",
            "--node",
            &node,
            "--network",
            "dev",
            "--fee",
            "6400raw",
            "--reward-account",
            &reward,
            "--devices",
            "cpu",
            "--threads",
            "1",
        ];
        std::fs::write(folder.join("worker.toml"), "").unwrap();
        let mut command = command(folder, &arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let started = next(&mut lines);
        let address = started["listening"][0].as_str().unwrap().parse().unwrap();
        Self { child, lines, address }
    }

    /// Reads on until a job has come to this phase.
    fn until(&mut self, phase: &str) -> Value {
        loop {
            let line = next(&mut self.lines);
            if line["phase"] == phase {
                return line;
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn next(lines: &mut BufReader<ChildStdout>) -> Value {
    let mut line = String::new();
    lines.read_line(&mut line).unwrap();
    serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
}

fn ask(address: SocketAddr, request: &WorkRequest) -> String {
    let body = request.to_json();
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    let head = format!(
        "POST /request_work HTTP/1.1\r\nHost: w\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all(&[head.as_bytes(), &body].concat()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn request(net: &Devnet) -> WorkRequest {
    let alice = key(1);
    let state: AccountState = net.account(&alice.account()).unwrap().state();
    let user = state.send(key(3).account(), Amount::from_raw(1000)).unwrap();
    let reward: StateBlock = state.after(&user).send(george(), Amount::from_raw(FEE)).unwrap();
    WorkRequest::single(user.sign(&alice), reward.sign(&alice))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_worker_goes_on_and_its_books_are_right() {
    let net = Devnet::builder().network(Network::Dev).start().await.unwrap();
    net.open(&key(1), Amount::from_raw(1_000_000)).unwrap();
    net.faults().leave_unconfirmed(true);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let asked = request(&net);

    let mut first = Running::start(path, &net);
    assert!(ask(first.address, &asked).starts_with("HTTP/1.1 201 "));
    first.until("published");
    drop(first);
    assert_eq!(text(path, &["history"]), "", "the job is not at its end");

    let mut second = Running::start(path, &net);
    assert_eq!(second.until("published")["id"], json!(asked.id()));
    net.faults().leave_unconfirmed(false);
    second.until("confirmed");

    // The books can be read while the worker runs; the line may be a moment behind the event.
    let history = loop {
        let history = text(path, &["history", "--json"]);
        if !history.is_empty() {
            break serde_json::from_str::<Value>(&history).unwrap();
        }
    };
    let expected = [json!(asked.id()), json!("won"), json!(FEE.to_string()), json!(1)];
    assert_eq!(["id", "outcome", "paid", "user_blocks"].map(|key| history[key].clone()), expected);
    let csv = text(path, &["history", "--csv", "--outcome", "won"]);
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 2, "{csv}");
    assert!(
        lines[0].starts_with("ended,admitted,outcome,") && lines[1].contains(",won,,nano_"),
        "{csv}"
    );
    assert_eq!(text(path, &["history", "--outcome", "lost"]), "");
    let other = george().to_string();
    assert_eq!(text(path, &["history", "--sender", &other]), "");

    let alice = key(1).account().to_string();
    let by_sender: Value =
        serde_json::from_str(&text(path, &["earnings", "--by", "sender", "--json"])).unwrap();
    assert_eq!(
        (&by_sender["sender"], &by_sender["won"], &by_sender["income"]),
        (&json!(alice), &json!(1), &json!("6400"))
    );
    let by_day = text(path, &["earnings", "--days", "2"]);
    assert!(
        by_day.lines().count() == 2 && by_day.contains("all: 1 won, 0 lost, 0 failed (100 % won)"),
        "{by_day}"
    );
    assert_eq!(net.receivable_total(&george()), Amount::from_raw(FEE), "the books balance");
}

#[test]
fn without_a_journal_there_are_no_books() {
    let folder = tempfile::tempdir().unwrap();
    let refused = command(folder.path(), &["earnings"]).output().unwrap();
    let error = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(1));
    assert!(error.contains("there is no journal worker.db here"), "{error}");
    assert!(!folder.path().join("worker.db").exists(), "it is not made by looking");
}

/// It was relative to the working directory: who called `earnings` from another place was told that there are no books.
#[test]
fn a_journal_in_the_configuration_is_where_that_is_and_one_of_a_flag_is_where_the_command_runs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::create_dir(path.join("etc")).unwrap();
    let missing = |arguments: &[&str]| {
        let arguments = [&["history", "--config", "etc/worker.toml"], arguments].concat();
        let refused = command(path, &arguments).output().unwrap();
        assert!(!refused.status.success());
        String::from_utf8(refused.stderr).unwrap()
    };
    fs::write(path.join("etc/worker.toml"), "journal = \"books.db\"\n").unwrap();
    assert!(missing(&[]).contains("no journal etc/books.db here"), "{}", missing(&[]));
    let of_flag = missing(&["--journal", "books.db"]);
    assert!(of_flag.contains("no journal books.db here"), "{of_flag}");
    SqliteStore::open(path.join("etc/books.db")).unwrap();
    assert_eq!(text(path, &["history", "--config", "etc/worker.toml"]), "");
    // What neither says is the default, where the command runs.
    fs::write(path.join("etc/worker.toml"), "").unwrap();
    assert!(missing(&[]).contains("no journal worker.db here"), "{}", missing(&[]));
}
