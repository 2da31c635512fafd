//! `p2pow serve` as a program: its password, its token, its lock; and that what is not listened on is not served.

use crate::{
    program::{Desk, Running, p2pow},
    till::{PASSWORD, ask},
};
use serde_json::{Value, json};

/// Sends a call of the RPC.
fn call(address: &str, headers: &str, body: &Value) -> (String, Value) {
    let (head, body) = ask(address, "POST /", headers, &body.to_string()).unwrap();
    (head, serde_json::from_str(&body).unwrap())
}

/// Arguments of a server on a free port, whose store is on this desk.
fn arguments(desk: &Desk) -> Vec<String> {
    arguments_on(desk, "127.0.0.1:0")
}

fn arguments_on(desk: &Desk, listen: &str) -> Vec<String> {
    let store = desk.path("wallet.db").to_str().unwrap().to_owned();
    ["serve", "--json", "--listen", listen, "--node", "http://127.0.0.1:1", "--store"]
        .map(str::to_owned)
        .into_iter()
        .chain([store])
        .collect()
}

fn start(desk: &Desk) -> (Running, String) {
    let running = p2pow(arguments(desk)).env("P2POW_SERVE_PASSWORD", PASSWORD).start();
    let address = running.json()["listening"][0].as_str().unwrap().to_owned();
    (running, address)
}

#[test]
fn wallets_outlive_the_program_and_open_with_their_password_alone() {
    let desk = Desk::new();
    let (running, address) = start(&desk);
    let (_, made) = call(&address, "", &json!({ "action": "wallet_create" }));
    assert_eq!(running.interrupt(), 0);

    let wrong = p2pow(arguments(&desk)).env("P2POW_SERVE_PASSWORD", "another").run();
    let words = wrong.bad(1);
    assert!(words.contains("does not open the wallets") && !words.contains("another"), "{words}");
    let none = p2pow(arguments(&desk)).run();
    assert!(none.bad(2).contains("--password-file"), "{none:?}");

    let file = desk.file("wallet.password", format!("{PASSWORD}\n"));
    let running =
        p2pow(arguments(&desk).into_iter().chain(["--password-file".into(), file])).start();
    let address = running.json()["listening"][0].as_str().unwrap().to_owned();
    let locked = json!({ "action": "wallet_locked", "wallet": made["wallet"] });
    assert_eq!(call(&address, "", &locked).1, json!({ "locked": "0" }));
}

#[test]
fn two_programs_never_work_with_one_store() {
    let desk = Desk::new();
    let (running, _) = start(&desk);
    let second = p2pow(arguments(&desk)).env("P2POW_SERVE_PASSWORD", PASSWORD).run();
    assert!(second.bad(1).contains("another `p2pow serve` works with"), "{second:?}");
    drop(running);
    // Killed, it holds nothing any more.
    drop(start(&desk));
}

#[test]
fn other_machines_need_a_token_which_is_long_and_never_told() {
    let desk = Desk::new();
    let arguments = || arguments_on(&desk, "0.0.0.0:0");
    let start = |token: &str| {
        p2pow(arguments()).env("P2POW_SERVE_PASSWORD", PASSWORD).env("P2POW_SERVE_TOKEN", token)
    };
    let refused = p2pow(arguments()).env("P2POW_SERVE_PASSWORD", PASSWORD).run();
    assert!(refused.bad(2).contains("P2POW_SERVE_TOKEN"), "{refused:?}");
    let short = start("sesame").run();
    assert!(!short.bad(2).contains("sesame"), "{short:?}");

    let running = start("open sesame open".replace(' ', "-").as_str()).start();
    let address = running.json()["listening"][0].as_str().unwrap().replace("0.0.0.0", "127.0.0.1");
    let create = json!({ "action": "wallet_create" });
    assert!(call(&address, "", &create).0.contains("401"));
    let bearer = "authorization: Bearer open-sesame-open\r\n";
    assert!(call(&address, bearer, &create).1["wallet"].is_string());
}

#[test]
fn webhooks_stand_in_the_file_and_their_secrets_in_no_message() {
    let desk = Desk::new();
    let text = "[serve]\nlisten = \"127.0.0.1:0\"\n[[webhook]]\nurl = \"https://shop.example/hidden\"\n\
                secret = \"short\"\n";
    let file = desk.file("p2pow.toml", text);
    let arguments = arguments(&desk).into_iter().chain(["--config".to_owned(), file]);
    let refused = p2pow(arguments).env("P2POW_SERVE_PASSWORD", PASSWORD).run();
    let words = refused.bad(1);
    assert!(words.contains("secret") && words.contains("16"), "{words}");
    assert!(!words.contains("short") && !words.contains("hidden"), "{words}");
}
