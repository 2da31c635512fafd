//! Every deliberate difference from the recordings.

use serde_json::{Value, json};

/// Answers of ours that differ from the recorded ones, and why.
pub(crate) struct Difference {
    pub(crate) why: &'static str,
    pub(crate) places: Places,
}

pub(crate) enum Places {
    /// The whole answer is another: by title, ours.
    Whole(&'static [(&'static str, &'static str)]),
    /// Fields have values that no test can know, or are not there: titles and paths.
    Fields(&'static [&'static str], &'static [&'static str]),
}

impl Difference {
    /// Title, path and our value, `null` for any.
    pub(crate) fn places(&self) -> Vec<(String, String, Value)> {
        match &self.places {
            Places::Whole(answers) => answers
                .iter()
                .map(|(title, ours)| ((*title).to_owned(), String::new(), parse(ours)))
                .collect(),
            Places::Fields(titles, paths) => titles
                .iter()
                .flat_map(|title| paths.iter().map(move |path| (*title, *path)))
                .map(|(title, path)| (title.to_owned(), path.to_owned(), Value::Null))
                .collect(),
        }
    }

    /// Whether our value is the listed one; of an object, the listed fields count.
    pub(crate) fn fits(&self, listed: &Value, ours: &Value) -> bool {
        match listed {
            Value::Null => true,
            Value::Object(fields) => {
                fields.iter().all(|(name, value)| self.fits(value, &ours[name.as_str()]))
            }
            value => value == ours,
        }
    }
}

/// A text that is no JSON is short for an error answer.
fn parse(ours: &str) -> Value {
    serde_json::from_str(ours).unwrap_or_else(|_| json!({ "error": ours }))
}

use Places::{Fields, Whole};

/// What an answer with work for the recorded root has.
const GENERATED: &str =
    r#"{"hash":"55FBFECEE2253F99EEEBF58C46DE81E22A0488FFB31A78F18539792C793901A4"}"#;

