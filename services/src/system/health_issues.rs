//! Health issues: conditions that need an operator's attention.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Settings, SystemView};

/// Something that needs somebody to look.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = Trouble)]
pub struct HealthIssue {
    /// What it is: a stable code, as `quarantined`.
    pub code: &'static str,
    /// What it concerns, as `order 0192…` or `position log`.
    pub subject: String,
    /// What the machine says of it.
    pub detail: String,
}

fn issue(code: &'static str, subject: impl Into<String>, detail: impl Into<String>) -> HealthIssue {
    HealthIssue { code, subject: subject.into(), detail: detail.into() }
}

/// The health issues in `view`, the worst first.
pub(super) fn find(view: &SystemView, settings: &Settings) -> Vec<HealthIssue> {
    let mut found = Vec::new();
    if view.jobs.is_none() {
        found.push(issue("database_unavailable", "PostgreSQL", "The last sample got no answer."));
    }
    if !view.fabric.joined {
        found.push(issue("fabric_torn", "Redis", "Other processes are not heard."));
    }
    for kind in &view.entities {
        for one in &kind.quarantined {
            found.push(issue("quarantined", format!("{} {}", kind.kind, one.id), &*one.cause));
        }
    }
    for worker in &view.workers {
        let lately = |at| view.at - at < to_delta(settings.failed_lately);
        if worker.state == "pausing" || worker.last_failed_at.is_some_and(lately) {
            found.push(issue("worker_failed", worker.name, worker.last_error.clone().unwrap_or_default()));
        }
    }
    if let Some(jobs) = &view.jobs {
        if jobs.parked > 0 {
            found.push(issue("jobs_parked", "jobs", jobs.parked.to_string()));
        }
        if jobs.oldest_due_secs > settings.job_late.as_secs_f64() {
            found.push(issue("jobs_late", "jobs", format!("{:.0} s", jobs.oldest_due_secs)));
        }
    }
    if view.money_undecided > 0 {
        found.push(issue("money_undecided", "payments", view.money_undecided.to_string()));
    }
    if view.ledger_discrepancies > 0 {
        found.push(issue("ledger_disagrees", "ledger", view.ledger_discrepancies.to_string()));
    }
    let bound = settings.lag.as_secs_f64() * 1e3;
    for (subject, lag) in [("event", view.hub.event_lag_ms), ("delivery", view.hub.delivery_lag_ms)] {
        if lag > bound {
            found.push(issue("lag", subject, format!("{lag:.0} ms")));
        }
    }
    if view.database.busy >= view.database.max {
        found.push(issue("database_busy", "PostgreSQL", format!("{} connections", view.database.max)));
    }
    found
}

fn to_delta(time: std::time::Duration) -> chrono::TimeDelta {
    chrono::TimeDelta::from_std(time).unwrap_or(chrono::TimeDelta::MAX)
}
