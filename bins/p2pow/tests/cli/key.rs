use crate::program::{Desk, p2pow, text};
use serde_json::json;
use std::fs;

const ACCOUNT: &str = "nano_3i1aq1cchnmbn9x5rsbap8b15akfh7wj7pwskuzi7ahz8oq6cobd99d4r3b7";
const PUBLIC: &str = "C008B814A7D269A1FA3C6528B19201A24D797912DB9996FF02A1FF356E45552B";
const PRIVATE: &str = "9F0E444C69F77A49BD0BE89DB92C38FE713E0963165CCA12FAF5712D7657120F";

fn zero_seed(desk: &Desk) -> String {
    desk.file("seed", format!("# a seed\n\n{}\n", "0".repeat(64)))
}

#[test]
fn an_account_or_a_public_key_is_shown_in_both_forms() {
    let wanted = json!({ "account": ACCOUNT, "public_key": PUBLIC });
    let old = ACCOUNT.replace("nano_", "xrb_");
    for key in [ACCOUNT, PUBLIC, &PUBLIC.to_lowercase(), &old] {
        assert_eq!(p2pow(["key", "inspect", key, "--json"]).run().json(), wanted);
    }
    let shown = p2pow(["key", "inspect", PUBLIC]).run();
    assert!(shown.good().contains(ACCOUNT));
}

#[test]
fn a_wrong_account_is_wrong_usage_and_told_why() {
    let checksum = ACCOUNT.replace("r3b7", "r3b8");
    let told = p2pow(["key", "inspect", &checksum]).run();
    assert!(told.bad(2).contains("wrong checksum"), "{told:?}");
    for key in ["", "nano_1", "12", &"0".repeat(63), &"Z".repeat(64), &"0".repeat(100_000)] {
        let ended = p2pow(["key", "inspect", key]).run();
        assert!(ended.bad(2).len() < 1200);
    }
}

#[test]
fn a_seed_and_an_index_give_an_account_and_no_private_key() {
    let desk = Desk::new();
    let seed = zero_seed(&desk);
    let arguments = ["key", "derive", "--seed-file", &seed, "--index", "0", "--json"];
    let wanted = json!({ "index": 0, "public_key": PUBLIC, "account": ACCOUNT });
    assert_eq!(p2pow(arguments).run().json(), wanted);
    let shown = p2pow(["key", "derive", "--seed-file", &seed]).run();
    assert!(!shown.good().contains(PRIVATE));
}

#[test]
fn the_private_key_is_shown_only_if_asked_for() {
    let desk = Desk::new();
    let seed = zero_seed(&desk);
    let arguments = ["key", "derive", "--seed-file", &seed, "--json", "--show-private"];
    assert_eq!(p2pow(arguments).run().json()["private_key"], PRIVATE);
}

#[test]
fn a_seed_may_stand_in_the_environment() {
    let derived = p2pow(["key", "derive", "--index", "4294967295", "--json"])
        .env("P2POW_SEED", "0".repeat(64));
    assert_eq!(derived.run().json()["index"], 4_294_967_295_u32);
    let ended = p2pow(["key", "derive", "--index", "4294967296"]).run();
    assert!(ended.bad(2).contains("--index"));
}

#[test]
fn without_a_seed_or_a_terminal_nobody_can_be_asked() {
    let ended = p2pow(["key", "derive"]).run();
    assert!(ended.bad(2).contains("--seed-file"), "{ended:?}");
}

#[test]
fn a_bad_seed_file_is_told_of_without_its_content() {
    let desk = Desk::new();
    let short = "1234567890abcdef";
    let files: [(&str, &[u8]); 5] = [
        ("short", short.as_bytes()),
        ("binary", &[0xff, 0xfe, 0x00]),
        ("empty", b""),
        ("two", b"00\n11\n"),
        ("huge", &[b'0'; 5 * 1024 * 1024]),
    ];
    for (name, content) in files {
        let path = desk.file(name, content);
        let ended = p2pow(["key", "derive", "--seed-file", &path]).run();
        let message = ended.bad(1);
        assert!(message.contains(&path), "{message}");
        assert!(!message.contains(short), "{message}");
    }
    let missing = text(&desk.path("missing"));
    assert!(p2pow(["key", "derive", "--seed-file", &missing]).run().bad(1).contains("cannot read"));
}

#[test]
fn a_new_key_in_a_file_is_not_printed_and_only_its_owner_can_read_it() {
    let desk = Desk::new();
    let path = text(&desk.path("alice.key"));
    let made = p2pow(["key", "new", "--out", &path, "--json"]).run().json();
    assert!(made.get("private_key").is_none());
    assert_eq!(made["file"], path.as_str());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    // What was written can be used to sign.
    let account = made["account"].as_str().unwrap();
    let block = json!({
        "type": "state", "account": account, "previous": "AB".repeat(32),
        "representative": account, "balance": "1", "link": "00".repeat(32),
    });
    let signed = p2pow(["block", "sign", "--key-file", &path]).run_with(block.to_string());
    assert_eq!(signed.json()["account"], account);
    // And it is never overwritten.
    let before = fs::read(&path).unwrap();
    assert!(p2pow(["key", "new", "--out", &path]).run().bad(1).contains(&path));
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_new_key_or_seed_without_a_file_is_printed_once() {
    let key = p2pow(["key", "new", "--json"]).run().json();
    assert_eq!(key["private_key"].as_str().unwrap().len(), 64);
    let other = p2pow(["key", "new", "--json"]).run().json();
    assert_ne!(key["private_key"], other["private_key"]);

    let seed = p2pow(["key", "new", "--seed", "--json"]).run().json();
    let derived =
        p2pow(["key", "derive", "--json"]).env("P2POW_SEED", seed["seed"].as_str().unwrap());
    assert_eq!(derived.run().json()["account"], seed["account"]);
}
