//! How far the workers are: bars on a terminal, a line now and then elsewhere.

use super::stage::{Crew, Member};
use indicatif::{HumanCount, MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use p2pow_cli::output;
use p2pow_client::Receipt;
use p2pow_server::JobReport;
use std::{
    io::{self, IsTerminal},
    time::{Duration, Instant},
};

/// Time between two lines where there is no terminal.
const PAUSE: Duration = Duration::from_secs(5);
const TEMPLATE: &str = "{prefix:<12} {bar:24} {msg}";
/// The length of a bar.
const WHOLE: u64 = 1000;

/// One bar for each worker.
#[derive(Debug)]
pub(super) struct Bars {
    bars: Vec<ProgressBar>,
    screen: Screen,
}

#[derive(Debug)]
enum Screen {
    /// Only the JSON is wanted.
    Quiet,
    /// Bars below the story.
    Terminal(MultiProgress),
    /// A line for each worker, the next one not before so long.
    Lines { next: Instant },
}

impl Bars {
    pub(super) fn new(crew: &Crew, is_quiet: bool) -> Self {
        let screen = if is_quiet {
            Screen::Quiet
        } else if io::stdout().is_terminal() {
            Screen::Terminal(MultiProgress::with_draw_target(ProgressDrawTarget::stdout()))
        } else {
            Screen::Lines { next: Instant::now() + PAUSE }
        };
        let bars = match &screen {
            Screen::Terminal(all) => crew.members.iter().map(|member| bar(all, member)).collect(),
            _ => Vec::new(),
        };
        Self { bars, screen }
    }

    /// A line of the story, above the bars.
    pub(super) fn line(&self, text: Option<String>) -> io::Result<()> {
        match (&self.screen, text) {
            (Screen::Quiet, _) | (_, None) => Ok(()),
            (Screen::Terminal(all), Some(text)) => all.println(text),
            (Screen::Lines { .. }, Some(text)) => output::line(text),
        }
    }

    /// Shows how far the workers are.
    pub(super) fn draw(&mut self, crew: &Crew) -> io::Result<()> {
        match &mut self.screen {
            Screen::Quiet => {}
            Screen::Terminal(_) => {
                for (bar, member) in self.bars.iter().zip(&crew.members) {
                    if let Some(report) = member.report() {
                        bar.set_position(position(&report, member));
                        bar.set_message(words(&report));
                    }
                }
            }
            Screen::Lines { next } if Instant::now() >= *next => {
                *next = Instant::now() + PAUSE;
                for member in &crew.members {
                    if let Some(report) = member.report() {
                        output::line(format_args!("{}: {}", member.address, words(&report)))?;
                    }
                }
            }
            Screen::Lines { .. } => {}
        }
        Ok(())
    }

    /// Leaves the bars where they are, and says how it ended for each worker.
    pub(super) fn finish(&self, crew: &Crew, receipt: &Receipt) {
        for (bar, member) in self.bars.iter().zip(&crew.members) {
            let (outcome, hashes) = (member.outcome(receipt), HumanCount(member.hashes()));
            bar.abandon_with_message(format!("{outcome} after {hashes} hashes"));
        }
    }
}

fn bar(all: &MultiProgress, member: &Member) -> ProgressBar {
    let style = ProgressStyle::with_template(TEMPLATE).expect("a valid template");
    let bar = all.add(ProgressBar::new(WHOLE).with_style(style));
    bar.set_prefix(member.address.to_string());
    bar.set_message("waits for a job");
    bar
}

/// Works found of works needed, the one that is searched for counted by the chance that it would be found by now.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
fn position(report: &JobReport, member: &Member) -> u64 {
    let done = report.works_done as f64 + member.chance();
    (WHOLE as f64 * done / report.works_needed as f64).min(WHOLE as f64) as u64
}

fn words(report: &JobReport) -> String {
    let mut text = format!(
        "{}, work {} of {}, {} hashes",
        report.phase,
        (report.works_done + 1).min(report.works_needed),
        report.works_needed,
        HumanCount(report.hashes),
    );
    if report.rate > 0.0 {
        text.push_str(&format!(", {}", output::hashrate(report.rate)));
    }
    if let Some(seconds) = report.expected_seconds_left {
        text.push_str(&format!(", about {seconds:.0} s for this work"));
    }
    text
}
