//! [`lost`]: whether somebody else's block has made a job worthless.

use crate::node::{Node, Pulses};
use nano_primitives::BlockHash;
use p2pow_protocol::WorkRequest;
use tracing::warn;

/// Waits until the account has gone where the job cannot follow. User blocks that somebody else has published leave the
/// reward to be won, where that is contested. The first look is `at_once`, or when something may have happened.
pub(super) async fn lost(
    request: &WorkRequest,
    contest: bool,
    node: &Node,
    pulses: &Pulses,
    at_once: bool,
) {
    let mut pulse = pulses.of(request.account());
    let mut is_first = at_once;
    loop {
        if !std::mem::take(&mut is_first) {
            pulse.next().await;
        }
        match node.frontier(&request.account()).await {
            Ok(frontier) if !is_open(request, contest, frontier) => return,
            Ok(_) => {}
            Err(error) => warn!(%error, "cannot see whether the race is lost"),
        }
    }
}

/// Whether a job can still be paid when the account stands at `frontier`.
fn is_open(request: &WorkRequest, contest: bool, frontier: BlockHash) -> bool {
    let is_user = || request.users().iter().any(|user| user.hash() == frontier);
    frontier == request.first().block.previous || frontier == request.id() || contest && is_user()
}
