//! This computer: its devices, the files of keys, and the journal's place.

use super::finding::Finding;
use crate::{devices::DeviceArgs, options::JournalArgs};
use nano_pow::Pool;
use p2pow_cli::{KeyArgs, input::shown, output};
use std::{
    fs::{self, OpenOptions},
    path::Path,
    time::Duration,
};

/// How long the devices are measured.
const MEASURE: Duration = Duration::from_millis(300);

/// The devices, measured for a moment.
pub(super) async fn search(devices: &DeviceArgs) -> Finding {
    const WHAT: &str = "devices";
    let pool = match devices.open() {
        Ok(devices) => Pool::new(devices),
        Err(error) => {
            let mend = "`p2pow-worker devices` lists what there is";
            return Finding::wrong(WHAT, error.to_string(), mend);
        }
    };
    let names: Vec<String> = pool.status().devices.into_iter().map(|device| device.name).collect();
    let measured = tokio::task::spawn_blocking(move || pool.measure(MEASURE)).await;
    let found = |rate| format!("{}: {}", names.join(", "), output::hashrate(rate));
    match measured {
        Ok(rate) if rate > 0.0 => Finding::well(WHAT, found(rate)),
        _ => Finding::wrong(WHAT, found(0.0), "`p2pow-worker bench` says which device fails"),
    }
}

/// The files of keys that the configuration names: there, and for their owner alone.
pub(super) fn key_files(key: &KeyArgs) -> Vec<Finding> {
    let files = [("key_file", &key.key_file), ("seed_file", &key.seed_file)];
    let named = files.into_iter().filter_map(|(what, path)| Some((what, path.as_ref()?)));
    let mut findings: Vec<_> = named.map(|(what, path)| key_file(what, path)).collect();
    if findings.is_empty() {
        let mend = "`register` and `sweep` want one, by --key-file FILE; `run` needs none";
        findings.push(Finding::doubtful("key", "the configuration names none", mend));
    }
    findings
}

fn key_file(what: &'static str, path: &Path) -> Finding {
    let shown = shown(path);
    match fs::metadata(path) {
        Err(error) => Finding::doubtful(
            what,
            format!("{shown}: {error}"),
            "`register` and `sweep` need it; `run` does not",
        ),
        #[cfg(unix)]
        Ok(found) if std::os::unix::fs::PermissionsExt::mode(&found.permissions()) & 0o077 != 0 => {
            let mend = format!("chmod 600 {shown}");
            Finding::wrong(what, format!("{shown} can be read by other users"), mend)
        }
        Ok(_) => Finding::well(what, format!("{shown} is for its owner alone")),
    }
}

/// Whether the journal can be written: nothing is, and no file is made.
pub(super) fn journal(options: &JournalArgs) -> Finding {
    const WHAT: &str = "journal";
    let path = &options.journal;
    let (name, mend) = (shown(path), "mend `journal`, or the rights of its folder");
    let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    if path.exists() {
        return match OpenOptions::new().append(true).open(path) {
            Ok(_) => Finding::well(WHAT, format!("{name} can be written")),
            Err(error) => Finding::wrong(WHAT, format!("{name}: {error}"), mend),
        };
    }
    match fs::metadata(folder) {
        Ok(found) if found.is_dir() && !found.permissions().readonly() => {
            Finding::well(WHAT, format!("{name} is made by the first `run`"))
        }
        Ok(_) => Finding::wrong(WHAT, format!("{name} cannot be made there"), mend),
        Err(error) => Finding::wrong(WHAT, format!("{}: {error}", shown(folder)), mend),
    }
}
