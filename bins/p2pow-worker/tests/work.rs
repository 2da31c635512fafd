//! The work server, as its operator and its callers meet it.

#![allow(clippy::unwrap_used)]

mod common;

use common::{refused, run, worker};
use nano_block::Network;
use nano_primitives::{Difficulty, Root};
use nano_rpc::Client;
use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
};
use tempfile::TempDir;

/// A work server that runs until it is dropped.
struct Server {
    child: Child,
    started: Value,
    rest: BufReader<ChildStdout>,
}

impl Server {
    fn start(arguments: &[&str], key: Option<&str>) -> Self {
        let mut command = worker(&["work-server", "--listen", "127.0.0.1:0", "--json"]);
        command.args(["--network", "dev", "--devices", "cpu", "--threads", "1"]).args(arguments);
        command.envs(key.map(|key| ("P2POW_WORK_KEY", key)));
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut rest = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        rest.read_line(&mut line).unwrap();
        Self { child, started: serde_json::from_str(&line).unwrap(), rest }
    }

    fn url(&self) -> String {
        format!("http://{}", self.started["listening"].as_str().unwrap())
    }

    /// Asks it to stop, as a service manager does, and gives what it says.
    #[cfg(unix)]
    fn stop(mut self) -> Value {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let mut rest = String::new();
        self.rest.read_to_string(&mut rest).unwrap();
        assert!(self.child.wait().unwrap().success());
        serde_json::from_str(&rest).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn base() -> Difficulty {
    Network::Dev.thresholds().base()
}

async fn find(url: &str, header: Option<(&str, &str)>) -> Result<(), String> {
    let mut client = Client::builder(url).retries(0);
    if let Some((name, value)) = header {
        client = client.header(name, value);
    }
    let root = Root::from_bytes([7; 32]);
    let work = client.build().unwrap().work_generate(&root, Some(base())).await;
    work.map(|work| assert!(work.value(&root) >= base())).map_err(|error| error.to_string())
}

fn write(folder: &TempDir, text: &str) -> String {
    let path = folder.path().join("work-server.toml");
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[cfg(unix)]
#[tokio::test]
async fn the_work_server_works_until_it_is_stopped() {
    let server = Server::start(&[], None);
    assert_eq!(server.started["event"], "started");
    assert!(server.started["devices"][0].as_str().unwrap().starts_with("cpu 1 x "));
    find(&server.url(), None).await.unwrap();
    assert_eq!(server.stop(), json!({ "event": "stopped" }));
}

#[tokio::test]
async fn a_key_in_the_environment_closes_the_server_to_strangers() {
    let server = Server::start(&[], Some("s3cret"));
    assert!(find(&server.url(), None).await.unwrap_err().contains("Unauthorized"));
    find(&server.url(), Some(("X-API-Key", "s3cret"))).await.unwrap();
    let open = Server::start(&["--open"], Some("s3cret"));
    find(&open.url(), None).await.unwrap();
}

#[tokio::test]
async fn a_server_asks_other_servers_with_the_keys_that_its_file_has() {
    let folder = TempDir::new().unwrap();
    let keys = "[[key]]\nname = \"alice\"\nsecret = \"s3cret\"\nper_second = 1.0\npriority = 1\n";
    let last = Server::start(&["--file", &write(&folder, keys)], None);
    let url = last.url();
    let remote = format!("[[remote]]\nurl = \"{url}\"\nheaders = {{ X-API-Key = \"s3cret\" }}\n");
    let first = Server::start(&["--file", &write(&folder, &remote)], None);
    assert_eq!(first.started["devices"][1], format!("remote {url}"));
    find(&first.url(), None).await.unwrap();
}

#[test]
fn what_cannot_be_served_is_told() {
    let server = Server::start(&[], None);
    let taken = server.started["listening"].as_str().unwrap();
    refused(&["work-server", "--devices", "cpu", "--listen", taken], 1, "cannot listen on");
    refused(&["work-server", "--devices", "cpu", "--listen", taken], 1, "give another port");
    // The warning about strangers is for a server that is there.
    let everywhere = format!("0.0.0.0:{}", taken.rsplit(':').next().unwrap());
    refused(&["work-server", "--devices", "cpu", "--listen", &everywhere], 1, "another program");
    refused(&["work-server", "--remote", "ftp://x"], 2, "wanted http or https");
    refused(&["work-server", "--within=-1"], 2, "--within");
    refused(&["work-server", "--order", "lifo"], 2, "fifo, random");
    let folder = TempDir::new().unwrap();
    let file = write(&folder, "[[key]]\nname = \"alice\"\nsekret = \"s3cret\"\n");
    let output = run(&["work-server", "--file", &file]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("line 3: unknown key `sekret`, did you mean `secret`?"), "{error}");
    assert!(!error.contains("s3cret"), "{error}");
    assert!(Path::new(&file).exists());
}

/// What stands for a name may be the secret.
#[test]
fn a_key_in_the_wrong_place_is_not_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let good = "[[key]]\nname = \"alice\"\nsecret = \"s3cret\"\n";
    for (bad, wanted) in [
        ("name = \"s3cret\"\nsecret = \"\"\n", "line 6: `secret`: wanted visible ASCII characters"),
        ("name = \"s3cret\"\nsecret = \"two words\"\n", "line 6: `secret`: wanted visible"),
        (
            "name = \"s3cret\"\nsecret = \"b\"\nburst = 0\n",
            "line 7: `burst`: wanted a whole number",
        ),
        ("name = \"s3cret\"\n", "line 4: `secret` is missing in [[key]]"),
        ("s3cret = 1\nsecret = \"two words\"\n", "line 5: unknown key `s3cret`, did you mean"),
        ("name = \"s3cret\"\nsecret = \"s3cret\"\n", "key number 2 has the name or the secret"),
    ] {
        let file = write(&folder, &format!("{good}[[key]]\n{bad}"));
        let output = run(&["work-server", "--file", &file, "--listen", "127.0.0.1:0"]);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(error.contains(wanted), "{error}");
        let is_name = bad.starts_with("s3cret");
        assert!((is_name || !error.contains("s3cret")) && !error.contains("two words"), "{error}");
    }
}

#[test]
fn the_file_says_what_flags_and_variables_leave_open() {
    let folder = TempDir::new().unwrap();
    let file = write(&folder, "min_multiplier = 5\nnetwork = \"dev\"\n");
    let crossed = |most: &[&str], variable: Option<&str>| {
        let mut command = worker(&[&["work-server", "--config", &file], most].concat());
        command.envs(variable.map(|most| ("P2POW_WORK_MAX_MULTIPLIER", most)));
        String::from_utf8(command.output().unwrap().stderr).unwrap()
    };
    let flag = crossed(&["--max-multiplier", "1"], Some("2"));
    assert!(flag.contains("--min-multiplier is 5 and --max-multiplier is 1"), "{flag}");
    let variable = crossed(&[], Some("2"));
    assert!(variable.contains("--min-multiplier is 5 and --max-multiplier is 2"), "{variable}");
    let wrong = crossed(&[], Some("s3cret"));
    assert!(wrong.contains("the variable P2POW_WORK_MAX_MULTIPLIER: wanted a number above 0"));
    assert!(!wrong.contains("s3cret"), "{wrong}");
    let both = write(&folder, "burst = 5\n");
    refused(&["work-server", "--file", &both], 2, "--per-second");
}

#[test]
fn an_address_to_listen_on_is_ip_and_port() {
    for address in ["localhost:17077", "127.0.0.1", ":17077", "127.0.0.1:99999"] {
        refused(&["work-server", "--listen", address], 2, "wanted IP:PORT, as 127.0.0.1:7076");
    }
}

#[test]
fn limits_that_let_nothing_through_are_refused() {
    for (option, values, wanted) in [
        ("--per-second", &["0", "-1", "nan"][..], "wanted a number above 0"),
        ("--burst", &["0", "-1", "many"], "wanted a whole number from 1"),
        ("--at-once", &["0"], "wanted a whole number from 1"),
        ("--max-jobs", &["0"], "wanted a whole number from 1"),
        ("--within", &["0", "-1", "nan"], "wanted a number of seconds above 0"),
        ("--min-multiplier", &["-1", "nan"], "wanted a number from 0"),
        ("--max-multiplier", &["0", "nan"], "wanted a number above 0"),
    ] {
        for value in values {
            refused(&["work-server", option, value], 2, option);
            refused(&["work-server", option, value], 2, wanted);
        }
    }
    refused(&["work-server", "--burst", "5"], 2, "--per-second");
    let crossed = ["work-server", "--min-multiplier", "5", "--max-multiplier", "1"];
    refused(&crossed, 2, "--min-multiplier is 5 and --max-multiplier is 1");
}

#[test]
fn a_fault_in_the_file_is_told_with_its_place() {
    let folder = TempDir::new().unwrap();
    let key = "[[key]]\nname = \"alice\"\nsecret = \"s3cret\"\n";
    for (line, wanted) in [
        ("per_second = 0", "`per_second`: wanted a number above 0"),
        ("per_second = -1.5", "`per_second`: wanted"),
        ("per_second = nan", "`per_second`: wanted"),
        ("burst = 0", "`burst`: wanted a whole number from 1"),
        ("at_once = 0", "`at_once`: wanted"),
        ("priority = 1.5", "`priority`: wanted a whole number from"),
    ] {
        let file = write(&folder, &format!("{key}{line}\n"));
        let wanted = format!("work-server.toml line 4: {wanted}");
        refused(&["work-server", "--file", &file], 1, &wanted);
    }
    let good = "[[remote]]\nurl = \"http://192.0.2.1:7076\"\n";
    let file = write(&folder, &format!("{good}[[remote]]\nurl = \"me:pass@there\"\n"));
    let output = run(&["work-server", "--file", &file]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("work-server.toml line 4: `url`: wanted a URL"), "{error}");
    assert!(!error.contains("pass") && !error.contains("node"), "{error}");
}

/// What a server that starts writes to standard error until it is asked to stop.
#[cfg(unix)]
fn warnings(arguments: &[&str], key: &str) -> String {
    let mut command = worker(&["work-server", "--listen", "127.0.0.1:0", "--json"]);
    command.args(["--devices", "cpu", "--threads", "1"]).args(arguments);
    command.env("P2POW_WORK_KEY", key).stdout(Stdio::piped()).stderr(Stdio::piped());
    if key.is_empty() {
        command.env_remove("P2POW_WORK_KEY");
    }
    let mut child = command.spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut String::new()).unwrap();
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    String::from_utf8(child.wait_with_output().unwrap().stderr).unwrap()
}

#[cfg(unix)]
#[test]
fn options_without_effect_are_told() {
    assert_eq!(warnings(&[], ""), "");
    assert!(warnings(&["--open"], "").contains("--open has no effect"));
    assert!(warnings(&["--at-once", "1"], "s3cret").contains("--at-once have no effect"));
    assert_eq!(warnings(&["--open", "--at-once", "1"], "s3cret"), "");
}

#[cfg(feature = "gpu")]
#[test]
fn a_server_may_have_remotes_alone_and_says_so() {
    let mut command = worker(&["work-server", "--listen", "127.0.0.1:0", "--devices", "gpu"]);
    command.env("VK_DRIVER_FILES", "/dev/null").env("VK_ICD_FILENAMES", "/dev/null");
    command.args(["--remote", "http://127.0.0.1:1"]).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let told = lines.nth(1).unwrap();
    let _ = child.kill();
    let _ = child.wait();
    // A system without Vulkan has its cards in other ways.
    if cfg!(target_os = "linux") {
        assert!(told.starts_with("devices: remote http://127.0.0.1:1 (none of this"), "{told}");
    }
}
