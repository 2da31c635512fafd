//! What the tests share: front ends as processes, senders, and looks at the fleet's books.

use nano_block::{AccountState, SecretKey, Seed};
use nano_devnet::Devnet;
use nano_primitives::{Account, Amount, BlockHash};
use p2pow_protocol::WorkRequest;
use serde_json::Value;
use std::{
    fs::File,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

pub(crate) const FEE: u128 = 6400;
/// Nothing here takes so long, on a machine that is as busy as can be.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) fn key(number: u8) -> SecretKey {
    Seed::from_bytes([number; 32]).derive(0)
}

pub(crate) fn george() -> Account {
    key(200).account()
}

pub(crate) fn amount(raw: u128) -> Amount {
    Amount::from_raw(raw)
}

/// A network with so many senders, by the numbers from 1.
pub(crate) async fn net(senders: u8) -> Devnet {
    let net = Devnet::builder().confirmation_delay(Duration::ZERO).start().await.unwrap();
    for number in 1..=senders {
        net.open(&key(number), amount(1_000_000)).unwrap();
    }
    net
}

/// A payment of a sender, with its reward.
pub(crate) fn request(net: &Devnet, sender: u8, raw: u128) -> WorkRequest {
    let key = key(sender);
    let state: AccountState = net.account(&key.account()).unwrap().state();
    let user = state.send(self::key(201).account(), amount(raw)).unwrap();
    let reward = state.after(&user).send(george(), amount(FEE)).unwrap();
    WorkRequest::single(user.sign(&key), reward.sign(&key))
}

