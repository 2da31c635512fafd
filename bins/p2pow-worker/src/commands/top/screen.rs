//! [`Screen`]: what the terminal shows.

use p2pow_admin::{Fleet, Sample, Status};
use p2pow_cli::output;
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::{Color, Style, Stylize},
    text::{Line, Span},
    widgets::{Block, Paragraph, Row, Sparkline, Table},
};

/// What the terminal shows.
#[derive(Debug, Default)]
pub(super) struct Screen {
    pub(super) status: Status,
    pub(super) samples: Vec<Sample>,
    /// Why what is shown is old.
    pub(super) trouble: Option<String>,
}

impl Screen {
    /// Draws it all. What does not fit is left out from below.
    pub(super) fn draw(&self, frame: &mut Frame<'_>) {
        let (devices, nodes) = (self.status.devices.len(), self.status.nodes.len());
        let rows = |count: usize| Constraint::Length(u16::try_from(count.min(8)).unwrap_or(8) + 2);
        let areas = Layout::vertical([
            Constraint::Length(3),
            Constraint::Length(4 + u16::from(self.status.fleet.is_some())),
            Constraint::Length(6),
            rows(devices),
            rows(nodes),
            Constraint::Min(3),
        ])
        .split(frame.area());
        frame.render_widget(self.heading(), areas[0]);
        frame.render_widget(self.figures(), areas[1]);
        self.work(frame, areas[2]);
        frame.render_widget(self.devices(), areas[3]);
        frame.render_widget(self.nodes(), areas[4]);
        frame.render_widget(self.jobs(), areas[5]);
    }

    fn heading(&self) -> Paragraph<'_> {
        let status = &self.status;
        let state = match (&self.trouble, &status.refusing) {
            (Some(trouble), _) => Span::from(trouble.clone()).red(),
            (None, Some(reason)) => {
                let why = status.journal_error.as_ref().unwrap_or(reason);
                Span::from(format!("refuses jobs: {why}")).red()
            }
            (None, None) => Span::from("takes jobs").green(),
        };
        let up = match status.uptime_seconds() {
            0 => "just now".to_owned(),
            seconds => output::seconds(seconds as f64),
        };
        let about = format!("{}  {} network  up {up}  q ends", status.program, status.network);
        Paragraph::new(vec![
            Line::from(vec![Span::from("P2PoW worker  ").bold(), state]),
            Line::from(about).dim(),
            Line::from(format!("rewards go to {}", status.reward_account)).dim(),
        ])
    }

    fn figures(&self) -> Paragraph<'_> {
        let (status, ended) = (&self.status, &self.status.ended);
        let rate = status.hashrate.map_or("unknown".to_owned(), output::hashrate);
        let wait = status.queue.expected_seconds.filter(|wait| *wait > 0.0);
        let wait =
            wait.map_or(String::new(), |wait| format!(", done in {}", output::seconds(wait)));
        let share =
            ended.win_rate().map_or(String::new(), |won| format!(" ({:.0} %)", won * 100.0));
        let queue = &status.queue;
        let mut lines = vec![
            Line::from(format!("speed   {rate}")),
            Line::from(format!("queue   {} of {} jobs{wait}", queue.jobs, queue.max_jobs)),
            Line::from(format!(
                "races   {} won{share}, {} lost, {} failed",
                ended.won, ended.lost, ended.failed
            )),
            Line::from(format!("earned  {} XNO confirmed", ended.income.to_xno())),
        ];
        lines.extend(status.fleet.as_ref().map(fleet));
        Paragraph::new(lines)
    }

    /// Hashes a second over the last looks, one a column.
    fn work(&self, frame: &mut Frame<'_>, area: Rect) {
        let rates: Vec<u64> = self.samples.windows(2).map(rate).collect();
        let width = usize::from(area.width.saturating_sub(2));
        let shown = &rates[rates.len().saturating_sub(width)..];
        let last = shown.last().map_or(0.0, |rate| *rate as f64);
        let title = format!("Work done: {}", output::hashrate(last));
        let line = Sparkline::default().data(shown).style(Style::new().fg(Color::Blue));
        frame.render_widget(line.block(Block::bordered().title(title)), area);
    }

    fn devices(&self) -> Table<'_> {
        let rows = self.status.devices.iter().map(|device| {
            let rate = device.rate.map_or("–".to_owned(), output::hashrate);
            let state = device.quarantine_seconds.map_or("well".to_owned(), |left| {
                format!("left alone for {}", output::seconds(left))
            });
            let found = format!("{} works", device.solutions);
            Row::new([device.name.clone(), rate, found, state])
        });
        let widths = [
            Constraint::Min(16),
            Constraint::Length(14),
            Constraint::Length(12),
            Constraint::Min(8),
        ];
        Table::new(rows, widths).block(Block::bordered().title("Devices"))
    }

    fn nodes(&self) -> Table<'_> {
        let rows = self.status.nodes.iter().map(|node| {
            let state = match (&node.error, node.is_well()) {
                (None, true) if node.websocket.is_some() => {
                    Span::from("well, WebSocket live").green()
                }
                (None, true) => Span::from(node.state()).green(),
                (None, false) => Span::from(node.state()).yellow(),
                (Some(error), _) => Span::from(error.clone()).red(),
            };
            let unknown = || "–".to_owned();
            let took = node.latency_ms.map_or_else(unknown, |ms| format!("{ms:.1} ms"));
            let behind = node.behind.map_or_else(unknown, |blocks| format!("{blocks} behind"));
            let name = Line::from(node.name.clone());
            Row::new([name, Line::from(state), behind.into(), took.into()])
        });
        let widths = [
            Constraint::Fill(1),
            Constraint::Fill(1),
            Constraint::Length(10),
            Constraint::Length(10),
        ];
        Table::new(rows, widths).block(Block::bordered().title("Nodes"))
    }

    fn jobs(&self) -> Table<'_> {
        let rows = self.status.jobs.iter().map(|job| {
            let id: String = job.id.chars().take(8).collect();
            let works = format!("{} of {} works", job.works_done, job.works_needed);
            Row::new([id, job.phase.clone(), works, format!("{} XNO", job.paid.to_xno())])
        });
        let widths = [
            Constraint::Length(9),
            Constraint::Length(11),
            Constraint::Length(16),
            Constraint::Min(10),
        ];
        let title = format!("Jobs in flight: {}", self.status.queue.in_flight);
        Table::new(rows, widths).block(Block::bordered().title(title))
    }
}

