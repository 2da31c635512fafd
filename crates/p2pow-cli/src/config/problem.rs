//! [`Problem`]: what is wrong with a line of a file, without its content.

use super::layout::{Layout, Part};
use crate::{output::holds_secret, values::ValueError};
use clap::{
    Arg,
    error::{ContextKind, ContextValue},
};
use std::error::Error;

/// Names that are about as similar as a slip of the fingers leaves them.
const SIMILAR: f64 = 0.75;
/// Longer keys are not shown, nor are those that may be a secret.
const LONGEST_KEY: usize = 40;

/// What is wrong with a line. Keys are shown only if they look like keys, values never: either may be a secret.
#[derive(Debug, thiserror::Error)]
pub(super) enum Problem {
    #[error("unknown key {shown}, {hint}")]
    Unknown { shown: String, hint: String },
    #[error("`{key}`: {wanted}")]
    Value { key: String, wanted: String },
    #[error("`{first}` and `{second}` exclude each other, wanted one of them")]
    Conflict { first: String, second: String },
    #[error("{missing} missing{place}: wanted {where_}")]
    Missing { missing: String, place: String, where_: String },
    #[error("{0}")]
    Syntax(String),
}

impl Problem {
    /// A key that is none, and the nearest that is one.
    pub(super) fn unknown(key: &str, layout: &Layout) -> Self {
        let hint = nearest(key, layout).unwrap_or_else(|| {
            format!("wanted one of {}", layout.names().collect::<Vec<_>>().join(", "))
        });
        Self::Unknown { shown: shown(key), hint }
    }

    /// A value that the option cannot have, by what clap says about it.
    pub(super) fn value(arg: &Arg, error: &clap::Error) -> Self {
        Self::Value { key: arg.get_id().to_string(), wanted: wanted(arg, error) }
    }

    /// A value that is not of the right shape.
    pub(super) fn shape(key: &str, wanted: &str) -> Self {
        Self::Value { key: key.to_owned(), wanted: format!("wanted {wanted}") }
    }

    /// A name of the user's choice that cannot be one.
    pub(super) fn name(part: &Part) -> Self {
        let words =
            format!("wanted names of at most {LONGEST_KEY} characters: letters, digits, - and _");
        Self::Value { key: part.name.to_owned(), wanted: words }
    }

    /// Options that nobody has said anything about. Flags and variables are told where the table has them.
    pub(super) fn missing(args: &[&Arg], table: Option<&str>) -> Self {
        let keys: Vec<String> = args.iter().map(|arg| format!("`{}`", arg.get_id())).collect();
        let is = if keys.len() == 1 { "is" } else { "are" };
        let missing = format!("{} {is}", keys.join(" and "));
        let (place, where_) = match table {
            Some(name) => (format!(" in {name}"), "a line for it".to_owned()),
            None => {
                (String::new(), args.iter().map(|arg| ways(arg)).collect::<Vec<_>>().join("; "))
            }
        };
        Self::Missing { missing, place, where_ }
    }
}

/// The ways to say an option.
fn ways(arg: &Arg) -> String {
    let flag = arg.get_long().map(|long| format!("--{long}"));
    let variable = arg.get_env().map(|name| name.to_string_lossy().into_owned());
    let ways = [Some(format!("a line `{} = …`", arg.get_id())), flag, variable];
    ways.into_iter().flatten().collect::<Vec<_>>().join(" or ")
}

/// What clap, or the option's own parser, wants in place of a value; never the value.
pub(crate) fn wanted(arg: &Arg, error: &clap::Error) -> String {
    if let Some(ContextValue::Strings(valid)) = error.get(ContextKind::ValidValue)
        && !valid.is_empty()
    {
        return format!("wanted {}", valid.join(", "));
    }
    if let Some(error) = error.source().and_then(|source| source.downcast_ref::<ValueError>()) {
        return error.wanted().to_owned();
    }
    let name = arg.get_value_names().and_then(|names| names.first());
    format!("wanted {}", name.map_or("another value", |name| name.as_str()))
}

/// The key, if it looks like one: someone may have put a secret in its place.
fn shown(key: &str) -> String {
    if is_name(key) {
        format!("`{key}`")
    } else {
        "(not shown: it does not look like one)".to_owned()
    }
}

/// Whether a key has the form of a name and not of a secret.
pub(super) fn is_name(key: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let is_short = (1..=LONGEST_KEY).contains(&key.len());
    is_short && key.chars().all(is_plain) && !holds_secret(key)
}

/// Where the key belongs, or what it may have been meant to be.
fn nearest(key: &str, layout: &Layout) -> Option<String> {
    let has = |part: &Part| {
        part.layout().is_some_and(|layout| layout.names().any(|name| name == normal(key)))
    };
    if let Some(part) = layout.parts.iter().find(|part| has(part)) {
        return Some(format!("wanted it in {}", part.heading()));
    }
    let likeness = |name: &str| strsim::jaro_winkler(&normal(key), name);
    let names = layout.names().map(|name| (likeness(name), name));
    let (likeness, name) = names.max_by(|left, right| left.0.total_cmp(&right.0))?;
    (likeness >= SIMILAR).then(|| format!("did you mean `{name}`?"))
}

/// As keys are written: flags have hyphens.
fn normal(key: &str) -> String {
    key.trim_start_matches('-').replace('-', "_").to_lowercase()
}
