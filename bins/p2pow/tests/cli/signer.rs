//! `p2pow signer serve` as a process of its own: payments through it, killed at the worst moments, asked by others.
#![cfg(unix)]

use crate::{
    program::{Call, Desk, ended, p2pow, text},
    town::{Town, somebody, xno},
};
use nano_primitives::Amount;
use serde_json::Value;
use std::{
    fs::{self, Permissions},
    io::{BufRead, BufReader, Read, Write},
    os::unix::{
        fs::PermissionsExt,
        net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
    process::Child,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// A signer with the funded account's key, whose files are on the town's desk.
struct Process {
    child: Option<Child>,
    started: Value,
}

impl Process {
    fn start(town: &Town, arguments: &[&str]) -> Self {
        let [socket, book] = ["signer.sock", "signer.db"].map(|name| text(&town.desk.path(name)));
        let all = ["signer", "serve", "--json", "--socket", &socket, "--book", &book];
        let key = town.devnet.json()["private_key"].as_str().unwrap().to_owned();
        let mut child = p2pow(all.iter().chain(arguments)).env("P2POW_KEY", key).spawn();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let started = serde_json::from_str(&line).unwrap_or_else(|_| {
            let mut words = String::new();
            child.stderr.as_mut().unwrap().read_to_string(&mut words).unwrap();
            panic!("{words}")
        });
        Self { child: Some(child), started }
    }

    /// Ends it by SIGKILL, and gives back all that it logged.
    fn kill(&mut self) -> String {
        let mut child = self.child.take().expect("it is killed once");
        child.kill().unwrap();
        let output = child.wait_with_output().unwrap();
        String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.child.is_some() {
            self.kill();
        }
    }
}

/// A call of the sender, which has no key but that of the signer at this socket.
fn call(town: &Town, arguments: &[&str], socket: &Path) -> Call {
    town.call(arguments).without("P2POW_KEY").env("P2POW_SIGNER", socket)
}

/// When a signer is killed: at the question for the signature of this number.
#[derive(Debug, Clone, Copy)]
struct Fatal {
    question: usize,
    /// Whether it signs it before it dies. The answer is lost in any case.
    signs: bool,
}

/// Stands between sender and signer, and kills the latter once.
fn between(town: &Town, signer: &Arc<Mutex<Process>>, fatal: Fatal) -> PathBuf {
    let (path, real) = (town.desk.path("between.sock"), town.desk.path("signer.sock"));
    let listener = UnixListener::bind(&path).unwrap();
    let (signer, signatures) = (Arc::clone(signer), AtomicUsize::new(0));
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut question = String::new();
            BufReader::new(&stream).read_line(&mut question).unwrap();
            let is_fatal = question.contains("\"sign\"")
                && signatures.fetch_add(1, Ordering::SeqCst) + 1 == fatal.question;
            if is_fatal && !fatal.signs {
                signer.lock().unwrap().kill();
                continue;
            }
            let Ok(mut to) = UnixStream::connect(&real) else { continue };
            let mut answer = String::new();
            to.write_all(question.as_bytes()).unwrap();
            to.read_to_string(&mut answer).unwrap();
            if is_fatal {
                assert!(answer.contains("\"signed\""), "{answer}");
                signer.lock().unwrap().kill();
            } else {
                // A sender that is gone is no matter.
                let _ = stream.write_all(answer.as_bytes());
            }
        }
    });
    path
}

#[test]
fn a_payment_is_signed_by_another_process_that_tells_no_key() {
    let town = Town::with_worker_that_publishes(9);
    let mut signer = Process::start(&town, &["--max-amount", "2"]);
    assert_eq!(signer.started["accounts"][0], town.alice().to_string());
    assert_eq!(signer.started["policy"]["max_amount"], xno("2").to_string());
    let (socket, bob) = (town.desk.path("signer.sock"), somebody().to_string());
    call(&town, &["send", &bob, "2", "--json"], &socket).run().json();
    let more = call(&town, &["send", &bob, "2.1"], &socket).run();
    let told = more.bad(1);
    assert!(told.contains("2.1 XNO in one block is above the 2 XNO"), "{told}");
    // It is not in the way of another one.
    call(&town, &["send", &bob, "1", "--json"], &socket).run().json();
    assert_eq!(town.waiting(bob.parse().unwrap()), xno("3"));

    let policy = p2pow(["signer", "policy", "--json", "--socket", &text(&socket)]).run().json();
    let spent = policy["policy"]["spent"].as_str().unwrap().parse::<Amount>().unwrap();
    assert_eq!(spent, xno("3.0002"), "the refused one does not count");
    let words = p2pow(["signer", "policy", "--socket", &text(&socket)]).run();
    assert!(words.good().contains("3.0002 XNO have left, 6.9998 XNO are left"), "{words:?}");

    let key = town.devnet.json()["private_key"].as_str().unwrap().to_lowercase();
    let logged = signer.kill().to_lowercase();
    assert!(logged.contains("max_amount") && !logged.contains(&key), "{logged}");
    let away = call(&town, &["send", &bob, "1"], &socket).run();
    assert!(away.bad(1).contains("start `p2pow signer serve`"), "{away:?}");
}

