//! The client against servers that misbehave.

#![allow(clippy::unwrap_used)]

#[path = "support/server.rs"]
mod server;

use nano_primitives::{BlockHash, Difficulty, Root};
use nano_rpc::{AnswerError, Client, Refusal, Request, RpcError};
use serde_json::json;
use server::{Server, Step};
use std::{
    error::Error,
    io,
    time::{Duration, Instant},
};
use tokio::net::TcpListener;

const UPTIME: &str = r#"{"seconds":"7"}"#;
const SECOND: Duration = Duration::from_secs(1);

/// A client of the server that gives up early and tries twice more.
fn client(server: &Server) -> Client {
    Client::builder(&server.url()).timeout(Duration::from_millis(500)).build().unwrap()
}

#[tokio::test]
async fn a_call_is_a_post_of_strings() {
    let server = Server::follow([Step::ok(UPTIME)]).await;
    assert_eq!(client(&server).uptime().await.unwrap(), Duration::from_secs(7));
    let [seen] = &server.seen()[..] else { panic!("wanted one request") };
    assert!(seen.head.starts_with("POST / HTTP/1.1\r\n"), "{}", seen.head);
    assert!(seen.head.contains("content-type: application/json"));
    assert_eq!(seen.body, r#"{"action":"uptime"}"#);
}

#[tokio::test]
async fn failures_of_the_server_are_tried_again() {
    let busy = json!({ "error": "busy" }).to_string();
    let script = [Step::Answer(500, busy), Step::Drop, Step::ok(UPTIME)];
    let server = Server::follow(script).await;
    client(&server).uptime().await.unwrap();
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn a_silent_server_is_given_up_in_time() {
    let server = Server::follow([Step::Hang]).await;
    let begun = Instant::now();
    let error = client(&server).uptime().await.unwrap_err();
    assert!(matches!(&error, RpcError::TimedOut { action, .. } if action == "uptime"), "{error}");
    assert!(begun.elapsed() < 9 * SECOND, "took {:?}", begun.elapsed());
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn a_hanging_try_does_not_spoil_the_next() {
    let server = Server::follow([Step::Hang, Step::ok(UPTIME)]).await;
    client(&server).uptime().await.unwrap();
}

#[tokio::test]
async fn retries_and_time_out_can_be_set_per_call() {
    let server = Server::follow([Step::Hang]).await;
    let begun = Instant::now();
    let quick = client(&server).with_retries(0).with_timeout(Duration::from_millis(50));
    let error = quick.uptime().await.unwrap_err();
    assert!(error.to_string().contains("within 50ms"), "{error}");
    assert!(begun.elapsed() < 9 * SECOND);
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn nobody_at_the_address_is_an_error_that_says_so() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = Client::new(&url).unwrap().with_retries(1).uptime().await.unwrap_err();
    assert!(matches!(error, RpcError::Connect { .. }), "{error}");
    assert!(error.is_retryable() && error.is_unsent());
    let text = error.to_string();
    assert!(text.starts_with(&format!("uptime: cannot connect to {url}: ")), "{text}");
    assert!(text.contains("refused"), "{text}");
    // What caused it can be looked into, and is told once.
    let reason = error.source().unwrap();
    assert!(text.ends_with(&reason.to_string()), "{text}: {reason}");
    let cause = reason.source().unwrap().downcast_ref::<io::Error>().unwrap();
    assert_eq!(cause.kind(), io::ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn garbage_instead_of_http_is_an_error() {
    let server =
        Server::follow([Step::Raw(b"\x15\x03\x01 this is not HTTP\r\n\r\n".to_vec())]).await;
    let error = client(&server).with_retries(0).uptime().await.unwrap_err();
    assert!(matches!(error, RpcError::Broken { .. }), "{error}");
}

#[tokio::test]
async fn garbage_instead_of_json_is_shown() {
    let server = Server::follow([Step::ok("<html>hello</html>")]).await;
    let error = client(&server).uptime().await.unwrap_err();
    assert!(
        error.to_string().contains("uptime: found \"<html>hello</html>\", wanted JSON"),
        "{error}"
    );
    assert_eq!(server.seen().len(), 1, "an answer of the wrong shape is not asked for again");
}

#[tokio::test]
async fn an_answer_cut_off_is_an_error() {
    let cut = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"seconds\":".to_vec();
    let server = Server::follow([Step::Raw(cut)]).await;
    let error = client(&server).with_retries(0).uptime().await.unwrap_err();
    assert!(matches!(error, RpcError::Broken { .. }), "{error}");
}

#[tokio::test]
async fn an_endless_answer_is_not_read_to_the_end() {
    let server = Server::follow([Step::Flood]).await;
    let client = Client::builder(&server.url()).max_answer(100_000).build().unwrap();
    let error = client.uptime().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("uptime: answer of {} is larger than 100000 bytes", server.url())
    );
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Server::follow([Step::ok(UPTIME)]).await;
    let location = format!("location: {}/?key=secret", elsewhere.url()).leak();
    let server = Server::follow([Step::AnswerWith(307, location, String::new())]).await;
    let error = client(&server).uptime().await.unwrap_err();
    let shown = format!("(a redirect to {}/…, which is not followed)", elsewhere.url());
    assert!(error.to_string().ends_with(&shown), "{error}");
    assert_eq!((server.seen().len(), elsewhere.seen().len()), (1, 0));
}

#[tokio::test]
async fn a_rate_limit_is_waited_for_as_long_as_it_asks() {
    let limit = Step::AnswerWith(429, "retry-after: 1", r#"{"error":"slow down"}"#.into());
    let server = Server::follow([limit, Step::ok(UPTIME)]).await;
    let begun = Instant::now();
    client(&server).uptime().await.unwrap();
    assert!(begun.elapsed() >= SECOND);
}

#[tokio::test]
async fn a_rate_limit_of_an_hour_is_the_callers_business() {
    let limit = Step::AnswerWith(429, "retry-after: 3600", r#"{"error":"slow down"}"#.into());
    let server = Server::follow([limit]).await;
    let error = client(&server).uptime().await.unwrap_err();
    let RpcError::Status { status: 429, text, retry_after, .. } = &error else { panic!("{error}") };
    assert_eq!((text.as_str(), *retry_after), ("slow down", Some(3600 * SECOND)));
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_refusal_is_the_nodes_word_in_whatever_way_it_is_said() {
    let unknown = "Failed to deserialize the JSON body into the target type: action: unknown \
                   variant `uptime`, expected one of `account_info`";
    for (step, words) in [
        (Step::ok(json!({ "error": "Unknown command" })), "Unknown command"),
        (Step::Answer(403, json!({ "error": "No key" }).to_string()), "No key"),
        (Step::Answer(422, unknown.into()), unknown),
        (Step::ok(r#""Not implemented yet""#), "Not implemented yet"),
    ] {
        let server = Server::follow([step]).await;
        let error = client(&server).uptime().await.unwrap_err();
        assert_eq!(error.node_text(), Some(words));
        assert!(matches!(&error, RpcError::Node(node) if node == words), "{error}");
        assert!(!error.is_retryable());
        assert_eq!(server.seen().len(), 1);
    }
}

#[tokio::test]
async fn a_door_keeper_is_not_taken_for_the_node() {
    let server = Server::follow([Step::Answer(403, "<html>Forbidden</html>".into())]).await;
    let error = client(&server).uptime().await.unwrap_err();
    let wanted = "answered HTTP status 403, wanted 200 (<html>Forbidden</html>)";
    assert!(error.to_string().ends_with(wanted), "{error}");
    assert_eq!(error.node_text(), None);
}

#[tokio::test]
async fn receivable_falls_back_to_the_old_name() {
    for unknown in [
        Step::ok(json!({ "error": "Unknown command" })),
        Step::Answer(422, "action: unknown variant `receivable`, expected one of".into()),
    ] {
        let empty = Step::ok(json!({ "blocks": "", "deprecated": "1" }));
        let server = Server::follow([unknown, empty]).await;
        let query = nano_rpc::ReceivableQuery { count: Some(5), ..Default::default() };
        let account = nano_primitives::Account::ZERO;
        assert_eq!(client(&server).receivable(&account, &query).await.unwrap(), []);
        let [first, second] = &server.asked()[..] else { panic!("wanted two requests") };
        assert_eq!(
            (&first["action"], &second["action"]),
            (&json!("receivable"), &json!("pending"))
        );
        assert_eq!((&second["count"], &second["source"]), (&json!("5"), &json!("true")));
        assert_eq!(second["include_only_confirmed"], "true");
    }
}

#[tokio::test]
async fn accounts_receivable_falls_back_to_the_old_name() {
    let unknown = Step::ok(json!({ "error": "Unknown command" }));
    let server = Server::follow([unknown, Step::ok(json!({ "blocks": "" }))]).await;
    let accounts = [nano_primitives::Account::ZERO];
    let found = client(&server).accounts_receivable(&accounts, &Default::default()).await.unwrap();
    assert!(found.is_empty());
    assert_eq!(server.asked()[1]["action"], "accounts_pending");
}

#[tokio::test]
async fn frontiers_that_the_node_leaves_out_are_not_found() {
    let server = Server::follow([Step::ok(json!({ "frontiers": "" }))]).await;
    let account = nano_primitives::Account::ZERO;
    let frontiers = client(&server).accounts_frontiers(&[account]).await.unwrap();
    assert_eq!(frontiers[&account], Err("Account not found".to_owned()));
}

#[tokio::test]
async fn an_unopened_account_is_none_in_either_case() {
    for words in ["Account not found", "account not found"] {
        let server = Server::follow([Step::ok(json!({ "error": words }))]).await;
        let info = client(&server).account_info(&nano_primitives::Account::ZERO).await.unwrap();
        assert_eq!(info, None);
    }
}

#[tokio::test]
async fn any_other_action_can_be_asked() {
    let server = Server::follow([Step::ok(json!({ "started": "1" }))]).await;
    let request = Request::new("block_confirm").set("hash", BlockHash::ZERO);
    let answer = client(&server).call(request).await.unwrap();
    assert_eq!(answer, json!({ "started": "1" }));
    assert_eq!(server.asked()[0]["hash"], "0".repeat(64));
}

mod work {
    use super::{Client, Difficulty, Root, RpcError, Server, Step, client, json};
    use nano_primitives::Work;

    const EASY: Difficulty = Difficulty::from_u64(0x8000_0000_0000_0000);

    /// Work for the zero root of at least the easy difficulty.
    fn good_work() -> Work {
        (0..).map(Work::from_u64).find(|work| work.value(&Root::ZERO) >= EASY).unwrap()
    }

    async fn generate(client: &Client) -> Result<Work, RpcError> {
        client.work_generate(&Root::ZERO, Some(EASY)).await
    }

    #[tokio::test]
    async fn a_node_that_reads_decimal_gets_decimal() {
        let words = "Failed to deserialize the JSON body into the target type: \"expected \" u64";
        let work = Step::ok(json!({ "work": good_work() }));
        let server = Server::follow([Step::Answer(422, words.into()), work]).await;
        assert_eq!(generate(&client(&server)).await.unwrap(), good_work());
        let asked = server.asked();
        assert_eq!(asked[0]["difficulty"], "8000000000000000");
        assert_eq!(asked[1]["difficulty"], "9223372036854775808");
    }

    #[tokio::test]
    async fn the_spelling_that_a_node_reads_is_remembered_until_it_changes() {
        let rsnano = || Step::Answer(422, "expected \" u64".into());
        let reference = || Step::ok(json!({ "error": "Bad difficulty" }));
        let busy = || Step::ok(json!({ "error": "Work generation cancelled" }));
        let work = || Step::ok(json!({ "work": good_work() }));
        let steps = [rsnano(), work(), work(), busy(), reference(), work(), work()];
        let server = Server::follow(steps).await;
        let client = client(&server);
        assert!(generate(&client).await.is_ok());
        assert!(generate(&client.with_retries(0)).await.is_ok(), "a clone knows it too");
        assert!(generate(&client).await.is_err(), "another refusal is none of the spelling");
        assert!(generate(&client).await.is_ok());
        assert!(generate(&client).await.is_ok());
        let asked = server.asked().into_iter().map(|body| body["difficulty"].clone());
        let (hex, decimal) = ("8000000000000000", "9223372036854775808");
        let wanted = [hex, decimal, decimal, decimal, decimal, hex, hex];
        assert_eq!(asked.collect::<Vec<_>>(), wanted);
    }

    #[tokio::test]
    async fn work_that_is_not_enough_is_refused() {
        let bad = (0..).map(Work::from_u64).find(|work| work.value(&Root::ZERO) < EASY).unwrap();
        let server = Server::follow([Step::ok(json!({ "work": bad }))]).await;
        let error = generate(&client(&server)).await.unwrap_err().to_string();
        assert!(error.contains("wanted a value of at least 8000000000000000"), "{error}");
    }

    #[tokio::test]
    async fn work_is_not_asked_for_twice_where_it_may_be_under_way() {
        for step in [Step::Hang, Step::Drop, Step::Answer(500, String::new())] {
            let server = Server::follow([step]).await;
            generate(&client(&server)).await.unwrap_err();
            assert_eq!(server.seen().len(), 1);
        }
    }

    #[tokio::test]
    async fn work_is_asked_for_again_where_it_was_turned_away() {
        let work = Step::ok(json!({ "work": good_work() }));
        let server = Server::follow([Step::Answer(503, String::new()), work]).await;
        generate(&client(&server)).await.unwrap();
    }

    #[tokio::test]
    async fn a_wrong_judgement_of_a_given_difficulty_is_put_right() {
        let answer = json!({ "valid": "0", "valid_all": "0", "valid_receive": "1" });
        let server = Server::follow([Step::ok(answer)]).await;
        let verdict =
            client(&server).work_validate(&Root::ZERO, good_work(), Some(EASY)).await.unwrap();
        assert_eq!((verdict.valid, verdict.valid_all), (Some(true), Some(false)));
    }
}

mod process {
    use super::{Refusal, RpcError, Server, Step, client, json};
    use nano_block::{AccountState, Seed, SignedBlock, Subtype};
    use nano_primitives::{Amount, Work};

    fn block() -> SignedBlock {
        let key = Seed::from_bytes([7; 32]).derive(0);
        let state = AccountState {
            account: key.account(),
            frontier: Some("AB".repeat(32).parse().unwrap()),
            balance: Amount::from_raw(10),
            representative: key.account(),
        };
        let send = state.send(key.account(), Amount::from_raw(1)).unwrap();
        SignedBlock::from(send.sign(&key)).with_work(Work::from_u64(5))
    }

    fn info() -> serde_json::Value {
        json!({
            "block_account": block().block.account(), "balance": "9", "height": "2",
            "confirmed": "false", "contents": block(),
        })
    }

    #[tokio::test]
    async fn a_block_is_sent_as_json_with_its_subtype() {
        let server = Server::follow([Step::ok(json!({ "hash": block().hash() }))]).await;
        let hash = client(&server).process(&block(), Some(Subtype::Send)).await.unwrap();
        assert_eq!(hash, block().hash());
        let asked = &server.asked()[0];
        assert_eq!((&asked["subtype"], &asked["json_block"]), (&json!("send"), &json!("true")));
        assert_eq!(asked["block"], json!(block()));
    }

    #[tokio::test]
    async fn a_refusal_has_a_name() {
        let server = Server::follow([Step::ok(json!({ "error": "Fork" }))]).await;
        let error = client(&server).process(&block(), None).await.unwrap_err();
        assert_eq!(error.refusal(), Some(Refusal::Fork));
        assert_eq!(error.to_string(), r#"process: the node answered "Fork""#);
        assert_eq!(server.seen().len(), 1);
    }

    /// The node took the block but its answer was lost: what it says to the second try is not the truth about the
    /// first.
    #[tokio::test]
    async fn a_repetition_refused_because_the_first_try_went_through_is_a_success() {
        let refused = json!({ "error": "Invalid block balance for given subtype" });
        let server = Server::follow([Step::Drop, Step::ok(refused), Step::ok(info())]).await;
        let hash = client(&server).process(&block(), Some(Subtype::Send)).await.unwrap();
        assert_eq!(hash, block().hash());
        let actions: Vec<_> = server
            .asked()
            .iter()
            .map(|asked| asked["action"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(actions, ["process", "process", "block_info"]);
    }

    #[tokio::test]
    async fn a_repetition_refused_for_another_reason_is_a_refusal() {
        let fork = Step::ok(json!({ "error": "Fork" }));
        let missing = Step::ok(json!({ "error": "Block not found" }));
        let server = Server::follow([Step::Drop, fork, missing]).await;
        let error = client(&server).process(&block(), None).await.unwrap_err();
        assert_eq!(error.refusal(), Some(Refusal::Fork));
    }

    #[tokio::test]
    async fn a_first_try_that_finds_an_old_block_is_a_refusal() {
        let server = Server::follow([Step::ok(json!({ "error": "Old block" }))]).await;
        let error = client(&server).process(&block(), None).await.unwrap_err();
        assert_eq!(error.refusal(), Some(Refusal::OldBlock));
    }

    #[tokio::test]
    async fn the_hash_of_another_block_is_an_error() {
        let server = Server::follow([Step::ok(json!({ "hash": "00".repeat(32) }))]).await;
        let error = client(&server).process(&block(), None).await.unwrap_err();
        assert!(matches!(error, RpcError::Answer { .. }), "{error}");
        assert!(error.to_string().contains(&block().hash().to_string()), "{error}");
    }

    #[tokio::test]
    async fn async_is_only_started() {
        let started = json!({ "started": "1" });
        let server = Server::follow([Step::ok(started)]).await;
        client(&server).process_async(&block(), None).await.unwrap();
        assert_eq!(server.asked()[0]["async"], "true");
    }

    /// A node that takes no notice of `source` answers hashes alone; `blocks_info` has the rest.
    #[tokio::test]
    async fn receivable_hashes_without_amounts_are_looked_up() {
        let hash = block().hash();
        let mut info = info();
        info["amount"] = json!("1");
        let script = [json!({ "blocks": [hash] }), json!({ "blocks": { hash.to_string(): info } })];
        let server = Server::follow(script.map(Step::ok)).await;
        let account = block().block.account().unwrap();
        let list = client(&server).receivable(&account, &Default::default()).await.unwrap();
        assert_eq!(
            (list[0].hash, list[0].amount, list[0].source),
            (hash, Amount::from_raw(1), account)
        );
        assert_eq!(server.asked()[1]["hashes"], json!([hash]));
    }

    #[tokio::test]
    async fn a_receivable_hash_that_nobody_knows_is_an_error() {
        let hash = block().hash();
        let script = [json!({ "blocks": [hash] }), json!({ "blocks": "" })];
        let server = Server::follow(script.map(Step::ok)).await;
        let account = block().block.account().unwrap();
        let list = client(&server).receivable(&account, &Default::default()).await;
        assert!(list.unwrap_err().to_string().contains(&hash.to_string()));
    }

    #[tokio::test]
    async fn another_block_among_many_is_an_error() {
        let other = "CD".repeat(32);
        let answer = json!({ "blocks": { other.clone(): info() } });
        let server = Server::follow([Step::ok(answer)]).await;
        let error = client(&server).blocks_info(&[other.parse().unwrap()]).await.unwrap_err();
        assert!(error.to_string().contains("wanted a block of hash CDCD"), "{error}");
    }

    #[tokio::test]
    async fn contents_of_another_block_are_an_error() {
        let server = Server::follow([Step::ok(info())]).await;
        let other = "CD".repeat(32).parse().unwrap();
        let error = client(&server).block_info(&other).await.unwrap_err();
        assert!(error.to_string().contains("wanted a block of hash CDCD"), "{error}");
        assert_eq!(
            client(&server).block_info(&block().hash()).await.unwrap().unwrap().contents,
            block()
        );
    }
}

#[test]
fn the_words_in_an_error_are_not_repeated_by_its_source() {
    let error =
        RpcError::Answer { action: "uptime".into(), error: AnswerError::Node { text: "x".into() } };
    assert!(std::error::Error::source(&error).is_none());
}
