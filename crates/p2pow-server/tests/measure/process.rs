//! [`Process`]: a part of a measurement in a process of its own, so that its memory and its processor time are its own.

use std::{
    env,
    io::{BufRead, BufReader},
    process::{Child, ChildStdout, Command, Stdio},
    time::Duration,
};

/// What a part says to the process that started it begins with this.
const SAID: &str = "said ";
/// Clock ticks a second in `/proc`, as on all common systems.
const TICKS: u32 = 100;

pub(crate) struct Process {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Process {
    /// Starts the ignored test `part` of this binary. `P2POW_MEASURE_WORKER` and `P2POW_MEASURE_ATTACKERS` may have
    /// words to put in front, such as `taskset -c 0`.
    pub(crate) fn start(part: &str, told: &[(&str, &str)]) -> Self {
        let own = env::current_exe().unwrap();
        let before = env::var(format!("P2POW_MEASURE_{}", part.to_uppercase())).unwrap_or_default();
        let mut words = before.split_whitespace();
        let mut command = Command::new(words.next().unwrap_or(own.to_str().unwrap()));
        if !before.is_empty() {
            command.args(words).arg(&own);
        }
        let test = format!("parts::{part}");
        command.args(["--ignored", "--exact", &test, "--nocapture", "--test-threads", "1"]);
        command.envs(told.iter().copied()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, output }
    }

    /// What the part says next.
    pub(crate) fn hear(&mut self) -> String {
        loop {
            let mut line = String::new();
            assert!(self.output.read_line(&mut line).unwrap() > 0, "the part has ended");
            if let Some((_, said)) = line.split_once(SAID) {
                return said.trim().to_owned();
            }
        }
    }

    /// The processor time that it has used.
    pub(crate) fn cpu(&self) -> Duration {
        let stat = self.proc("stat");
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        let ticks: u32 = fields[11].parse::<u32>().unwrap() + fields[12].parse::<u32>().unwrap();
        Duration::from_secs(1) * ticks / TICKS
    }

    /// The memory it has, and the most that it had, in MiB.
    pub(crate) fn memory(&self) -> (f64, f64) {
        let status = self.proc("status");
        let of = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.split_whitespace().next().unwrap().parse::<f64>().unwrap() / 1024.0
        };
        (of("VmRSS:"), of("VmHWM:"))
    }

    fn proc(&self, file: &str) -> String {
        std::fs::read_to_string(format!("/proc/{}/{file}", self.child.id())).unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Says something to the process that started this one.
pub(crate) fn say(what: impl std::fmt::Display) {
    println!("{SAID}{what}");
}
