//! [`CpuOptions`]: how the processor is used, and how its threads are prepared accordingly.

use super::kernel::Kernel;
use std::{error::Error, io};

/// How the processor is used. The default is every core at normal priority with the best kernel.
#[derive(Debug, Clone, Default)]
pub struct CpuOptions {
    /// How many threads search; one for each core that this process may use, if not said.
    pub threads: Option<usize>,
    /// The kernel; the fastest, if not said.
    pub kernel: Option<Kernel>,
    /// Whether the threads give way to everything else that runs. Linux only.
    pub low_priority: bool,
    /// Whether each thread stays on one core. Linux only.
    pub pinned: bool,
}

/// A processor that cannot be used as asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CpuError {
    /// The threads did not start.
    #[error("the threads of the processor did not start")]
    Threads(#[source] Box<dyn Error + Send + Sync>),
    /// There is no such thing on this system.
    #[error("{option} is not supported on {}, wanted Linux", std::env::consts::OS)]
    Unsupported {
        /// The option.
        option: &'static str,
    },
}

impl CpuOptions {
    /// Refuses what this system cannot do.
    pub(super) fn check(&self) -> Result<(), CpuError> {
        let wishes = [("low priority", self.low_priority), ("pinning", self.pinned)];
        match wishes.into_iter().find(|(_, wished)| *wished && !cfg!(target_os = "linux")) {
            Some((option, _)) => Err(CpuError::Unsupported { option }),
            None => Ok(()),
        }
    }
}

/// Prepares the calling thread, number `index` of the processor. It works unprepared too, so a
/// refusal is only logged.
pub(super) fn prepare(options: &CpuOptions, index: usize) {
    if options.low_priority {
        report(index, "low priority", lower_priority());
    }
    if options.pinned {
        report(index, "pinning", pin(index));
    }
}

fn report(thread: usize, wish: &str, result: io::Result<()>) {
    if let Err(error) = result {
        let error = &error as &dyn std::error::Error;
        tracing::warn!(thread, wish, error, "the system refused");
    }
}

/// On Linux the nice value is one of the thread, not of the process (setpriority(2)).
#[cfg(target_os = "linux")]
fn lower_priority() -> io::Result<()> {
    const NICEST: i32 = 19;
    Ok(rustix::process::setpriority_process(None, NICEST)?)
}

/// Binds the thread to one of the cores that it may use.
#[cfg(target_os = "linux")]
fn pin(index: usize) -> io::Result<()> {
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
    let allowed = sched_getaffinity(None)?;
    let cores = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core));
    let mut one = CpuSet::new();
    if let Some(core) = cores.cycle().nth(index) {
        one.set(core);
    }
    Ok(sched_setaffinity(None, &one)?)
}

#[cfg(not(target_os = "linux"))]
fn lower_priority() -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(not(target_os = "linux"))]
fn pin(_index: usize) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::{CpuOptions, prepare};
    use rustix::{process::getpriority_process, thread::sched_getaffinity};
    use std::thread;

    /// Nice value of the calling thread, and the number of cores it may use.
    fn standing() -> (i32, u32) {
        let nice = getpriority_process(None).expect("a thread knows its priority");
        (nice, sched_getaffinity(None).expect("a thread knows its cores").count())
    }

    /// The same of a thread that was prepared.
    fn prepared(options: CpuOptions, index: usize) -> (i32, u32) {
        let thread = thread::spawn(move || {
            prepare(&options, index);
            standing()
        });
        thread.join().expect("the thread does not panic")
    }

    #[test]
    fn a_thread_is_lowered_and_pinned_alone() {
        let before = standing();
        for index in [0, 1, 7] {
            let options = CpuOptions { low_priority: true, pinned: true, ..CpuOptions::default() };
            assert_eq!(prepared(options, index), (19, 1));
        }
        assert_eq!(standing(), before);
        assert_eq!(prepared(CpuOptions::default(), 0), before);
    }
}
