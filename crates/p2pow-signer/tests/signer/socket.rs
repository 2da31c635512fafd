//! The socket: who may use it, and what comes over it.

use crate::{
    chain::{account, frontier, key, memory, send},
    town::folder,
};
use p2pow_client::Role;
use p2pow_signer::{Access, BindError, Policy, Signatory, SignerServer};
use serde_json::{Value, json};
use std::{
    fs::{self, Permissions},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{UnixListener, UnixStream},
};

fn signatory() -> Signatory {
    Signatory::new([key(0)], Policy::default(), memory())
}

/// A signer that listens as patiently as this.
fn start(line: Duration, connections: usize) -> (TempDir, PathBuf, SignerServer) {
    let folder = folder();
    let path = folder.path().join("socket");
    let mut access = Access::default();
    access.line = line;
    access.connections = connections;
    let server = SignerServer::bind(&path, signatory(), access).unwrap();
    (folder, path, server)
}

fn patient() -> (TempDir, PathBuf, SignerServer) {
    start(Duration::from_secs(60), 64)
}

/// Writes these bytes and reads all that comes.
async fn tell(path: &Path, bytes: &[u8]) -> String {
    let mut stream = UnixStream::connect(path).await.unwrap();
    // It may have answered and hung up before it has all of it.
    let _ = stream.write_all(bytes).await;
    let _ = stream.shutdown().await;
    let mut answer = Vec::new();
    // What was not read makes the end of the connection a hard one.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

async fn ask(path: &Path, question: &Value) -> Value {
    serde_json::from_str(&tell(path, format!("{question}\n").as_bytes()).await).unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

#[tokio::test]
async fn the_socket_is_its_owners_alone_and_ends_with_the_signer() {
    let (folder, path, server) = patient();
    assert_eq!(mode(&path), 0o600);
    let again = SignerServer::bind(&path, signatory(), Access::default()).unwrap_err();
    assert!(matches!(again, BindError::Taken { .. }), "{again}");
    server.shutdown().await;
    assert!(!path.exists());
    // What a killed one leaves behind is replaced.
    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    let mut access = Access::default();
    access.users = vec![4711];
    let server = SignerServer::bind(&path, signatory(), access).unwrap();
    assert_eq!(mode(&path), 0o666);
    server.shutdown().await;
    // A file is not.
    fs::write(&path, "money").unwrap();
    let file = SignerServer::bind(&path, signatory(), Access::default()).unwrap_err();
    assert!(matches!(file, BindError::NoSocket { .. }), "{file}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "money");
    let long = folder.path().join("x".repeat(120));
    let long = SignerServer::bind(long, signatory(), Access::default()).unwrap_err();
    assert!(matches!(long, BindError::Io { .. }), "{long}");
}

#[tokio::test]
async fn a_folder_that_others_can_change_is_refused_and_a_new_one_is_private() {
    let folder = folder();
    let path = folder.path().join("run/p2pow/socket");
    let server = SignerServer::bind(&path, signatory(), Access::default()).unwrap();
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    server.shutdown().await;
    for wide in [0o770, 0o702, 0o1777] {
        fs::set_permissions(path.parent().unwrap(), Permissions::from_mode(wide)).unwrap();
        let error = SignerServer::bind(&path, signatory(), Access::default()).unwrap_err();
        assert!(matches!(error, BindError::Folder { .. }), "{error}");
        assert!(error.to_string().contains(&format!("mode 0{wide:o}")), "{error}");
    }
}

#[tokio::test]
async fn questions_are_answered_as_the_documentation_says() {
    let (_folder, path, _server) = patient();
    let accounts = ask(&path, &json!({ "version": 1, "action": "accounts" })).await;
    assert_eq!(accounts, json!({ "version": 1, "accounts": [account(0)] }));
    let (below, block) = (frontier(1), send(&frontier(1), 1, "0.5"));
    let question = json!({
        "version": 1, "action": "sign", "role": Role::User, "block": block, "below": below,
    });
    let signed = ask(&path, &question).await;
    let signature = block.sign(&key(0)).signature;
    let wanted = json!({ "hash": block.hash(), "signature": signature });
    assert_eq!(signed, json!({ "version": 1, "signed": wanted }));
    let policy = ask(&path, &json!({ "version": 1, "action": "policy" })).await;
    let raw = |xno: &str| nano_primitives::Amount::from_xno(xno).unwrap();
    assert_eq!(policy["policy"]["spent"], json!(raw("0.5")));
    assert_eq!(policy["policy"]["left"], json!(raw("9.5")));
    assert_eq!(policy["policy"]["kinds"], json!(["send", "receive", "change", "reward"]));
    let other = json!({
        "version": 1, "action": "sign", "role": "user", "block": send(&below, 2, "1"), "below": below,
    });
    let refused = ask(&path, &other).await;
    assert_eq!(refused["error"]["code"], "already_signed");
    assert!(refused["error"]["message"].as_str().unwrap().contains(&block.hash().to_string()));
}

#[tokio::test]
async fn garbage_is_refused_and_the_next_question_is_answered() {
    let (_folder, path, _server) = patient();
    for (bytes, code) in [
        (&b"\n"[..], "malformed"),
        (b"GET / HTTP/1.1\r\n\r\n", "malformed"),
        (b"{}\n", "malformed"),
        (b"\xff\xfe\x00\n", "malformed"),
        (b"[[[[[[[[\n", "malformed"),
        (b"{\"version\":1}\n", "malformed"),
        (b"{\"version\":1,\"action\":\"export\"}\n", "malformed"),
        (b"{\"version\":1,\"action\":\"sign\",\"role\":\"user\"}\n", "malformed"),
        (b"{\"version\":1,\"action\":\"sign\",\"role\":\"user\",\"block\":{}}\n", "malformed"),
        (b"{\"version\":2,\"action\":\"accounts\"}\n", "version"),
        (b"{\"version\":-1,\"action\":\"accounts\"}\n", "malformed"),
    ] {
        let answer: Value = serde_json::from_str(&tell(&path, bytes).await).unwrap();
        let shown = String::from_utf8_lossy(bytes);
        assert_eq!(answer["error"]["code"], code, "{shown}: {answer}");
        assert_eq!(answer["version"], 1);
    }
    let deep = [vec![b'['; 8000], vec![b'\n']].concat();
    assert!(tell(&path, &deep).await.contains("malformed"));
    assert_eq!(tell(&path, b"").await, "");
    assert_eq!(tell(&path, b"{\"version\":1,\"action\":\"accounts\"}").await, "", "no line");
    let accounts = ask(&path, &json!({ "version": 1, "action": "accounts" })).await;
    assert_eq!(accounts["accounts"], json!([account(0)]));
}

#[tokio::test]
async fn a_question_without_end_is_cut_off() {
    let (_folder, path, _server) = patient();
    let answer = tell(&path, &vec![b'x'; 1024 * 1024]).await;
    assert!(answer.contains("too_long"), "{answer}");
}

#[tokio::test]
async fn a_question_that_drips_is_not_waited_for_and_holds_up_nobody() {
    let (_folder, path, server) = start(Duration::from_millis(300), 2);
    let begun = Instant::now();
    let mut dripping = UnixStream::connect(&path).await.unwrap();
    dripping.write_all(b"{\"version\":").await.unwrap();
    // As many more as there is room for, and this one gets an answer all the same.
    let idle = UnixStream::connect(&path).await.unwrap();
    let accounts = ask(&path, &json!({ "version": 1, "action": "accounts" })).await;
    assert_eq!(accounts["accounts"], json!([account(0)]));
    let mut answer = String::new();
    dripping.read_to_string(&mut answer).await.unwrap();
    assert!(answer.contains("too_slow"), "{answer}");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    drop(idle);
    server.shutdown().await;
}

#[tokio::test]
async fn many_questions_at_once_sign_one_block_in_one_place() {
    let (_folder, path, _server) = patient();
    let below = frontier(1);
    let questions = (1..=100).map(|to| {
        let block = send(&below, to % 10 + 1, "0.5");
        json!({ "version": 1, "action": "sign", "role": "user", "block": block, "below": below })
    });
    let asked: Vec<_> = questions
        .map(|question| {
            let path = path.clone();
            tokio::spawn(async move { ask(&path, &question).await })
        })
        .collect();
    let mut hashes = Vec::new();
    for answer in asked {
        let answer = answer.await.unwrap();
        match answer["error"]["code"].as_str() {
            None => hashes.push(answer["signed"]["hash"].as_str().unwrap().to_owned()),
            code => assert_eq!(code, Some("already_signed"), "{answer}"),
        }
    }
    assert_eq!(hashes.len(), 10, "each that asked for the same block");
    hashes.dedup();
    assert_eq!(hashes.len(), 1);
}
