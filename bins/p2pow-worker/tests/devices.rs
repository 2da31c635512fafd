//! What is searched with, and how fast it is: `devices`, `bench`, and the options that choose.

#![allow(clippy::unwrap_used)]

mod common;

use common::{json_of, refused, run, worker};
use serde_json::Value;
use std::{fs, process::Stdio};
use tempfile::TempDir;

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

/// The adapters here; none in a build without them.
fn gpus() -> Vec<Value> {
    json_of(&["devices", "--json"])["gpus"].as_array().cloned().unwrap_or_default()
}

/// A configuration as `init` writes it.
fn configured(folder: &TempDir) -> String {
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (config, key) = (path("worker.toml"), path("worker.key"));
    assert!(run(&["init", "--config", &config, "--key-file", &key]).status.success());
    config
}

#[test]
fn a_choice_that_leaves_no_device_is_refused_at_the_start() {
    if gpus().iter().any(|gpu| gpu["used"] == true) {
        return; // here is a card, so the choice leaves one
    }
    let wanted = match gpus().first() {
        _ if !cfg!(feature = "gpu") => "--features gpu",
        Some(_) => "only software adapters, which are used when named (gpu:0)",
        None => "found no graphics card, and no driver of one",
    };
    refused(&["bench", "--devices", "gpu"], 2, wanted);
    refused(&["work-server", "--listen", "127.0.0.1:0", "--devices", "gpu"], 2, wanted);
    if cfg!(feature = "gpu") {
        let both = run(&["bench", "--seconds", "0.05", "--threads", "1", "--devices", "cpu,gpu"]);
        let warned = String::from_utf8_lossy(&both.stderr).contains("processor searches alone");
        assert!(both.status.success() && warned);
    }
    let folder = TempDir::new().unwrap();
    let config = configured(&folder);
    refused(&["run", "--config", &config, "--devices", "gpu"], 2, wanted);
    let register = ["register", "--config", &config, "--public-ip", "127.0.0.1", "--allow-local"];
    let output = run(&[&register[..], &["--devices", "gpu"]].concat());
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[cfg(all(feature = "gpu", target_os = "linux"))]
#[test]
fn a_machine_without_drivers_is_told_where_to_look() {
    let mut command = worker(&["bench", "--devices", "gpu"]);
    let hidden = command.env("VK_DRIVER_FILES", "/dev/null").env("VK_ICD_FILENAMES", "/dev/null");
    let output = hidden.output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("no driver of one (`p2pow-worker devices`"), "{error}");
}

#[test]
fn as_many_threads_as_a_processor_has_are_taken() {
    for threads in ["0", "-1", "1025", "99999999999"] {
        refused(&["bench", "--threads", threads], 2, "wanted 1 to 1024");
    }
    let folder = TempDir::new().unwrap();
    let config = configured(&folder);
    let text = fs::read_to_string(&config).unwrap().replace("# threads = 8", "threads = 9999");
    fs::write(&config, text).unwrap();
    refused(&["run", "--config", &config], 1, "`threads`: wanted 1 to 1024");
}

#[test]
fn a_kernel_counts_once_and_some_device_has_it() {
    let short = ["bench", "--json", "--seconds", "0.05", "--devices", "cpu", "--threads", "1"];
    let twice = json_of(&[&short[..], &["--kernel", "portable,portable"]].concat());
    assert_eq!(twice["results"].as_array().unwrap().len(), 2);
    if cfg!(feature = "gpu") {
        refused(&["bench", "--devices", "cpu", "--kernel", "u64"], 2, "found u64, which no device");
        refused(&["bench", "--devices", "cpu", "--kernel", "portable,u32"], 2, "cpu has ");
    }
    if !gpus().is_empty() {
        let gpu = ["bench", "--seconds", "0.05", "--devices", "gpu:0"];
        refused(&[&gpu[..], &["--kernel", "portable"]].concat(), 2, "has mixed, u64, u32");
        let both = ["bench", "--json", "--seconds", "0.05", "--devices", "cpu,gpu:0"];
        let both = json_of(&[&both[..], &["--threads", "1", "--kernel", "portable"]].concat());
        let rows = both["results"].as_array().unwrap();
        assert!(rows.iter().any(|row| row["device"].as_str().unwrap().starts_with("gpu:0")));
    }
}

#[test]
fn a_reader_that_stops_early_is_no_error() {
    for arguments in [&["devices", "--json"][..], &["--help"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let child = worker(arguments).stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        assert_eq!(output.status.code(), Some(141));
    }
}
