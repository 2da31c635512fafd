//! TLS, nkeys and JWTs: who is let in by a real broker, and what the others are told.

use super::{
    broker::{self, Server},
    setup::{EASY, name, puzzle, solve, vain, within, words},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use nano_pow::{CpuBackend, Pool};
use p2pow_fleet::{Agent, Broker, BrokerError, Credentials, FleetBackend};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

/// A private authority, with its certificate in a file.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    file: PathBuf,
}

/// A certificate and its key, as files.
struct Identity {
    certificate: PathBuf,
    key: PathBuf,
}

impl Authority {
    fn new(folder: &Path, called: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, called);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let file = folder.join(format!("{called}.pem"));
        write_pem(&file, "CERTIFICATE", certificate.der());
        Self { issuer: Issuer::new(params, key), file }
    }

    /// For one who is at this address, or connects from anywhere.
    fn identify(&self, folder: &Path, called: &str, address: &str) -> Identity {
        let params = CertificateParams::new(vec![address.to_owned()]).unwrap();
        let secret = KeyPair::generate().unwrap();
        let signed = params.signed_by(&secret, &self.issuer).unwrap();
        let [certificate, key] = ["pem", "key"].map(|kind| folder.join(format!("{called}.{kind}")));
        write_pem(&certificate, "CERTIFICATE", signed.der());
        write_pem(&key, "PRIVATE KEY", &secret.serialize_der());
        Identity { certificate, key }
    }
}

fn write_pem(file: &Path, kind: &str, der: &[u8]) {
    let text = STANDARD.encode(der);
    fs::write(file, format!("-----BEGIN {kind}-----\n{text}\n-----END {kind}-----\n")).unwrap();
}

fn at(server: &Server) -> Broker {
    Broker::new([server.address().replace("nats://", "tls://")], name("p2pow")).unwrap()
}

/// A search from end to end, each side by this broker.
async fn works(agent: &Broker, front: &Broker) {
    let pool = Pool::new(vec![Box::new(CpuBackend::new(1))]);
    let _agent = Agent::start(agent, name("one"), pool).await.unwrap();
    let front = front.clone();
    let start = move || FleetBackend::start(&front, name("front")).unwrap();
    let device = tokio::task::spawn_blocking(start).await.unwrap();
    within(device.strength().wait_for(|strength| strength.agents == 1)).await.unwrap();
    solve(&Pool::new(vec![Box::new(device)]), puzzle(1, EASY)).await;
}

/// What one is told who is not let in.
async fn refused(broker: &Broker) -> BrokerError {
    let pool = Pool::new(vec![Box::new(vain())]);
    within(Agent::start(broker, name("one"), pool)).await.unwrap_err()
}

