//! Work that the node finds or judges.

use crate::{AnswerError, Client, Request, RpcError, answers, lenient};
use nano_primitives::{Difficulty, Root, Work};
use serde::Deserialize;
use std::sync::atomic::Ordering;

#[derive(Deserialize)]
pub(crate) struct WorkWire {
    #[serde(deserialize_with = "lenient::text")]
    work: Work,
}

impl From<WorkWire> for Work {
    fn from(wire: WorkWire) -> Self {
        wire.work
    }
}

/// What a node says of some work, by the thresholds of its own network.
///
/// RsNano judges `valid` wrongly. To be sure, compare [`Work::value`] with a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct WorkVerdict {
    /// Whether it reaches the difficulty that was given; `None` if none was.
    #[serde(default, deserialize_with = "lenient::optional_flag")]
    pub valid: Option<bool>,
    /// Whether it is enough for every kind of block.
    #[serde(default, deserialize_with = "lenient::optional_flag")]
    pub valid_all: Option<bool>,
    /// Whether it is enough for a receive.
    #[serde(default, deserialize_with = "lenient::optional_flag")]
    pub valid_receive: Option<bool>,
}

/// The calls about work. A node needs `enable_control` for [`work_generate`](Self::work_generate) and
/// [`work_cancel`](Self::work_cancel).
impl Client {
    /// Has the node find work for a root, by default of the difficulty that is enough for every block.
    ///
    /// The work is checked to reach `difficulty`. Give the time that it may take with
    /// [`with_timeout`](Self::with_timeout); a node goes on working for a client that hung up, so a call that may have
    /// arrived is not repeated.
    ///
    /// # Errors
    /// The call failed, the node refused, or the work found is not enough.
    pub async fn work_generate(
        &self,
        root: &Root,
        difficulty: Option<Difficulty>,
    ) -> Result<Work, RpcError> {
        self.generate(root, difficulty, Request::new("work_generate")).await
    }

    /// Like [`work_generate`](Self::work_generate), but says by `use_peers` that the server is not to
    /// hand the job on. Nodes do not anyway, unless they are asked to.
    ///
    /// # Errors
    /// As there.
    pub async fn work_generate_alone(
        &self,
        root: &Root,
        difficulty: Option<Difficulty>,
    ) -> Result<Work, RpcError> {
        let request = Request::new("work_generate").set("use_peers", false);
        self.generate(root, difficulty, request).await
    }

    async fn generate(
        &self,
        root: &Root,
        difficulty: Option<Difficulty>,
        request: Request,
    ) -> Result<Work, RpcError> {
        let request = request.set("hash", root).once();
        let request = |is_decimal| {
            request.clone().set_some("difficulty", difficulty.map(|it| spelled(it, is_decimal)))
        };
        let is_decimal = self.reads_decimal.load(Ordering::Relaxed);
        let mut work = self.ask(request(is_decimal), answers::work_generate).await;
        if difficulty.is_some() && is_misread(&work, is_decimal) {
            work = self.ask(request(!is_decimal), answers::work_generate).await;
            if !is_misread(&work, !is_decimal) {
                self.reads_decimal.store(!is_decimal, Ordering::Relaxed);
            }
        }
        let work = work?;
        enough(work, root, difficulty).map_err(|error| RpcError::answer("work_generate", error))?;
        Ok(work)
    }

    /// Has the node judge work for a root. Of `difficulty`, if it is given, the judgement is made here.
    ///
    /// # Errors
    /// The call failed, or the node answered something else.
    pub async fn work_validate(
        &self,
        root: &Root,
        work: Work,
        difficulty: Option<Difficulty>,
    ) -> Result<WorkVerdict, RpcError> {
        let request = Request::new("work_validate")
            .set("hash", root)
            .set("work", work)
            .set_some("difficulty", difficulty);
        let verdict = self.ask(request, answers::work_validate).await?;
        let valid = difficulty.map(|difficulty| work.value(root) >= difficulty);
        Ok(WorkVerdict { valid: valid.or(verdict.valid), ..verdict })
    }

    /// Stops the node's search for a root. Says nothing of whether there was one.
    ///
    /// # Errors
    /// The call failed, or the node refused.
    pub async fn work_cancel(&self, root: &Root) -> Result<(), RpcError> {
        self.ask(Request::new("work_cancel").set("hash", root), answers::work_cancel).await
    }
}

/// The reference node reads a difficulty as 16 hexadecimal digits, RsNano as a decimal number.
fn spelled(difficulty: Difficulty, is_decimal: bool) -> String {
    if is_decimal { difficulty.to_u64().to_string() } else { difficulty.to_string() }
}

/// Whether the node could not read a difficulty in this spelling. RsNano names the type that it wants; the reference
/// node says `Bad difficulty`, and nano-work-server that it cannot deserialize.
fn is_misread<T>(answer: &Result<T, RpcError>, is_decimal: bool) -> bool {
    let Err(RpcError::Node(error)) = answer else { return false };
    let wants_decimal = error.contains("u64");
    if is_decimal {
        !wants_decimal && (error.contains("Bad difficulty") || error.contains("deserialize"))
    } else {
        wants_decimal
    }
}

fn enough(work: Work, root: &Root, difficulty: Option<Difficulty>) -> Result<(), AnswerError> {
    let value = work.value(root);
    match difficulty {
        Some(wanted) if value < wanted => Err(AnswerError::Untrue {
            field: "work",
            found: format!("{work} of value {value}"),
            wanted: format!("a value of at least {wanted}"),
        }),
        _ => Ok(()),
    }
}
