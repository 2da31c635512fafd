//! The ledger's file: what is in it after a restart, and after things went wrong.
#![allow(clippy::unwrap_used)] // the helpers are tests too

mod common;

use common::{eventually, key, raw, ready, state};
use nano_block::SignedBlock;
use nano_devnet::{Builder, Devnet, RollbackError, StartError, StoreError};
use nano_primitives::BlockHash;
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};
use tempfile::TempDir;

fn folder() -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("ledger.jsonl");
    (folder, path)
}

fn on(path: &Path) -> Builder {
    Devnet::builder().confirmation_delay(Duration::ZERO).data_file(path)
}

async fn start(path: &Path) -> Devnet {
    on(path).start().await.unwrap()
}

async fn store_error(path: &Path) -> StoreError {
    match on(path).start().await.unwrap_err() {
        StartError::Store(error) => error,
        other => panic!("{other}"),
    }
}

/// A send of one raw by the genesis account, with its work.
fn send(net: &Devnet, to: u8) -> SignedBlock {
    let genesis = net.genesis_account();
    let block = state(net, &genesis).send(key(to).account(), raw(1)).unwrap();
    ready(net, block, &net.genesis_key())
}

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let (_folder, path) = folder();
    let net = start(&path).await;
    net.open(&key(1), raw(100)).unwrap();
    let sent = net.process(&send(&net, 2)).unwrap();
    let (genesis, alice) = (net.genesis_account(), key(1).account());
    let before = (net.account(&genesis), net.account(&alice), net.block(&sent), net.block_count());
    net.shutdown().await;
    let net = start(&path).await;
    let after = (net.account(&genesis), net.account(&alice), net.block(&sent), net.block_count());
    assert_eq!(after, before);
    assert_eq!(net.receivable(&key(2).account()), [(sent, raw(1))]);
    net.process(&send(&net, 3)).unwrap();
}

#[tokio::test]
async fn the_epoch_of_a_kept_ledger_stays() {
    let (_folder, path) = folder();
    let net = on(&path).epoch_0().start().await.unwrap();
    net.fund(&key(1).account(), raw(1)).unwrap();
    net.shutdown().await;
    let net = start(&path).await;
    assert_eq!(net.block_count(), (2, 2));
}

#[tokio::test]
async fn rolled_back_blocks_stay_away() {
    let (_folder, path) = folder();
    let net = start(&path).await;
    net.faults().leave_unconfirmed(true);
    let sent = net.process(&send(&net, 2)).unwrap();
    net.faults().rollback(&sent).unwrap();
    let kept = net.process(&send(&net, 3)).unwrap();
    net.shutdown().await;
    let net = start(&path).await;
    assert_eq!(net.block(&sent), None);
    assert!(net.block(&kept).is_some());
}

#[tokio::test]
async fn unconfirmed_blocks_are_confirmed_after_a_restart() {
    let (_folder, path) = folder();
    let net = start(&path).await;
    net.faults().leave_unconfirmed(true);
    let sent = net.process(&send(&net, 2)).unwrap();
    assert!(!net.block(&sent).unwrap().confirmed);
    net.shutdown().await;
    let net = start(&path).await;
    eventually("confirmed", || net.block(&sent).unwrap().confirmed).await;
}

/// A process that is killed leaves a file that ends anywhere. Wherever that is, the ledger is as it
/// was before what was being written, and goes on.
#[tokio::test]
async fn an_incomplete_last_line_is_cut_off() {
    let (_folder, path) = folder();
    let net = start(&path).await;
    let count = net.block_count();
    let whole = fs::read(&path).unwrap();
    net.fund(&key(1).account(), raw(1)).unwrap();
    net.shutdown().await;
    let longer = fs::read(&path).unwrap();
    let line_end = longer[whole.len()..].iter().position(|byte| *byte == b'\n').unwrap();
    for cut in (whole.len()..whole.len() + line_end).step_by(37) {
        fs::write(&path, &longer[..cut]).unwrap();
        let net = start(&path).await;
        assert_eq!(net.block_count(), count, "cut at {cut}");
        let funded = net.fund(&key(2).account(), raw(1)).unwrap();
        net.shutdown().await;
        let net = start(&path).await;
        assert!(net.block(&funded).unwrap().confirmed);
        net.shutdown().await;
    }
}

