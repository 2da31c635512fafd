//! Every answer recorded from a real node is read, and a few of them to the last field.

#![allow(clippy::unwrap_used)]

use nano_block::{Epoch, Subtype};
use nano_rpc::{AnswerError, Refusal, answers};
use serde_json::Value;
use std::collections::BTreeMap;

struct Recorded {
    title: String,
    action: String,
    status: u16,
    answer: Value,
}

impl Recorded {
    fn body(&self) -> Vec<u8> {
        match &self.answer {
            Value::String(text) if self.status != 200 => text.clone().into_bytes(),
            answer => answer.to_string().into_bytes(),
        }
    }
}

fn recorded() -> Vec<Recorded> {
    include_str!("data/rsnano-answers.jsonl").lines().map(read_line).collect()
}

fn read_line(line: &str) -> Recorded {
    let line: Value = serde_json::from_str(line).unwrap();
    Recorded {
        title: line["title"].as_str().unwrap().to_owned(),
        action: line["action"].as_str().unwrap().to_owned(),
        status: u16::try_from(line["status"].as_u64().unwrap()).unwrap(),
        answer: line["answer"].clone(),
    }
}

/// The body of the recorded answer with this title.
fn answer(title: &str) -> Vec<u8> {
    let all = recorded();
    all.iter().find(|recorded| recorded.title == title).expect(title).body()
}

type Reader = fn(&[u8]) -> Result<(), AnswerError>;

macro_rules! readers {
    ($($action:ident)*) => {
        BTreeMap::from([$((
            stringify!($action),
            (|body| answers::$action(body).map(drop)) as Reader,
        )),*])
    };
}

fn readers() -> BTreeMap<&'static str, Reader> {
    readers!(
        version uptime block_count telemetry active_difficulty account_info account_balance
        account_representative account_key account_get accounts_frontiers accounts_balances
        account_history block_info blocks_info block_hash receivable accounts_receivable process
        work_generate work_validate work_cancel
    )
}

#[test]
fn every_good_answer_is_read() {
    let readers = readers();
    let mut read = BTreeMap::<String, u32>::new();
    for recorded in recorded() {
        let good = recorded.status == 200 && recorded.answer.get("error").is_none();
        let asked_otherwise = ["account_info (minimal)", "telemetry raw"]
            .contains(&&*recorded.title)
            || recorded.answer.get("started").is_some();
        let Some(reader) = readers.get(&*recorded.action) else { continue };
        if good && !asked_otherwise {
            reader(&recorded.body()).unwrap_or_else(|e| panic!("{}: {e}", recorded.title));
            *read.entry(recorded.action).or_default() += 1;
        }
    }
    let unread: Vec<_> = readers.keys().filter(|action| !read.contains_key(**action)).collect();
    assert!(unread.is_empty(), "no recorded answer for {unread:?}");
}

#[test]
fn every_refusal_is_read_with_the_nodes_words() {
    let mut seen = 0;
    for recorded in recorded() {
        let words = recorded.answer.get("error").and_then(Value::as_str);
        if let Some(words) = words {
            let refused = answers::process(&recorded.body()).unwrap_err();
            assert_eq!(refused, AnswerError::Node { text: words.to_owned() }, "{}", recorded.title);
            seen += 1;
        }
    }
    assert!(seen > 40, "{seen} refusals were recorded");
}

#[test]
fn every_plain_text_refusal_is_read_with_the_nodes_words() {
    let refused: Vec<_> = recorded().into_iter().filter(|line| line.status != 200).collect();
    assert!(refused.len() > 25, "{} were recorded", refused.len());
    for recorded in refused {
        let words = answers::words(recorded.status, &recorded.body()).unwrap();
        let start: String = words.trim_end_matches('…').chars().take(60).collect();
        assert!(start.starts_with("Failed to "), "{}: {words}", recorded.title);
        assert!(recorded.answer.as_str().unwrap().starts_with(&start), "{}", recorded.title);
    }
}

#[test]
fn every_refusal_of_a_block_has_a_name() {
    let process = recorded().into_iter().filter(|line| line.action == "process");
    let words = process.filter_map(|line| line.answer["error"].as_str().map(str::to_owned));
    for words in words.filter(|words| words != "Must be a state block") {
        let refusal = Refusal::from_text(&words).unwrap_or_else(|| panic!("{words}"));
        assert_eq!(Refusal::from_text(&refusal.to_string()), Some(refusal));
    }
}

