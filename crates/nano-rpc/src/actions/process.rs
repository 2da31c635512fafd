//! Publishing blocks.

use super::block::same_hash;
use crate::{AnswerError, Client, Request, RpcError, answers, lenient};
use bytes::Bytes;
use nano_block::{SignedBlock, Subtype};
use nano_primitives::BlockHash;
use serde::Deserialize;

/// An answer that only says whether something was begun.
#[derive(Deserialize)]
pub(crate) struct StartedWire {
    #[serde(deserialize_with = "lenient::flag")]
    started: bool,
}

impl From<StartedWire> for bool {
    fn from(wire: StartedWire) -> Self {
        wire.started
    }
}

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