/// A front end as a process of its own, killed when it is dropped: by SIGKILL, as nothing else would be a test.
pub(crate) struct Front {
    child: Child,
    lines: Receiver<Value>,
    seen: Vec<Value>,
    pub(crate) address: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Front {
    /// `lease` in seconds. A member's name makes it succeed those that had it before.
    pub(crate) fn start(net: &Devnet, fleet: &str, lease: u64, member: Option<&str>) -> Self {
        Starting::new(net, fleet, lease, member, &[]).front()
    }

    /// With variables of the environment.
    pub(crate) fn start_with(
        net: &Devnet,
        fleet: &str,
        lease: u64,
        variables: &[(&str, &str)],
    ) -> Self {
        Starting::new(net, fleet, lease, None, variables).front()
    }

    /// Several at once, one for each address of a broker.
    pub(crate) fn start_all(net: &Devnet, fleets: &[String], lease: u64) -> Vec<Self> {
        let starting: Vec<_> =
            fleets.iter().map(|fleet| Starting::new(net, fleet, lease, None, &[])).collect();
        starting.into_iter().map(Starting::front).collect()
    }

    /// Reads on until a line like this has come, which may have been long ago.
    pub(crate) fn until(&mut self, what: &str, likes: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + PATIENCE;
        let mut looked = 0;
        loop {
            if let Some(line) = self.seen[looked..].iter().find(|line| likes(line)) {
                return line.clone();
            }
            looked = self.seen.len();
            match self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) => self.seen.push(line),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    panic!("it never said: {what}; but: {:#?}", self.seen)
                }
            }
        }
    }

    /// Waits until a job has come to this phase, here or at another one.
    pub(crate) fn job(&mut self, id: &BlockHash, phase: &str) -> Value {
        let is_it = |line: &Value| line["id"] == id.to_string() && line["phase"] == phase;
        self.until(&format!("{id} {phase}"), is_it)
    }

    /// All lines about a job so far.
    pub(crate) fn said_of(&mut self, id: &BlockHash) -> Vec<Value> {
        self.seen.extend(self.lines.try_iter());
        self.seen.iter().filter(|line| line["id"] == id.to_string()).cloned().collect()
    }

    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }

    /// Asks it to stop, and gives the last that it says.
    pub(crate) fn stop(mut self) -> Value {
        self.signal("-TERM");
        self.until("stopped", |line| line["event"] == "stopped")
    }

    /// Asks for a job; the answer comes some time, or the connection breaks.
    pub(crate) fn ask(&self, request: &WorkRequest) -> JoinHandle<Option<(u16, Value)>> {
        let (address, body) = (self.address, request.to_json());
        thread::spawn(move || ask(address, &body))
    }

    /// Reads a page to its end.
    pub(crate) fn get(&self, path: &str) -> JoinHandle<(u16, String)> {
        let (address, line) = (self.address, format!("GET {path}"));
        thread::spawn(move || exchange(address, &line, &[]).expect("an answer"))
    }

    /// How a job stands, by its word.
    pub(crate) fn state(&self, id: &BlockHash) -> Value {
        let (status, body) = self.get(&format!("/jobs/{id}")).join().unwrap();
        let state: Value = serde_json::from_str(&body).unwrap();
        if status == 200 { state["state"].clone() } else { status.into() }
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Starting {
    child: Child,
    lines: Receiver<Value>,
    folder: tempfile::TempDir,
}

impl Starting {
    fn new(
        net: &Devnet,
        fleet: &str,
        lease: u64,
        member: Option<&str>,
        variables: &[(&str, &str)],
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        File::create(folder.path().join("worker.toml")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_p2pow-worker"));
        command.current_dir(folder.path()).env_clear().env("XDG_RUNTIME_DIR", folder.path());
        command.args(["run", "--json", "--listen", "127.0.0.1:0", "--network", "dev"]);
        command.args(["--node", &net.rpc_url(), "--reward-account", &george().to_string()]);
        command.args(["--fee", "6400raw", "--devices", "cpu", "--threads", "1"]);
        let replicas = fleet.split(',').count().to_string();
        command.args(["--fleet", fleet, "--fleet-journal", "--fleet-replicas", &replicas]);
        command.args(["--fleet-lease", &lease.to_string()]).envs(variables.iter().copied());
        command.args(member.map(|name| ["--fleet-member", name]).into_iter().flatten());
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (said, heard) = channel();
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let _ = said.send(serde_json::from_str(&line).unwrap());
            }
        });
        Self { child, lines: heard, folder }
    }

    /// Once it listens.
    fn front(self) -> Front {
        let started = self.lines.recv_timeout(PATIENCE).expect("it starts");
        let address = started["listening"][0].as_str().unwrap().parse().unwrap();
        let Self { child, lines, folder } = self;
        Front { child, lines, seen: Vec::new(), address, _folder: folder }
    }
}

fn ask(address: SocketAddr, body: &[u8]) -> Option<(u16, Value)> {
    let (status, answer) = exchange(address, "POST /request_work", body)?;
    Some((status, serde_json::from_str(&answer).ok()?))
}

/// Status and body, which HTTP 1.0 has in one piece.
fn exchange(address: SocketAddr, line: &str, body: &[u8]) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let length = body.len();
    let head = format!(
        "{line} HTTP/1.0\r\nHost: w\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all(&[head.as_bytes(), body].concat()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let status = answer.split(' ').nth(1)?.parse().ok()?;
    Some((status, answer.split_once("\r\n\r\n")?.1.to_owned()))
}

/// Runs the program on the fleet's journal to its end.
pub(crate) fn tell(arguments: &[&str], fleet: &str) -> Vec<Value> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_p2pow-worker"));
    command.args(arguments).env_clear().env("XDG_RUNTIME_DIR", std::env::temp_dir());
    command.args(["--json", "--fleet", fleet, "--fleet-journal", "--fleet-replicas", "1"]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The fleet's books, once so many jobs are in them.
pub(crate) fn books(fleet: &str, jobs: usize) -> Vec<Value> {
    let end = Instant::now() + PATIENCE;
    loop {
        let books = tell(&["history"], fleet);
        if books.len() >= jobs {
            return books;
        }
        assert!(Instant::now() < end, "{books:?}, wanted {jobs}");
        thread::sleep(Duration::from_millis(50));
    }
}