pub(crate) const HAPPY_PATH: &[Difference] = &[
    Difference {
        why: "who answers, and under which key, is another node",
        places: Fields(&["version"], &["node_vendor", "store_vendor", "build_info"]),
    },
    Difference {
        why: "who answers, and under which key, is another node",
        places: Fields(
            &["telemetry"],
            &[
                "major_version",
                "minor_version",
                "pre_release_version",
                "maker",
                "node_id",
                "signature",
            ],
        ),
    },
    Difference {
        why: "keys are made by chance",
        places: Fields(&["node_id"], &["public", "as_account", "node_id"]),
    },
    Difference {
        why: "keys are made by chance",
        places: Fields(&["key_create"], &["private", "public", "account"]),
    },
    Difference {
        why: "the trend was given up with the dynamic difficulty; the reference node tells it only on request",
        places: Fields(&["active_difficulty"], &["difficulty_trend"]),
    },
    Difference {
        why: "all weight is online here, from the start and always",
        places: Fields(
            &["confirmation_quorum"],
            &["quorum_delta", "online_stake_total", "trended_stake_total"],
        ),
    },
    Difference {
        why: "all weight is online here, from the start and always",
        places: Fields(&["representatives_online"], &["representatives"]),
    },
    Difference {
        why: "the recorded node counted the first confirmation twice",
        places: Fields(
            &["confirmation_history for the block"],
            &["confirmations", "confirmation_stats.count"],
        ),
    },
    Difference {
        why: "there are no wallets",
        places: Whole(&[
            ("wallet_info", "Unknown command"),
            ("wallet_representative", "Unknown command"),
            ("account_list", "Unknown command"),
            ("wallet_add a3", "Unknown command"),
            ("send (wallet), idempotent id", "Unknown command"),
            ("send again with the same id: same block", "Unknown command"),
            ("receive (wallet)", "Unknown command"),
            ("work_get", "Unknown command"),
            ("wallet_balances", "Unknown command"),
            ("account_create", "Unknown command"),
        ]),
    },
    Difference {
        why: "there are no work peers",
        places: Whole(&[
            ("work_peers", "Unknown command"),
            ("work_peer_add", "Unknown command"),
            ("work_peers_clear", "Unknown command"),
        ]),
    },
    Difference {
        why: "the reference node takes an account as link",
        places: Whole(&[(
            "block_create with link as an account (the reference node takes it)",
            r#"{"hash":"90F172FC8DB95F1863098B2114E9D5BEE648EEAA65D4A17292E97BC5FA187750"}"#,
        )]),
    },
    Difference {
        why: "the nonce is found anew",
        places: Fields(
            &["block_create (state send, key given, node makes the work)"],
            &["difficulty", "block.work"],
        ),
    },
    Difference {
        why: "the nonce is found anew, and its value told in hexadecimal as the reference node does",
        places: Fields(
            &["work_generate default difficulty", "work_generate multiplier=2"],
            &["difficulty", "multiplier", "work"],
        ),
    },
    Difference {
        why: "the reference node takes numbers for texts, and -1 for all",
        places: Whole(&[
            (
                "receivable with a JSON number for count",
                r#"{"blocks":["90F172FC8DB95F1863098B2114E9D5BEE648EEAA65D4A17292E97BC5FA187750"]}"#,
            ),
            (
                "account_history count=-1",
                r#"{"account":"nano_1c54pxrrjtyq6fi6izujs9xr9bewdezg5ogfiin3zfdeuxarr39wffxe711f"}"#,
            ),
            (
                "account_history count as a JSON number",
                r#"{"previous":"F621A6C3899D36FA04D0A1CA9025B21E456A8BD9152452600B5095B41C7F554F"}"#,
            ),
            (
                "process with json_block:true (JSON boolean)",
                "Invalid block balance for given subtype",
            ),
        ]),
    },
    Difference {
        why: "the reference node takes a block as text, and without json_block takes nothing else",
        places: Whole(&[
            ("sign block", "Block is invalid"),
            ("work_generate with a block whose root differs", "Block is invalid"),
            ("work_generate with block (already enough)", "Block is invalid"),
            ("process without json_block", "Block is invalid"),
            (
                "process with the block as a string (json_block false)",
                "Invalid block balance for given subtype",
            ),
            (
                "process with the block as a string, json_block absent",
                "Invalid block balance for given subtype",
            ),
        ]),
    },
    Difference {
        why: "the reference node still knows the old names, and says that they are deprecated",
        places: Whole(&[
            (
                "pending (old name)",
                r#"{"blocks":["90F172FC8DB95F1863098B2114E9D5BEE648EEAA65D4A17292E97BC5FA187750"],"deprecated":"1"}"#,
            ),
            ("accounts_pending (old name)", r#"{"deprecated":"1"}"#),
            ("pending_exists (old name)", r#"{"exists":"1","deprecated":"1"}"#),
        ]),
    },
    Difference {
        why: "difficulties are hexadecimal and multipliers are real numbers, as in the reference node",
        places: Whole(&[
            ("work_generate difficulty in hex (as the reference node takes it)", GENERATED),
            ("work_generate difficulty hex and multiplier", GENERATED),
            ("work_generate multiplier=1.5", GENERATED),
            ("work_generate difficulty in DECIMAL", "Bad difficulty"),
            ("work_generate difficulty over the max multiplier", "Bad difficulty"),
            ("work_generate difficulty below the entry threshold", "Bad difficulty"),
        ]),
    },
    Difference {
        why: "as in the reference node: without peers the own processor is taken, and the version is work_1",
        places: Whole(&[
            ("work_generate use_peers", GENERATED),
            ("work_generate version", GENERATED),
        ]),
    },
    Difference {
        why: "the reference node tells the value in hexadecimal, and leaves `valid` out where nothing is asked",
        places: Fields(
            &[
                "work_validate, work good for full (real value ffc8859b9e2f526c)",
                "work_validate, work good for receive only (real value f641a21319a05215)",
                "work_validate, work good for nothing (real value 508bbe94a3d42efd)",
                "work_validate multiplier=64",
                "work_validate without work",
            ],
            &["difficulty", "valid"],
        ),
    },
    Difference {
        why: "the reference node tells the value in hexadecimal",
        places: Fields(
            &[
                "work_validate with difficulty f000.. (real value ffc8859b9e2f526c)",
                "work_validate with difficulty f000.. (real value 508bbe94a3d42efd)",
            ],
            &["difficulty"],
        ),
    },
    Difference {
        why: "the recorded node compares with the base whatever difficulty is given; the reference node does not",
        places: Fields(
            &[
                "work_validate with difficulty f000.. (real value f641a21319a05215)",
                "work_validate difficulty above the value (ffdb6a538ed81d47)",
            ],
            &["difficulty", "valid"],
        ),
    },
    Difference {
        why: "HTTP 400 and 422 with plain text are the recorded node's; these are the reference node's words",
        places: Whole(&[
            ("account_history without count", "Unable to parse JSON"),
            ("mrai_to_raw (old)", "Unknown command"),
            ("work_generate bad hash", "Invalid block hash"),
            ("work_generate no hash", "Unable to parse JSON"),
            ("work_validate bad work", "Bad work"),
            ("work_cancel no hash", "Unable to parse JSON"),
            ("unknown action", "Unknown command"),
            ("no action", "Unable to parse JSON"),
            ("not JSON", "Unable to parse JSON"),
            ("empty body", "Unable to parse JSON"),
            ("JSON array", "Unable to parse JSON"),
            ("bad account", "Bad account number"),
        ]),
    },
];

pub(crate) const PROCESS_ANSWERS: &[Difference] = &[
    Difference {
        why: "HTTP 422 with plain text is the recorded node's; these are the reference node's words",
        places: Whole(&[
            ("subtype unknown", "Invalid block subtype"),
            ("block malformed: no work", "Block is invalid"),
            ("block malformed: no signature", "Block is invalid"),
            ("block malformed: no link", "Block is invalid"),
            ("block malformed: no type", "Block is invalid"),
            ("block malformed: type unknown", "Block is invalid"),
            ("block malformed: balance in hex", "Block is invalid"),
            ("block malformed: balance too large", "Block is invalid"),
            ("block malformed: work with 0x", "Block is invalid"),
            ("block malformed: work 17 digits", "Block is invalid"),
            ("block malformed: work empty", "Block is invalid"),
            ("block malformed: account with a bad checksum", "Block is invalid"),
        ]),
    },
    Difference {
        why: "a work of fewer than 16 digits, which the reference node fills up with zeros, is refused here too",
        places: Whole(&[("block malformed: work short", "Block is invalid")]),
    },
    Difference {
        why: "the reference node takes a number for a text; with that balance the signature is wrong",
        places: Whole(&[("block malformed: balance a JSON number", "Bad signature")]),
    },
    Difference {
        why: "the reference node takes an account as link; the block is the one before, again",
        places: Whole(&[("block malformed: link is an account string", "Old block")]),
    },
];