/// A broker with TLS, and its authority.
fn secured(folder: &TempDir, settings: &str, address: &str) -> Option<(Server, Authority)> {
    let folder = folder.path();
    let authority = Authority::new(folder, "authority");
    let own = authority.identify(folder, "broker", address);
    let (certificate, key, ca) = (&own.certificate, &own.key, &authority.file);
    let server = broker::start_with(&format!(
        "tls {{ cert_file: {certificate:?}, key_file: {key:?}, ca_file: {ca:?}, timeout: 30, {settings} }}"
    ));
    Some((server?, authority))
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls_a_private_authority_is_trusted_if_it_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let Some((server, authority)) = secured(&folder, "", "127.0.0.1") else { return };
    let trusting = at(&server).with_authorities(&authority.file);
    works(&trusting, &trusting).await;
    // Whatever the scheme says: the broker asks for TLS.
    let plain = Broker::new([server.address()], name("p2pow")).unwrap();
    let other = Authority::new(folder.path(), "other");
    for broker in [
        at(&server),
        plain.clone(),
        plain.with_authorities(&other.file),
        at(&server).with_authorities(&other.file),
    ] {
        let error = refused(&broker).await;
        assert!(matches!(error, BrokerError::Tls { .. }), "{}", words(&error));
        let words = words(&error);
        assert!(words.contains("look at the authorities"), "{words}");
        assert!(words.contains("UnknownIssuer"), "{words}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls_a_broker_of_another_name_is_not_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let Some((server, authority)) = secured(&folder, "", "127.0.0.9") else { return };
    let error = refused(&at(&server).with_authorities(&authority.file)).await;
    assert!(matches!(error, BrokerError::Tls { .. }), "{}", words(&error));
    assert!(words(&error).contains("127.0.0.9"), "{}", words(&error));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_wants_certificates_takes_those_of_its_authority_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let Some((server, authority)) = secured(&folder, "verify: true", "127.0.0.1") else { return };
    let own = authority.identify(path, "agent", "agent.example");
    let trusting = at(&server).with_authorities(&authority.file);
    let known = trusting.clone().with_identity(own.certificate, own.key);
    works(&known, &known).await;
    let foreign = Authority::new(path, "other").identify(path, "stranger", "agent.example");
    let stranger = trusting.clone().with_identity(foreign.certificate, foreign.key);
    for broker in [trusting, stranger] {
        let error = refused(&broker).await;
        assert!(matches!(error, BrokerError::Tls { .. }), "{}", words(&error));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_tls_on_the_other_side_nothing_is_said_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let Some(server) = broker::start("authorization { token: secret }") else { return };
    let authority = Authority::new(folder.path(), "authority");
    let error = refused(&at(&server).with_authorities(authority.file)).await;
    assert!(matches!(error, BrokerError::Tls { .. }), "{}", words(&error));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_nkey_lets_its_holder_in_and_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let (known, stranger) = (nkeys::KeyPair::new_user(), nkeys::KeyPair::new_user());
    let users = format!("authorization {{ users: [ {{ nkey: {} }} ] }}", known.public_key());
    let Some(server) = broker::start(&users) else { return };
    let with = |key: &nkeys::KeyPair| {
        let file = folder.path().join("agent.nk");
        fs::write(&file, format!("{}\n", key.seed().unwrap())).unwrap();
        Broker::new([server.address()], name("p2pow"))
            .unwrap()
            .with_credentials(Credentials::Nkey(file))
    };
    works(&with(&known), &with(&known)).await;
    let error = refused(&with(&stranger)).await;
    assert!(matches!(error, BrokerError::Refused { .. }), "{}", words(&error));
    assert!(!words(&error).contains(&stranger.seed().unwrap()), "{}", words(&error));
}

/// A JWT as NATS has them, of `what` for `subject`, signed by `issuer`.
fn token(issuer: &nkeys::KeyPair, subject: &nkeys::KeyPair, called: &str, what: Value) -> String {
    let claims = json!({
        "jti": called, "iat": 1_700_000_000, "name": called,
        "iss": issuer.public_key(), "sub": subject.public_key(), "nats": what,
    });
    let head = json!({ "typ": "JWT", "alg": "ed25519-nkey" });
    let [head, claims] =
        [head, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string().as_bytes()));
    let text = format!("{head}.{claims}");
    let signature = URL_SAFE_NO_PAD.encode(issuer.sign(text.as_bytes()).unwrap());
    format!("{text}.{signature}")
}

/// A broker whose users show JWTs, and the account that signs them.
fn operated() -> Option<(Server, nkeys::KeyPair)> {
    let (operator, account) = (nkeys::KeyPair::new_operator(), nkeys::KeyPair::new_account());
    let about = json!({ "type": "operator", "version": 2 });
    let operator_jwt = token(&operator, &operator, "operator", about);
    let limits = json!({
        "subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "wildcards": true,
        "conn": -1, "leaf": -1,
    });
    let about = json!({ "type": "account", "version": 2, "limits": limits });
    let account_jwt = token(&operator, &account, "fleet", about);
    let preload = format!("{}: {account_jwt}", account.public_key());
    let server = broker::start_with(&format!(
        "operator: {operator_jwt}\nresolver: MEMORY\nresolver_preload: {{ {preload} }}"
    ));
    Some((server?, account))
}

/// The credentials of a user who may say and hear this.
fn user(folder: &Path, account: &nkeys::KeyPair, called: &str, may: [&[&str]; 2]) -> Credentials {
    let own = nkeys::KeyPair::new_user();
    let about = json!({
        "type": "user", "version": 2, "subs": -1, "data": -1, "payload": -1,
        "pub": { "allow": may[0] }, "sub": { "allow": may[1] },
    });
    let jwt = token(account, &own, called, about);
    let file = folder.join(format!("{called}.creds"));
    let seed = own.seed().unwrap();
    let text = format!(
        "-----BEGIN NATS USER JWT-----\n{jwt}\n------END NATS USER JWT------\n\n\
         -----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
    );
    fs::write(&file, text).unwrap();
    Credentials::File(file)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_jwt_of_a_user_lets_in_and_says_what_one_may() {
    let folder = tempfile::tempdir().unwrap();
    let Some((server, account)) = operated() else { return };
    let broker = Broker::new([server.address()], name("p2pow")).unwrap();
    let at = |called: &str, account: &nkeys::KeyPair, may| {
        broker.clone().with_credentials(user(folder.path(), account, called, may))
    };
    let agent = at(
        "agent",
        &account,
        [
            &["p2pow.report.*.one", "p2pow.beat.agent.one"],
            &["p2pow.order.all", "p2pow.order.agent.one", "p2pow.roll"],
        ],
    );
    let front = at(
        "front",
        &account,
        [
            &["p2pow.order.>", "p2pow.roll", "p2pow.beat.front.*"],
            &["p2pow.report.*.*", "p2pow.beat.agent.*", "p2pow.roll"],
        ],
    );
    works(&agent, &front).await;
    // An agent by these credentials is not heard under another's name.
    let pool = Pool::new(vec![Box::new(vain())]);
    let _other = Agent::start(&agent, name("two"), pool).await.unwrap();
    let start = move || FleetBackend::start(&front, name("front-2")).unwrap();
    let device = tokio::task::spawn_blocking(start).await.unwrap();
    let one = Agent::start(&agent, name("one"), Pool::new(vec![Box::new(vain())])).await.unwrap();
    within(device.strength().wait_for(|strength| strength.agents == 1)).await.unwrap();
    drop(one);
    // Signed by an account that this broker does not know, or for nobody.
    let stranger = at("stranger", &nkeys::KeyPair::new_account(), [&[">"], &[">"]]);
    for broker in [stranger, broker] {
        let error = refused(&broker).await;
        assert!(matches!(error, BrokerError::Refused { .. }), "{}", words(&error));
        assert!(words(&error).contains("look at its `authorization`"), "{}", words(&error));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_without_credentials_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("agent.creds");
    fs::write(&file, "SUANOTASEED").unwrap();
    let broker = Broker::new(["nats://127.0.0.1:1"], name("p2pow")).unwrap();
    let error = refused(&broker.with_credentials(Credentials::File(file))).await;
    assert!(words(&error).contains("agent.creds"), "{}", words(&error));
    assert!(!words(&error).contains("NOTASEED"), "{}", words(&error));
}
