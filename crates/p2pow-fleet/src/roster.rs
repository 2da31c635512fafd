//! [`Roster`]: the agents that were heard of, how fast they are, and which of them are left alone.
//!
//! The time is told, never read here.

mod trial;

use crate::{AgentBeat, Name, Quarantined};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};
use trial::Trial;

/// An agent that has said nothing for so long is gone.
const SILENT: Duration = Duration::from_millis(3500);
/// The way to an agent and back, while nothing is known of it.
const ROUND_TRIP: Duration = Duration::from_millis(2);
/// The rate that is supposed of an agent that does not know its own.
const RATE: f64 = 1e6;

/// Why an agent is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It proposed work that is none.
    Wrong,
    /// It claims to have tried many more nonces than what it finds speaks for.
    Idle,
    /// It has orders, and neither says how they stand nor tries nonces.
    Late,
    /// It gave an order up.
    Failed,
}

impl Fault {
    /// In words.
    pub(crate) const fn reason(self) -> &'static str {
        match self {
            Self::Wrong => "proposed wrong work",
            Self::Idle => "finds too little for the hashes that it claims",
            Self::Late => "does not get on with its orders",
            Self::Failed => "gave an order up",
        }
    }

    /// How long an agent is left alone for it the first time. Each further time in a row doubles it.
    const fn first(self) -> Duration {
        match self {
            Self::Wrong | Self::Idle => Duration::from_secs(60),
            Self::Late | Self::Failed => Duration::from_secs(2),
        }
    }
}

/// No agent is left alone for longer.
const LONGEST: Duration = Duration::from_secs(3600);

/// An agent as a front end sees it.
#[derive(Debug)]
pub(crate) struct Member {
    /// What it said last.
    beat: AgentBeat,
    heard: Instant,
    round_trip: Duration,
    trial: Trial,
    strikes: u32,
    quarantine: Option<(Instant, Fault)>,
    /// When it last said how an order stands.
    reported: Instant,
    /// When it last had tried more nonces than before.
    moved: Instant,
}

impl Member {
    fn new(beat: AgentBeat, now: Instant) -> Self {
        Self {
            beat,
            heard: now,
            round_trip: ROUND_TRIP,
            trial: Trial::default(),
            strikes: 0,
            quarantine: None,
            reported: now,
            moved: now,
        }
    }

    /// Hashes per second.
    pub(crate) fn rate(&self) -> f64 {
        let rate = self.beat.hashes_per_second;
        if rate.is_finite() && rate > 0.0 { rate } else { RATE }
    }

    /// The time that a message takes to it and back.
    pub(crate) const fn round_trip(&self) -> Duration {
        self.round_trip
    }

    /// An answer came `elapsed` after an order was sent, of which the agent had it for `there`.
    pub(crate) fn measure(&mut self, elapsed: Duration, there: Duration) {
        let sample = elapsed.saturating_sub(there);
        self.round_trip =
            if sample < self.round_trip { sample } else { (self.round_trip * 7 + sample) / 8 };
    }

    /// It said how an order stands, and has tried so many nonces more for one that takes `expected`.
    pub(crate) fn tried(&mut self, hashes: u64, expected: f64, now: Instant) {
        self.reported = now;
        if hashes > 0 {
            self.moved = now;
            self.trial.tried(hashes, expected);
        }
    }

    /// It found work.
    pub(crate) fn found(&mut self, now: Instant) {
        (self.reported, self.moved, self.strikes) = (now, now, 0);
        self.trial.found();
    }

    /// Whether it claims more than it shows.
    pub(crate) fn is_idle(&self) -> bool {
        self.trial.is_lost()
    }

    /// When it last got on: it says how its orders stand, and tries nonces.
    pub(crate) fn got_on(&self) -> Instant {
        self.reported.min(self.moved)
    }

    fn is_usable(&self, now: Instant) -> bool {
        self.quarantine.is_none_or(|(until, _)| until <= now)
    }
}

/// The agents, by name.
#[derive(Debug, Default)]
pub(crate) struct Roster {
    agents: BTreeMap<Name, Member>,
}

impl Roster {
    /// An agent said something of itself. Says whether it is new.
    pub(crate) fn beat(&mut self, name: Name, beat: AgentBeat, now: Instant) -> bool {
        let Some(agent) = self.agents.get_mut(&name) else {
            self.agents.insert(name, Member::new(beat, now));
            return true;
        };
        if beat.hashes != agent.beat.hashes {
            agent.moved = now;
        }
        let was_silent = agent.is_silent(now);
        (agent.beat, agent.heard) = (beat, now);
        was_silent
    }

    /// The agents that can be given orders.
    pub(crate) fn usable(&self, now: Instant) -> impl Iterator<Item = (&Name, &Member)> {
        self.agents.iter().filter(move |(_, agent)| agent.is_usable(now) && !agent.is_silent(now))
    }

    pub(crate) fn get(&self, name: &Name) -> Option<&Member> {
        self.agents.get(name)
    }

