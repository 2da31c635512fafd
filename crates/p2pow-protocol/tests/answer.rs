//! Answers, written for old clients and read from old workers.

#![allow(clippy::unwrap_used)]

use nano_primitives::{BlockHash, Work};
use p2pow_protocol::{Answer, AnswerError, Done, Refusal};
use serde_json::{Value, json};

fn done(number: u8) -> Done {
    Done { hash: BlockHash::from_bytes([number; 32]), work: Work::from_u64(number.into()) }
}

fn single(reward: Option<Done>) -> Answer {
    Answer { users: vec![done(1)], reward, is_batch: false }
}

fn written(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.to_json()).unwrap()
}

fn part(number: u8) -> Value {
    json!({"hash": format!("{number:02X}").repeat(32), "work": format!("{number:016x}")})
}

#[test]
fn a_single_job_is_answered_as_the_old_worker_did() {
    let expected = json!({"successful": {"user_block": part(1), "reward_block": part(2)}});
    assert_eq!(written(&single(Some(done(2)))), expected);
    let failed = json!({"successful": {"user_block": part(1), "reward_block": "fail"}});
    assert_eq!(written(&single(None)), failed);
}

#[test]
fn a_batch_is_answered_with_a_list() {
    let answer = Answer { users: vec![done(1), done(2)], reward: Some(done(3)), is_batch: true };
    let users = json!([part(1), part(2)]);
    let expected = json!({"successful": {"user_blocks": users, "reward_block": part(3)}});
    assert_eq!(written(&answer), expected);
}

#[test]
fn what_is_written_is_read() {
    let batch = Answer { users: vec![done(1), done(2)], reward: None, is_batch: true };
    for answer in [single(Some(done(2))), single(None), batch] {
        assert_eq!(Answer::read(201, &answer.to_json()), Ok(answer));
    }
}

#[test]
fn a_refusal_keeps_the_workers_words() {
    let refusal = Refusal::QueueFull { retry_after: 7 };
    let error = Answer::read(refusal.status(), &refusal.to_json()).unwrap_err();
    let retry_after = Some(7);
    let expected = AnswerError::Refused { status: 503, error: refusal.to_string(), retry_after };
    assert_eq!(error, expected);
}

#[test]
fn oddities_of_old_workers_are_read() {
    let tuple = br#"{"status": "unavailable", "error": ["too hard"], "retryAfter": 12.5}"#;
    let error = Answer::read(503, tuple).unwrap_err();
    let error_text = "[\"too hard\"]".to_owned();
    let expected = AnswerError::Refused { status: 503, error: error_text, retry_after: Some(13) };
    assert_eq!(error, expected);
    // The old worker says 201 even where it failed.
    let failed = Answer::read(201, br#"{"error": "User transaction fail. Details: x"}"#);
    assert!(matches!(failed, Err(AnswerError::Refused { status: 201, .. })));
}

#[test]
fn what_is_no_answer_is_shown_by_its_start() {
    let html = format!("<!DOCTYPE html>\n{}", "x".repeat(10_000));
    let error = Answer::read(500, html.as_bytes()).unwrap_err();
    assert!(matches!(&error, AnswerError::NotJson { status: 500, start } if start.len() < 200));
    assert!(!error.to_string().contains('\n'));
    for body in ["[]", "{}", "5", r#"{"successful":true}"#, r#"{"successful":{"user_block":{}}}"#] {
        let error = Answer::read(201, body.as_bytes());
        assert!(matches!(error, Err(AnswerError::NotAnAnswer { status: 201, .. })), "{body}");
    }
}

#[test]
fn success_with_a_failing_status_is_no_success() {
    let body = single(Some(done(2))).to_json();
    assert!(matches!(Answer::read(500, &body), Err(AnswerError::NotAnAnswer { .. })));
}
