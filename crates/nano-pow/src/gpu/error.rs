//! [`GpuError`]: what can go wrong with an adapter.

use super::GpuKernel;
use crate::{BackendError, WrongWork};
use std::{error::Error, time::Duration};

/// A graphics card, or what passes for one, that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GpuError {
    /// A software adapter was chosen, and software was not asked for.
    #[error("adapter {name:?} is software, which is used only when asked for")]
    Software {
        /// The adapter's name.
        name: String,
    },
    /// The adapter is not listed any more.
    #[error("adapter {name:?} is gone")]
    Gone {
        /// The adapter's name.
        name: String,
    },
    /// The adapter does not know 64-bit integers.
    #[error("adapter {name:?} has no 64-bit integers, which this kernel needs")]
    NoU64 {
        /// The adapter's name.
        name: String,
    },
    /// The driver refused to open the device.
    #[error("the driver opens no device")]
    Open(#[source] Box<dyn Error + Send + Sync>),
    /// The driver reported an error or the loss of the device.
    #[error("the driver reports: {report}")]
    Reported {
        /// What it said.
        report: String,
    },
    /// The device does not come to an end.
    #[error("the device was silent for {waited:?}")]
    Silent {
        /// How long it was waited for.
        waited: Duration,
    },
    /// The device proposed work that is none.
    #[error("the device proposed wrong work")]
    Wrong(#[from] WrongWork),
    /// The device does not find work where there is some.
    #[error("the kernel {kernel} overlooks work on this device")]
    Blind {
        /// The kernel that ran.
        kernel: GpuKernel,
    },
    /// More values were asked for than are computed at once.
    #[error("{wanted} values were asked for, at most {most} are computed at once")]
    TooMany {
        /// How many were asked for.
        wanted: u64,
        /// How many there can be.
        most: u64,
    },
}

impl GpuError {
    pub(super) fn reported(report: impl ToString) -> Self {
        Self::Reported { report: report.to_string() }
    }
}

impl From<GpuError> for BackendError {
    fn from(error: GpuError) -> Self {
        match error {
            GpuError::Wrong(wrong) => Self::Wrong(wrong),
            error => Self::device(error),
        }
    }
}
