//! From nothing, or from a worker of 2020, to a worker that runs, is checked, and is restarted without a call lost.

#![cfg(unix)]
#![allow(clippy::unwrap_used)]

use nano_block::{Network, Seed};
use nano_devnet::Devnet;
use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    os::{fd::OwnedFd, unix::fs::PermissionsExt},
    path::Path,
    process::{Child, Command, Output, Stdio},
};
use tempfile::TempDir;

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_p2pow-worker"));
    command.args(arguments).current_dir(folder).env_clear().env("XDG_RUNTIME_DIR", folder);
    command
}

fn run(folder: &TempDir, arguments: &[&str]) -> Output {
    command(folder.path(), arguments).output().unwrap()
}

fn text(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

/// A folder that `init` has written for a network.
fn initialised(net: &Devnet) -> TempDir {
    let folder = TempDir::new().unwrap();
    let init = ["init", "--yes", "--node", &net.rpc_url(), "--public-ip", "127.0.0.1"];
    let output = run(&folder, &init);
    assert!(output.status.success(), "{}", text(&output).1);
    let path = folder.path().join("worker.toml");
    let written = fs::read_to_string(&path).unwrap();
    let websocket = format!("websocket = \"{}\"", net.websocket_url());
    let mended = written
        .replace("admin = \"127.0.0.1:7091\"", "admin = \"127.0.0.1:0\"")
        .replace("# websocket = \"ws://127.0.0.1:7078\"", &websocket)
        .replace("# network = \"live\"", "network = \"dev\"\nthreads = 1\ndevices = \"cpu\"");
    fs::write(path, mended).unwrap();
    folder
}

async fn devnet() -> Devnet {
    Devnet::builder().network(Network::Dev).start().await.unwrap()
}

#[test]
fn a_worker_of_2020_is_taken_over_without_its_key_being_shown() {
    let folder = TempDir::new().unwrap();
    let key = Seed::from_bytes([9; 32]).derive(0);
    let secret = key.expose_hex();
    let account = key.account().to_string().replace("nano_", "xrb_");
    let old = json!({
        "reward_account": account, "private_key": secret.to_lowercase(), "representative": "nano_1x",
        "fee": 0.0002, "node": "[::1]:7076", "worker": "[::1]:7076", "use_active_difficulty": false,
        "max_multiplier": 10.0, "listen": "0.0.0.0", "port": 7095,
    });
    fs::write(folder.path().join("worker_config.json"), old.to_string()).unwrap();
    let output = run(&folder, &["init", "--yes", "--from", "worker_config.json"]);
    let (told, error) = text(&output);
    assert!(output.status.success(), "{error}");
    assert!(told.contains("delete it there") && told.contains("not taken over"), "{told}");
    assert!(!told.to_uppercase().contains(&secret.to_uppercase()), "the key is shown");
    let written = fs::read_to_string(folder.path().join("worker.toml")).unwrap();
    for line in [
        &format!("reward_account = \"{}\"", key.account()),
        "fee = \"0.0002\"",
        "node = \"http://[::1]:7076\"",
        "listen = \"0.0.0.0:7095\"",
    ] {
        assert!(written.lines().any(|found| found == line), "no {line} in\n{written}");
    }
    assert!(!written.to_uppercase().contains(&secret.to_uppercase()));
    let kept = folder.path().join("worker.key");
    assert_eq!(fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(fs::read_to_string(kept).unwrap().to_uppercase().contains(&secret.to_uppercase()));
}

#[test]
fn an_old_file_that_is_none_is_told_without_its_content() {
    let folder = TempDir::new().unwrap();
    for (wrong, wanted) in [
        ("{\"reward_account\": \"s3cret\"}", "`reward_account`: wanted an account"),
        ("{\"private_key\": \"s3cret\"}", "`private_key`: wanted 64 hexadecimal digits"),
        ("{\"fee\": \"s3cret\"}", "`fee`: wanted an amount"),
        ("{\n\"port\": \"s3cret\"}", "line 2: wanted the JSON"),
        ("s3cret", "line 1: wanted the JSON"),
    ] {
        fs::write(folder.path().join("old.json"), wrong).unwrap();
        let output = run(&folder, &["init", "--yes", "--from", "old.json"]);
        let (_, error) = text(&output);
        assert_eq!(output.status.code(), Some(1), "{wrong}");
        assert!(error.contains(wanted) && !error.contains("s3cret"), "{wrong}: {error}");
        assert!(!folder.path().join("worker.toml").exists());
    }
}

fn finding<'a>(report: &'a Value, what: &str) -> &'a Value {
    let findings = report["findings"].as_array().unwrap();
    findings.iter().find(|finding| finding["what"] == what).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_says_what_is_well_and_what_is_to_be_mended() {
    let net = devnet().await;
    let folder = initialised(&net);
    let output = run(&folder, &["check", "--json"]);
    let (told, error) = text(&output);
    assert!(output.status.success(), "{told} {error}");
    let report: Value = serde_json::from_str(&told).unwrap();
    let well = ["configuration", "node", "ledger", "WebSocket", "clock", "devices"];
    for what in well.iter().chain(&["key_file", "journal"]) {
        assert_eq!(finding(&report, what)["state"], "well", "{report}");
    }
    assert!(!folder.path().join("worker.db").exists(), "a check changes nothing");
    assert_eq!(finding(&report, "public address")["state"], "doubtful", "nothing listens there");

    let key = folder.path().join("worker.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let output =
        run(&folder, &["check", "--node", "http://127.0.0.1:1", "--websocket", "ws://127.0.0.1:1"]);
    let (told, error) = text(&output);
    assert_eq!(output.status.code(), Some(1));
    assert!(error.contains("3 things to be mended"), "{error}");
    for wanted in ["!! node:", "start the node", "!! WebSocket:", "!! key_file:", "chmod 600"] {
        assert!(told.contains(wanted), "no {wanted} in {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_says_whether_senders_are_led_here() {
    let net = devnet().await;
    let folder = initialised(&net);
    let check = |flags: &[&str]| {
        let output = run(&folder, &[&["check", "--json"], flags].concat());
        let report: Value = serde_json::from_str(&text(&output).0).unwrap();
        let found = finding(&report, "registration");
        let state = found["state"].as_str().unwrap().to_owned();
        (state, format!("{} {}", found["found"], found["mend"]), output.status.code())
    };
    let told = |flags: &[&str], state: &str, wanted: &str| {
        let (found, words, code) = check(flags);
        assert_eq!((found.as_str(), code), (state, Some(i32::from(state == "wrong"))), "{words}");
        assert!(words.contains(wanted), "{words}, wanted {wanted}");
    };
    told(&[], "doubtful", "has 0 raw of the 18080613 it takes");
    let key = fs::read_to_string(folder.path().join("worker.key")).unwrap();
    let account = nano_block::SecretKey::from_key_file(&key).unwrap().account();
    net.fund(&account, nano_primitives::Amount::from_raw(60_000_000)).unwrap();
    told(&[], "doubtful", "has registered nothing\" \"`p2pow-worker register --allow-local`");
    assert!(run(&folder, &["register", "--allow-local"]).status.success());
    told(&[], "well", "127.0.0.1 is registered by nano_");
    told(&["--public-ip", "127.0.0.9"], "wrong", "senders are led to 127.0.0.1");
    told(&["--network", "live"], "wrong", "the internet does not reach it");
    let both = run(&folder, &["check", "--public-ip", "127.0.0.1,::1"]);
    let both = text(&both).0;
    assert!(both.contains("!! registration: two addresses take two accounts"), "{both}");
    assert!(run(&folder, &["unregister"]).status.success());
    told(&[], "doubtful", "has withdrawn its address");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_looks_at_every_node_and_tells_of_a_wrong_configuration_as_json_too() {
    let (net, other) = (devnet().await, devnet().await);
    let folder = initialised(&net);
    for raw in 1..=3 {
        other.fund(&other.genesis_account(), nano_primitives::Amount::from_raw(raw)).unwrap();
    }
    let more = format!("{},http://127.0.0.1:1", other.rpc_url());
    let output = run(&folder, &["check", "--more-nodes", &more]);
    let told = text(&output).0;
    assert_eq!(output.status.code(), Some(1), "{told}");
    let behind = format!("ok ledger: {} has ", net.rpc_url());
    let line =
        told.lines().find(|line| line.starts_with(&behind)).unwrap_or_else(|| panic!("{told}"));
    assert!(line.ends_with("and is 3 behind"), "{line}");
    assert!(
        told.lines().any(|line| line.starts_with("!! node: version: cannot connect")),
        "{told}"
    );

    fs::write(folder.path().join("worker.toml"), "fees = 1\n").unwrap();
    let output = run(&folder, &["check", "--json"]);
    let report: Value = serde_json::from_str(&text(&output).0).unwrap();
    assert_eq!((output.status.code(), report["wrong"].as_u64()), (Some(1), Some(1)));
    let found = finding(&report, "configuration")["found"].as_str().unwrap().to_owned();
    assert!(found.contains("line 1: unknown key `fees`, did you mean `fee`?"), "{found}");
    assert_eq!(run(&folder, &["check", "--node", "nonsense"]).status.code(), Some(2));
}

#[test]
fn shells_and_man_learn_the_commands() {
    let folder = TempDir::new().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let output = run(&folder, &["completions", shell]);
        assert!(output.status.success() && text(&output).0.contains("unregister"), "{shell}");
    }
    let output = run(&folder, &["man", "--out", "."]);
    assert!(output.status.success(), "{}", text(&output).1);
    let page = fs::read_to_string(folder.path().join("p2pow-worker-sweep.1")).unwrap();
    assert!(page.contains(".TH") && page.contains("reward"), "{page}");
    assert!(folder.path().join("p2pow-worker.1").exists());
    let nowhere = run(&folder, &["man", "--out", "nowhere"]);
    assert!(text(&nowhere).1.contains("cannot write to nowhere"), "{nowhere:?}");
}

/// A worker on listeners that a service manager holds, as systemd hands them over: descriptors 3 and 4, the operator's
/// first, since nothing but the addresses says which is which.
struct Activated {
    child: Child,
    lines: BufReader<std::process::ChildStdout>,
}

impl Activated {
    fn start(folder: &TempDir, [listener, admin]: [&TcpListener; 2]) -> Self {
        let program = env!("CARGO_BIN_EXE_p2pow-worker");
        let (listen, watch) = (listener.local_addr().unwrap(), admin.local_addr().unwrap());
        let script = format!(
            "exec 3<&0 0</dev/null 4<&2 2>log; export LISTEN_FDS=2 LISTEN_PID=$$; \
             exec {program} run --json --listen {listen} --admin {watch}"
        );
        let handed =
            |listener: &TcpListener| Stdio::from(OwnedFd::from(listener.try_clone().unwrap()));
        let mut child = Command::new("/bin/sh")
            .args(["-c", &script])
            .current_dir(folder.path())
            .env_clear()
            .envs([("P2POW_LOG", "info,tower_http=debug"), ("P2POW_LOG_FORMAT", "json")])
            .env("XDG_RUNTIME_DIR", folder.path())
            .stdin(handed(admin))
            .stdout(Stdio::piped())
            .stderr(handed(listener))
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines }
    }

    fn started(&mut self) -> Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("not started: {line}"))
    }

    fn stop(mut self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let mut rest = String::new();
        self.lines.read_to_string(&mut rest).unwrap();
        assert!(self.child.wait().unwrap().success(), "{rest}");
    }
}

fn send(stream: &mut TcpStream, path: &str, body: &str) {
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: worker\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all((head + body).as_bytes()).unwrap();
}

fn answer(mut stream: TcpStream) -> String {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_by_a_service_manager_turns_nobody_away() {
    let net = devnet().await;
    let folder = initialised(&net);
    let [listener, admin] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let (address, watch) = (listener.local_addr().unwrap(), admin.local_addr().unwrap());
    // Before there is a worker, a call waits.
    let mut early = TcpStream::connect(address).unwrap();
    send(&mut early, "/request_info", "");
    let mut first = Activated::start(&folder, [&listener, &admin]);
    let started = first.started();
    assert_eq!((&started["listening"][0], &started["admin"]), (&json!(address), &json!(watch)));
    assert!(answer(early).contains("200 OK"));
    let token = fs::read_to_string(folder.path().join("admin.token")).unwrap();
    let history = || {
        let mut stream = TcpStream::connect(watch).unwrap();
        let token = token.trim();
        let head = format!("Host: localhost\r\nAuthorization: Bearer {token}\r\nConnection: close");
        write!(stream, "GET /history HTTP/1.1\r\n{head}\r\n\r\n").unwrap();
        stream
    };
    let samples = |told: &str| {
        let body = &told[told.find('{').unwrap_or_else(|| panic!("{told}"))..];
        let history: Value = serde_json::from_str(&body[..=body.rfind('}').unwrap()]).unwrap();
        history["samples"].as_array().unwrap().clone()
    };
    let seen = loop {
        let seen = samples(&answer(history()));
        if !seen.is_empty() {
            break seen;
        }
    };
    first.stop();

    // While it is restarted, too.
    let mut between = TcpStream::connect(address).unwrap();
    send(&mut between, "/request_info", "");
    let looking = history();
    let mut second = Activated::start(&folder, [&listener, &admin]);
    second.started();
    let told = answer(between);
    assert!(told.contains("200 OK") && told.contains("\"version\":\"2.0.0\""), "{told}");
    // The operator's call waits as well, and sees the looks from before.
    assert_eq!(samples(&answer(looking))[0], seen[0]);
    second.stop();
    let log = fs::read_to_string(folder.path().join("log")).unwrap();
    assert!(!log.contains("nobody is answered"), "{log}");

    // Without the listener handed over, the port is taken.
    let taken = run(&folder, &["run", "--listen", &address.to_string()]);
    assert!(text(&taken).1.contains("another program has the port"), "{taken:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_json_on_request() {
    let net = devnet().await;
    let folder = initialised(&net);
    let [listener, admin] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let mut worker = Activated::start(&folder, [&listener, &admin]);
    worker.started();
    let mut asked = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    send(&mut asked, "/request_work", "nonsense");
    assert!(answer(asked).contains("Invalid JSON"));
    worker.stop();
    let log = fs::read_to_string(folder.path().join("log")).unwrap();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let is_asked = |line: &&Value| line["span"]["path"] == "/request_work";
    let asked = lines.iter().find(is_asked).unwrap_or_else(|| panic!("no request in {log}"));
    assert!(asked["span"]["id"].is_string() && asked["timestamp"].is_string(), "{asked}");
}
