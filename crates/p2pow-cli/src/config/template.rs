//! The commented file that a [`Layout`] describes.

use super::layout::{Kind, Layout, Part};
use clap::Arg;

/// Comments are broken before they are longer.
const WIDTH: usize = 100;

impl Layout {
    /// The file with every option explained. Those that `values` names (inside a table as `table.key`) and those that
    /// must be said are set, the others stand as comments that show what holds without them.
    #[must_use]
    pub fn template(&self, values: &[(&str, &str)]) -> String {
        Writer { values, without: None, text: String::new() }.file(self)
    }

    /// The same file as its reader would have it who takes away the `# ` in front of every line that could hold, without
    /// the lines of these keys, which exclude others: programs test that all of it may stand together.
    #[must_use]
    pub fn template_in_force(&self, values: &[(&str, &str)], without: &[&str]) -> String {
        Writer { values, without: Some(without), text: String::new() }.file(self)
    }
}

/// Where in the file something stands.
struct Place {
    /// In front of the keys of `values`.
    prefix: String,
    /// Whether what must be said is set here, or the whole table stands as a comment.
    is_set: bool,
}

struct Writer<'a> {
    values: &'a [(&'a str, &'a str)],
    /// Every line holds but for those of these keys; else those alone that must.
    without: Option<&'a [&'a str]>,
    text: String,
}

impl Writer<'_> {
    fn file(mut self, layout: &Layout) -> String {
        self.layout(layout, &Place { prefix: String::new(), is_set: true });
        self.text.trim_end().to_owned() + "\n"
    }

    fn layout(&mut self, layout: &Layout, place: &Place) {
        for arg in layout.declared() {
            self.option(arg, place);
        }
        // Lines behind the heading of a table belong to it, so the tables without one come first.
        let is_inline = |part: &&Part| matches!(part.kind, Kind::Texts { .. });
        let (inline, tables): (Vec<_>, Vec<_>) = layout.parts.iter().partition(is_inline);
        for part in inline.into_iter().chain(tables) {
            self.part(part, place);
        }
    }

    fn option(&mut self, arg: &Arg, place: &Place) {
        let key = arg.get_id().as_str();
        if self.without.is_some_and(|without| without.contains(&key)) {
            return;
        }
        let path = format!("{}{key}", place.prefix);
        let value = self.values.iter().find(|(name, _)| *name == path).map(|(_, value)| *value);
        let is_set = place.is_set && (value.is_some() || arg.is_required_set());
        let texts = value.map_or_else(|| example(arg), |value| vec![value.to_owned()]);
        self.comment(&about(arg));
        self.line(is_set, &format!("{key} = {}\n", literal(arg, &texts)));
    }

    fn part(&mut self, part: &Part, place: &Place) {
        let prefix = format!("{}{}.", place.prefix, part.name);
        self.comment(part.about);
        match &part.kind {
            Kind::Texts { example } => {
                self.line(false, &format!("{} = {{ {example} = \"…\" }}\n", part.name));
            }
            Kind::One(layout) | Kind::Many(layout) => {
                let is_set =
                    place.is_set && self.values.iter().any(|(name, _)| name.starts_with(&prefix));
                self.line(is_set, &part.heading());
                self.layout(layout, &Place { prefix, is_set });
            }
        }
    }

    /// A line that holds, or shows what would.
    fn line(&mut self, is_set: bool, line: &str) {
        self.text += if is_set || self.without.is_some() { "" } else { "# " };
        self.text += line;
        self.text.push('\n');
    }

    fn comment(&mut self, words: &str) {
        let mut line = String::from("#");
        for word in words.split_whitespace() {
            if line.chars().count() + 1 + word.chars().count() > WIDTH {
                self.text += &line;
                self.text.push('\n');
                line = String::from("#");
            }
            line.push(' ');
            line += word;
        }
        self.text += &line;
        self.text.push('\n');
    }
}

/// The help, and the values that there are.
fn about(arg: &Arg) -> String {
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let values = arg.get_possible_values();
    let names: Vec<&str> = values.iter().map(clap::builder::PossibleValue::get_name).collect();
    if names.is_empty() { help } else { format!("{help}: {}", names.join(", ")) }
}

/// What holds without the line; for an option without a default, the value behind "such as" in its help.
fn example(arg: &Arg) -> Vec<String> {
    let defaults = arg.get_default_values();
    if !defaults.is_empty() {
        return defaults.iter().map(|text| text.to_string_lossy().into_owned()).collect();
    }
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let word = help.split_once("such as ").and_then(|(_, rest)| rest.split_whitespace().next());
    vec![word.unwrap_or("…").trim_end_matches([',', ';', ')', ':']).to_owned()]
}

/// The value as TOML: switches and whole numbers bare, several values as a list, the rest as text.
fn literal(arg: &Arg, texts: &[String]) -> String {
    let one = |text: &str| match text.parse::<i64>().is_ok() || text.parse::<bool>().is_ok() {
        true => text.to_owned(),
        false => toml::Value::from(text).to_string(),
    };
    let delimiter = arg.get_value_delimiter().unwrap_or('\0');
    let parts: Vec<String> = texts.iter().flat_map(|text| text.split(delimiter)).map(one).collect();
    if let [part] = parts.as_slice() { part.clone() } else { format!("[{}]", parts.join(", ")) }
}
