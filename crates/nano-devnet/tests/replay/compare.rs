//! Comparing two answers, field by field.

use crate::recording::Kept;
use serde_json::Value;
use std::collections::BTreeSet;

/// Fields that hold a time or a duration: any number will do.
const TIMES: [&str; 9] = [
    "local_timestamp",
    "modified_timestamp",
    "time",
    "timestamp",
    "duration",
    "average",
    "seconds",
    "uptime",
    "tally_time",
];

/// The paths at which the answers differ, as `blocks.0.hash`; an empty one for the whole.
///
/// One error instead of another, or of an answer, is another answer. Hexadecimal digits count in
/// either case: the recorded node writes works and difficulties in upper case.
pub(crate) fn differences(recorded: &Value, ours: &Value, kept: Kept) -> BTreeSet<String> {
    if recorded.get("error") != ours.get("error") {
        return BTreeSet::from([String::new()]);
    }
    let mut found = BTreeSet::new();
    compare("", (recorded, ours), kept, &mut found);
    found
}

fn compare(
    path: &str,
    (recorded, ours): (&Value, &Value),
    kept: Kept,
    found: &mut BTreeSet<String>,
) {
    let is_same = match (recorded, ours) {
        (Value::Object(_), Value::Object(_)) => {
            return compare_fields(path, (recorded, ours), kept, found);
        }
        (Value::Array(theirs), Value::Array(mine)) => {
            if theirs.len() == mine.len() || (kept == Kept::Start && theirs.len() < mine.len()) {
                for (place, pair) in theirs.iter().zip(mine).enumerate() {
                    compare(&join(path, &place.to_string()), pair, kept, found);
                }
                return;
            }
            false
        }
        (Value::String(theirs), Value::String(mine)) => is_same_text(path, theirs, mine),
        _ => recorded == ours,
    };
    if !is_same {
        found.insert(path.to_owned());
    }
}

fn compare_fields(
    path: &str,
    (recorded, ours): (&Value, &Value),
    kept: Kept,
    found: &mut BTreeSet<String>,
) {
    let names = |value: &Value| -> BTreeSet<String> {
        value.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect()
    };
    let wanted = names(recorded);
    for name in &wanted {
        match ours.get(name) {
            Some(mine) => compare(&join(path, name), (&recorded[name], mine), kept, found),
            None => {
                found.insert(join(path, name));
            }
        }
    }
    if kept == Kept::All {
        found.extend(names(ours).difference(&wanted).map(|name| join(path, name)));
    }
}

fn is_same_text(path: &str, recorded: &str, ours: &str) -> bool {
    let name = path.rsplit('.').next().unwrap_or(path);
    if TIMES.contains(&name) {
        return recorded.parse::<u64>().is_ok() && ours.parse::<u64>().is_ok();
    }
    let is_hex = |text: &str| text.len() >= 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    recorded == ours || (is_hex(recorded) && recorded.eq_ignore_ascii_case(ours))
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
