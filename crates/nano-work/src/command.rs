//! [`Command`]: what a client asks for, read leniently where clients disagree, strictly where a mistake would waste work.

use crate::refusal::WorkRefusal;
use nano_pow::Puzzle;
use nano_primitives::{Difficulty, HexError, Root, Work, excerpt};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// The names of the one kind of work there is, of the reference node and of RsNano.
const VERSIONS: [&str; 2] = ["work_1", "work1"];

/// So many characters are shown of what was found.
const SHOWN: usize = 80;

/// A request that makes sense.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Command {
    Generate(Generate),
    Cancel(Root),
    Validate(Validate),
    Benchmark(Benchmark),
    Status,
}

/// Work to be found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Generate {
    pub(crate) job: Puzzle,
    /// Whether other servers may be asked.
    pub(crate) use_peers: bool,
}

/// Work to be judged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Validate {
    pub(crate) root: Root,
    pub(crate) work: Work,
    /// The difficulty it is to be held against, beside those of the network.
    pub(crate) asked: Option<Difficulty>,
}

/// Random roots to be worked on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Benchmark {
    pub(crate) threshold: Difficulty,
    pub(crate) count: u32,
}

impl Command {
    /// Reads a request. `base` is what multipliers are relative to, and the difficulty if none is given.
    pub(crate) fn parse(body: &[u8], base: Difficulty) -> Result<Self, WorkRefusal> {
        let fields = Fields::read(body)?;
        let difficulty = || Ok::<_, WorkRefusal>(fields.asked_difficulty(base)?.unwrap_or(base));
        Ok(match fields.required("action")? {
            "work_generate" => {
                fields.check_version()?;
                let (job, use_peers) =
                    (Puzzle::new(fields.root()?, difficulty()?), fields.use_peers()?);
                Self::Generate(Generate { job, use_peers })
            }
            "work_cancel" => Self::Cancel(fields.root()?),
            "work_validate" => {
                fields.check_version()?;
                let (root, work) = (fields.root()?, fields.work()?);
                Self::Validate(Validate { root, work, asked: fields.asked_difficulty(base)? })
            }
            "benchmark" => {
                Self::Benchmark(Benchmark { threshold: difficulty()?, count: fields.count()? })
            }
            "status" => Self::Status,
            other => return Err(WorkRefusal::UnknownCommand(shown(other))),
        })
    }
}

/// The fields of a request; those that nobody asks for do not matter.
struct Fields(Map<String, Value>);

impl Fields {
    fn read(body: &[u8]) -> Result<Self, WorkRefusal> {
        let malformed = |hint: String| WorkRefusal::Malformed(hint);
        match serde_json::from_slice(body).map_err(|error| malformed(error.to_string()))? {
            Value::Object(fields) => Ok(Self(fields)),
            _ => Err(malformed("Expecting a JSON object".to_owned())),
        }
    }

    /// A field that is there; `null` is nothing.
    fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    fn text(&self, name: &str) -> Result<Option<&str>, WorkRefusal> {
        let wrong = |value: &Value| {
            let found = excerpt(&value.to_string(), SHOWN);
            WorkRefusal::Malformed(format!("Found {found} for {name}, wanted a text"))
        };
        self.get(name).map(|value| value.as_str().ok_or_else(|| wrong(value))).transpose()
    }

    fn required(&self, name: &str) -> Result<&str, WorkRefusal> {
        self.text(name)?.ok_or_else(|| missing(name))
    }

