//! Files of options: what they give, and what is told of a wrong one.

#![allow(clippy::unwrap_used)]

use clap::{Parser, ValueEnum};
use p2pow_cli::{
    KeyArgs,
    config::{Given, Layout, Table},
    values,
};
use std::{fs, net::IpAddr};
use tempfile::TempDir;

/// What nobody may ever see: it may be a private key.
const SECRET: &str = "F00DF00DF00DF00DF00DF00DF00DF00DF00DF00DF00DF00DF00DF00DF00DF00D";

#[derive(Debug, Clone, PartialEq, clap::Args)]
struct Options {
    /// The node's RPC, such as http://127.0.0.1:7076; it need not be yours, but it is asked for every account and every
    /// block, so that it should be one whom you trust
    #[arg(long, value_name = "URL", value_parser = values::http_url)]
    node: String,
    /// How many workers to hire
    #[arg(long, value_name = "N", default_value = "2", value_parser = values::whole(1..=9_u32))]
    hire: u32,
    /// Whom to hire
    #[arg(long, value_enum, default_value = "cheapest")]
    policy: Policy,
    /// Hire from these addresses only, such as 192.0.2.1,192.0.2.2
    #[arg(long = "worker", value_name = "IP", value_delimiter = ',', value_parser = values::ip)]
    workers: Vec<IpAddr>,
    /// Take private addresses too
    #[arg(long, default_value = "false", value_parser = values::switch, action = clap::ArgAction::Set)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    allow_local: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
enum Policy {
    Cheapest,
    Fastest,
}

#[derive(Debug, clap::Args)]
struct Entry {
    /// Whose key it is, such as alice
    #[arg(long)]
    name: String,
    /// Jobs a second, such as 0.5
    #[arg(long, value_parser = values::above_zero)]
    per_second: Option<f64>,
}

#[derive(Debug, Parser)]
struct CommandLine {
    #[command(flatten)]
    options: Given<Options>,
    #[command(flatten)]
    key: Given<KeyArgs>,
}

fn layout() -> Layout {
    let layout = Layout::new().options::<Options>().texts("headers", "Headers", "authorization");
    let layout = KeyArgs::in_file(layout, "The key");
    layout.list("entry", "Who may ask", Layout::new().options::<Entry>())
}

fn read(text: &str) -> Result<Table, String> {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.toml");
    fs::write(&path, text).unwrap();
    layout().read(&path).map_err(|failure| {
        let told = failure.to_string();
        let rest = told.strip_prefix(path.to_str().unwrap()).expect("it names the file");
        rest.trim_start().to_owned()
    })
}

fn given(flags: &[&str]) -> CommandLine {
    CommandLine::try_parse_from([&["program"], flags].concat()).unwrap()
}

fn options(flags: &[&str], text: &str) -> Options {
    read(text).unwrap().options(&given(flags).options).unwrap()
}

#[test]
fn flags_come_before_the_file_and_the_file_before_defaults() {
    let file = "node = \"http://a\"\nhire = 3\nallow_local = true\nworkers = [\"192.0.2.1\"]\n";
    let from_file = options(&[], file);
    assert_eq!(
        (from_file.node.as_str(), from_file.hire, from_file.allow_local),
        ("http://a", 3, true)
    );
    assert_eq!(from_file.policy, Policy::Cheapest);
    let flags = ["--hire", "4", "--allow-local=false", "--worker", "192.0.2.7,192.0.2.8"];
    let from_flags = options(&flags, file);
    assert_eq!((from_flags.hire, from_flags.allow_local, from_flags.workers.len()), (4, false, 2));
    assert_eq!(from_flags.node, "http://a");
}

#[test]
fn a_value_is_read_as_if_it_were_typed() {
    let quoted = "node = \"http://a\"\nhire = \"3\"\nworkers = \"192.0.2.1,192.0.2.2\"\nallow_local = \"yes\"";
    let bare =
        "node = 'http://a'\nhire = 0x3\nworkers = ['192.0.2.1', '192.0.2.2']\nallow_local = true";
    assert_eq!(options(&[], quoted), options(&[], bare));
}

#[test]
fn tables_give_what_does_not_stand_on_a_command_line() {
    let text = "[headers]\nauthorization = \"s3cret\"\nx = 1\n[[entry]]\nname = \"a\"\n\
                [[entry]]\nname = \"b\"\nper_second = 1.5\n";
    let table = read(text).unwrap();
    assert_eq!(table.texts("headers")["authorization"], "s3cret");
    assert_eq!(table.texts("headers")["x"], "1");
    let entries = table.tables("entry").iter().map(|entry| entry.options(&Given::nothing()));
    let entries: Vec<Entry> = entries.collect::<Result<_, _>>().unwrap();
    assert_eq!(entries[0].name, "a");
    assert_eq!(entries[1].per_second, Some(1.5));
}

#[test]
fn a_key_that_is_given_by_a_flag_puts_the_files_aside() {
    let table = read("[key]\nseed_file = \"a.seed\"\nindex = 7\n").unwrap();
    let from_file = KeyArgs::layered(&Given::nothing(), &table).unwrap();
    assert_eq!(from_file.seed_file.unwrap(), table.folder().join("a.seed"));
    let by_flag = KeyArgs::layered(&given(&["--key-file", "b.key"]).key, &table).unwrap();
    assert_eq!((by_flag.key_file.unwrap().to_str().unwrap(), by_flag.seed_file), ("b.key", None));
    let index = KeyArgs::layered(&given(&["--index", "9"]).key, &table).unwrap();
    assert!(index.index == 9 && index.seed_file.is_some());
}

#[test]
fn an_unknown_key_is_told_with_the_nearest() {
    for (text, wanted) in [
        ("hier = 2", "line 1: unknown key `hier`, did you mean `hire`?"),
        (
            "\n\nallow-local = true",
            "line 3: unknown key `allow-local`, did you mean `allow_local`?",
        ),
        ("worker = []", "line 1: unknown key `worker`, did you mean `workers`?"),
        ("HEADER = 1", "did you mean `headers`?"),
        ("key_file = 'a'", "line 1: unknown key `key_file`, wanted it in [key]"),
        (
            "[[entry]]\nname = 'a'\nper_sec = 1",
            "line 3: unknown key `per_sec`, did you mean `per_second`?",
        ),
        (
            "spam = 1",
            "unknown key `spam`, wanted one of node, hire, policy, workers, allow_local, headers",
        ),
        ("[key]\nkeyfile = 1", "line 2: unknown key `keyfile`, did you mean `key_file`?"),
    ] {
        let told = read(text).unwrap_err();
        assert!(told.contains(wanted), "{text}: {told}");
    }
}

#[test]
fn a_wrong_value_is_told_by_what_is_wanted() {
    for (text, wanted) in [
        ("node = 7", "line 1: `node`: wanted a URL: http://… or https://…"),
        ("hire = 0", "line 1: `hire`: wanted a whole number from 1 to 9"),
        ("\nhire = [1]", "line 2: `hire`: wanted one value, found a list"),
        ("hire = { a = 1 }", "`hire`: wanted a text, a number, true or false"),
        ("policy = 'dearest'", "`policy`: wanted cheapest, fastest"),
        ("workers = ['192.0.2.1', 'x']", "`workers`: wanted an IP address"),
        ("workers = []", "`workers`: wanted a value, found an empty list: leave the line out"),
        ("allow_local = 2", "`allow_local`: wanted true or false"),
        ("headers = 1", "`headers`: wanted a table: [headers]"),
        ("[headers]\na = []", "line 2: `a`: wanted a text"),
        ("key = 'x'", "line 1: `key`: wanted a table: [key]"),
        (
            "[key]\nkey_file = 'a'\nseed_file = 'b'",
            "line 2: `key_file` and `seed_file` exclude each other",
        ),
        ("[entry]\nname = 'a'", "`entry`: wanted tables: [[entry]]"),
        ("hire = 2\nhire = 2", "line 2: not TOML: duplicate key"),
        ("[[[", "line 1: not TOML"),
    ] {
        let told = read(text).unwrap_err();
        assert!(told.contains(wanted), "{text}: {told}");
    }
}

#[test]
fn what_is_missing_is_told_with_the_ways_to_say_it() {
    let told =
        |text: &str| read(text).unwrap().options(&given(&[]).options).unwrap_err().to_string();
    let wanted = "`node` is missing: wanted a line `node = …` or --node";
    assert!(told("hire = 2").ends_with(wanted), "{}", told("hire = 2"));
    let table = read("hire = 2\n[[entry]]\nper_second = 1\n").unwrap();
    let error = table.tables("entry")[0].options::<Entry>(&Given::nothing()).unwrap_err();
    assert!(error.to_string().contains("line 2: `name` is missing in [[entry]]"), "{error}");
}

/// Whether a message shows any part of the secret that is worth having.
fn shows(told: &str) -> bool {
    SECRET.as_bytes().windows(8).any(|part| told.contains(std::str::from_utf8(part).unwrap()))
}

#[test]
fn a_secret_in_a_wrong_place_is_never_told() {
    let template = layout().template(&[("key.key_file", "a.key")]);
    let lines: Vec<&str> = template.lines().map(|line| line.trim_start_matches("# ")).collect();
    let keys = lines.iter().filter_map(|line| line.split_once(" = ")).map(|(key, _)| key);
    let mut wrong: Vec<String> = keys
        .flat_map(|key| {
            [
                SECRET.to_owned(),
                format!("\"{SECRET}\""),
                format!("[\"{SECRET}\"]"),
                format!("\"{SECRET}"),
            ]
            .map(|value| format!("{key} = {value}"))
        })
        .collect();
    for key in [SECRET, &SECRET[..40], &SECRET[..32], "correct horse battery", &"x".repeat(41)] {
        wrong.push(format!("{key} = 1"));
        wrong.push(format!("\"{key}\" = 1\n"));
        wrong.push(format!("[{key}]\n"));
        wrong.push(format!("[headers]\n\"{key}\" = \"a\""));
    }
    wrong.extend([
        SECRET.to_owned(),
        format!("node = \"http://a\" {SECRET}"),
        format!("1979-{SECRET}"),
    ]);
    let mut told = 0;
    for text in wrong {
        let Err(error) = read(&text) else { continue };
        told += 1;
        assert!(
            !shows(&error) && !error.contains("horse") && !error.contains("xxxxxxx"),
            "{text}: {error}"
        );
    }
    assert!(told > 40, "{told}");
}

#[test]
fn a_secret_anywhere_in_a_file_is_never_told() {
    let template = layout().template(&[("key.key_file", "a.key")]).replace("# ", "");
    let mut told = 0;
    for place in (0..template.len()).filter(|place| template.is_char_boundary(*place)) {
        let (before, after) = template.split_at(place);
        for text in [format!("{before}{SECRET}{after}"), format!("{before}\n{SECRET}\n{after}")] {
            let Err(error) = read(&text) else { continue };
            told += 1;
            assert!(!shows(&error), "{text}: {error}");
        }
    }
    assert!(told > 500, "{told}");
}

#[test]
fn the_commented_file_holds_what_would_hold_without_it() {
    let template = layout().template(&[("key.key_file", "a.key")]);
    let wanted = "\
# The node's RPC, such as http://127.0.0.1:7076; it need not be yours, but it is asked for every
# account and every block, so that it should be one whom you trust
node = \"http://127.0.0.1:7076\"

# How many workers to hire
# hire = 2

# Whom to hire: cheapest, fastest
# policy = \"cheapest\"

# Hire from these addresses only, such as 192.0.2.1,192.0.2.2
# workers = [\"192.0.2.1\", \"192.0.2.2\"]

# Take private addresses too
# allow_local = false

# Headers
# headers = { authorization = \"…\" }

# The key
[key]
";
    assert!(template.starts_with(wanted), "{template}");
    assert!(
        template.contains("\nkey_file = \"a.key\"\n") && template.contains("# [[entry]]\n# Whose"),
        "{template}"
    );
    assert_eq!(options(&[], &template), options(&[], "node = \"http://127.0.0.1:7076\""));
}
