//! Key files under a password, words, and permissions.

use crate::program::{Desk, Ended, p2pow, text};
use serde_json::{Value, json};
use std::fs;

const PASSWORD: &str = "correct horse";
/// The account of the seed of zeros at index 0, from nano-docs.
const ZERO: &str = "nano_3i1aq1cchnmbn9x5rsbap8b15akfh7wj7pwskuzi7ahz8oq6cobd99d4r3b7";
const LEDGER: &str = "edge defense waste choose enrich upon flee junk siren film clown finish \
                      luggage leader kid quick brick print evidence swap drill paddle truly occur";

/// Makes an encrypted key file; its path and account.
fn encrypted(desk: &Desk, name: &str) -> (String, String) {
    let path = text(&desk.path(name));
    let made = p2pow(["key", "new", "--encrypt", "--out", &path, "--json"])
        .env("P2POW_PASSWORD", PASSWORD)
        .run()
        .json();
    assert_eq!(made["encrypted"], true);
    (path, made["account"].as_str().unwrap().to_owned())
}

/// Signs a block with what the arguments say, and returns what became of it.
fn sign(account: &str, arguments: &[&str], password: Option<&str>) -> Ended {
    let block = json!({
        "type": "state", "account": account, "previous": "AB".repeat(32),
        "representative": account, "balance": "1", "link": "00".repeat(32),
    });
    let call = p2pow(["block", "sign"].iter().chain(arguments));
    let call = match password {
        Some(password) => call.env("P2POW_PASSWORD", password),
        None => call,
    };
    call.run_with(block.to_string())
}

#[test]
fn an_encrypted_key_signs_with_its_password_and_not_without() {
    let desk = Desk::new();
    let (path, account) = encrypted(&desk, "alice.key");
    let content = fs::read_to_string(&path).unwrap();
    assert!(content.contains("argon2id") && content.contains(&account), "{content}");

    let flags = ["--key-file", path.as_str()];
    assert_eq!(sign(&account, &flags, Some(PASSWORD)).json()["account"], account);
    let refused = sign(&account, &flags, Some("wrong"));
    assert!(refused.bad(1).contains("alice.key: the password is wrong"), "{refused:?}");
    let unasked = sign(&account, &flags, None);
    assert!(unasked.bad(2).contains("--password-file"), "{unasked:?}");

    let password = desk.file("password", format!("{PASSWORD}\n"));
    let by_file = ["--key-file", &path, "--password-file", &password];
    assert_eq!(sign(&account, &by_file, Some("wrong")).json()["account"], account);
    let config = format!("[key]\nkey_file = \"{path}\"\npassword_file = \"password\"\n");
    let config = desk.file("p2pow.toml", config);
    let send = p2pow(["send", ZERO, "1", "--config", &config, "--node", "http://127.0.0.1:1"]);
    assert!(send.run().bad(1).contains("127.0.0.1:1"), "the key was opened, and the node asked");
}

#[test]
fn a_plain_file_is_put_under_a_password_and_taken_out_again() {
    let desk = Desk::new();
    let path = text(&desk.path("alice.key"));
    let made = p2pow(["key", "new", "--out", &path, "--json"]).run().json();
    let plain = fs::read_to_string(&path).unwrap();
    let digits = plain.lines().last().unwrap();

    let call = |arguments: &[&str]| {
        p2pow(["key"].iter().chain(arguments))
            .env("P2POW_PASSWORD", PASSWORD)
            .env("P2POW_NEW_PASSWORD", "new")
    };
    let sealed = call(&["encrypt", &path, "--json"]).run().json();
    assert_eq!(sealed["account"], made["account"]);
    assert!(!fs::read_to_string(&path).unwrap().contains(digits));
    let again = call(&["encrypt", &path]).run();
    assert!(again.bad(1).contains("encrypted already"), "{again:?}");

    call(&["password", &path]).run().good();
    assert!(call(&["decrypt", &path]).run().bad(1).contains("the password is wrong"));
    let shown = call(&["decrypt", &path, "--json"]).env("P2POW_PASSWORD", "new").run().json();
    assert_eq!(shown["private_key"], digits);

    let out = text(&desk.path("plain.key"));
    call(&["decrypt", &path, "--out", &out]).env("P2POW_PASSWORD", "new").run().good();
    assert_eq!(fs::read_to_string(&out).unwrap(), plain);
    assert!(call(&["decrypt", &out]).run().bad(1).contains("is not encrypted"));
}

#[test]
fn a_seed_is_not_taken_for_a_private_key_where_its_file_says_whose_it_is() {
    let desk = Desk::new();
    let path = text(&desk.path("alice.seed"));
    let made = p2pow(["key", "new", "--seed", "--out", &path, "--json"]).run().json();
    let before = fs::read(&path).unwrap();
    let call = |flags: &[&str]| {
        let arguments = ["key", "encrypt", &path, "--json"];
        p2pow(arguments.iter().chain(flags)).env("P2POW_PASSWORD", PASSWORD).run()
    };
    let refused = call(&[]);
    assert!(refused.bad(1).contains("give --seed if it holds a seed"), "{refused:?}");
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(call(&["--seed"]).json()["account"], made["account"]);
    let derived = p2pow(["key", "derive", "--seed-file", &path, "--json"])
        .env("P2POW_PASSWORD", PASSWORD)
        .run()
        .json();
    assert_eq!(derived["account"], made["account"]);
}

