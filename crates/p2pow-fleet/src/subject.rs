//! [`Subjects`]: what the messages of a fleet are addressed by.
//!
//! Who sends is the last token of what it sends, so that a broker that gives each member a user of its own can keep
//! one from speaking in the name of another.

use crate::Name;

/// The subjects of one fleet.
#[derive(Debug, Clone)]
pub(crate) struct Subjects {
    fleet: Name,
}

impl Subjects {
    pub(crate) const fn new(fleet: Name) -> Self {
        Self { fleet }
    }

    /// Commands to every agent.
    pub(crate) fn orders_of_all(&self) -> String {
        format!("{}.order.all", self.fleet)
    }

    /// Commands to one agent.
    pub(crate) fn orders_of(&self, agent: &Name) -> String {
        format!("{}.order.agent.{agent}", self.fleet)
    }

    /// Asks everybody for a beat.
    pub(crate) fn roll(&self) -> String {
        format!("{}.roll", self.fleet)
    }

    /// What an agent has to say to a front end.
    pub(crate) fn report(&self, front: &Name, agent: &Name) -> String {
        format!("{}.report.{front}.{agent}", self.fleet)
    }

    /// What all agents have to say to a front end.
    pub(crate) fn reports_to(&self, front: &Name) -> String {
        format!("{}.report.{front}.*", self.fleet)
    }

    pub(crate) fn beat_of_agent(&self, agent: &Name) -> String {
        format!("{}.beat.agent.{agent}", self.fleet)
    }

    pub(crate) fn beats_of_agents(&self) -> String {
        format!("{}.beat.agent.*", self.fleet)
    }

    pub(crate) fn beat_of_front(&self, front: &Name) -> String {
        format!("{}.beat.front.{front}", self.fleet)
    }

    pub(crate) fn beats_of_fronts(&self) -> String {
        format!("{}.beat.front.*", self.fleet)
    }

    /// Who sent a message, by its subject.
    pub(crate) fn sender(subject: &str) -> Option<Name> {
        subject.rsplit_once('.').and_then(|(_, name)| name.parse().ok())
    }
}

#[cfg(test)]
mod tests {
    use super::Subjects;

    #[test]
    fn the_last_token_is_who_sent_it() {
        let subjects = Subjects::new("p2pow".parse().unwrap());
        let (front, agent) = ("front-1".parse().unwrap(), "gpu_2".parse().unwrap());
        assert_eq!(subjects.report(&front, &agent), "p2pow.report.front-1.gpu_2");
        for subject in [subjects.report(&front, &agent), subjects.beat_of_agent(&agent)] {
            assert_eq!(Subjects::sender(&subject), Some(agent.clone()));
        }
        assert_eq!(Subjects::sender("p2pow.report.front-1.*"), None);
    }
}
