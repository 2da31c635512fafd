//! The nodes, the WebSocket of the first, and this computer's clock against it.

use super::finding::Finding;
use crate::options::NodeArgs;
use nano_rpc::{
    BlockCount, Client,
    websocket::{Subscription, Topics},
};
use p2pow_cli::{config::Table, output};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::time::timeout;

const NODE: &str = "node";
const WEBSOCKET: &str = "WebSocket";
const CLOCK: &str = "clock";

/// An answer that takes longer loses races.
const QUICK: Duration = Duration::from_millis(250);
/// Blocks that may wait for their confirmation, or be missing, before a node lags.
const FEW: u64 = 10_000;
/// How far the clock may be off before it is worth a word.
const OFF: u64 = 60;
/// A time in seconds stays below this for a thousand years, one in milliseconds has been above it since 1973.
const MILLISECONDS: u64 = 100_000_000_000;
const WITHIN: Duration = Duration::from_secs(10);

/// Looks at everything that the nodes can tell.
pub(super) async fn look(options: &NodeArgs, file: &Table) -> Vec<Finding> {
    let clients = options.client(file).and_then(|first| Ok((first, options.more()?)));
    let (first, more) = match clients {
        Ok(clients) => clients,
        Err(error) => {
            return vec![Finding::wrong(NODE, error.to_string(), "mend `node` or `more_nodes`")];
        }
    };
    let mut findings = Vec::new();
    let mut furthest = 0;
    let mut counts = Vec::new();
    for node in [&first].into_iter().chain(&more) {
        findings.push(answers(node, options).await);
        let Ok(count) = node.block_count().await else { continue };
        let peers = node.telemetry().await.map_or(0, |telemetry| telemetry.cemented_count);
        furthest = peers.max(count.cemented.unwrap_or(0)).max(furthest);
        counts.push((node.url(), count));
    }
    findings.extend(counts.iter().map(|(url, count)| ledger(url, count, furthest)));
    findings.push(websocket(options).await);
    findings.push(clock(&first).await);
    findings
}

async fn answers(node: &Client, options: &NodeArgs) -> Finding {
    let asked = Instant::now();
    let version = match node.version().await {
        Ok(version) => version.node_vendor,
        Err(error) => {
            let mend = "start the node, or mend its URL in the configuration";
            return Finding::wrong(NODE, error.to_string(), mend);
        }
    };
    let took = asked.elapsed();
    let found = format!("{version} at {} answers in {}", node.url(), output::duration(took));
    match node.active_difficulty().await {
        Ok(told) => match told.check_network(options.network) {
            Err(error) => Finding::wrong(NODE, error.to_string(), "`run` refuses to start with it"),
            Ok(()) if took > QUICK => {
                Finding::doubtful(NODE, found, "a nearer node wins more races")
            }
            Ok(()) => Finding::well(NODE, found),
        },
        Err(error) => {
            Finding::doubtful(NODE, format!("{found}, but {error}"), "see the node's log")
        }
    }
}

/// A node's ledger beside that of the furthest node that is known.
fn ledger(url: &str, count: &BlockCount, furthest: u64) -> Finding {
    const WHAT: &str = "ledger";
    let own = count.cemented.unwrap_or(count.count);
    let (waiting, behind) = (count.count.saturating_sub(own), furthest.saturating_sub(own));
    let blocks = count.count;
    let found = format!("{url} has {blocks} blocks, {waiting} unconfirmed, and is {behind} behind");
    match waiting.max(behind).max(count.unchecked) > FEW {
        true => Finding::doubtful(WHAT, found, "wait until the node has caught up"),
        false => Finding::well(WHAT, found),
    }
}

async fn websocket(options: &NodeArgs) -> Finding {
    let Some(url) = options.websocket() else {
        let mend = "set `websocket`: races are lost later without it";
        return Finding::doubtful(WEBSOCKET, "none is named, the node is polled", mend);
    };
    let mend = "enable the node's WebSocket, or mend `websocket`";
    match timeout(WITHIN, Subscription::connect(url, Topics::default().confirmations())).await {
        Ok(Ok(_)) => Finding::well(WEBSOCKET, "confirmations are told"),
        Ok(Err(error)) => Finding::wrong(WEBSOCKET, p2pow_cli::one_line(&error.to_string()), mend),
        Err(_) => Finding::wrong(WEBSOCKET, format!("no answer within {WITHIN:?}"), mend),
    }
}

async fn clock(node: &Client) -> Finding {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let told = node.telemetry().await.ok().and_then(|telemetry| telemetry.timestamp);
    let Some(told) = told else {
        return Finding::doubtful(
            CLOCK,
            "the node tells no time to compare it with",
            "none needed",
        );
    };
    // Some nodes tell milliseconds, some seconds.
    let told = if told < MILLISECONDS { told.saturating_mul(1000) } else { told };
    let off = Duration::from_millis(told).abs_diff(now);
    let found = format!("{} off the node's", output::duration(off));
    match off.as_secs() > OFF {
        true => Finding::doubtful(CLOCK, found, "let this computer's clock be set (NTP)"),
        false => Finding::well(CLOCK, found),
    }
}
