//! How long is kept what happens all the time, and the worker that drops what is older:
//! positions by day, the journal by month.

use std::time::Duration;

use chrono::TimeDelta;
use domain::Failure;
use store::journal;

use crate::module::{Module, Stopping};
use crate::{App, tracking};

/// The terms.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Days for which positions are kept. Default 30.
    pub positions_days: u32,
    /// Days for which the journal keeps events of boards, couriers and the desk, at least:
    /// longer than anybody waits for them. Those of orders and deliveries stay. Default 90.
    pub journal_days: u32,
    /// How often is looked after it. Default 1 h.
    pub every: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { positions_days: 30, journal_days: 90, every: Duration::from_secs(3_600) }
    }
}

/// The worker that makes partitions ahead, and drops those out of retention.
pub(crate) fn module() -> Module {
    Module::default().worker("partition keeper", keep)
}

async fn keep(app: App, mut stopping: Stopping) -> Result<(), Failure> {
    let settings = app.settings.retention;
    let days = |days: u32| TimeDelta::days(i64::from(days));
    loop {
        let now = app.now();
        tracking::keep_positions(&app, now - days(settings.positions_days)).await?;
        journal::ensure_partitions(&app.store, now).await?;
        let dropped = journal::drop_partitions(&app.store, now - days(settings.journal_days)).await?;
        if dropped > 0 {
            tracing::info!(dropped, "months of the journal are out of retention");
        }
        tokio::select! {
            () = tokio::time::sleep(settings.every) => {}
            () = &mut stopping => return Ok(()),
        }
    }
}
