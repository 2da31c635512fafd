//! An address that comes on the ledger, changes, and is withdrawn; and rewards that are pocketed.

#![cfg(unix)]
#![allow(clippy::unwrap_used)]

use nano_block::{Network, SecretKey, Seed, SignedState};
use nano_devnet::Devnet;
use nano_primitives::Amount;
use p2pow_protocol::registry::{self, REGISTRATION_ACCOUNT};
use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{IpAddr, TcpListener},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Output, Stdio},
    sync::{Arc, Mutex},
};
use tempfile::TempDir;

/// A network, and a folder with a configuration and a seed.
struct Place {
    net: Devnet,
    folder: TempDir,
}

impl Place {
    async fn new() -> Self {
        let net = Devnet::builder().network(Network::Dev).start().await.unwrap();
        let folder = TempDir::new().unwrap();
        let place = Self { net, folder };
        let reward = Self::key(5).account();
        place.write(
            "worker.toml",
            &format!(
                "listen = \"127.0.0.1:0\"\nreward_account = \"{reward}\"\nfee = \"0.0001\"\nnode = \"{}\"\n\
                 network = \"dev\"\ndevices = \"cpu\"\nthreads = 1\n[key]\nseed_file = \"worker.seed\"\n",
                place.net.rpc_url()
            ),
        );
        place.write("worker.seed", &"07".repeat(32));
        place.write("reward.seed", &"07".repeat(32));
        for index in 0..3 {
            place.net.fund(&Self::key(index).account(), Amount::from_raw(200_000_000)).unwrap();
        }
        place
    }

    fn key(index: u32) -> SecretKey {
        Seed::from_bytes([7; 32]).derive(index)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_p2pow-worker"));
        command.args(arguments).current_dir(self.folder.path()).env_clear();
        command.env("XDG_RUNTIME_DIR", self.folder.path());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// The addresses that clients find: the newest of each account that is one.
    fn found(&self) -> Vec<IpAddr> {
        let mut found = Vec::new();
        for index in 0..3 {
            let account = Self::key(index).account();
            let entries = self.net.receivable(&REGISTRATION_ACCOUNT).into_iter();
            let blocks = entries.map(|(hash, _)| self.net.block(&hash).unwrap());
            let own = blocks.filter_map(|block| {
                let height = block.height;
                let state = SignedState::try_from(block.block).ok()?.block;
                (state.account == account).then_some((height, state.representative))
            });
            let newest = own.max_by_key(|(height, _)| *height);
            found.extend(newest.and_then(|(_, representative)| registry::decode(&representative)));
        }
        found
    }
}

fn lines(output: &Output) -> Vec<Value> {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn refused(output: &Output, code: i32, wanted: &str) {
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{error}");
    assert!(error.contains(wanted), "{error}");
}

/// A service that answers with an address, as long as the test runs.
struct Service {
    url: String,
    says: Arc<Mutex<String>>,
}

impl Service {
    fn new(says: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/ip", listener.local_addr().unwrap());
        let says = Arc::new(Mutex::new(says.to_owned()));
        let answer = Arc::clone(&says);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let _ = stream.read(&mut [0; 2048]);
                let text = answer.lock().unwrap().clone();
                let length = text.len();
                let _ = write!(
                    stream,
                    "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{text}"
                );
            }
        });
        Self { url, says }
    }

    fn says(&self, text: &str) {
        *self.says.lock().unwrap() = text.to_owned();
    }
}

struct Running {
    child: Child,
    lines: BufReader<std::process::ChildStdout>,
}