#[test]
fn a_signer_that_is_killed_at_any_signature_makes_the_payment_once() {
    for question in [1, 2] {
        for signs in [false, true] {
            let fatal = Fatal { question, signs };
            let town = Town::with_worker_that_publishes(9);
            let signer = Arc::new(Mutex::new(Process::start(&town, &[])));
            let path = between(&town, &signer, fatal);
            let bob = somebody();
            let send = ["send", &bob.to_string(), "1", "--json"];
            let cut = call(&town, &send, &path).run();
            let told = cut.bad(1);
            assert!(told.contains("the same payment again goes on with it"), "{fatal:?}: {told}");
            assert_eq!(town.waiting(bob), Amount::ZERO, "{fatal:?}");

            // Its place is kept, in the sender's journal and in the signer's book.
            *signer.lock().unwrap() = Process::start(&town, &[]);
            let other = ["send", &somebody().to_string(), "0.5"];
            let refused = call(&town, &other, &path).run();
            assert!(refused.bad(1).contains("is not decided"), "{fatal:?}: {refused:?}");
            let elsewhere = text(&town.desk.path("another-journal.db"));
            if question == 2 || signs {
                let forgetful = call(&town, &other, &path).env("P2POW_JOURNAL", elsewhere).run();
                assert!(
                    forgetful.bad(1).contains("is signed in this place of the account's chain"),
                    "{fatal:?}: {forgetful:?}"
                );
            }

            call(&town, &send, &path).run().json();
            assert_eq!(town.waiting(bob), xno("1"), "{fatal:?}");
            town.assert_previous_blocks_differ();
            let socket = text(&town.desk.path("signer.sock"));
            let policy = p2pow(["signer", "policy", "--json", "--socket", &socket]).run().json();
            let spent = policy["policy"]["spent"].as_str().unwrap().parse::<Amount>().unwrap();
            assert_eq!(spent, xno("1.0001"), "{fatal:?}");
        }
    }
}

#[test]
fn two_commands_at_once_are_signed_one_after_the_other() {
    let town = Town::with_worker_that_publishes(9);
    let _signer = Process::start(&town, &[]);
    let socket = town.desk.path("signer.sock");
    let (bob, carol) = (somebody(), somebody());
    let both = [bob, carol].map(|to| call(&town, &["send", &to.to_string(), "1"], &socket).spawn());
    for child in both {
        ended(child.wait_with_output().unwrap()).good();
    }
    assert_eq!((town.waiting(bob), town.waiting(carol)), (xno("1"), xno("1")));
    town.assert_previous_blocks_differ();
}

#[test]
fn the_kernel_says_who_asks() {
    let town = Town::with_worker_that_publishes(9);
    let socket = text(&town.desk.path("signer.sock"));
    let policy = ["signer", "policy", "--socket", &socket];
    if nobody_can_be_played() {
        eprintln!("not run: only root can play other users");
        return;
    }
    let mut signer = Process::start(&town, &[]);
    let shut = p2pow(policy).of_user(65534).run();
    assert!(shut.bad(1).contains("ermission denied"), "{shut:?}");
    // Also where the permissions of socket and folder let everybody in.
    let folder = town.desk.path("");
    fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(&socket, Permissions::from_mode(0o666)).unwrap();
    let told = p2pow(policy).of_user(65534).run();
    assert!(told.bad(1).contains("does not sign for the user with the id 65534"), "{told:?}");
    signer.kill();

    let _signer = Process::start(&town, &["--user", "4711"]);
    p2pow(policy).of_user(4711).run().good();
    p2pow(policy).of_user(65534).run().bad(1);
    p2pow(policy).run().good();
}

/// Whether this process may not act as another user.
fn nobody_can_be_played() -> bool {
    !p2pow(["--version"]).of_user(65534).starts()
}

