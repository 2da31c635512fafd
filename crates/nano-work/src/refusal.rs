//! [`WorkRefusal`]: what the server says in place of an answer, with its HTTP status and a hint.

use nano_http::{BodyError, TooMany};
use nano_primitives::Difficulty;
use serde_json::{Value, json};
use std::time::Duration;

/// Why a request gets no answer. The texts are those of nano-work-server and of the node where they have one.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(crate) enum WorkRefusal {
    #[error("Can only POST requests")]
    NotPost,
    #[error("Failed to deserialize JSON")]
    Malformed(String),
    #[error("Unknown command")]
    UnknownCommand(String),
    #[error("Bad block hash")]
    BadHash(String),
    #[error("Bad work version")]
    BadVersion(String),
    #[error("Difficulty above config limit or below publish threshold")]
    OutOfBounds { asked: Difficulty, least: Difficulty, most: Difficulty },
    #[error("Request too large")]
    TooLarge { limit: usize },
    #[error("Request too slow")]
    TooSlow { limit: Duration },
    #[error("Forbidden")]
    ForeignPage,
    #[error("Forbidden")]
    ForeignHost,
    #[error("Unauthorized")]
    NoKey,
    #[error("Unauthorized")]
    WrongKey,
    #[error("Too many requests")]
    TooFast(TooMany),
    #[error("Too many requests")]
    TooManyAtOnce { limit: usize },
    #[error("Queue is full")]
    QueueFull { limit: usize },
    #[error("Shutting down")]
    ShuttingDown,
    #[error("Cancelled")]
    Cancelled,
    #[error("Work generation failed (see logs for details)")]
    Failed(String),
}

impl WorkRefusal {
    /// The HTTP status. What happened to a job that was taken is told with 200, as by nano-work-server.
    pub(crate) const fn status(&self) -> u16 {
        match self {
            Self::Cancelled | Self::Failed(_) => 200,
            Self::Malformed(_)
            | Self::UnknownCommand(_)
            | Self::BadHash(_)
            | Self::BadVersion(_)
            | Self::OutOfBounds { .. } => 400,
            Self::NoKey | Self::WrongKey => 401,
            Self::ForeignPage | Self::ForeignHost => 403,
            Self::NotPost => 405,
            Self::TooSlow { .. } => 408,
            Self::TooLarge { .. } => 413,
            Self::TooFast(_) | Self::TooManyAtOnce { .. } => 429,
            Self::QueueFull { .. } | Self::ShuttingDown => 503,
        }
    }

    /// What to do about it.
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NotPost | Self::Cancelled => return None,
            Self::Malformed(hint) | Self::BadHash(hint) | Self::Failed(hint) => hint.clone(),
            Self::BadVersion(found) => format!("Found {found}, supported versions: work_1"),
            Self::UnknownCommand(found) => format!(
                "Found {found}, supported commands: work_generate, work_cancel, work_validate, \
                 benchmark, status"
            ),
            Self::OutOfBounds { asked, least, most } => {
                format!("Found {asked}, wanted {least} to {most}")
            }
            Self::TooLarge { limit } => format!("Wanted at most {limit} bytes"),
            Self::TooSlow { limit } => format!("Wanted the whole request within {limit:?}"),
            Self::ForeignPage => {
                "A web page may ask with Content-Type: application/json, if the server lets pages ask at all"
                    .to_owned()
            }
            Self::ForeignHost => {
                "This server is for its own machine: ask it as localhost or by its address".to_owned()
            }
            Self::NoKey => {
                "Send a key as 'Authorization: Bearer KEY' or 'X-API-Key: KEY'".to_owned()
            }
            Self::WrongKey => "The key is not known here".to_owned(),
            Self::TooFast(TooMany { wait }) => format!("Try again in {:.1} s", wait.as_secs_f64()),
            Self::TooManyAtOnce { limit } => {
                format!("Wait for an answer: {limit} of your jobs are taken at once")
            }
            Self::QueueFull { limit } => format!("{limit} jobs are taken at once, try again later"),
            Self::ShuttingDown => "Try another server".to_owned(),
        })
    }

    /// Whole seconds after which the same request may be taken.
    pub(crate) fn retry_after(&self) -> Option<u64> {
        match self {
            Self::TooFast(too_many) => Some(too_many.retry_after()),
            Self::TooManyAtOnce { .. } | Self::QueueFull { .. } => Some(1),
            Self::ShuttingDown => Some(60),
            _ => None,
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        let error = self.to_string();
        match self.hint() {
            Some(hint) => json!({ "error": error, "hint": hint }),
            None => json!({ "error": error }),
        }
    }
}

impl From<BodyError> for WorkRefusal {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge { limit } => Self::TooLarge { limit },
            BodyError::TooSlow { limit } => Self::TooSlow { limit },
            error => Self::Malformed(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::WorkRefusal;
    use nano_http::TooMany;
    use std::time::Duration;

    #[test]
    fn only_what_passes_says_when_to_come_again() {
        let wait = Duration::from_millis(1001);
        assert_eq!(WorkRefusal::TooFast(TooMany { wait }).retry_after(), Some(2));
        assert_eq!(WorkRefusal::QueueFull { limit: 1 }.retry_after(), Some(1));
        assert_eq!(WorkRefusal::NoKey.retry_after(), None);
    }

    #[test]
    fn a_cancelled_job_is_told_without_a_hint() {
        assert_eq!(WorkRefusal::Cancelled.to_json().to_string(), r#"{"error":"Cancelled"}"#);
        assert_eq!(WorkRefusal::Cancelled.status(), 200);
    }
}
