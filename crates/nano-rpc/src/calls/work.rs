//! The calls that publish blocks, and those that have the node find or judge work.

use crate::{
    AnswerError, Client, Request, RpcError, WorkVerdict,
    answers::{self, block::same_hash},
};
use bytes::Bytes;
use nano_block::{SignedBlock, Subtype};
use nano_primitives::{BlockHash, Difficulty, Root, Work};
use std::sync::atomic::Ordering;

/// The calls that publish.
impl Client {
    /// Publishes a block and gives its hash: the node has put it into its ledger, unconfirmed.
    ///
    /// With `subtype` the node refuses a block that does something else. Publishing is repeated where the connection
    /// fails: the same block twice does no harm. A repetition that is refused because the first try went through
    /// counts as success.
    ///
    /// # Errors
    /// The call failed, and the block may be in the ledger all the same; or the node refused the block: see
    /// [`RpcError::refusal`].
    pub async fn process(
        &self,
        block: &SignedBlock,
        subtype: Option<Subtype>,
    ) -> Result<BlockHash, RpcError> {
        let hash = block.hash();
        let reply = self.exchange(&process_request(block, subtype)).await;
        let repeated = reply.tries > 1;
        let read = |body: Bytes| {
            published(&body, &hash).map_err(|error| RpcError::answer("process", error))
        };
        match reply.body.and_then(read) {
            // A first try that arrived makes the node refuse the second, as an old block or with words of its own for it
            // (a send of which the balance is spent). What it says of the block settles it.
            Err(RpcError::Node(_)) if repeated && self.is_in_ledger(&hash).await => Ok(hash),
            answered => answered,
        }
    }

    /// Hands a state block over and does not wait for what the ledger says to it.
    ///
    /// # Errors
    /// The call failed, or the node found too little work even for the easiest block.
    pub async fn process_async(
        &self,
        block: &SignedBlock,
        subtype: Option<Subtype>,
    ) -> Result<(), RpcError> {
        let request = process_request(block, subtype).set("async", true);
        match self.ask(request, answers::process_async).await? {
            true => Ok(()),
            false => Err(not_started()),
        }
    }

    async fn is_in_ledger(&self, hash: &BlockHash) -> bool {
        matches!(self.block_info(hash).await, Ok(Some(_)))
    }
}

/// The hash that the node gives must be that of the block that was sent.
fn published(body: &[u8], sent: &BlockHash) -> Result<BlockHash, AnswerError> {
    let hash = answers::process(body)?;
    same_hash("hash", hash, sent)?;
    Ok(hash)
}

fn process_request(block: &SignedBlock, subtype: Option<Subtype>) -> Request {
    Request::new("process").block(block).set_some("subtype", subtype)
}

fn not_started() -> RpcError {
    let (found, wanted) = ("false".to_owned(), "true".to_owned());
    RpcError::answer("process", AnswerError::Untrue { field: "started", found, wanted })
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
        // Relaxed: a value that is not the newest costs one more question, and nothing else.
        let is_decimal = self.reads_decimal.load(Ordering::Relaxed);
        let mut work = self.ask(request(is_decimal), answers::work_generate).await;
        if difficulty.is_some() && is_misread(&work, is_decimal) {
            work = self.ask(request(!is_decimal), answers::work_generate).await;
            if !is_misread(&work, !is_decimal) {
                self.reads_decimal.store(!is_decimal, Ordering::Relaxed);
            }
        }
        let work = work?;
        // The node's word is not taken for its own work.
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
        // RsNano compares with its own base, whatever difficulty it is given.
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
    let wants_decimal = error.text().contains("u64");
    if is_decimal {
        !wants_decimal
            && (error.text().contains("Bad difficulty") || error.text().contains("deserialize"))
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
