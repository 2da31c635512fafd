//! Reading request bodies: every spelling that old clients use, and every way to get it wrong.

#![allow(clippy::unwrap_used)]

mod common;

use common::{FEE, alice, chain, key, request, rich, send, text, vectors, worker};
use nano_primitives::Account;
use p2pow_protocol::{BlockProblem, Refusal, WorkRequest};
use serde_json::{Value, json};

fn body() -> Value {
    serde_json::from_slice(&request(&[send()], FEE.to_raw()).to_json()).unwrap()
}

fn parse(body: &Value) -> Result<WorkRequest, Refusal> {
    WorkRequest::parse(body.to_string().as_bytes(), 4)
}

fn batch_body() -> Value {
    let first = send();
    let second = rich().after(&first).send(key(4).account(), FEE).unwrap();
    serde_json::from_slice(&request(&[first, second], 2 * FEE.to_raw()).to_json()).unwrap()
}

#[test]
fn what_a_client_writes_is_what_a_worker_reads() {
    let single = request(&[send()], FEE.to_raw());
    assert_eq!(WorkRequest::parse(&single.to_json(), 1), Ok(single));
    let batch = parse(&batch_body()).unwrap();
    assert!(batch.is_batch());
    assert_eq!(batch.users().len(), 2);
    assert_eq!(WorkRequest::parse(&batch.to_json(), 2), Ok(batch));
}

#[test]
fn the_published_example_is_read() {
    for vector in vectors()["requests"].as_array().unwrap() {
        let request = parse(vector).unwrap();
        assert_eq!(request.first().hash().to_string(), text(&vector["user_block"]["hash"]));
        assert_eq!(request.reward().hash().to_string(), text(&vector["reward_block"]["hash"]));
        assert_eq!(request.paid().unwrap().to_string(), text(&vector["implied_fee"]));
    }
}

#[test]
fn old_spellings_are_understood() {
    let expected = parse(&body()).unwrap();
    let account = expected.account().to_string();
    let destination = send().link.to_account().to_string();
    let lower = |value: &Value| json!(text(value).to_lowercase());
    type Spell = fn(&mut Value, &str, &str);
    let spellings: [(&str, Spell); 8] = [
        ("no type", |block, _, _| drop(block.as_object_mut().unwrap().remove("type"))),
        ("block_type", |block, _, _| block["block_type"] = json!("state")),
        ("work", |block, _, _| block["work"] = json!("0000000000000000")),
        ("unknown", |block, _, _| block["x"] = json!({"deep": [1, null]})),
        ("xrb", |block, account, _| block["account"] = json!(account.replace("nano_", "xrb_"))),
        ("account in link", |block, _, destination| block["link"] = json!(destination)),
        ("only link_as_account", |block, _, destination| {
            block["link_as_account"] = json!(destination);
            block.as_object_mut().unwrap().remove("link");
        }),
        ("null link", |block, _, _| block["link"] = Value::Null),
    ];
    for (name, spell) in spellings {
        let mut body = body();
        spell(&mut body["user_block"], &account, &destination);
        assert_eq!(parse(&body).as_ref(), Ok(&expected), "{name}");
    }
    let mut body = body();
    for field in ["previous", "link", "signature"] {
        body["user_block"][field] = lower(&body["user_block"][field]);
    }
    assert_eq!(parse(&body), Ok(expected));
}

#[test]
fn a_balance_may_be_an_integer_of_any_size() {
    let mut rich = rich();
    rich.balance = "340282366920938463463374607431768211455".parse().unwrap();
    let user = rich.send(worker(), "1".parse().unwrap()).unwrap();
    let expected = request(&[user], FEE.to_raw());
    let text = String::from_utf8(expected.to_json()).unwrap();
    let quoted = format!("\"{}\"", user.balance);
    let bare = text.replace(&quoted, &user.balance.to_string());
    assert_ne!(text, bare);
    assert_eq!(WorkRequest::parse(bare.as_bytes(), 1), Ok(expected));
}

#[test]
fn what_is_no_json_is_invalid_json() {
    for body in ["", " ", "{", "{\"user_block\":}", "nul", "{} x", "<html>", "\u{feff}{}"] {
        assert_eq!(WorkRequest::parse(body.as_bytes(), 1), Err(Refusal::InvalidJson), "{body}");
    }
    assert_eq!(WorkRequest::parse(b"{\"a\":\"\xff\"}", 1), Err(Refusal::InvalidJson));
}

#[test]
fn a_missing_user_block_comes_before_a_missing_reward_block() {
    let only_reward = json!({"reward_block": body()["reward_block"]});
    let null = json!({"user_block": null});
    let empty = json!({"user_blocks": []});
    for missing in [json!([]), json!(5), json!(null), json!("user_block"), json!({})] {
        assert_eq!(parse(&missing), Err(Refusal::UserMissing), "{missing}");
    }
    for missing in [only_reward, null, empty] {
        assert_eq!(parse(&missing), Err(Refusal::UserMissing), "{missing}");
    }
    let only_user = json!({"user_block": body()["user_block"]});
    assert_eq!(parse(&only_user), Err(Refusal::RewardMissing));
    assert_eq!(parse(&json!({"user_block": 5, "reward_block": null})), Err(Refusal::RewardMissing));
}

#[test]
fn every_field_is_needed_and_named() {
    for field in ["account", "previous", "representative", "balance", "signature"] {
        let mut user = body();
        user["user_block"].as_object_mut().unwrap().remove(field);
        let missing = BlockProblem::Missing { field };
        assert_eq!(parse(&user), Err(Refusal::InvalidUser(missing.clone())));
        let mut reward = body();
        reward["reward_block"][field] = Value::Null;
        assert_eq!(parse(&reward), Err(Refusal::InvalidReward(missing)));
    }
}

