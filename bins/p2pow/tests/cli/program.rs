//! Runs the program.

use serde_json::Value;
use std::{
    ffi::OsStr,
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, channel},
    },
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// What a running program may take for a line, or for its end. A machine that is busy with other tests is slow.
const PATIENCE: Duration = Duration::from_secs(120);

/// A call of the program: nothing of the caller's environment reaches it.
pub(crate) struct Call(Command);

/// How it ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Calls the program with these arguments.
pub(crate) fn p2pow<I: IntoIterator<Item: AsRef<OsStr>>>(arguments: I) -> Call {
    let mut command = Command::new(env!("CARGO_BIN_EXE_p2pow"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("P2POW_") {
            command.env_remove(name);
        }
    }
    // Nor does it remember another call, unless the test says so.
    command.env("P2POW_DATA", own_folder());
    command.args(arguments).stdin(Stdio::null());
    Call(command)
}

/// A folder that no other call has.
fn own_folder() -> PathBuf {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    let (process, call) = (std::process::id(), CALLS.fetch_add(1, Ordering::Relaxed));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("data-{process}-{call}"));
    // One of an earlier process of that number.
    let _ = fs::remove_dir_all(&folder);
    folder
}

impl Call {
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.0.env(name, value);
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.0.env_remove(name);
        self
    }

    /// The same as a process that the system kills at the first byte beyond so many blocks of 512 bytes in any file.
    pub(crate) fn killed_beyond(self, blocks: u64) -> Self {
        let mut shell = Command::new("sh");
        let script = r#"ulimit -c 0 && ulimit -f "$0" && exec "$@""#;
        shell.args(["-c", script, &blocks.to_string()]).arg(self.0.get_program());
        shell.args(self.0.get_args()).stdin(Stdio::null());
        for (name, value) in self.0.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        Self(shell)
    }

    /// The same as another user, which takes root.
    #[cfg(unix)]
    pub(crate) fn of_user(mut self, user: u32) -> Self {
        std::os::unix::process::CommandExt::uid(&mut self.0, user);
        self
    }

    /// Whether it can be started, and ends well.
    pub(crate) fn starts(mut self) -> bool {
        self.0.output().is_ok_and(|output| output.status.success())
    }

    pub(crate) fn run(mut self) -> Ended {
        ended(self.0.output().expect("the program starts"))
    }

    /// Runs it with this on standard input.
    pub(crate) fn run_with(mut self, input: impl AsRef<[u8]>) -> Ended {
        let command = self.0.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let mut stdin = child.stdin.take().expect("it was piped");
        let input = input.as_ref().to_vec();
        // The program may refuse before it has read everything.
        let writer = thread::spawn(move || drop(stdin.write_all(&input)));
        let output = child.wait_with_output().expect("it ends");
        writer.join().expect("writing does not panic");
        ended(output)
    }

    /// Starts it and does not wait.
    pub(crate) fn spawn(mut self) -> Child {
        self.0.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts")
    }

    /// Starts a program that does not end by itself, and reads its first line.
    pub(crate) fn start(mut self) -> Running {
        let command = self.0.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("it was piped"));
        let (teller, lines) = channel();
        // Reads on whoever waits: a program whose output nobody reads ends.
        thread::spawn(move || {
            let mut line = String::new();
            while stdout.read_line(&mut line).expect("it writes text") > 0 {
                let _ = teller.send(std::mem::take(&mut line));
            }
        });
        let mut running = Running { child, line: String::new(), lines: Mutex::new(lines) };
        running.line = running.next_line();
        running
    }
}

pub(crate) fn ended(output: std::process::Output) -> Ended {
    Ended {
        code: output.status.code().expect("no signal ended it"),
        stdout: String::from_utf8(output.stdout).expect("it writes text"),
        stderr: String::from_utf8(output.stderr).expect("it writes text"),
    }
}

impl Ended {
    /// What it printed, if it ended well and said nothing on standard error.
    #[track_caller]
    pub(crate) fn good(&self) -> &str {
        assert_eq!((self.code, self.stderr.as_str()), (0, ""), "{self:?}");
        self.stdout.trim_end()
    }

    /// The object on its last line.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        let last = self.good().lines().last().expect("it printed something");
        serde_json::from_str(last).expect("the last line is JSON")
    }

    /// The message of its one line on standard error.
    #[track_caller]
    pub(crate) fn bad(&self, code: i32) -> &str {
        assert_eq!(self.code, code, "{self:?}");
        assert_eq!(self.stderr.lines().count(), 1, "{self:?}");
        let message = self.stderr.strip_prefix("p2pow: ").expect("it says who speaks");
        assert!(!message.trim().is_empty());
        message.trim_end()
    }
}

/// A program that is running; it is killed when dropped.
pub(crate) struct Running {
    child: Child,
    pub(crate) line: String,
    lines: Mutex<Receiver<String>>,
}

impl Running {
    /// The object on its first line.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.line).expect("the first line is JSON")
    }

    /// Its next line; an empty one if it has ended.
    #[track_caller]
    pub(crate) fn next_line(&mut self) -> String {
        let lines = self.lines.get_mut().expect("nobody panicked with it");
        match lines.recv_timeout(PATIENCE) {
            Ok(line) => line,
            Err(RecvTimeoutError::Disconnected) => String::new(),
            Err(RecvTimeoutError::Timeout) => panic!("no line within {PATIENCE:?}"),
        }
    }

    /// Interrupts it as Ctrl-C does, and waits.
    pub(crate) fn interrupt(mut self) -> i32 {
        assert!(self.signal("-INT"));
        self.end().code().expect("no signal ended it")
    }

    /// Kills it as nobody can prevent. It may be gone already.
    pub(crate) fn kill(&self) {
        self.signal("-KILL");
    }

    pub(crate) fn signal(&self, name: &str) -> bool {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args([name, &id]).output().expect("there is a kill");
        sent.status.success()
    }

    /// Waits for its end.
    pub(crate) fn wait(mut self) -> ExitStatus {
        self.end()
    }

    #[track_caller]
    fn end(&mut self) -> ExitStatus {
        let until = Instant::now() + PATIENCE;
        loop {
            match self.child.try_wait().expect("it is our child") {
                Some(status) => return status,
                None => assert!(Instant::now() < until, "it has not ended within {PATIENCE:?}"),
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A folder for the files of a test.
pub(crate) struct Desk(TempDir);

impl Desk {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().expect("there is room for temporary files"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        fs::write(&path, content).expect("the file can be written");
        // Some hold keys, which are read only where nobody else can.
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("it is ours");
        }
        text(&path)
    }
}

pub(crate) fn text(path: &Path) -> String {
    path.to_str().expect("temporary paths are text").to_owned()
}