/// Hashes a second between two looks.
fn rate(pair: &[Sample]) -> u64 {
    let [before, after] = pair else { return 0 };
    let hashes = u128::from(after.hashes.saturating_sub(before.hashes));
    let ms = u128::from(after.at_ms.saturating_sub(before.at_ms)).max(1);
    u64::try_from(hashes * 1000 / ms).unwrap_or(u64::MAX)
}

fn fleet(fleet: &Fleet) -> Line<'static> {
    if !fleet.connected {
        return Line::from("fleet   the broker is away").red();
    }
    let agents = output::count(fleet.agents.len(), "agent");
    let rate = output::hashrate(fleet.rate());
    let left = match fleet.quarantined.len() {
        0 => String::new(),
        left => format!(", {left} left alone"),
    };
    Line::from(format!(
        "fleet   {agents}, {rate}, {} found, {} wrong{left}",
        fleet.found, fleet.wrong
    ))
}

#[cfg(test)]
mod tests {
    use super::Screen;
    use nano_primitives::Amount;
    use p2pow_admin::{Device, Ended, Feed, Fleet, FleetAgent, Node, Sample, Status};
    use ratatui::{Terminal, backend::TestBackend};

    fn drawn(screen: &Screen, width: u16, height: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| screen.draw(frame)).unwrap();
        terminal.backend().to_string()
    }

    fn screen() -> Screen {
        let status = Status {
            program: "p2pow-worker/1".into(),
            hashrate: Some(2e9),
            ended: Ended { won: 3, lost: 1, failed: 0, income: Amount::from_raw(10_u128.pow(29)) },
            nodes: vec![
                Node {
                    name: "http://127.0.0.1:7076".into(),
                    error: Some("away".into()),
                    ..Node::default()
                },
                Node {
                    name: "http://127.0.0.1:7077".into(),
                    latency_ms: Some(1.25),
                    behind: Some(12),
                    websocket: Some(Feed::default()),
                    ..Node::default()
                },
            ],
            devices: vec![Device { name: "cpu".into(), rate: Some(1e7), ..Device::default() }],
            ..Status::default()
        };
        let sample = |seconds: u64| Sample {
            at_ms: seconds * 1000,
            hashes: seconds * 5_000_000,
            ..Sample::from(&status)
        };
        Screen { samples: (0..20).map(|look| sample(look * 10)).collect(), trouble: None, status }
    }

    #[test]
    fn a_screen_shows_what_the_page_shows() {
        let text = drawn(&screen(), 80, 24);
        for wanted in [
            "takes jobs",
            "2.0 GH/s",
            "3 won (75 %), 1 lost",
            "0.1 XNO confirmed",
            "5.0 MH/s",
            "cpu",
            "away",
            "http://127.0.0.1:7077",
            "1.2 ms",
            "12 behind",
            "WebSocket live",
        ] {
            assert!(text.contains(wanted), "no {wanted} in\n{text}");
        }
    }

    #[test]
    fn a_fleet_is_a_line() {
        let mut screen = screen();
        let agent = FleetAgent { rate: 1e9, ..FleetAgent::default() };
        let agents = vec![agent; 3];
        screen.status.fleet = Some(Fleet { connected: true, agents, found: 7, ..Fleet::default() });
        let text = drawn(&screen, 80, 24);
        assert!(text.contains("3 agents, 3.0 GH/s, 7 found, 0 wrong"), "{text}");
        screen.status.fleet = Some(Fleet::default());
        assert!(drawn(&screen, 80, 24).contains("the broker is away"));
    }

    #[test]
    fn a_full_disk_is_seen() {
        let mut screen = screen();
        screen.status.refusing = Some("the journal cannot be written".into());
        screen.status.journal_error = Some("database or disk is full".into());
        assert!(drawn(&screen, 80, 24).contains("refuses jobs: database or disk is full"));
    }

    #[test]
    fn a_worker_that_is_away_is_told_and_a_tiny_terminal_is_no_trouble() {
        let away = Screen { trouble: Some("no worker answers".into()), ..screen() };
        assert!(drawn(&away, 80, 24).contains("no worker answers"));
        for (width, height) in [(1, 1), (20, 5), (80, 3), (200, 60)] {
            drawn(&away, width, height);
        }
    }
}
