//! Keys in a process of their own, which signs Nano blocks for P2PoW senders over a local socket, by a policy.
//!
//! The one idea: a signer believes nothing that it is told. A state block names a balance, not an amount; so a sender
//! shows the block below as well, whose hash the block itself names, and from these two the signer computes what is
//! spent, holds it against its [`Policy`], and writes down what it is about to sign before the signature leaves. On one
//! previous it signs one block of the user for ever, and rewards only on top of a block of the user that it signed.
//!
//! [`Signatory`] decides and signs; [`SignerServer`] answers for it on a Unix socket; [`RemoteSigner`] is the sender's
//! side, a [`Signer`](p2pow_client::Signer). The lines between them are told in `docs/remote-signer.md`.
//!
//! ```
//! # #[cfg(unix)] {
//! use nano_block::SecretKey;
//! use p2pow_client::Signer;
//! use p2pow_signer::{Access, Policy, RemoteSigner, Signatory, SignerServer};
//! use p2pow_store::SqliteStore;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use std::os::unix::fs::PermissionsExt;
//! # let folder = tempfile::tempdir()?;
//! # std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o700))?;
//! # let folder = folder.path();
//! let key = SecretKey::generate()?;
//! let account = key.account();
//! let store = SqliteStore::open(folder.join("signer.db"))?.shared();
//! let signatory = Signatory::new([key], Policy::default(), store);
//! let server = SignerServer::bind(folder.join("socket"), signatory, Access::default())?;
//!
//! let alice = RemoteSigner::connect(folder.join("socket"), None).await?;
//! assert_eq!(alice.account(), account);
//! server.shutdown().await;
//! # Ok(())
//! # }
//! # main().unwrap();
//! # }
//! ```
#![forbid(unsafe_code)]
#![cfg_attr(not(unix), allow(dead_code))] // the socket's lines, which nobody speaks there

mod book;
mod kind;
mod lines;
mod policy;
mod refusal;
#[cfg(unix)]
mod remote;
#[cfg(unix)]
mod server;
mod signatory;
#[cfg(unix)]
mod socket;
mod wire;

pub use {
    kind::{Kind, UnknownKind},
    lines::VERSION,
    policy::Policy,
    refusal::Refusal,
    signatory::{Approve, Signatory},
    wire::Standing,
};
#[cfg(unix)]
pub use {
    remote::{RemoteError, RemoteSigner},
    server::SignerServer,
    socket::{Access, BindError},
};
