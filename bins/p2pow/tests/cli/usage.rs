use crate::program::{Desk, p2pow};

const BOB: &str = "nano_3i1aq1cchnmbn9x5rsbap8b15akfh7wj7pwskuzi7ahz8oq6cobd99d4r3b7";
const COMMANDS: [&str; 10] =
    ["demo", "devnet", "workers", "send", "receive", "change", "batch", "key", "block", "work"];

#[test]
fn every_command_is_named_by_help_and_helps_itself() {
    let help = p2pow(["--help"]).run();
    for command in COMMANDS {
        assert!(help.good().contains(command), "{command}");
        let own = p2pow([command, "--help"]).run();
        assert!(own.good().contains("Usage: p2pow"), "{command}");
    }
}

#[test]
fn every_command_that_does_something_shows_an_example() {
    let calls: [&[&str]; 15] = [
        &["demo"],
        &["devnet"],
        &["workers"],
        &["send"],
        &["receive"],
        &["change"],
        &["batch"],
        &["key", "new"],
        &["key", "derive"],
        &["key", "inspect"],
        &["block", "hash"],
        &["block", "verify"],
        &["block", "sign"],
        &["work", "generate"],
        &["work", "validate"],
    ];
    for call in calls {
        let help = p2pow(call.iter().chain(&["--help"])).run();
        assert!(help.good().contains(&format!("  p2pow {}", call.join(" "))), "{call:?}");
    }
}

#[test]
fn wrong_usage_is_one_line_and_exit_code_2() {
    let calls: [&[&str]; 9] = [
        &[],
        &["sned"],
        &["--frobnicate"],
        &["send"],
        &["send", BOB],
        &["send", "nano_1", "1"],
        &["change"],
        &["demo", "--workers", "0"],
        &["demo", "--network", "mars"],
    ];
    for call in calls {
        p2pow(call).run().bad(2);
    }
    assert!(p2pow(["sned"]).run().bad(2).contains("send"));
}

#[test]
fn an_amount_must_be_one() {
    let amount = |text: &str| p2pow(["send", BOB, text]).run().bad(2).to_owned();
    for text in ["-1", "-0.5", "+1", "1e3", "x", "", "1.5raw", "0x10", "1,5", "NaN"] {
        assert!(amount(text).contains("AMOUNT"), "{text}");
    }
    assert!(amount("340282366.920938463463374607431768211456").contains("largest"));
    assert!(amount("340282366920938463463374607431768211456raw").contains("largest"));
    assert!(amount("0.0000000000000000000000000000001").contains("31 decimal places"));
    assert!(amount(&"9".repeat(100_000)).len() < 1200);
}

#[cfg(unix)]
#[test]
fn arguments_and_variables_that_are_no_text_are_refused() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
    let odd = OsStr::from_bytes(&[0x66, 0xff, 0x6f]);
    p2pow([OsStr::new("key"), OsStr::new("inspect"), odd]).run().bad(2);
    let ended = p2pow(["block", "sign"]).env("P2POW_KEY", odd).run_with(r#"{"type":"state"}"#);
    ended.bad(1);
}

#[test]
fn a_node_that_is_not_there_is_told() {
    let ended = p2pow(["workers", "--node", "http://127.0.0.1:1"]).run();
    assert!(ended.bad(1).contains("127.0.0.1:1"), "{ended:?}");
    let ended = p2pow(["workers", "--node", "gopher://x"]).run();
    assert!(ended.bad(2).contains("--node"), "{ended:?}");
    let ended = p2pow(["workers", "--websocket", "http://127.0.0.1:7078"]).run();
    assert!(ended.bad(2).contains("--websocket"), "{ended:?}");
}

#[test]
fn a_wrong_configuration_file_is_told_by_line_without_its_content() {
    let desk = Desk::new();
    let told = |content: &[u8]| {
        let file = desk.file("p2pow.toml", content);
        let message = p2pow(["workers", "--config", &file]).run().bad(1).to_owned();
        assert!(message.contains(&file), "{message}");
        message
    };
    let unknown = told(b"network = \"dev\"\n[headers]\nauthorization = \"secret\"\n[spam]\n");
    assert!(unknown.contains("spam") && !unknown.contains("secret"), "{unknown}");
    assert!(told(b"hire = 0\n").contains("line 1"));
    assert!(told(b"\nmax_fee = \"-1\"\n").contains("line 2"));
    assert!(told(b"network = \"mars\"\n").contains("mars"));
    assert!(told(b"policy = \"dearest\"\n").contains("dearest"));
    assert!(told(b"node = 7\n").contains("line 1"));
    told(b"[[[");
    told(&[0xff, 0xfe]);
}