#[test]
fn a_missing_link_is_spelled_as_the_old_worker_did() {
    let without_link = |block: &str| {
        let mut body = body();
        let fields = body[block].as_object_mut().unwrap();
        fields.remove("link");
        fields.remove("link_as_account");
        parse(&body).unwrap_err().to_string()
    };
    assert_eq!(without_link("user_block"), "Invalid user transaction");
    assert_eq!(without_link("reward_block"), "Invalid Reward transaction");
}

#[test]
fn malformed_fields_are_named() {
    let wrong = [
        ("account", json!("nano_1")),
        ("account", json!(5)),
        ("account", json!("ban_1111111111111111111111111111111111111111111111111111hifc8npp")),
        ("previous", json!("00")),
        ("previous", json!("zz".repeat(32))),
        ("representative", json!("")),
        ("balance", json!("-1")),
        ("balance", json!(-1)),
        ("balance", json!(1.5)),
        ("balance", json!("1e30")),
        ("balance", json!("340282366920938463463374607431768211456")),
        ("balance", json!(true)),
        ("balance", json!([])),
        ("link", json!("00".repeat(31))),
        ("link", json!("é".repeat(32))),
        ("signature", json!("00".repeat(32))),
    ];
    for (field, value) in wrong {
        let mut body = body();
        body["user_block"][field] = value.clone();
        let refusal = parse(&body).unwrap_err();
        assert_eq!(refusal.code(), "invalid_user", "{field} {value}");
        let details = serde_json::from_slice::<Value>(&refusal.to_json()).unwrap();
        assert!(text(&details["details"]).starts_with(&format!("`{field}`")), "{details}");
    }
}

#[test]
fn blocks_that_are_no_objects_are_invalid() {
    for value in [json!([]), json!(7), json!("x"), json!(true)] {
        let mut user = body();
        user["user_block"] = value.clone();
        assert_eq!(parse(&user), Err(Refusal::InvalidUser(BlockProblem::NotAnObject)));
        let mut reward = body();
        reward["reward_block"] = value;
        assert_eq!(parse(&reward), Err(Refusal::InvalidReward(BlockProblem::NotAnObject)));
    }
}

#[test]
fn a_wrong_user_signature_comes_before_a_malformed_reward_block() {
    let mut body = body();
    body["reward_block"]["balance"] = json!("x");
    assert_eq!(parse(&body).unwrap_err().code(), "invalid_reward");
    body["user_block"]["balance"] = json!("5");
    assert_eq!(parse(&body).unwrap_err().code(), "invalid_user");
}

#[test]
fn a_batch_is_a_list_of_a_limited_number_of_blocks() {
    let mut not_a_list = batch_body();
    not_a_list["user_blocks"] = json!({});
    assert_eq!(parse(&not_a_list), Err(Refusal::InvalidUser(BlockProblem::NotAList)));
    let mut both = batch_body();
    both["user_block"] = body()["user_block"].clone();
    assert_eq!(parse(&both), Err(Refusal::InvalidUser(BlockProblem::Ambiguous)));
    let many = WorkRequest::parse(&serde_json::to_vec(&batch_body()).unwrap(), 1);
    assert_eq!(many, Err(Refusal::TooManyBlocks { found: 2, max: 1 }));
    let (_, reward) = chain(&[send()], 1);
    assert!(WorkRequest::batch(Vec::new(), reward).is_err());
}

#[test]
fn a_body_larger_than_its_blocks_is_refused() {
    let mut body = body();
    body["user_block"]["x"] = json!("x".repeat(17 * 1024));
    assert_eq!(parse(&body), Err(Refusal::TooLarge { limit: 16 * 1024 }));
}

#[test]
fn of_a_key_that_is_there_twice_the_last_counts() {
    let text = body().to_string();
    let doubled = text.replacen('{', "{\"user_block\": 5, ", 1);
    assert_eq!(WorkRequest::parse(doubled.as_bytes(), 1), parse(&body()));
}

#[test]
fn deep_nesting_overflows_nothing() {
    let deep = format!("{{\"user_block\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(WorkRequest::parse(deep.as_bytes(), 1), Err(Refusal::RewardMissing));
}

#[test]
fn a_request_is_named_by_its_reward_block() {
    let request = request(&[send()], FEE.to_raw());
    assert_eq!(request.id(), request.reward().hash());
    assert_eq!(request.root(), send().root());
    assert_eq!(request.account(), Account::from(alice().public_key()));
    assert_eq!(request.blocks().count(), 2);
}

#[test]
fn work_that_comes_with_a_block_is_taken_along() {
    let asked = request(&[send()], FEE.to_raw());
    let work: nano_primitives::Work = "0123456789abcdef".parse().unwrap();
    let with = WorkRequest::single(asked.first().with_work(work), *asked.reward());
    let read = WorkRequest::parse(&with.to_json(), 1).unwrap();
    assert_eq!(read.works(), [Some(work), None]);
    assert_eq!(read, asked, "it is the same job");
    let mut odd: serde_json::Value = serde_json::from_slice(&asked.to_json()).unwrap();
    odd["user_block"]["work"] = json!("none yet");
    odd["reward_block"]["work"] = json!(7);
    let read = WorkRequest::parse(odd.to_string().as_bytes(), 1).unwrap();
    assert_eq!(read.works(), [None, None]);
}
