//! What a client asks for: read leniently where clients disagree, strictly where a mistake would waste work.

use crate::refusal::Refusal;
use nano_pow::Job;
use nano_primitives::{Difficulty, HexError, Root, Work};
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
    pub(crate) job: Job,
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
    pub(crate) fn parse(body: &[u8], base: Difficulty) -> Result<Self, Refusal> {
        let fields = Fields::read(body)?;
        let difficulty = || Ok::<_, Refusal>(fields.asked_difficulty(base)?.unwrap_or(base));
        Ok(match fields.required("action")? {
            "work_generate" => {
                fields.check_version()?;
                let (job, use_peers) =
                    (Job::new(fields.root()?, difficulty()?), fields.use_peers()?);
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
            other => return Err(Refusal::UnknownCommand(shown(other))),
        })
    }
}

/// The fields of a request; those that nobody asks for do not matter.
struct Fields(Map<String, Value>);

impl Fields {
    fn read(body: &[u8]) -> Result<Self, Refusal> {
        let malformed = |hint: String| Refusal::Malformed(hint);
        match serde_json::from_slice(body).map_err(|error| malformed(error.to_string()))? {
            Value::Object(fields) => Ok(Self(fields)),
            _ => Err(malformed("Expecting a JSON object".to_owned())),
        }
    }

    /// A field that is there; `null` is nothing.
    fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    fn text(&self, name: &str) -> Result<Option<&str>, Refusal> {
        let wrong = |value: &Value| {
            let found: String = value.to_string().chars().take(SHOWN).collect();
            Refusal::Malformed(format!("Found {found} for {name}, wanted a text"))
        };
        self.get(name).map(|value| value.as_str().ok_or_else(|| wrong(value))).transpose()
    }

    fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.text(name)?.ok_or_else(|| missing(name))
    }

    /// A number or truth value, as such or as text.
    fn number(&self, name: &str) -> Option<Cow<'_, str>> {
        self.get(name).map(|value| match value {
            Value::String(text) => Cow::from(text),
            other => Cow::from(other.to_string()),
        })
    }

    fn root(&self) -> Result<Root, Refusal> {
        let text = self.required("hash")?;
        text.parse().map_err(|error: HexError| Refusal::BadHash(error.to_string()))
    }

    fn work(&self) -> Result<Work, Refusal> {
        hex("work", self.required("work")?).map(Work::from_u64)
    }

    /// The difficulty that is given: a multiplier of the base if there is one, else the difficulty itself.
    fn asked_difficulty(&self, base: Difficulty) -> Result<Option<Difficulty>, Refusal> {
        let difficulty =
            self.text("difficulty")?.map(|text| hex("difficulty", text)).transpose()?;
        let multiplied = self.number("multiplier").map(|text| multiple(&text, base)).transpose()?;
        Ok(multiplied.or(difficulty.map(Difficulty::from_u64)))
    }

    fn check_version(&self) -> Result<(), Refusal> {
        match self.text("version")? {
            Some(found) if !VERSIONS.contains(&found) => Err(Refusal::BadVersion(shown(found))),
            _ => Ok(()),
        }
    }

    fn use_peers(&self) -> Result<bool, Refusal> {
        let read = |text: Cow<'_, str>| {
            text.parse().map_err(|_| unfit("use_peers", &text, "true or false"))
        };
        self.number("use_peers").map_or(Ok(true), read)
    }

    fn count(&self) -> Result<u32, Refusal> {
        let text = self.number("count").ok_or_else(|| missing("count"))?;
        let wrong = || unfit("count", &text, "a whole number from 1 to 4294967295");
        text.parse().ok().filter(|count| *count > 0).ok_or_else(wrong)
    }
}

fn missing(name: &str) -> Refusal {
    Refusal::Malformed(format!("Field {name} is missing"))
}

/// A field that cannot be read. What was found is shown from its beginning.
fn unfit(name: &str, found: &str, wanted: &str) -> Refusal {
    Refusal::Malformed(format!("Found {} for {name}, wanted {wanted}", shown(found)))
}

fn shown(found: &str) -> String {
    format!("{:?}", found.chars().take(SHOWN).collect::<String>())
}

/// Reads a 64-bit number as clients write it: leading zeros may be missing.
fn hex(name: &str, text: &str) -> Result<u64, Refusal> {
    let wrong = || unfit(name, text, "1 to 16 hexadecimal digits");
    // The reader of the standard library would take a sign.
    if !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(wrong());
    }
    u64::from_str_radix(text, 16).map_err(|_| wrong())
}

fn multiple(text: &str, base: Difficulty) -> Result<Difficulty, Refusal> {
    let wrong = || unfit("multiplier", text, "a positive number");
    let multiplier = text.trim().parse().map_err(|_| wrong())?;
    Difficulty::from_multiplier(multiplier, base)
        .map_err(|error| Refusal::Malformed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::{Command, Generate, hex};
    use nano_pow::Job;
    use nano_primitives::{Difficulty, Root};
    use proptest::prelude::{Strategy, any, prop_oneof, proptest};
    use serde_json::json;

    const BASE: Difficulty = Difficulty::from_u64(0xffff_fff8_0000_0000);

    /// Bodies that come close to a request.
    fn bodies() -> impl Strategy<Value = String> {
        let field = "(action|hash|work|difficulty|multiplier|version|count|x)";
        let value = prop_oneof![
            "\"(work_(generate|cancel|validate)|benchmark|status|work_1)\"",
            "\"[0-9a-fA-F]{64}\"",
            "\"[0-9a-f+. -]{0,20}\"",
            "-?[0-9]{1,20}|[0-9]\\.[0-9]e-?[0-9]{1,3}|null|true|\\{\\}|\\[1\\]",
        ];
        let entry = (field, value).prop_map(|(name, value)| format!("\"{name}\":{value}"));
        proptest::collection::vec(entry, 0..6)
            .prop_map(|entries| format!("{{{}}}", entries.join(",")))
    }

    proptest! {
        #[test]
        fn no_body_is_a_surprise(bytes in any::<Vec<u8>>(), body in bodies()) {
            assert!(Command::parse(&bytes, BASE).is_err());
            // Whatever it is, it is read or refused.
            let _ = Command::parse(body.as_bytes(), BASE);
        }

        #[test]
        fn a_job_is_read_as_it_is_meant(root in any::<[u8; 32]>(), threshold in any::<u64>()) {
            let job = Job::new(Root::from_bytes(root), Difficulty::from_u64(threshold));
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
