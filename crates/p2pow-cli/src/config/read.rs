//! Reads a file by its [`Layout`]: every key is one, and every value is what its option takes.

use super::{
    layout::{Kind, Layout, Part, alone},
    problem::{Problem, is_name},
    table::{Entry, Origin, Table, exclude},
};
use crate::{Failure, input};
use clap::{Arg, ArgAction};
use std::{collections::BTreeMap, ops::Range, path::Path};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

impl Layout {
    /// Reads a file.
    ///
    /// # Errors
    /// The file cannot be read, is no TOML, has a key that is none, or a value that its option does not take.
    pub fn read(&self, path: &Path) -> Result<Table, Failure> {
        let text = input::read_file(path)?;
        let reader = Reader { origin: Origin::new(path), text: &text };
        let wrong =
            |error: toml::de::Error| reader.wrong(error.span(), Problem::Syntax(syntax(&error)));
        let root = DeTable::parse(&text).map_err(wrong)?;
        reader.table(self, None, root.get_ref())
    }

    /// What a file without a line says.
    #[must_use]
    pub fn empty(&self) -> Table {
        Table::default()
    }
}

/// The parser's words are its own: they do not quote the file. That is held by a test.
fn syntax(error: &toml::de::Error) -> String {
    format!("not TOML: {}", error.message())
}

/// The text of a file, for the numbers of its lines.
struct Reader<'a> {
    origin: Origin,
    text: &'a str,
}

/// A key and where it stands.
type Key<'a> = Spanned<std::borrow::Cow<'a, str>>;

impl Reader<'_> {
    fn line(&self, start: usize) -> usize {
        self.text.get(..start).unwrap_or_default().matches('\n').count() + 1
    }

    fn wrong(&self, span: Option<Range<usize>>, problem: Problem) -> Failure {
        self.origin.wrong(Some(self.line(span.map_or(0, |span| span.start))), &problem)
    }

    fn table(
        &self,
        layout: &Layout,
        part: Option<(&Part, Range<usize>)>,
        found: &DeTable<'_>,
    ) -> Result<Table, Failure> {
        let mut table = Table {
            origin: self.origin.clone(),
            heading: part.as_ref().map(|(part, _)| part.heading()),
            line: part.map(|(_, span)| self.line(span.start)),
            ..Table::default()
        };
        // In the order of the lines, so that the first mistake is told first.
        let mut lines: Vec<_> = found.iter().collect();
        lines.sort_by_key(|(key, _)| key.span().start);
        for (key, value) in lines {
            if let Some(arg) = layout.arg(key.get_ref()) {
                table.entries.push(self.entry(layout, arg, (key, value))?);
            } else if let Some(part) = layout.find(key.get_ref()) {
                self.part(part, (key, value), &mut table)?;
            } else {
                return Err(self.wrong(Some(key.span()), Problem::unknown(key.get_ref(), layout)));
            }
        }
        self.check_conflicts(layout, &table)?;
        Ok(table)
    }

    fn entry(
        &self,
        layout: &Layout,
        arg: &Arg,
        (key, value): (&Key<'_>, &Spanned<DeValue<'_>>),
    ) -> Result<Entry, Failure> {
        let wrong = |problem| self.wrong(Some(key.span()), problem);
        let shape = |words: &str| wrong(Problem::shape(key.get_ref(), words));
        let texts = match value.get_ref() {
            DeValue::Array(_) if !matches!(arg.get_action(), ArgAction::Append) => {
                return Err(shape("one value, found a list"));
            }
            DeValue::Array(list) if list.is_empty() => {
                return Err(shape("a value, found an empty list: leave the line out"));
            }
            DeValue::Array(list) => list.iter().map(|value| text(value.get_ref())).collect(),
            value => text(value).map(|text| vec![text]),
        };
        let entry = Entry {
            key: arg.get_id().to_string(),
            line: self.line(key.span().start),
            texts: texts.ok_or_else(|| shape("a text, a number, true or false"))?,
        };
        check(layout, arg, &entry).map_err(wrong)?;
        Ok(entry)
    }

    fn part(
        &self,
        part: &Part,
        (key, value): (&Key<'_>, &Spanned<DeValue<'_>>),
        into: &mut Table,
    ) -> Result<(), Failure> {
        let shape = |words: &str| self.wrong(Some(key.span()), Problem::shape(part.name, words));
        let closed = || shape(&format!("a table: {}", part.heading()));
        let table = |value: &Spanned<DeValue<'_>>, layout| {
            let found = value.get_ref().as_table().ok_or_else(closed)?;
            self.table(layout, Some((part, value.span())), found)
        };
        match (&part.kind, value.get_ref()) {
            (Kind::Texts { .. }, value) => {
                let found = value.as_table().ok_or_else(closed)?;
                into.texts.insert(part.name, self.texts(part, found)?);
            }
            (Kind::One(layout), _) => {
                into.tables.insert(part.name, vec![table(value, layout)?]);
            }
            (Kind::Many(layout), DeValue::Array(list)) => {
                let tables = list.iter().map(|one| table(one, layout));
                into.tables.insert(part.name, tables.collect::<Result<_, _>>()?);
            }
            (Kind::Many(_), _) => return Err(shape(&format!("tables: {}", part.heading()))),
        }
        Ok(())
    }

    fn texts(&self, part: &Part, found: &DeTable<'_>) -> Result<BTreeMap<String, String>, Failure> {
        let read = |(key, value): (&Key<'_>, &Spanned<DeValue<'_>>)| {
            let wrong = |problem| self.wrong(Some(key.span()), problem);
            if !is_name(key.get_ref()) {
                return Err(wrong(Problem::name(part)));
            }
            let text = text(value.get_ref());
            let text = text.ok_or_else(|| wrong(Problem::shape(key.get_ref(), "a text")))?;
            Ok((key.get_ref().to_string(), text))
        };
        found.iter().map(read).collect()
    }

    fn check_conflicts(&self, layout: &Layout, table: &Table) -> Result<(), Failure> {
        let said =
            || table.entries.iter().filter_map(|entry| Some((entry, layout.arg(&entry.key)?)));
        for (entry, arg) in said() {
            let mut others = said().map(|(_, other)| other);
            if let Some(other) = others.find(|other| exclude(&layout.command, arg, other)) {
                let (first, second) = (entry.key.clone(), other.get_id().to_string());
                let problem = Problem::Conflict { first, second };
                return Err(self.origin.wrong(Some(entry.line), &problem));
            }
        }
        Ok(())
    }
}

/// Whether the option takes the value: by its own parser, as if it were typed.
fn check(layout: &Layout, arg: &Arg, entry: &Entry) -> Result<(), Problem> {
    let command = alone(layout.command.clone()).no_binary_name(true);
    let outcome = command.try_get_matches_from(entry.flags(arg));
    outcome.map(drop).map_err(|error| Problem::value(arg, &error))
}

/// A single value as it would be typed: numbers keep their digits.
fn text(value: &DeValue<'_>) -> Option<String> {
    Some(match value {
        DeValue::String(text) => text.to_string(),
        DeValue::Integer(number) if number.radix() == 10 => number.as_str().to_owned(),
        DeValue::Integer(number) => {
            i128::from_str_radix(number.as_str(), number.radix()).ok()?.to_string()
        }
        DeValue::Float(number) => number.as_str().to_owned(),
        DeValue::Boolean(switch) => switch.to_string(),
        DeValue::Datetime(time) => time.to_string(),
        DeValue::Array(_) | DeValue::Table(_) => return None,
    })
}
