//! [`Finding`]: what was looked at, and how it is.

use serde::Serialize;

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    Well,
    Doubtful,
    Wrong,
}

/// What was looked at, and how it is.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    what: &'static str,
    pub(super) state: State,
    found: String,
    /// What to do about it.
    mend: Option<String>,
}

impl Finding {
    pub(super) fn well(what: &'static str, found: impl Into<String>) -> Self {
        Self { what, state: State::Well, found: found.into(), mend: None }
    }

    pub(super) fn doubtful(
        what: &'static str,
        found: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self { what, state: State::Doubtful, found: found.into(), mend: Some(mend.into()) }
    }

    pub(super) fn wrong(
        what: &'static str,
        found: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self { what, state: State::Wrong, found: found.into(), mend: Some(mend.into()) }
    }

    /// The same as something that must be mended.
    pub(super) fn wrong_after_all(self) -> Self {
        Self { state: State::Wrong, ..self }
    }

    /// One line for people.
    pub(super) fn line(&self) -> String {
        let mark = match self.state {
            State::Well => "ok",
            State::Doubtful => "--",
            State::Wrong => "!!",
        };
        let mend = self.mend.as_ref().map_or(String::new(), |mend| format!("; {mend}"));
        format!("{mark} {}: {}{mend}", self.what, self.found)
    }
}
