//! The commands about work: the server, the list of devices, the measurement.

#![allow(clippy::unwrap_used)]

use nano_block::Network;
use nano_primitives::{Difficulty, Root};
use nano_rpc::Client;
use serde_json::Value;
use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, ChildStdout, Command, Output, Stdio},
};
use tempfile::TempDir;

fn worker(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_p2pow-worker"));
    // Without such a folder the drivers of graphics cards write a line of their own.
    command.args(arguments).env_clear().env("XDG_RUNTIME_DIR", std::env::temp_dir());
    command
}

fn run(arguments: &[&str]) -> Output {
    worker(arguments).output().unwrap()
}

fn json_of(arguments: &[&str]) -> Value {
    let output = run(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn refused(arguments: &[&str], code: i32, wanted: &str) {
    let output = run(arguments);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {error}");
    assert!(error.contains(wanted), "{arguments:?}: {error}, wanted {wanted}");
    assert_eq!(error.lines().count(), 1, "{error}");
}

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

    /// Asks it to stop, as a service manager does.
    #[cfg(unix)]
    fn stop(mut self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.rest.read_to_string(&mut String::new()).unwrap();
        assert!(self.child.wait().unwrap().success());
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
    server.stop();
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
    refused(&["work-server", "--remote", "ftp://x"], 2, "wanted http or https");
    refused(&["work-server", "--within=-1"], 2, "--within");
    refused(&["work-server", "--order", "lifo"], 2, "fifo, random");
    let folder = TempDir::new().unwrap();
    let file = write(&folder, "[[key]]\nname = \"alice\"\nsekret = \"s3cret\"\n");
    let output = run(&["work-server", "--file", &file]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("line 3: unknown field `sekret`"), "{error}");
    assert!(!error.contains("s3cret"), "{error}");
    assert!(Path::new(&file).exists());
}

#[test]
fn devices_lists_the_kernels_of_the_processor() {
    let list = json_of(&["devices", "--json"]);
    let kernels = list["cpu"]["kernels"].as_array().unwrap();
    assert_eq!(kernels.last().unwrap()["name"], "portable");
    assert_eq!(kernels.iter().filter(|kernel| kernel["used"] == true).count(), 1);
    assert!(list["cpu"]["threads"].as_u64().unwrap() > 0);
    assert_eq!(list["gpus"].is_array(), cfg!(feature = "gpu"));
    let text = String::from_utf8(run(&["devices"]).stdout).unwrap();
    assert!(text.contains("portable") && text.contains("graphics cards"), "{text}");
}

#[test]
fn bench_measures_every_kernel_against_the_reference() {
    let short = ["bench", "--json", "--seconds", "0.1", "--devices", "cpu", "--threads", "1"];
    let answer = json_of(&short);
    let results = answer["results"].as_array().unwrap();
    let kernels: Vec<&str> = results.iter().map(|row| row["kernel"].as_str().unwrap()).collect();
    assert_eq!((kernels[0], *kernels.last().unwrap()), ("blake2 crate", "portable"));
    for row in results {
        let rate = row["hashes_per_second"].as_f64().unwrap();
        let ratio = rate / results[0]["hashes_per_second"].as_f64().unwrap();
        assert!((row["ratio_to_reference"].as_f64().unwrap() - ratio).abs() < 0.001, "{row}");
        assert_eq!((&row["device"], &row["threads"]), (&"cpu".into(), &1.into()));
        let seconds = row["send_seconds"].as_f64().unwrap();
        assert!((seconds * rate / f64::from(1u32 << 29) - 1.0).abs() < 0.001, "{row}");
    }
    let one = json_of(&[&short[..], &["--kernel", "portable"]].concat());
    assert_eq!(one["results"].as_array().unwrap().len(), 2);
}

#[test]
fn devices_and_kernels_that_are_not_there_are_told() {
    refused(&["bench", "--kernel", "mmx"], 2, "portable");
    refused(&["bench", "--devices", "tpu"], 2, "wanted cpu, gpu or gpu:N");
    refused(&["bench", "--seconds", "0"], 2, "wanted seconds");
    refused(&["bench", "--threads", "0"], 2, "threads");
    let gpu = if cfg!(feature = "gpu") { "there is no gpu:99" } else { "--features gpu" };
    refused(&["bench", "--devices", "gpu:99"], 2, gpu);
}