    /// A number or truth value, as such or as text.
    fn number(&self, name: &str) -> Option<Cow<'_, str>> {
        self.get(name).map(|value| match value {
            Value::String(text) => Cow::from(text),
            other => Cow::from(other.to_string()),
        })
    }

    fn root(&self) -> Result<Root, WorkRefusal> {
        let text = self.required("hash")?;
        text.parse().map_err(|error: HexError| WorkRefusal::BadHash(error.to_string()))
    }

    fn work(&self) -> Result<Work, WorkRefusal> {
        hex("work", self.required("work")?).map(Work::from_u64)
    }

    /// The difficulty that is given: a multiplier of the base if there is one, else the difficulty itself.
    fn asked_difficulty(&self, base: Difficulty) -> Result<Option<Difficulty>, WorkRefusal> {
        let difficulty =
            self.text("difficulty")?.map(|text| hex("difficulty", text)).transpose()?;
        let multiplied = self.number("multiplier").map(|text| multiple(&text, base)).transpose()?;
        Ok(multiplied.or(difficulty.map(Difficulty::from_u64)))
    }

    fn check_version(&self) -> Result<(), WorkRefusal> {
        match self.text("version")? {
            Some(found) if !VERSIONS.contains(&found) => Err(WorkRefusal::BadVersion(shown(found))),
            _ => Ok(()),
        }
    }

    fn use_peers(&self) -> Result<bool, WorkRefusal> {
        let read = |text: Cow<'_, str>| {
            text.parse().map_err(|_| unfit("use_peers", &text, "true or false"))
        };
        self.number("use_peers").map_or(Ok(true), read)
    }

    fn count(&self) -> Result<u32, WorkRefusal> {
        let text = self.number("count").ok_or_else(|| missing("count"))?;
        let wrong = || unfit("count", &text, "a whole number from 1 to 4294967295");
        text.parse().ok().filter(|count| *count > 0).ok_or_else(wrong)
    }
}

fn missing(name: &str) -> WorkRefusal {
    WorkRefusal::Malformed(format!("Field {name} is missing"))
}

/// A field that cannot be read. What was found is shown from its beginning.
fn unfit(name: &str, found: &str, wanted: &str) -> WorkRefusal {
    WorkRefusal::Malformed(format!("Found {} for {name}, wanted {wanted}", shown(found)))
}

fn shown(found: &str) -> String {
    format!("{:?}", excerpt(found, SHOWN))
}

/// Reads a 64-bit number as clients write it: leading zeros may be missing.
fn hex(name: &str, text: &str) -> Result<u64, WorkRefusal> {
    let wrong = || unfit(name, text, "1 to 16 hexadecimal digits");
    // The reader of the standard library would take a sign.
    if !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(wrong());
    }
    u64::from_str_radix(text, 16).map_err(|_| wrong())
}

