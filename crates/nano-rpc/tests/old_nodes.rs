//! Answers in the shapes of older nodes and of the C++ node, written by hand after its documentation and source.

#![allow(clippy::unwrap_used)]

use nano_rpc::answers;

const OPENED: &str = "nano_3e3j5tkog48pnny9dmfzj1r16pg8t1e76dz5tmac6iq689wyjfpiij4txtdo";
const UNOPENED: &str = "nano_1c54pxrrjtyq6fi6izujs9xr9bewdezg5ogfiin3zfdeuxarr39wffxe711f";
const HASH: &str = "90F172FC8DB95F1863098B2114E9D5BEE648EEAA65D4A17292E97BC5FA187750";

#[test]
fn frontiers_until_v23_leave_unopened_accounts_out() {
    assert!(answers::accounts_frontiers(br#"{"frontiers":""}"#).unwrap().is_empty());
    let one = format!(r#"{{"frontiers":{{"{OPENED}":"{HASH}"}}}}"#);
    let frontiers = answers::accounts_frontiers(one.as_bytes()).unwrap();
    assert_eq!(frontiers[&OPENED.parse().unwrap()], Ok(HASH.parse().unwrap()));
}

#[test]
fn frontiers_of_v24_have_the_error_as_the_value() {
    let answer = format!(
        r#"{{"frontiers":{{"{OPENED}":"{HASH}","{UNOPENED}":"error: Account not found"}}}}"#
    );
    let frontiers = answers::accounts_frontiers(answer.as_bytes()).unwrap();
    assert!(frontiers[&OPENED.parse().unwrap()].is_ok());
    assert_eq!(frontiers[&UNOPENED.parse().unwrap()], Err("Account not found".to_owned()));
}

#[test]
fn frontiers_since_v25_may_be_errors_alone() {
    let answer = format!(r#"{{"errors":{{"{UNOPENED}":"Account not found"}}}}"#);
    let frontiers = answers::accounts_frontiers(answer.as_bytes()).unwrap();
    assert_eq!(frontiers[&UNOPENED.parse().unwrap()], Err("Account not found".to_owned()));
}

#[test]
fn an_answer_that_is_about_no_accounts_is_not_taken_for_none_opened() {
    let error = answers::accounts_frontiers(br#"{"status":"ok"}"#).unwrap_err();
    assert!(error.to_string().contains("neither values nor errors"), "{error}");
}

#[test]
fn empty_receivable_is_written_in_many_ways() {
    for empty in [r#""""#, "[]", "{}", "null"] {
        let answer = format!(r#"{{"blocks":{empty},"deprecated":"1"}}"#);
        assert!(answers::receivable(answer.as_bytes()).unwrap().is_empty(), "{empty}");
        assert!(answers::accounts_receivable(answer.as_bytes()).unwrap().is_empty(), "{empty}");
        let nested = format!(r#"{{"blocks":{{"{OPENED}":{empty}}}}}"#);
        let many = answers::accounts_receivable(nested.as_bytes()).unwrap();
        assert_eq!(many[&OPENED.parse().unwrap()], [], "{empty}");
    }
}

#[test]
fn receivable_without_its_list_is_not_taken_for_empty() {
    let error = answers::receivable(br#"{"block":""}"#).unwrap_err();
    assert_eq!(error.to_string(), "`.` of the answer: missing field `blocks`");
}

#[test]
fn receivable_with_versions_is_read() {
    let answer = format!(
        r#"{{"blocks":{{"{HASH}":{{"amount":"7","min_version":"1","source":"{OPENED}"}}}}}}"#
    );
    let entries = answers::receivable(answer.as_bytes()).unwrap();
    assert_eq!(entries[0].min_version, Some(nano_block::Epoch::Epoch1));
    assert_eq!(entries[0].amount.unwrap().to_raw(), 7);
}

#[test]
fn balances_of_old_nodes_say_pending() {
    let balance = answers::account_balance(br#"{"balance":"1","pending":"2"}"#).unwrap();
    assert_eq!((balance.balance.to_raw(), balance.receivable.to_raw()), (1, 2));
}

/// `account_info` of the C++ node has both names of the confirmation fields, and zeros for "none confirmed".
#[test]
fn an_unconfirmed_account_has_no_confirmed_frontier() {
    let answer = format!(
        r#"{{"frontier":"{HASH}","open_block":"{HASH}","representative_block":"{HASH}",
        "balance":"5","modified_timestamp":"1501793775","block_count":"1","account_version":"2",
        "confirmation_height":"0","confirmation_height_frontier":"{zeros}","confirmed_height":"0",
        "confirmed_frontier":"{zeros}","confirmed_balance":"0","representative":"{OPENED}",
        "pending":"3","receivable":"3","confirmed_pending":"2","confirmed_receivable":"2"}}"#,
        zeros = "0".repeat(64)
    );
    let info = answers::account_info(answer.as_bytes()).unwrap();
    assert_eq!(info.confirmed_frontier, None);
    assert!(!info.is_confirmed());
    assert_eq!(info.receivable.map(|amount| amount.to_raw()), Some(3));
    assert_eq!(info.confirmed_receivable.map(|amount| amount.to_raw()), Some(2));
}

#[test]
fn a_block_may_come_as_text() {
    let block = serde_json::json!({
        "type": "change",
        "previous": HASH,
        "representative": OPENED,
        "signature": "0".repeat(128),
        "work": "00f5d008485e3ca9",
    });
    let answer = serde_json::json!({
        "block_account": OPENED, "amount": "0", "balance": "5", "height": "3",
        "local_timestamp": "0", "confirmed": "false", "contents": block.to_string(),
    });
    let info = answers::block_info(answer.to_string().as_bytes()).unwrap();
    assert_eq!(info.contents.block.kind(), nano_block::BlockKind::Change);
    assert_eq!(info.subtype, None);
    assert!(!info.confirmed);
}

#[test]
fn empty_history_is_written_as_text() {
    let answer = format!(r#"{{"account":"{UNOPENED}","history":""}}"#);
    assert_eq!(answers::account_history(answer.as_bytes()).unwrap().entries, []);
}

#[test]
fn raw_history_tells_what_each_block_did() {
    let answer = format!(
        r#"{{"account":"{OPENED}","history":[{{"type":"state","subtype":"epoch","hash":"{HASH}",
        "account":"{OPENED}","height":"2","representative":"{OPENED}"}}],"previous":"{HASH}"}}"#
    );
    let history = answers::account_history(answer.as_bytes()).unwrap();
    assert_eq!(history.entries[0].subtype, Some(nano_block::Subtype::Epoch));
    assert_eq!(history.entries[0].amount, None);
    assert_eq!(history.previous, Some(HASH.parse().unwrap()));
}

#[test]
fn a_running_election_is_read() {
    let answer = format!(
        r#"{{"announcements":"5","voters":"29","last_winner":"{HASH}","total_tally":"51",
        "final_tally":"0","blocks":{{"{HASH}":{{"tally":"51","contents":""}}}}}}"#
    );
    let info = answers::confirmation_info(answer.as_bytes()).unwrap();
    assert_eq!(info.blocks[&HASH.parse().unwrap()].tally.to_raw(), 51);
    assert_eq!(info.last_winner, HASH.parse().unwrap());
}

#[test]
fn native_types_are_read_like_strings() {
    let native = br#"{"count":7,"unchecked":0,"cemented":6}"#;
    let text = br#"{"count":"7","unchecked":"0","cemented":"6"}"#;
    assert_eq!(answers::block_count(native).unwrap(), answers::block_count(text).unwrap());

    let native = br#"{"valid_all":true,"valid_receive":1,"valid":null}"#;
    let text = br#"{"valid_all":"1","valid_receive":"true"}"#;
    assert_eq!(answers::work_validate(native).unwrap(), answers::work_validate(text).unwrap());
}

#[test]
fn an_amount_that_has_lost_its_digits_is_refused() {
    let answer = br#"{"balance":1000000000000000000000000000001,"pending":"0"}"#;
    let error = answers::account_balance(answer).unwrap_err();
    let wanted = r#"amount "1e30" is not a decimal number without sign or exponent"#;
    assert!(error.to_string().contains(wanted), "{error}");
}

#[test]
fn errors_name_the_field_and_what_was_found() {
    let answer = format!(r#"{{"blocks":{{"{HASH}":{{"amount":"-5","source":"{OPENED}"}}}}}}"#);
    let error = answers::receivable(answer.as_bytes()).unwrap_err().to_string();
    assert!(error.contains("`blocks") && error.contains(r#""-5""#), "{error}");

    let error = answers::block_count(br#"{"count":"many","unchecked":"0"}"#).unwrap_err();
    let wanted = r#"`count` of the answer: found "many", wanted a number (u64)"#;
    assert_eq!(error.to_string(), wanted);

    let error = answers::version(b"<html>teapot</html>").unwrap_err().to_string();
    assert!(error.contains("<html>teapot</html>") && error.contains("wanted JSON"), "{error}");
}

#[test]
fn long_or_odd_answers_do_not_flood_the_error() {
    let huge = format!(r#"{{"count":"{}","unchecked":"0"}}"#, "x\u{1b}".repeat(100_000));
    let error = answers::block_count(huge.as_bytes()).unwrap_err().to_string();
    assert!(error.chars().count() < 400, "{} characters", error.len());
    assert!(!error.contains('\u{1b}'));
}
