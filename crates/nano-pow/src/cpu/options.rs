//! How the processor is used.

use super::Kernel;
use rayon::ThreadPoolBuildError;

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
    Threads(#[from] ThreadPoolBuildError),
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
