//! [`Narrator`]: what the operator is told while the worker runs.

use crate::{admin::Watched, commands::register};
use p2pow_admin::Status;
use p2pow_cli::{Failure, output};
use p2pow_server::{Job, JobEvent, Phase, Server, ServerStatus, register::Registration};
use serde_json::{Value, json};
use std::io::{self, IsTerminal};
use tokio::sync::broadcast::{Receiver, error::RecvError};

/// Tells the operator what happens, in words or as JSON.
#[derive(Clone, Copy)]
pub(super) struct Narrator {
    pub(super) json: bool,
}

impl Narrator {
    fn say(&self, words: &str, json: &Value) -> io::Result<()> {
        if self.json { output::json(json) } else { output::line(words) }
    }

    /// Tells what is offered. The link to the operator's page has a secret in it: it is for terminals, and for no log.
    pub(super) fn started(
        &self,
        (status, node_error): (&Status, Option<&str>),
        watched: Option<&Watched>,
    ) -> io::Result<()> {
        let nodes: Vec<&str> = status.nodes.iter().map(|node| node.name.as_str()).collect();
        let listening: Vec<_> = status.listening.iter().map(ToString::to_string).collect();
        let admin = watched.map(|watched| watched.server.local_addr());
        let hashrate = status.hashrate.unwrap_or(0.0);
        if self.json {
            return output::json(&json!({
                "event": "started", "listening": listening, "network": status.network,
                "reward_account": status.reward_account, "fee": status.fee, "hashrate": hashrate,
                "nodes": nodes, "node_error": node_error, "admin": admin,
            }));
        }
        output::line(format_args!(
            "listening on {}\n{} network, {} {}\nrewards go to {}\na send costs {} XNO; {}",
            listening.join(", "),
            status.network,
            if nodes.len() == 1 { "node" } else { "nodes" },
            nodes.join(", "),
            status.reward_account,
            status.fee.to_xno(),
            output::hashrate(hashrate),
        ))?;
        match watched {
            Some(watched) if io::stdout().is_terminal() => {
                output::line(format_args!("watch it: {}", watched.link()))?;
            }
            Some(_) => output::line("watch it: `p2pow-worker top`, or --link for the page")?,
            None => {}
        }
        match node_error {
            Some(error) => output::line(format_args!(
                "the node cannot be used yet, jobs are refused until it can: {error}"
            )),
            None => Ok(()),
        }
    }

    /// Tells of an address on the ledger.
    pub(super) fn registered(self, entry: &Registration) -> Result<(), Failure> {
        if !self.json {
            return register::tell(entry, false);
        }
        let mut event = register::to_json(entry);
        event["event"] = json!("registered");
        Ok(output::json(&event)?)
    }

    /// Tells of the jobs from before, which go on.
    pub(super) fn resumed(&self, server: &Server) -> io::Result<()> {
        let jobs = server.jobs().into_iter();
        jobs.map(|job| JobEvent { phase: job.phase(), job }).try_for_each(|event| self.step(&event))
    }

    /// Tells of every step of every job, for ever.
    pub(super) async fn narrate(&self, events: &mut Receiver<JobEvent>) -> io::Result<()> {
        loop {
            match events.recv().await {
                Ok(event) => self.step(&event)?,
                Err(RecvError::Lagged(missed)) => {
                    tracing::warn!(missed, "some steps of jobs are not shown");
                }
                Err(RecvError::Closed) => return Ok(()),
            }
        }
    }

    fn step(&self, event: &JobEvent) -> io::Result<()> {
        let report = event.job.report();
        let json = json!({
            "event": "job", "id": report.id, "phase": event.phase.as_str(), "account": report.account,
            "user_blocks": report.user_blocks, "paid": report.paid, "hashes": report.hashes,
            "refusal": report.refusal.as_ref().map(ToString::to_string), "elsewhere": report.is_elsewhere,
        });
        match words(&event.job, event.phase) {
            Some(words) => self.say(&words, &json),
            None if self.json => output::json(&json),
            None => Ok(()),
        }
    }

    pub(super) fn stopped(&self, status: &ServerStatus) -> io::Result<()> {
        let ServerStatus { won, lost, failed, income, .. } = status;
        let words = format!(
            "stopped: jobs: {won} won, {lost} lost, {failed} failed; {} XNO earned",
            income.to_xno()
        );
        let json = json!({
            "event": "stopped", "won": won, "lost": lost, "failed": failed, "income": income,
        });
        self.say(&words, &json)
    }
}

/// What a person is told of a step; nothing of those that last a moment.
fn words(job: &Job, phase: Phase) -> Option<String> {
    let report = job.report();
    let id = report.id.to_string();
    let place = if report.is_elsewhere { " at another worker of the fleet" } else { "" };
    let what = match phase {
        Phase::Solving => format!(
            "for {}: {} to find, pays {} XNO",
            report.account,
            output::count(report.works_needed, "work"),
            report.paid.to_xno()
        ),
        Phase::Solved => format!("all works found, {} hashes tried", report.hashes),
        Phase::Confirmed => format!("confirmed, {} XNO earned", report.paid.to_xno()),
        Phase::Failed | Phase::Lost => match &report.refusal {
            Some(refusal) => format!("{phase}: {refusal}"),
            None => phase.to_string(),
        },
        Phase::Published => "published".to_owned(),
        _ => return None,
    };
    Some(format!("job {}…{place} {what}", &id[..8]))
}