#[test]
fn a_seed_is_24_words_and_24_words_are_the_seed() {
    let desk = Desk::new();
    let seed = desk.file("seed", "0".repeat(64));
    let shown = p2pow(["key", "mnemonic", "show", "--seed-file", &seed, "--json"]).run().json();
    assert_eq!(shown["words"], format!("{}art", "abandon ".repeat(23)));
    assert_eq!(shown["account"], ZERO);
    let people = p2pow(["key", "mnemonic", "show", "--seed-file", &seed]).run();
    assert!(people.good().contains("24 art") && people.good().lines().count() == 4);

    let out = text(&desk.path("restored"));
    let restored = p2pow(["key", "mnemonic", "restore", "--out", &out, "--json"])
        .run_with(shown["words"].as_str().unwrap());
    assert_eq!(restored.json()["account"], ZERO);
    assert!(fs::read_to_string(&out).unwrap().ends_with(&format!("{}\n", "0".repeat(64))));

    let typo = "abandon ".repeat(23) + "arz";
    let told = p2pow(["key", "mnemonic", "restore"]).run_with(&typo);
    assert!(told.bad(1).contains("standard input: word 24 is not on"), "{told:?}");
    assert!(!told.stderr.contains("arz"));
}

#[test]
fn words_of_a_hardware_wallet_give_its_accounts() {
    let desk = Desk::new();
    let words = desk.file("words", LEDGER);
    let out = text(&desk.path("ledger.key"));
    let restore = ["key", "mnemonic", "restore", "--words-file", &words, "--bip44", "--passphrase"];
    let call = |more: &[&str]| {
        p2pow(restore.iter().chain(more))
            .env("P2POW_PASSPHRASE", "some password")
            .env("P2POW_PASSWORD", PASSWORD)
            .run()
            .json()
    };
    let third = "nano_3b5fnnerfrkt4me4wepqeqggwtfsxu8fai4n473iu6gxprfq4xd8pk9gh1dg";
    let key = call(&["--index", "2", "--json"]);
    assert_eq!(key["account"], third);
    let private = "1257DF74609B9C6461A3F4E7FD6E3278F2DDCF2562694F2C3AA0515AF4F09E38";
    assert_eq!(key["private_key"], private);
    call(&["--encrypt", "--out", &out, "--json"]);
    let flags = ["--key-file", out.as_str(), "--index", "2"];
    assert_eq!(sign(third, &flags, Some(PASSWORD)).json()["account"], third);
}

#[test]
fn a_damaged_or_foreign_file_is_told_by_what_is_wrong_with_it() {
    let desk = Desk::new();
    let (path, account) = encrypted(&desk, "alice.key");
    let content = fs::read_to_string(&path).unwrap();
    let mut form: Value = serde_json::from_str(&content).unwrap();
    form["kdf"]["memory_kib"] = 4_294_967_295_u32.into();
    let huge = form.to_string();
    form["version"] = 9.into();
    for (text, wanted) in [
        (&content[..content.len() / 2], "cut: the text ends on line"),
        (&content.replacen("\"salt\": \"", "\"salt\": \"00", 1), "not the form"),
        (&content.replace(&account, ZERO), "damaged: its checksum"),
        (&huge, "found memory of 4294967295 KiB"),
        (&form.to_string(), "found version 9 of the form, wanted 1"),
        ("{}", "without \"format\""),
    ] {
        let file = desk.file("changed.key", text);
        let told = sign(&account, &["--key-file", &file], Some(PASSWORD));
        assert!(told.bad(1).contains(wanted), "{wanted}: {told:?}");
        assert!(told.stderr.contains("changed.key"));
    }
}

#[test]
fn a_private_key_has_no_second_index() {
    let desk = Desk::new();
    let (path, account) = encrypted(&desk, "alice.key");
    let told = sign(&account, &["--key-file", &path, "--index", "1"], Some(PASSWORD));
    assert!(told.bad(1).contains("no key with the index 1"), "{told:?}");
}

#[cfg(unix)]
#[test]
fn a_key_or_password_file_that_others_can_read_is_refused_with_the_command_that_mends_it() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::new();
    let (sealed, account) = encrypted(&desk, "alice.key");
    let key = desk.file("plain.key", "0".repeat(64));
    let seed = desk.file("a seed", "0".repeat(64));
    let password = desk.file("password", PASSWORD);
    let of_zeros = "nano_18gmu6engqhgtjnppqam181o5nfhj4sdtgyhy36dan3jr9spt84rzwmktafc";
    for (file, account, flags) in [
        (&key, of_zeros, vec!["--key-file", &key]),
        (&seed, ZERO, vec!["--seed-file", &seed]),
        (&sealed, &account, vec!["--key-file", &sealed]),
        (&password, &account, vec!["--key-file", &sealed, "--password-file", &password]),
    ] {
        fs::set_permissions(file, fs::Permissions::from_mode(0o644)).unwrap();
        let told = sign(account, &flags, Some(PASSWORD));
        let words = told.bad(1);
        assert!(words.contains("mode 0644") && words.contains("chmod 600 "), "{words}");
        let command = &words[words.find("chmod").unwrap()..];
        let mended = std::process::Command::new("sh").args(["-c", command]).status().unwrap();
        assert!(mended.success(), "{command}");
        assert_eq!(sign(account, &flags, Some(PASSWORD)).json()["account"], account);
    }
}

#[test]
fn a_qr_code_is_shown_where_it_is_asked_for() {
    let plain = p2pow(["key", "inspect", ZERO]).run();
    assert!(!plain.good().contains('█'), "nobody looks at a terminal here");
    let shown = p2pow(["key", "inspect", ZERO, "--qr"]).run();
    let code: Vec<&str> = shown.good().lines().filter(|line| line.contains('█')).collect();
    // Version 5 (37 modules) and a quiet zone of 4 on each side, two modules in a line's height.
    assert!(code.len() > 15 && code.iter().all(|line| line.chars().count() == 45), "{shown:?}");
}
