use crate::program::{Desk, p2pow};

const BOB: &str = "nano_3i1aq1cchnmbn9x5rsbap8b15akfh7wj7pwskuzi7ahz8oq6cobd99d4r3b7";
const COMMANDS: [&str; 16] = [
    "demo", "devnet", "workers", "quote", "send", "send-all", "receive", "change", "batch",
    "balance", "history", "serve", "signer", "key", "block", "work",
];

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
    let calls: [&[&str]; 27] = [
        &["demo"],
        &["devnet"],
        &["workers"],
        &["quote"],
        &["send"],
        &["send-all"],
        &["receive"],
        &["change"],
        &["batch"],
        &["balance"],
        &["history"],
        &["serve"],
        &["signer", "serve"],
        &["signer", "policy"],
        &["key", "new"],
        &["key", "derive"],
        &["key", "inspect"],
        &["key", "encrypt"],
        &["key", "decrypt"],
        &["key", "password"],
        &["key", "mnemonic", "show"],
        &["key", "mnemonic", "restore"],
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

/// What nobody may ever see: it may be a private key.
const SECRET: &str = "F00DF00DF00DF00DF00DF00DF00DF00DF00DF00DF00DF00DF00DF00DF00DF00D";

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
    assert!(unknown.contains("line 4: unknown key `spam`, wanted one of node"), "{unknown}");
    assert!(!unknown.contains("secret"), "{unknown}");
    assert!(told(b"hier = 2\n").contains("line 1: unknown key `hier`, did you mean `hire`?"));
    assert!(told(b"hire = 0\n").contains("line 1: `hire`: wanted a whole number from 1"));
    assert!(told(b"\nmax_fee = \"-1\"\n").contains("line 2: `max_fee`: wanted an amount"));
    assert!(told(b"network = \"mars\"\n").contains("`network`: wanted live, beta"));
    assert!(told(b"policy = \"dearest\"\n").contains("`policy`: wanted cheapest, fastest"));
    assert!(told(b"node = 7\n").contains("line 1"));
    told(b"[[[");
    told(&[0xff, 0xfe]);
    for key in ["node", "websocket", "max_fee", "workers", "representative", "headers", "key"] {
        let message = told(format!("{key} = \"{SECRET}\"\n").as_bytes());
        assert!(!message.contains("F00D"), "{message}");
    }
}

#[test]
fn a_key_that_stands_where_its_file_should_is_not_told() {
    let desk = Desk::new();
    let file = desk.file("p2pow.toml", format!("[key]\nkey_file = \"{SECRET}\"\n"));
    let send = ["send", BOB, "1", "--node", "http://127.0.0.1:1"];
    for call in [
        p2pow(send.iter().chain(&["--config", &file])),
        p2pow(send.iter().chain(&["--key-file", SECRET])),
        p2pow(send).env("P2POW_CONFIG", SECRET),
    ] {
        let message = call.run().bad(1).to_owned();
        assert!(message.contains("cannot read") && !message.contains("F00D"), "{message}");
    }
    for call in [&["send", SECRET, "1"][..], &[SECRET], &["send", BOB, "1", SECRET]] {
        let message = p2pow(call).run().bad(2).to_owned();
        assert!(!message.contains("F00D"), "{message}");
    }
}

#[test]
fn the_value_of_a_variable_is_not_repeated() {
    for (variable, wanted) in [
        ("P2POW_NODE", "wanted a URL: http://… or https://…"),
        ("P2POW_MAX_FEE", "wanted an amount"),
        ("P2POW_HIRE", "wanted a whole number from 1"),
        ("P2POW_POLICY", "wanted cheapest, fastest"),
        ("P2POW_WORKERS", "wanted an IP address"),
        ("P2POW_ALLOW_LOCAL", "wanted true or false"),
        ("P2POW_NETWORK", "wanted live"),
    ] {
        for value in ["s3cret", SECRET, "192.0.2.1,s3cret"] {
            let ended = p2pow(["workers"]).env(variable, value).run();
            let told = format!("the variable {variable}: {wanted}");
            assert!(ended.bad(2).contains(&told), "{ended:?}");
            assert!(
                !ended.stderr.contains("s3cret") && !ended.stderr.contains("F00D"),
                "{ended:?}"
            );
        }
    }
    let help = p2pow(["workers", "--help"]).env("P2POW_NODE", "http://me:s3cret@a").run();
    assert!(help.good().contains("[env: P2POW_NODE]") && !help.good().contains("s3cret"));
}

