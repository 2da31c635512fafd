//! The program as an operator meets it.

#![allow(clippy::unwrap_used)]

use nano_block::{AccountState, Network, SecretKey};
use nano_devnet::Devnet;
use nano_primitives::Amount;
use p2pow_protocol::registry::{self, REGISTRATION_ACCOUNT, REGISTRATION_AMOUNT};
use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Output, Stdio},
};
use tempfile::TempDir;

fn worker(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_p2pow-worker"));
    command.args(arguments).current_dir(folder).env_clear();
    // Without such a folder the drivers of graphics cards write a line of their own.
    command.env("XDG_RUNTIME_DIR", folder);
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    worker(folder, arguments).output().unwrap()
}

fn error(output: &Output) -> &str {
    let text = std::str::from_utf8(&output.stderr).unwrap();
    assert_eq!(text.lines().count(), 1, "more than one line: {text}");
    assert!(output.stdout.is_empty());
    text.strip_prefix("p2pow-worker: ").unwrap().trim_end()
}

fn json_of(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A folder with what `init` writes, and the registering key.
fn initialised(settings: &[(&str, &str)]) -> (TempDir, SecretKey) {
    let folder = TempDir::new().unwrap();
    json_of(&run(folder.path(), &["init", "--json"]));
    let path = folder.path().join("worker.toml");
    let mut text = fs::read_to_string(&path).unwrap();
    // Tests run side by side, each with a port of its own.
    let own = [("admin = \"127.0.0.1:7091\"", "admin = \"127.0.0.1:0\"")];
    for (from, to) in own.iter().chain(settings) {
        assert!(text.contains(from), "{from} is not in the configuration");
        text = text.replace(from, to);
    }
    fs::write(&path, text).unwrap();
    let key = fs::read_to_string(folder.path().join("worker.key")).unwrap();
    let key = key.lines().find(|line| !line.starts_with('#')).unwrap().parse().unwrap();
    (folder, key)
}

#[test]
fn init_writes_a_configuration_and_a_private_key_and_never_again() {
    let folder = TempDir::new().unwrap();
    let told = json_of(&run(folder.path(), &["init", "--json"]));
    assert_eq!(told["registration_account"], told["reward_account"]);
    let before = fs::read(folder.path().join("worker.key")).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(folder.path().join("worker.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    let again = run(folder.path(), &["init"]);
    assert_eq!(again.status.code(), Some(1));
    assert!(
        error(&again).contains("worker.toml: it is there already, and `init` never overwrites")
    );
    assert!(error(&again).contains("--config FILE"), "{}", error(&again));
    assert_eq!(fs::read(folder.path().join("worker.key")).unwrap(), before);
}

#[test]
fn init_leaves_nothing_behind_when_the_key_cannot_be_written() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("worker.key"), "precious").unwrap();
    let refused = run(folder.path(), &["init"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(error(&refused).contains("worker.key"), "{}", error(&refused));
    assert!(error(&refused).contains("by --key-file FILE"), "{}", error(&refused));
    assert!(!folder.path().join("worker.toml").exists());
    assert_eq!(fs::read_to_string(folder.path().join("worker.key")).unwrap(), "precious");
}

#[test]
fn a_reward_account_of_ones_own_is_taken() {
    let folder = TempDir::new().unwrap();
    let own = "nano_3e3j5tkog48pnny9dmfzj1r16pg8t1e76dz5tmac6iq689wyjfpiij4txtdo";
    let told = json_of(&run(folder.path(), &["init", "--json", "--reward-account", own]));
    assert_eq!(told["reward_account"], own);
    assert_ne!(told["registration_account"], own);
    let text = fs::read_to_string(folder.path().join("worker.toml")).unwrap();
    assert!(text.contains(&format!("reward_account = \"{own}\"")));
}

#[test]
fn wrong_usage_is_one_line_and_exit_code_2() {
    let folder = TempDir::new().unwrap();
    for arguments in [&["fly"][..], &["run", "--quick"], &["init", "--reward-account", "nano_1"]] {
        let refused = run(folder.path(), arguments);
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}");
        error(&refused);
    }
    let (folder, _) = initialised(&[]);
    let refused = run(folder.path(), &["register"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(error(&refused).contains("--public-ip"), "{}", error(&refused));
}

#[test]
fn no_arguments_and_help_teach() {
    let folder = TempDir::new().unwrap();
    let nothing = run(folder.path(), &[]);
    assert_eq!(nothing.status.code(), Some(2));
    let help = run(folder.path(), &["--help"]);
    assert_eq!(help.status.code(), Some(0));
    for text in
        [String::from_utf8(nothing.stderr).unwrap(), String::from_utf8(help.stdout).unwrap()]
    {
        assert!(text.contains("p2pow-worker register") && text.contains("Usage:"), "{text}");
    }
}

#[test]
fn a_missing_configuration_says_how_to_get_one() {
    let folder = TempDir::new().unwrap();
    let refused = run(folder.path(), &["run"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(error(&refused).contains("`p2pow-worker init` writes one"));
    let other = run(folder.path(), &["run", "--config", "mine.toml"]);
    assert_eq!(other.status.code(), Some(1));
    let wanted = "there is no mine.toml here: `p2pow-worker init --config mine.toml` writes one";
    assert!(error(&other).contains(wanted), "{}", error(&other));
}

/// What nobody may ever see: it may be a private key.
const SECRET: &str = "F00DF00DF00DF00DF00DF00DF00DF00DF00DF00DF00DF00DF00DF00DF00DF00D";

#[test]
fn a_wrong_configuration_names_line_and_key_and_shows_no_value() {
    let listen = "# listen = \"0.0.0.0:7090\"";
    let cases = [
        ("fee = \"0.0001\"", "fee = \"s3cret\"", "line 12: `fee`: wanted an amount: XNO"),
        ("fee = \"0.0001\"", "price = \"s3cret\"", "line 12: unknown key `price`, wanted one of"),
        (
            "fee = \"0.0001\"",
            "fees = \"s3cret\"",
            "line 12: unknown key `fees`, did you mean `fee`?",
        ),
        ("fee = \"0.0001\"", "", "`fee` is missing: wanted a line `fee = …` or --fee or P2POW_FEE"),
        (listen, "listen = []", "`listen`: wanted a value, found an empty list"),
        (listen, "listen = \"s3cret\"", "`listen`: wanted IP:PORT"),
        ("# network = \"live\"", "network = \"s3cret\"", "`network`: wanted live, beta"),
        ("# headers = { authorization = \"…\" }", "headers = { key = \"s3cret\", x }", "not TOML"),
        ("# headers = { authorization = \"…\" }", "headers = \"s3cret\"", "a table: [headers]"),
        ("[key]", "key = \"s3cret\"", "`key`: wanted a table: [key]"),
    ];
    for (from, to, wanted) in cases {
        let (folder, _) = initialised(&[(from, to)]);
        let refused = run(folder.path(), &["run"]);
        assert_eq!(refused.status.code(), Some(1));
        let error = error(&refused);
        assert!(error.contains(wanted) && !error.contains("s3cret"), "{to}: {error}");
    }
}

#[test]
fn a_key_in_the_wrong_place_is_never_shown() {
    let text = |line: &str| format!("{line}\n");
    let places = ["reward_account", "fee", "node", "websocket", "public_ip", "listen", "key"];
    let mut lines: Vec<String> =
        places.iter().map(|key| text(&format!("{key} = \"{SECRET}\""))).collect();
    lines.extend([text(SECRET), format!("{SECRET} = 1\n"), format!("[{SECRET}]\n")]);
    for line in lines {
        let (folder, _) = initialised(&[]);
        let path = folder.path().join("worker.toml");
        let before = fs::read_to_string(&path).unwrap();
        fs::write(&path, format!("{line}{before}")).unwrap();
        let refused = run(folder.path(), &["run"]);
        assert_eq!(refused.status.code(), Some(1));
        assert!(
            error(&refused).contains("line ") && !error(&refused).contains("F00D"),
            "{refused:?}"
        );
    }
    let (folder, _) = initialised(&[("\"worker.key\"", &format!("\"{SECRET}\""))]);
    let refused = run(folder.path(), &["register", "--public-ip", "127.0.0.1", "--allow-local"]);
    assert!(error(&refused).starts_with("cannot read"), "{refused:?}");
    assert!(!error(&refused).contains("F00D"), "{refused:?}");
}

#[test]
fn a_malformed_websocket_is_told_by_the_line_that_it_stands_in() {
    for (line, url) in [
        ("# websocket = \"ws://127.0.0.1:7078\"", "websocket = \"ws://a:s3cret@127.0.0.1:x\""),
        (
            "# max_jobs = 16",
            "more_websockets = [\"ws://127.0.0.1:1\", \"ws://a:s3cret@127.0.0.1:x\"]",
        ),
    ] {
        let (folder, _) = initialised(&[(line, url)]);
        let refused = run(folder.path(), &["run"]);
        let (error, name) = (error(&refused), url.split(' ').next().unwrap());
        assert!(!refused.status.success() && error.contains(&format!("{name}: ")), "{error}");
        assert!(!error.contains("s3cret"), "{error}");
    }
}

#[test]
fn flags_come_before_variables_and_variables_before_the_file() {
    let burn = "nano_1111111111111111111111111111111111111111111111111111hifc8npp";
    let (folder, _) = initialised(&[("# max_jobs = 16", "max_jobs = 16\nmax_user_blocks = 7")]);
    // The burn account is refused, whoever says it.
    for (flags, variable, wanted) in [
        (&["run", "--reward-account", burn][..], None, "burn account"),
        (&["run"], Some(("P2POW_REWARD_ACCOUNT", burn)), "burn account"),
        (&["run", "--fee", "cheap"], None, "--fee"),
        (&["run"], Some(("P2POW_FEE", "s3cret")), "the variable P2POW_FEE: wanted an amount"),
        (&["run"], Some(("P2POW_MAX_JOBS", SECRET)), "the variable P2POW_MAX_JOBS: wanted a whole"),
    ] {
        let mut command = worker(folder.path(), flags);
        command.envs(variable);
        let refused = command.output().unwrap();
        let error = error(&refused);
        assert!(!refused.status.success() && error.contains(wanted), "{error}");
        assert!(!error.contains("s3cret") && !error.contains("F00D"), "{error}");
    }
}

#[test]
fn a_key_in_a_variable_comes_before_that_of_the_file() {
    let (folder, _) = initialised(&[("\"worker.key\"", "\"not-there.key\"")]);
    let register = ["register", "--public-ip", "127.0.0.1", "--allow-local"];
    let register = [&register[..], &["--node", "http://127.0.0.1:1"]].concat();
    let refused = run(folder.path(), &register);
    assert!(error(&refused).contains("not-there.key"), "{refused:?}");
    let mut command = worker(folder.path(), &register);
    let key = command.env("P2POW_KEY", "7".repeat(64)).output().unwrap();
    assert!(String::from_utf8_lossy(&key.stdout).contains("registering 127.0.0.1"), "{key:?}");
}

#[cfg(unix)]
#[test]
fn a_key_file_that_others_can_read_is_refused_with_the_command_that_mends_it() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, _) = initialised(&[]);
    let key = folder.path().join("worker.key");
    let register = ["register", "--public-ip", "127.0.0.1", "--allow-local"];
    let register = [&register[..], &["--node", "http://127.0.0.1:1"]].concat();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
    let refused = run(folder.path(), &register);
    assert!(error(&refused).contains("mode 0640"), "{refused:?}");
    assert!(error(&refused).ends_with("chmod 600 worker.key"), "{refused:?}");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let mended = run(folder.path(), &register);
    assert!(String::from_utf8_lossy(&mended.stdout).contains("registering"), "{mended:?}");
}

#[test]
fn top_says_what_is_wrong() {
    let (folder, _) = initialised(&[]);
    let no_token = run(folder.path(), &["top", "--json"]);
    assert!(error(&no_token).contains("cannot read the token in"), "{}", error(&no_token));
    fs::write(folder.path().join("admin.token"), "7".repeat(64)).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(folder.path().join("admin.token"), mode).unwrap();
    let away = run(folder.path(), &["top", "--json", "--admin", "127.0.0.1:1"]);
    assert_eq!(away.status.code(), Some(1));
    assert!(error(&away).contains("no worker answers at 127.0.0.1:1"), "{}", error(&away));
    let (folder, _) = initialised(&[("admin = \"127.0.0.1:0\"", "# no admin")]);
    let nowhere = run(folder.path(), &["top"]);
    assert_eq!(nowhere.status.code(), Some(2));
    assert!(error(&nowhere).contains("give --admin IP:PORT"), "{}", error(&nowhere));
}

#[test]
fn the_operator_s_listener_is_for_this_machine_alone() {
    let (folder, _) = initialised(&[]);
    let refused = run(folder.path(), &["run", "--admin", "0.0.0.0:0"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(error(&refused).contains("wanted IP:PORT of loopback"), "{}", error(&refused));
    let (folder, _) = initialised(&[("admin = \"127.0.0.1:0\"", "admin = \"[::]:7091\"")]);
    let refused = run(folder.path(), &["run"]);
    assert!(error(&refused).contains("`admin`: wanted IP:PORT of loopback"), "{refused:?}");
}

#[test]
fn the_burn_account_earns_nothing() {
    let burn = "nano_1111111111111111111111111111111111111111111111111111hifc8npp";
    let folder = TempDir::new().unwrap();
    json_of(&run(folder.path(), &["init", "--json", "--reward-account", burn]));
    let refused = run(folder.path(), &["run"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(error(&refused).contains("burn account"), "{}", error(&refused));
}

#[test]
fn a_port_that_is_taken_is_told_with_what_to_do() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = format!("listen = \"{}\"", other.local_addr().unwrap());
    let (folder, _) = initialised(&[("# listen = \"0.0.0.0:7090\"", &listen)]);
    let refused = run(folder.path(), &["run", "--devices", "cpu", "--threads", "1"]);
    assert_eq!(refused.status.code(), Some(1));
    let wanted = "end it, or give another port (`listen` in the configuration)";
    assert!(error(&refused).contains(wanted), "{}", error(&refused));
}

/// A worker that runs until it is dropped, and its first line.
struct Running {
    child: Child,
    started: Value,
    lines: BufReader<std::process::ChildStdout>,
}

impl Running {
    fn start(folder: &Path) -> Self {
        let mut command = worker(folder, &["run", "--json"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        Self { child, started: serde_json::from_str(&line).unwrap(), lines }
    }

    fn address(&self) -> SocketAddr {
        self.started["listening"][0].as_str().unwrap().parse().unwrap()
    }

    /// Asks it to stop, as a service manager does, and gives its last line.
    #[cfg(unix)]
    fn stop(mut self) -> Value {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let mut rest = String::new();
        self.lines.read_to_string(&mut rest).unwrap();
        assert!(self.child.wait().unwrap().success());
        serde_json::from_str(rest.lines().last().unwrap()).unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn fetch(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn status_of(address: SocketAddr, path: &str) -> u16 {
    fetch(address, path).split(' ').nth(1).unwrap().parse().unwrap()
}

fn get(address: SocketAddr, path: &str) -> Value {
    let answer = fetch(address, path);
    let body = answer.split("\r\n\r\n").nth(1).unwrap();
    serde_json::from_str(body.lines().find(|line| line.starts_with('{')).unwrap()).unwrap()
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn run_serves_its_offer_and_stops_when_asked() {
    let net = Devnet::builder().network(Network::Dev).start().await.unwrap();
    let (folder, key) = initialised(&[
        ("# listen = \"0.0.0.0:7090\"", "listen = [\"127.0.0.1:0\"]"),
        ("http://127.0.0.1:7076", &net.rpc_url()),
        (
            "# websocket = \"ws://127.0.0.1:7078\"",
            &format!("websocket = \"{}\"", net.websocket_url()),
        ),
        ("# network = \"live\"", "network = \"dev\""),
    ]);
    let running = Running::start(folder.path());
    assert_eq!(running.started["event"], "started");
    assert_eq!(running.started["node_error"], Value::Null);
    assert!(running.started["hashrate"].as_f64().unwrap() > 0.0);

    let info = get(running.address(), "/request_info");
    assert_eq!(info["version"], "2.0.0");
    assert_eq!(info["status"], "available");
    assert_eq!(info["reward_account"], key.account().to_string());
    assert_eq!(info["fee"], "100000000000000000000000000");

    let admin = running.started["admin"].as_str().unwrap();
    let top = json_of(&run(folder.path(), &["top", "--json", "--admin", admin]));
    assert_eq!((&top["network"], &top["queue"]["max_jobs"]), (&json!("dev"), &json!(16)));
    assert_eq!((&top["refusing"], &top["nodes"][0]["error"]), (&Value::Null, &Value::Null));
    assert_eq!(top["listening"][0], running.address().to_string());
    assert!(top["hashrate"].as_f64().unwrap() > 0.0 && top["devices"][0]["name"].is_string());
    let link = run(folder.path(), &["top", "--link", "--admin", admin]);
    let link = String::from_utf8(link.stdout).unwrap();
    assert!(link.starts_with(&format!("http://{admin}/#token=")), "{link}");
    assert_eq!(status_of(admin.parse().unwrap(), "/healthz"), 200);
    assert_eq!(status_of(admin.parse().unwrap(), "/readyz"), 200);
    assert_eq!(status_of(admin.parse().unwrap(), "/status"), 401);

    let last = running.stop();
    assert_eq!(last, json!({"event": "stopped", "won": 0, "lost": 0, "failed": 0, "income": "0"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn register_puts_the_address_on_the_ledger_once() {
    let net = Devnet::builder().network(Network::Dev).start().await.unwrap();
    let (folder, key) = initialised(&[
        ("http://127.0.0.1:7076", &net.rpc_url()),
        ("# network = \"live\"", "network = \"dev\""),
        ("# public_ip = \"203.0.113.7\"", "public_ip = \"127.0.0.3\""),
    ]);
    let local = run(folder.path(), &["register"]);
    assert_eq!(local.status.code(), Some(2));
    assert!(error(&local).contains("cannot be reached from the internet"), "{}", error(&local));
    assert!(error(&local).contains("or --allow-local"), "{}", error(&local));
    let nowhere = run(folder.path(), &["register", "--public-ip", "0.0.0.0", "--allow-local"]);
    assert_eq!(nowhere.status.code(), Some(2));
    assert!(!error(&nowhere).contains("or --allow-local"), "{}", error(&nowhere));
    let poor = run(folder.path(), &["register", "--json", "--allow-local"]);
    assert_eq!(poor.status.code(), Some(1));
    assert!(error(&poor).contains("nothing to receive"), "{}", error(&poor));

    net.fund(&key.account(), Amount::from_xno("0.001").unwrap()).unwrap();
    let told = json_of(&run(folder.path(), &["register", "--json", "--allow-local"]));
    assert_eq!(told["address"], "127.0.0.3");
    assert_eq!(told["was_there"], false);
    let entries = net.receivable(&REGISTRATION_ACCOUNT);
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].1, REGISTRATION_AMOUNT);
    let state: AccountState = net.account(&key.account()).unwrap().state();
    assert_eq!(registry::decode(&state.representative), Some("127.0.0.3".parse().unwrap()));

    let again = json_of(&run(folder.path(), &["register", "--json", "--allow-local"]));
    assert_eq!(
        (again["was_there"].clone(), again["block"].clone()),
        (json!(true), told["block"].clone())
    );
    assert_eq!(net.receivable(&REGISTRATION_ACCOUNT).len(), 1);
}