#[test]
fn a_signer_is_named_by_flag_variable_or_file_and_not_beside_a_key() {
    let desk = Desk::new();
    let (key, account) = {
        let path = text(&desk.path("alice.key"));
        let made = p2pow(["key", "new", "--out", &path, "--json"]).run().json();
        (path, made["account"].as_str().unwrap().to_owned())
    };
    let away = |arguments: &[&str]| p2pow(["send", &account, "1"].iter().chain(arguments));
    for socket in ["/nowhere/a.sock", "unix:/nowhere/a.sock"] {
        let told = away(&["--signer", socket]).env("P2POW_KEY", "no key").run();
        assert!(told.bad(1).contains("no signer can be reached at /nowhere/a.sock"), "{told:?}");
    }
    let both = away(&["--signer", "/nowhere/a.sock", "--key-file", &key]).run();
    assert!(both.bad(2).contains("--signer and a file with a key"), "{both:?}");
    let file = desk.file("p2pow.toml", "[signer]\nsocket = \"a.sock\"\n");
    let named = away(&["--config", &file]).run();
    let path = text(&desk.path("a.sock"));
    assert!(named.bad(1).contains(&format!("at {path}: start")), "{named:?}");
    let file = desk.file("two.toml", "[signer]\nsocket = \"a.sock\"\n[key]\nkey_file = \"b\"\n");
    let both = away(&["--config", &file]).run();
    assert!(both.bad(1).contains("it names a signer and a key"), "{both:?}");
    // A key in the wrong place is not shown.
    let digits = "F00D".repeat(16);
    let wrong = away(&["--signer", &digits]).run();
    assert!(!wrong.bad(2).contains("F00D"), "{wrong:?}");
}

#[test]
fn a_signer_says_what_it_cannot_do() {
    let town = Town::with_worker_that_publishes(9);
    let [socket, book] = ["signer.sock", "signer.db"].map(|name| text(&town.desk.path(name)));
    let key = town.devnet.json()["private_key"].as_str().unwrap().to_owned();
    let serve = |arguments: &[&str]| {
        let all = ["signer", "serve", "--book", &book, "--socket", &socket];
        p2pow(all.iter().chain(arguments)).env("P2POW_KEY", &key).run()
    };
    let asked = serve(&["--ask"]);
    assert!(asked.bad(2).contains("there is no terminal"), "{asked:?}");
    let kind = serve(&["--allow", "send,export"]);
    assert!(kind.bad(2).contains("wanted send, receive, change or reward"), "{kind:?}");
    let _signer = Process::start(&town, &[]);
    let twice = serve(&[]);
    assert!(twice.bad(1).contains("another `p2pow signer serve` works with"), "{twice:?}");
    let other = text(&town.desk.path("other.db"));
    let same =
        p2pow(["signer", "serve", "--book", &other, "--socket", &socket]).env("P2POW_KEY", &key);
    let same = same.run();
    assert!(same.bad(1).contains("another signer listens at"), "{same:?}");
    fs::set_permissions(town.desk.path(""), Permissions::from_mode(0o777)).unwrap();
    let open = text(&town.desk.path("open.sock"));
    let open =
        p2pow(["signer", "serve", "--book", &other, "--socket", &open]).env("P2POW_KEY", &key);
    let open = open.run();
    assert!(open.bad(1).contains("mkdir -m 700"), "{open:?}");
}

#[test]
fn several_keys_of_a_seed_are_signed_for_and_one_is_named() {
    let town = Town::with_worker_that_publishes(9);
    let [socket, book] = ["signer.sock", "signer.db"].map(|name| text(&town.desk.path(name)));
    let seed = town.desk.file("seed", "00".repeat(32));
    let all = ["signer", "serve", "--json", "--book", &book, "--socket", &socket];
    let running = p2pow(all.iter().chain(&["--seed-file", &seed, "--keys", "3"])).start();
    let accounts = running.json()["accounts"].as_array().unwrap().clone();
    assert_eq!(accounts.len(), 3);
    let receive = |arguments: &[&str]| {
        call(&town, &[&["receive"], arguments].concat(), &town.desk.path("signer.sock")).run()
    };
    let which = receive(&[]);
    assert!(which.bad(1).contains("has 3 accounts, name one of them"), "{which:?}");
    let second = accounts[1].as_str().unwrap();
    assert!(receive(&["--signer-account", second]).good().contains("nothing of at least"));
    let none = receive(&["--signer-account", &somebody().to_string()]);
    assert!(none.bad(1).contains("has no key of"), "{none:?}");
    assert_eq!(running.interrupt(), 0);
    assert!(!town.desk.path("signer.sock").exists());
}