fn multiple(text: &str, base: Difficulty) -> Result<Difficulty, WorkRefusal> {
    let wrong = || unfit("multiplier", text, "a positive number");
    let multiplier = text.trim().parse().map_err(|_| wrong())?;
    Difficulty::from_multiplier(multiplier, base)
        .map_err(|error| WorkRefusal::Malformed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::{Benchmark, Command, Generate, Validate, hex};
    use nano_pow::Puzzle;
    use nano_primitives::{Difficulty, Root, Work};
    use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
    use serde_json::{Value, json};

    const BASE: Difficulty = Difficulty::from_u64(0xffff_fff8_0000_0000);

    /// Requests: each field may be missing, be as a client would write it, or be something else.
    fn requests() -> impl Strategy<Value = Value> {
        let action = "work_generate|work_cancel|work_validate|benchmark|status|work_get".boxed();
        let texts = [
            ("action", action),
            ("hash", "[0-9a-fA-F]{64}|[0-9a-f]{63}".boxed()),
            ("work", "[0-9a-fA-F]{1,17}|0x1".boxed()),
            ("difficulty", "[0-9a-fA-F]{1,17}|[+-]1".boxed()),
            ("multiplier", "[1-9]|0?\\.[1-9]|-1|0|x".boxed()),
            ("version", "work_1|work1|work_2".boxed()),
            ("use_peers", "true|false|maybe".boxed()),
            ("count", "[0-9]{1,11}|-1".boxed()),
        ];
        let odd =
            || prop_oneof![Just(json!(null)), Just(json!(true)), Just(json!(7)), Just(json!([]))];
        let fields = texts.map(|(name, texts)| {
            let value = prop_oneof![8 => texts.prop_map(Value::from), 1 => odd()];
            // Those that every request needs are seldom missing.
            let there =
                if ["action", "hash", "work", "count"].contains(&name) { 0.95 } else { 0.3 };
            proptest::option::weighted(there, value).prop_map(move |value| Some((name, value?)))
        });
        fields.prop_map(|fields| {
            fields.into_iter().flatten().map(|(name, value)| (name.to_owned(), value)).collect()
        })
    }

    /// What a request means, written down a second time and with less care for the words of a refusal.
    fn meaning(request: &Value) -> Option<Command> {
        let field = |name: &str| Some(&request[name]).filter(|value| !value.is_null());
        let digits = |text: &str| {
            let fits =
                (1..=16).contains(&text.len()) && text.chars().all(|c| c.is_ascii_hexdigit());
            fits.then(|| u64::from_str_radix(text, 16).unwrap())
        };
        let plain = |value: &Value| value.to_string().trim_matches('"').to_owned();
        let root = || field("hash")?.as_str()?.parse::<Root>().ok();
        let is_work_1 =
            field("version").is_none_or(|version| version == "work_1" || version == "work1");
        let difficulty = || {
            let given = field("difficulty").map(|value| value.as_str().and_then(digits));
            let multiplied = field("multiplier")
                .map(|value| Difficulty::from_multiplier(plain(value).parse().ok()?, BASE).ok());
            match (given, multiplied) {
                (Some(None), _) | (_, Some(None)) => None,
                (_, Some(multiplied)) => Some(multiplied),
                (given, None) => Some(given.flatten().map(Difficulty::from_u64)),
            }
        };
        Some(match field("action")?.as_str()? {
            "work_generate" if is_work_1 => {
                let use_peers =
                    field("use_peers").map_or(Some(true), |value| plain(value).parse().ok())?;
                let job = Puzzle::new(root()?, difficulty()?.unwrap_or(BASE));
                Command::Generate(Generate { job, use_peers })
            }
            "work_cancel" => Command::Cancel(root()?),
            "work_validate" if is_work_1 => {
                let work = Work::from_u64(digits(field("work")?.as_str()?)?);
                Command::Validate(Validate { root: root()?, work, asked: difficulty()? })
            }
            "benchmark" => {
                let count = plain(field("count")?).parse().ok().filter(|count| *count > 0)?;
                let threshold = difficulty()?.unwrap_or(BASE);
                Command::Benchmark(Benchmark { threshold, count })
            }
            "status" => Command::Status,
            _ => return None,
        })
    }

    proptest! {
        #[test]
        fn a_request_is_read_as_it_is_meant_or_refused(request in requests()) {
            let read = Command::parse(request.to_string().as_bytes(), BASE);
            assert_eq!(read.as_ref().ok(), meaning(&request).as_ref(), "{request}");
            if let Err(refusal) = read {
                assert_eq!(refusal.status(), 400);
                let said = refusal.to_json();
                assert!(said["hint"].as_str().is_some_and(|hint| hint.len() < 400), "{said}");
            }
        }

        #[test]
        fn what_is_no_json_is_refused(bytes in any::<Vec<u8>>()) {
            assert_eq!(Command::parse(&bytes, BASE).unwrap_err().status(), 400);
        }

        #[test]
        fn a_job_is_read_in_every_spelling(root in any::<[u8; 32]>(), threshold in any::<u64>()) {
            let job = Puzzle::new(Root::from_bytes(root), Difficulty::from_u64(threshold));
            let padded = job.threshold.to_string();
            for difficulty in [format!("{threshold:x}"), format!("{threshold:X}"), padded] {
                let body = json!({
                    "action": "work_generate", "hash": job.root, "difficulty": difficulty,
                });
                let command = Command::parse(body.to_string().as_bytes(), BASE);
                assert_eq!(command, Ok(Command::Generate(Generate { job, use_peers: true })));
            }
        }

        #[test]
        fn a_number_is_its_digits_alone(text in "[ +_0-9a-fx-]{0,18}") {
            let is_number = (1..=16).contains(&text.len())
                && text.chars().all(|digit| digit.is_ascii_hexdigit());
            assert_eq!(hex("number", &text).is_ok(), is_number, "{text:?}");
        }
    }
}
