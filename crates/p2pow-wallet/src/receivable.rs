//! Whether a send waits to be received: the node behind is asked.

use nano_primitives::BlockHash;
use nano_rpc::{Client, Request, RpcError};
use serde_json::Value;

/// Whether the send waits, confirmed or not. Asks a node that knows the old name alone by that.
pub(crate) async fn is_receivable(node: &Client, source: &BlockHash) -> Result<bool, RpcError> {
    let asked =
        |action| Request::new(action).set("hash", source).set("include_only_confirmed", false);
    let mut answer = node.call(asked("receivable_exists")).await;
    if matches!(&answer, Err(error) if error.is_unknown_action()) {
        answer = node.call(asked("pending_exists")).await;
    }
    Ok(match answer?.get("exists") {
        Some(Value::String(bit)) => bit == "1" || bit == "true",
        Some(Value::Bool(bit)) => *bit,
        _ => false,
    })
}
