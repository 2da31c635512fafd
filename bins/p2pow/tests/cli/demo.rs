use crate::program::p2pow;
use nano_block::SignedState;
use nano_primitives::{Amount, Difficulty};
use serde_json::Value;

fn raw(value: &Value) -> Amount {
    value.as_str().unwrap().parse().unwrap()
}

fn minus(before: &Value, after: &Value) -> Amount {
    raw(before).checked_sub(raw(after)).unwrap()
}

#[test]
fn the_demo_pays_bob_and_one_worker_and_says_so_in_json() {
    let ended = p2pow(["demo", "--network", "dev", "--json"]).run();
    let report = ended.json();
    assert_eq!(report["network"], "dev");
    assert!(report["elapsed_ms"].as_u64().unwrap() < 120_000);

    for name in ["user_block", "reward_block"] {
        let block = &report[name];
        let signed: SignedState = serde_json::from_value(block.clone()).unwrap();
        signed.verify().unwrap();
        assert_eq!(block["hash"], signed.hash().to_string(), "{name}");
        let value = signed.work_value().unwrap();
        assert_eq!(block["work_value"], value.to_string());
        let threshold: Difficulty = block["threshold"].as_str().unwrap().parse().unwrap();
        assert_eq!(threshold.to_string(), "ffc0000000000000");
        assert!(value >= threshold);
        assert_eq!(block["confirmed"], true);
    }
    assert_eq!(report["reward_block"]["previous"], report["user_block"]["hash"]);

    let workers = report["workers"].as_array().unwrap();
    assert!(!workers.is_empty() && workers.len() <= 2);
    let won: Vec<&Value> = workers.iter().filter(|worker| worker["outcome"] == "won").collect();
    assert_eq!(won.len(), 1);
    assert_eq!(won[0]["address"], report["winner"]["address"]);
    assert_eq!(won[0]["account"], report["winner"]["account"]);
    assert!(won[0]["hashes"].as_u64().unwrap() > 0);

    let (before, after) = (&report["balances"]["before"], &report["balances"]["after"]);
    let one = Amount::from_xno("1").unwrap();
    let fee = raw(&report["winner"]["fee_raw"]);
    let spent = minus(&before["alice"]["balance_raw"], &after["alice"]["balance_raw"]);
    assert_eq!(spent, one.checked_add(fee).unwrap());
    assert_eq!(minus(&after["bob"]["receivable_raw"], &before["bob"]["receivable_raw"]), one);
    for (place, worker) in workers.iter().enumerate() {
        let purse = |when: &Value| when["workers"][place]["receivable_raw"].clone();
        let gained = minus(&purse(after), &purse(before));
        let wanted = if worker["outcome"] == "won" { fee } else { Amount::ZERO };
        assert_eq!(gained, wanted);
    }
}

#[test]
fn without_a_terminal_the_story_is_plain_lines() {
    let ended = p2pow(["demo", "--network", "dev", "--workers", "1"]).run();
    let story = ended.good();
    for part in [
        "of value",
        "threshold",
        "Alice",
        "Bob",
        "127.0.0.1",
        "without work",
        "share this computer",
        "is confirmed",
        "before",
        "after",
    ] {
        assert!(story.contains(part), "{part}: {story}");
    }
    assert!(!story.contains('\u{1b}'), "no escape sequences: {story}");
}