/// Killed before even the first line was complete.
#[tokio::test]
async fn an_incomplete_first_line_is_written_again() {
    let (_folder, path) = folder();
    start(&path).await.shutdown().await;
    let first_line = fs::read_to_string(&path).unwrap().lines().next().unwrap().to_owned();
    for cut in [0, 1, first_line.len()] {
        fs::write(&path, &first_line[..cut]).unwrap();
        let net = start(&path).await;
        assert_eq!(net.block_count(), (3, 3));
        net.shutdown().await;
    }
}

#[tokio::test]
async fn another_file_is_not_touched() {
    let (_folder, path) = folder();
    for text in ["my notes", "my notes\n", "{\"nano_devnet\":99}\n", "\u{0}\u{0}"] {
        fs::write(&path, text).unwrap();
        let error = store_error(&path).await;
        assert!(matches!(error, StoreError::NotALedger { .. }), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
}

#[tokio::test]
async fn an_odd_line_is_named() {
    let (_folder, path) = folder();
    start(&path).await.shutdown().await;
    let sound = fs::read_to_string(&path).unwrap();
    let lines = sound.lines().count();
    let unknown = BlockHash::from_bytes([9; 32]);
    for (line, problem) in [
        ("nonsense".to_owned(), "expected"),
        ("{\"reversed\":1}".to_owned(), "unknown variant `reversed`"),
        (format!("{{\"confirmed\":\"{unknown}\"}}"), "is not in the ledger"),
        (format!("{{\"rolled_back\":\"{unknown}\"}}"), "is not in the ledger"),
        (sound.lines().nth(1).unwrap().to_owned(), "Old block"),
    ] {
        fs::write(&path, format!("{sound}{line}\n")).unwrap();
        let error = store_error(&path).await;
        let StoreError::Line { line: number, problem: found, .. } = &error else {
            panic!("{error}")
        };
        assert_eq!(*number, lines + 1);
        assert!(found.contains(problem), "{found}");
    }
    let mut bytes = sound.into_bytes();
    bytes.extend(b"\xff\xff\n");
    fs::write(&path, bytes).unwrap();
    let text = store_error(&path).await.to_string();
    assert!(text.ends_with("not UTF-8") && text.contains(&format!("line {}", lines + 1)), "{text}");
}

#[tokio::test]
async fn a_file_is_used_by_one_network_at_a_time() {
    let (_folder, path) = folder();
    let net = start(&path).await;
    let error = store_error(&path).await;
    assert!(matches!(error, StoreError::Busy { .. }), "{error}");
    net.shutdown().await;
    start(&path).await;
}

/// Whoever still holds something of a network that ended changes nothing, and does not hold the
/// file.
#[tokio::test]
async fn a_network_that_ended_lets_go_of_its_file() {
    let (_folder, path) = folder();
    let net = start(&path).await;
    let sent = send(&net, 2);
    net.faults().leave_unconfirmed(true);
    net.process(&sent).unwrap();
    let faults = net.faults().clone();
    let (_socket, _) = tokio_tungstenite::connect_async(net.websocket_url()).await.unwrap();
    drop(net);
    let again = on(&path).confirmation_delay(Duration::from_secs(3600)).start().await.unwrap();
    assert_eq!(faults.confirm(&sent.hash()), Ok(vec![]));
    assert_eq!(faults.rollback(&sent.hash()), Err(RollbackError::NotStored));
    assert_eq!(again.block_count(), (4, 3));
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_an_error() {
    let (_folder, path) = folder();
    let path = path.join("nowhere").join("ledger.jsonl");
    let error = store_error(&path).await;
    assert!(matches!(error, StoreError::Io { what: "open", .. }), "{error}");
}
