//! A `nats-server` of its own for each test.

use serde_json::Value;
use std::{
    env, fs,
    io::ErrorKind,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// A broker on a free port of this computer, killed when it is dropped.
pub(crate) struct Server {
    child: Child,
    place: Place,
    port: u16,
    folder: TempDir,
}

/// Where a broker runs: on loopback, or at an address of a network namespace.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) namespace: Option<String>,
    pub(crate) address: String,
}

impl Place {
    fn loopback() -> Self {
        Self { namespace: None, address: "127.0.0.1".to_owned() }
    }

    fn command(&self) -> Command {
        let Some(namespace) = &self.namespace else { return Command::new("nats-server") };
        let mut command = Command::new("ip");
        command.args(["netns", "exec", namespace, "nats-server"]);
        command
    }
}

/// Starts a broker; `None`, and a line that says so, where there is none on this computer.
pub(crate) fn start(settings: &str) -> Option<Server> {
    start_in(Place::loopback(), settings)
}

/// The same in a place of one's own.
pub(crate) fn start_in(place: Place, settings: &str) -> Option<Server> {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    start_as(
        place,
        folder,
        format!("max_payload: 2MB\njetstream {{ store_dir: {store:?} }}\n{settings}\n"),
    )
}

/// The same with a configuration of one's own, in which `/var/lib/nats` is a folder of the test.
pub(crate) fn start_with(config: &str) -> Option<Server> {
    let folder = tempfile::tempdir().unwrap();
    let config = config.replace("/var/lib/nats", folder.path().join("store").to_str().unwrap());
    start_as(Place::loopback(), folder, config)
}

fn start_as(place: Place, folder: TempDir, config: String) -> Option<Server> {
    fs::write(folder.path().join("nats.conf"), config).unwrap();
    let child = spawn(&place, folder.path(), -1)?;
    let port = port_of(&folder, child.id());
    Some(Server { child, place, port, folder })
}

fn spawn(place: &Place, folder: &Path, port: i32) -> Option<Child> {
    let mut command = place.command();
    command.args(["--addr", &place.address, "--port", &port.to_string()]);
    command.arg("--config").arg(folder.join("nats.conf")).arg("--ports_file_dir").arg(folder);
    match command.stdout(Stdio::null()).stderr(Stdio::null()).spawn() {
        Ok(child) => Some(child),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let is_required = env::var("P2POW_REQUIRE_NATS").is_ok_and(|value| value == "1");
            assert!(!is_required, "P2POW_REQUIRE_NATS=1, and there is no nats-server");
            println!("skipped: there is no nats-server on this computer");
            None
        }
        Err(error) => panic!("nats-server does not start: {error}"),
    }
}

/// The broker writes the file when it listens.
fn port_of(folder: &TempDir, process: u32) -> u16 {
    let file = folder.path().join(format!("nats-server_{process}.ports"));
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        let text = fs::read_to_string(&file).unwrap_or_default();
        if let Ok(ports) = serde_json::from_str::<Value>(&text) {
            let address = ports["nats"][0].as_str().unwrap();
            return address.rsplit_once(':').unwrap().1.parse().unwrap();
        }
        assert!(Instant::now() < end, "nats-server does not listen");
        thread::sleep(Duration::from_millis(5));
    }
}

impl Server {
    pub(crate) fn address(&self) -> String {
        format!("nats://{}:{}", self.place.address, self.port)
    }

    /// As `kill -9` does.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts again what was killed, with what it has on disk, and waits until it listens.
    pub(crate) fn restart(&mut self) {
        self.child = spawn(&self.place, self.folder.path(), i32::from(self.port)).unwrap();
        port_of(&self.folder, self.child.id());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