#[test]
fn account_info_has_every_field() {
    let info = answers::account_info(&answer("account_info (all options)")).unwrap();
    let genesis = "04270D7F11C4B2B472F2854C5A59F2A7E84226CE9ED799DE75744BD7D85FC9D9";
    assert_eq!(info.frontier.to_string(), genesis);
    assert_eq!(info.open_block, info.frontier);
    assert_eq!(info.representative_block, Some(info.frontier));
    assert_eq!(info.balance.to_raw(), u128::MAX);
    assert_eq!(info.confirmed_balance, Some(info.balance));
    assert_eq!((info.block_count, info.account_version), (1, Some(Epoch::Epoch0)));
    assert_eq!((info.confirmed_height, info.modified_timestamp), (Some(1), Some(0)));
    assert_eq!(info.receivable.map(|amount| amount.to_raw()), Some(0));
    assert!(info.is_confirmed());
}

#[test]
fn account_info_without_its_representative_names_the_missing_field() {
    let error = answers::account_info(&answer("account_info (minimal)")).unwrap_err();
    assert_eq!(error.to_string(), "`.` of the answer: missing field `representative`");
}

#[test]
fn block_info_has_every_field() {
    let title = "block_info after confirmation (0.180 s after the process answer)";
    let info = answers::block_info(&answer(title)).unwrap();
    let hash = "90F172FC8DB95F1863098B2114E9D5BEE648EEAA65D4A17292E97BC5FA187750";
    assert_eq!(info.contents.hash().to_string(), hash);
    assert_eq!(info.amount.unwrap().to_xno(), "1000");
    assert_eq!((info.height, info.confirmed, info.successor), (2, true, None));
    assert_eq!(info.subtype, Some(Subtype::Send));
    assert_eq!(info.local_timestamp, Some(1_795_333_132));
    assert_eq!(info.account, info.contents.block.account().unwrap());
}

#[test]
fn every_shape_of_receivable_is_read() {
    let hash = "90F172FC8DB95F1863098B2114E9D5BEE648EEAA65D4A17292E97BC5FA187750";
    let [short] = &answers::receivable(&answer("receivable (simple)")).unwrap()[..] else {
        panic!("wanted one")
    };
    assert_eq!((short.hash.to_string().as_str(), short.amount, short.source), (hash, None, None));

    let amounts = answers::receivable(&answer("receivable sorting, unconfirmed too")).unwrap();
    assert_eq!(amounts[0].amount.unwrap().to_xno(), "1000");
    assert_eq!(amounts[0].source, None);

    let many = answers::accounts_receivable(&answer("accounts_receivable")).unwrap();
    let full = many.values().next().unwrap()[0];
    assert_eq!(full.hash.to_string(), hash);
    assert!(full.amount.is_some() && full.source.is_some());

    assert!(answers::receivable(&answer("receivable, nothing")).unwrap().is_empty());
}

#[test]
fn accounts_without_blocks_stand_beside_those_with() {
    let title = "accounts_frontiers with an unopened account";
    let frontiers = answers::accounts_frontiers(&answer(title)).unwrap();
    assert_eq!(frontiers.len(), 2);
    assert_eq!(frontiers.values().filter(|frontier| frontier.is_ok()).count(), 1);
    assert!(frontiers.values().any(|frontier| *frontier == Err("Account not found".to_owned())));
}

#[test]
fn history_tells_what_each_block_did() {
    let history = answers::account_history(&answer("account_history")).unwrap();
    let subtypes: Vec<_> = history.entries.iter().map(|entry| entry.subtype.unwrap()).collect();
    assert_eq!(subtypes, [Subtype::Send, Subtype::Send, Subtype::Receive]);
    assert!(history.entries.iter().all(|entry| entry.confirmed == Some(true)));
    let reversed = answers::account_history(&answer("account_history reverse")).unwrap();
    assert_eq!(reversed.next, Some(history.entries[1].hash));
}

#[test]
fn work_is_read_in_either_case() {
    let work = answers::work_generate(&answer("work_generate default difficulty")).unwrap();
    assert_eq!(work.to_string(), "f848855eb432d001");
    let lower = answers::work_generate(br#"{"work":"f848855eb432d001"}"#).unwrap();
    assert_eq!(work, lower);
}