impl Running {
    fn new(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines }
    }

    fn next(&mut self) -> Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn services_must_agree_before_an_address_is_registered() {
    let place = Place::new().await;
    let services =
        [Service::new("127.0.0.5"), Service::new("127.0.0.5"), Service::new("127.0.0.6")];
    let urls: Vec<&str> = services.iter().map(|service| service.url.as_str()).collect();
    let register = |urls: &[&str]| {
        place.run(&["register", "--json", "--allow-local", "--ip-services", &urls.join(",")])
    };
    refused(&register(&urls), 1, "do not agree");
    refused(&register(&urls[..1]), 1, "wanted at least 2");
    services[2].says("<html>127.0.0.6</html>");
    let told = lines(&register(&urls));
    assert_eq!((&told[0]["address"], told.len()), (&json!("127.0.0.5"), 1));
    // What the internet does not reach is no answer where no network of one's own was meant.
    let public = place.run(&["register", "--ip-services", &urls.join(",")]);
    assert!(!public.status.success());
    assert_eq!(place.found().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_addresses_take_two_accounts_of_a_seed() {
    let place = Place::new().await;
    let both = ["register", "--json", "--allow-local", "--public-ip", "::1,127.0.0.5"];
    let told = lines(&place.run(&both));
    assert_eq!((&told[0]["address"], &told[1]["address"]), (&json!("127.0.0.5"), &json!("::1")));
    assert_ne!(told[0]["account"], told[1]["account"]);
    assert_eq!(place.found().len(), 2);
    let again = lines(&place.run(&both));
    assert!(again.iter().all(|entry| entry["was_there"] == true), "{again:?}");

    place.write("worker.key", &"07".repeat(32));
    let one_key = [&both[..], &["--key-file", "worker.key"]].concat();
    refused(&place.run(&one_key), 2, "two addresses take two accounts: wanted a seed");
    let same = ["register", "--allow-local", "--public-ip", "127.0.0.1,127.0.0.2"];
    refused(&place.run(&same), 2, "one of IPv4 and one of IPv6");

    let gone = lines(&place.run(&["unregister", "--json", "--both"]));
    assert!(gone.iter().all(|entry| entry["address"].is_null()), "{gone:?}");
    assert!(place.found().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_address_is_registered_by_itself() {
    let place = Place::new().await;
    let services = [Service::new("127.0.0.5"), Service::new("127.0.0.5")];
    let urls = format!("{},{}", services[0].url, services[1].url);
    let options = ["--json", "--ip-every", "0.1", "--ip-services", &urls];
    let keep = [&["register", "--allow-local", "--keep"][..], &options].concat();
    let mut kept = Running::new(place.command(&keep));
    assert_eq!(kept.next()["address"], "127.0.0.5");
    services[0].says("127.0.0.7"); // they do not agree, so nothing happens
    services[1].says("127.0.0.7");
    assert_eq!(kept.next()["address"], "127.0.0.7");
    drop(kept);

    // `run` does so too, if it is told to, and needs the key then.
    let run = [&["run", "--register"][..], &options].concat();
    let mut worker = Running::new(place.command(&run));
    assert_eq!(worker.next()["event"], "started");
    let event = worker.next();
    assert_eq!((&event["event"], &event["was_there"]), (&json!("registered"), &json!(true)));
    services.iter().for_each(|service| service.says("127.0.0.8"));
    assert_eq!(worker.next()["address"], "127.0.0.8");
    assert_eq!(place.found(), ["127.0.0.8".parse::<IpAddr>().unwrap()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn rewards_are_pocketed_with_the_key_of_their_account_alone() {
    let place = Place::new().await;
    refused(&place.run(&["sweep"]), 2, "but rewards go to");
    let own = ["sweep", "--json", "--min", "100raw", "--seed-file", "reward.seed", "--index", "5"];
    let nothing = lines(&place.run(&own));
    assert_eq!(nothing[0]["received"], json!([]));
    for raw in [50, 500, 300] {
        place.net.fund(&Place::key(5).account(), Amount::from_raw(raw)).unwrap();
    }
    let swept = lines(&place.run(&own));
    assert_eq!((&swept[0]["total"], &swept[0]["is_more"]), (&json!("800"), &json!(false)));
    assert_eq!(place.net.account(&Place::key(5).account()).unwrap().balance, Amount::from_raw(800));
    let again = lines(&place.run(&own));
    assert_eq!(again[0]["received"], json!([]));
}

#[test]
fn a_register_help_is_honest_about_what_cannot_be_taken_back() {
    let help =
        Command::new(env!("CARGO_BIN_EXE_p2pow-worker")).args(["unregister", "--help"]).output();
    let text = String::from_utf8(help.unwrap().stdout).unwrap();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("stays there for ever: an entry cannot be taken back"), "{text}");
    assert!(!Path::new("worker.toml").exists());
}