#[test]
fn help_shows_every_default_and_flags_come_before_variables_before_the_file() {
    let help = p2pow(["workers", "--help"]).run();
    for text in [
        "[default: http://127.0.0.1:7076]",
        "[default: 0.001]",
        "[default: 600]",
        "[default: 7090]",
    ] {
        assert!(help.good().contains(text), "{text}: {help:?}");
    }
    let desk = Desk::new();
    let file = desk.file("p2pow.toml", "node = \"http://127.0.0.1:3\"\n");
    let asked = |call: &[&str], variable: Option<&str>| {
        let call = p2pow(["workers"].iter().chain(call));
        let call = if let Some(node) = variable { call.env("P2POW_NODE", node) } else { call };
        call.run().bad(1).to_owned()
    };
    assert!(asked(&["--config", &file], None).contains("127.0.0.1:3"));
    assert!(asked(&["--config", &file], Some("http://127.0.0.1:2")).contains("127.0.0.1:2"));
    let flag = ["--config", &file, "--node", "http://127.0.0.1:1"];
    assert!(asked(&flag, Some("http://127.0.0.1:2")).contains("127.0.0.1:1"));
}

/// Values that may be secrets: a private key, and a password with a space.
const SECRETS: [&str; 2] = [SECRET, "s3cret va1ue"];

#[track_caller]
fn tells_nothing(what: &str, ended: &crate::program::Ended) {
    let told = [ended.stdout.as_str(), &ended.stderr].concat();
    for part in ["F00D", "s3cret", "va1ue"] {
        assert!(!told.contains(part), "{what}: {ended:?}");
    }
}

/// Those whose value is the name of a file, which an error must tell.
fn is_path(name: &str) -> bool {
    ["config", "journal", "data", "_file"].iter().any(|end| name.to_lowercase().ends_with(end))
}

#[test]
fn no_line_of_the_file_is_repeated_wherever_a_secret_stands() {
    let desk = Desk::new();
    let docs = include_str!("../../../../docs/options.md");
    let start = docs.find("```toml").unwrap();
    let file = &docs[start..start + docs[start..].find("\n```").unwrap()];
    let key = |line: &str| {
        let (key, _) = line.trim_start_matches("# ").split_once(" = ")?;
        (!key.contains(' ')).then(|| key.to_owned())
    };
    let keys: Vec<String> = file.lines().filter_map(key).filter(|key| !is_path(key)).collect();
    assert!(keys.len() > 15, "{keys:?}");
    for secret in SECRETS {
        for key in &keys {
            for text in [
                format!("{key} = \"{secret}\"\n"),
                format!("[key]\n{key} = \"{secret}\"\n"),
                format!("{key} = [\"{secret}\"]\n"),
                format!("[[{key}]]\na = \"{secret}\"\n"),
                format!("{key} = {secret}\n"),
            ] {
                let path = desk.file("p2pow.toml", &text);
                let call = ["workers", "--config", &path, "--node", "http://127.0.0.1:1"];
                tells_nothing(&text, &p2pow(call).run());
            }
        }
        for text in [format!("\"{secret}\" = 1\n"), format!("[\"{secret}\"]\n"), secret.to_owned()]
        {
            // A name that looks like one is told: it is how a slip is found.
            let path = desk.file("p2pow.toml", &text);
            tells_nothing(&text, &p2pow(["workers", "--config", &path]).run());
        }
    }
}

#[test]
fn no_variable_is_repeated_whichever_it_is() {
    let help = p2pow(["workers", "--help"]).run();
    let name = |part: &str| part.split([']', '=']).next().unwrap().to_owned();
    let names: Vec<String> = help.good().split("[env: ").skip(1).map(name).collect();
    assert!(names.len() > 15 && names.contains(&"P2POW_NODE".to_owned()), "{names:?}");
    for name in names.iter().filter(|name| !is_path(name)) {
        for secret in SECRETS {
            let call = ["workers", "--node", "http://127.0.0.1:1"];
            let call = if name == "P2POW_NODE" { &call[..1] } else { &call[..] };
            tells_nothing(name, &p2pow(call).env(name, secret).run());
        }
    }
    for name in ["P2POW_KEY", "P2POW_SEED", "P2POW_PASSWORD"] {
        for secret in ["s3cret va1ue", &SECRET[1..], &format!("{SECRET}0")] {
            tells_nothing(name, &p2pow(["block", "sign"]).env(name, secret).run());
        }
    }
}

#[test]
fn no_url_is_told_with_what_lets_in() {
    for url in [
        "http://me:s3cret@127.0.0.1:1",
        "http://me:s3cret@127.0.0.1:99999",
        "http://127.0.0.1:1/s3cret?key=va1ue",
        "http://[s3cret",
        "http://s3cret@",
    ] {
        tells_nothing(url, &p2pow(["workers", "--node", url]).run());
        let several = ["workers", "--node", "http://127.0.0.1:1", "--node", url];
        tells_nothing(url, &p2pow(several).run());
    }
    let desk = Desk::new();
    for header in ["\"s3cret\\nva1ue\"", "\"s3cret\\u0000\""] {
        let path = desk.file("p2pow.toml", format!("headers = {{ authorization = {header} }}\n"));
        let call = ["workers", "--config", &path, "--node", "http://127.0.0.1:1"];
        tells_nothing(header, &p2pow(call).run());
    }
}