    pub(crate) fn get_mut(&mut self, name: &Name) -> Option<&mut Member> {
        self.agents.get_mut(name)
    }

    /// Whether an agent is not to be listened to.
    pub(crate) fn is_liar(&self, name: &Name, now: Instant) -> bool {
        let quarantine = self.agents.get(name).and_then(|agent| agent.quarantine);
        quarantine.is_some_and(|(until, fault)| {
            until > now && matches!(fault, Fault::Wrong | Fault::Idle)
        })
    }

    /// Leaves an agent alone, and says how long.
    pub(crate) fn strike(&mut self, name: &Name, fault: Fault, now: Instant) -> Option<Duration> {
        let agent = self.agents.get_mut(name)?;
        let pause = fault.first().saturating_mul(1 << agent.strikes.min(16)).min(LONGEST);
        agent.strikes += 1;
        agent.quarantine = Some((now + pause, fault));
        agent.trial = Trial::default();
        Some(pause)
    }

    /// Forgets the agents that are long gone, and says which are silent.
    pub(crate) fn silent(&mut self, now: Instant) -> Vec<Name> {
        // What an agent is left alone for is remembered for as long as it is.
        self.agents.retain(|_, agent| {
            now.saturating_duration_since(agent.heard) < LONGEST || !agent.is_usable(now)
        });
        let silent = self.agents.iter().filter(|(_, agent)| agent.is_silent(now));
        silent.map(|(name, _)| name.clone()).collect()
    }

    /// The agents that are left alone.
    pub(crate) fn quarantined(&self, now: Instant) -> Vec<Quarantined> {
        let quarantined = self.agents.iter().filter_map(|(name, agent)| {
            let (until, fault) = agent.quarantine?;
            let left = until.saturating_duration_since(now);
            let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
            let reason = fault.reason().to_owned();
            (seconds > 0).then(|| Quarantined { agent: name.clone(), reason, seconds })
        });
        quarantined.collect()
    }
}

impl Member {
    fn is_silent(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.heard) > SILENT
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::{Fault, Roster, SILENT};
    use crate::{AgentBeat, Name};
    use std::time::{Duration, Instant};

    pub(crate) fn beat(rate: f64, hashes: u64) -> AgentBeat {
        AgentBeat {
            version: "1".into(),
            devices: vec!["cpu".into()],
            hashes_per_second: rate,
            hashes,
            orders: 0,
        }
    }

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    #[test]
    fn who_is_silent_is_not_used_until_it_is_heard_again() {
        let (mut roster, now) = (Roster::default(), Instant::now());
        assert!(roster.beat(name("a"), beat(1e6, 0), now));
        assert!(!roster.beat(name("a"), beat(1e6, 0), now + SILENT / 2));
        let late = now + SILENT / 2 + SILENT + Duration::from_millis(1);
        assert_eq!((roster.usable(late).count(), roster.silent(late)), (0, vec![name("a")]));
        assert!(roster.beat(name("a"), beat(1e6, 0), late), "it comes as a new one");
        assert_eq!(roster.usable(late).count(), 1);
    }

    #[test]
    fn each_fault_in_a_row_doubles_the_pause_until_work_is_found() {
        let (mut roster, now) = (Roster::default(), Instant::now());
        roster.beat(name("a"), beat(1e6, 0), now);
        let mut seconds = |fault| roster.strike(&name("a"), fault, now).unwrap().as_secs();
        assert_eq!([seconds(Fault::Late), seconds(Fault::Failed), seconds(Fault::Late)], [2, 4, 8]);
        assert_eq!([seconds(Fault::Wrong), seconds(Fault::Wrong)], [480, 960]);
        assert_eq!((0..9).map(|_| seconds(Fault::Wrong)).last(), Some(3600));
        assert!(roster.is_liar(&name("a"), now) && roster.usable(now).count() == 0);
        let told = &roster.quarantined(now)[0];
        assert_eq!((told.reason.as_str(), told.seconds), ("proposed wrong work", 3600));
        let hour = now + Duration::from_secs(3600);
        roster.beat(name("a"), beat(1e6, 0), hour);
        assert!(!roster.is_liar(&name("a"), hour) && roster.usable(hour).count() == 1);
        roster.get_mut(&name("a")).unwrap().found(hour);
        assert_eq!(roster.strike(&name("a"), Fault::Late, hour), Some(Duration::from_secs(2)));
    }

    #[test]
    fn the_round_trip_follows_the_shortest_ways_at_once_and_longer_ones_slowly() {
        let (mut roster, now) = (Roster::default(), Instant::now());
        roster.beat(name("a"), beat(1e6, 0), now);
        let agent = roster.get_mut(&name("a")).unwrap();
        let ms = Duration::from_millis;
        agent.measure(ms(81), ms(80));
        assert_eq!(agent.round_trip(), ms(1));
        agent.measure(ms(20), ms(3));
        assert_eq!(agent.round_trip(), ms(3));
    }
}
