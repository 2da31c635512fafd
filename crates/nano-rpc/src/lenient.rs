//! Tolerant readers for what nodes write in more than one way.
//!
//! A scalar may be a string, a number or a boolean; an empty list or object may be `""`, `[]`, `{}`, `null` or
//! missing; hexadecimal may be of either case. What is there must still be right: nothing is guessed or cut off.

mod collection;
mod scalar;

pub(crate) use collection::{Map, list, map, pairs};
pub(crate) use scalar::{
    Text, flag, known_text, number, optional_flag, optional_number, optional_text, text,
};
