//! Reading JSON as it comes from peers of every age: field by field, from the text itself, since a balance may be an
//! integer of more than 64 bits.

use alloc::{
    borrow::ToOwned,
    collections::BTreeMap,
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::{fmt, str::FromStr};
use nano_block::{SignatureError, SignedState, StateBlock};
use nano_primitives::{Account, Amount, Link, Work, excerpt};
use serde::Serialize;
use serde_json::value::RawValue;

/// What is wrong with a block of a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BlockProblem {
    /// It is no JSON object.
    #[error("block is no JSON object")]
    NotAnObject,
    /// The list of user blocks is no list.
    #[error("`user_blocks` is no list of blocks")]
    NotAList,
    /// Both spellings of the user's part are there.
    #[error("both `user_block` and `user_blocks` are present, wanted one of them")]
    Ambiguous,
    /// A field is missing.
    #[error("`{field}` is missing")]
    Missing {
        /// The field wanted.
        field: &'static str,
    },
    /// A field is malformed.
    #[error("`{field}`: {problem}")]
    Malformed {
        /// The field.
        field: &'static str,
        /// What was found and wanted.
        problem: String,
    },
    /// The signature is wrong.
    #[error("`signature`: {0}")]
    Signature(SignatureError),
}

/// The characters that an error shows of what was found.
pub(crate) const SHOWN: usize = 80;

/// A JSON object, its values not looked at yet. Of a key that is there twice the last counts.
pub(crate) type Object<'a> = BTreeMap<String, &'a RawValue>;

pub(crate) fn object(raw: &RawValue) -> Option<Object<'_>> {
    serde_json::from_str(raw.get()).ok()
}

/// The value of a key, `null` being as good as nothing.
pub(crate) fn get<'a>(object: &Object<'a>, key: &str) -> Option<&'a RawValue> {
    object.get(key).copied().filter(|raw| raw.get() != "null")
}

/// The text of a JSON string.
pub(crate) fn text(raw: &RawValue) -> Option<String> {
    serde_json::from_str(raw.get()).ok()
}

/// The text of a JSON string, or the digits of a JSON number as they stand.
pub(crate) fn text_or_number(raw: &RawValue) -> Option<String> {
    let is_number = raw.get().starts_with(|c: char| c == '-' || c.is_ascii_digit());
    if is_number { Some(raw.get().to_owned()) } else { text(raw) }
}

/// Whole seconds, rounded up: the old worker divides milliseconds.
pub(crate) fn seconds(raw: &RawValue) -> Option<u64> {
    let text = text_or_number(raw)?;
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let whole: u64 = whole.parse().ok()?;
    let is_more = fraction.bytes().any(|digit| digit != b'0');
    Some(whole.saturating_add(u64::from(is_more)))
}

/// Writes what cannot fail to be written.
pub(crate) fn to_json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("texts, numbers and lists always have a JSON form")
}

/// Reads the six fields of a signed state block; everything else in the object is ignored.
pub(crate) fn read_block(raw: &RawValue) -> Result<SignedState, BlockProblem> {
    let fields = object(raw).ok_or(BlockProblem::NotAnObject)?;
    let block = StateBlock {
        account: read(&fields, "account", text)?,
        previous: read(&fields, "previous", text)?,
        representative: read(&fields, "representative", text)?,
        balance: read::<Amount>(&fields, "balance", text_or_number)?,
        link: read_link(&fields)?,
    };
    Ok(SignedState { block, signature: read(&fields, "signature", text)?, work: None })
}

/// The work of a block, if it has some that can be read: old clients send whatever they have there.
pub(crate) fn read_work(raw: &RawValue) -> Option<Work> {
    // Most blocks come without, and need not be read twice.
    if !raw.get().contains("\"work\"") {
        return None;
    }
    let fields = object(raw)?;
    text(get(&fields, "work")?)?.parse().ok()
}

/// The link, as hexadecimal or as an account, or from `link_as_account` alone.
fn read_link(fields: &Object<'_>) -> Result<Link, BlockProblem> {
    const FIELD: &str = "link";
    match get(fields, FIELD) {
        Some(raw) => parse(raw, FIELD, text, Link::from_hex_or_account),
        None if get(fields, "link_as_account").is_some() => {
            read::<Account>(fields, "link_as_account", text).map(Link::from)
        }
        None => Err(BlockProblem::Missing { field: FIELD }),
    }
}

fn read<T>(
    fields: &Object<'_>,
    field: &'static str,
    text_of: fn(&RawValue) -> Option<String>,
) -> Result<T, BlockProblem>
where
    T: FromStr<Err: fmt::Display>,
{
    let raw = get(fields, field).ok_or(BlockProblem::Missing { field })?;
    parse(raw, field, text_of, str::parse)
}

fn parse<T, E: fmt::Display>(
    raw: &RawValue,
    field: &'static str,
    text_of: fn(&RawValue) -> Option<String>,
    parse: fn(&str) -> Result<T, E>,
) -> Result<T, BlockProblem> {
    let malformed = |problem| BlockProblem::Malformed { field, problem };
    let text = text_of(raw)
        .ok_or_else(|| malformed(format!("{} is no text", excerpt(raw.get(), SHOWN))))?;
    parse(&text).map_err(|error| malformed(error.to_string()))
}
