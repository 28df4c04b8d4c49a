//! Retention: the worker that drops older partitions of high-volume data (positions by day, the
//! journal by month), and the worker that drops older rows of all else.

use std::time::Duration;

use chrono::TimeDelta;
use domain::Failure;
use store::journal;

use crate::module::{Module, Stopping};
use crate::{App, auth, idempotency, menu, order, payment, points, privacy, restaurant, tracking, user};

/// The retention periods.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The least days for which the journal keeps events of boards, couriers and the desk. Must
    /// be longer than any client resumes from. Events of orders and deliveries are kept for ever.
    /// Default 90.
    pub journal_days: u32,
    /// The interval between runs of each worker. Default 1 h.
    pub every: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { journal_days: 90, every: Duration::from_secs(3_600) }
    }
}

/// The worker that creates partitions in advance, and drops those out of retention; and the worker
/// that drops rows out of retention.
pub(crate) fn module() -> Module {
    Module::default().worker("partition keeper", keep).worker("row keeper", drop_rows)
}

async fn drop_rows(app: App, mut stopping: Stopping) -> Result<(), Failure> {
    loop {
        // What one noun cannot drop does not keep the others from it.
        let outcomes = [
            auth::tidy(&app).await,
            idempotency::tidy(&app).await,
            menu::tidy(&app).await,
            order::tidy(&app).await,
            payment::method::tidy(&app).await,
            payment::request::tidy(&app).await,
            points::tidy(&app).await,
            privacy::tidy(&app).await,
            restaurant::tidy(&app).await,
            tracking::tidy(&app).await,
            user::tidy(&app).await,
        ];
        outcomes.into_iter().collect::<Result<(), Failure>>()?;
        tokio::select! {
            () = tokio::time::sleep(app.settings.retention.every) => {}
            () = &mut stopping => return Ok(()),
        }
    }
}

async fn keep(app: App, mut stopping: Stopping) -> Result<(), Failure> {
    let settings = app.settings.retention;
    let journal = TimeDelta::days(i64::from(settings.journal_days));
    loop {
        let now = app.now();
        tracking::keep_positions(&app).await?;
        journal::ensure_partitions(&app.store, now).await?;
        let dropped = journal::drop_partitions(&app.store, now - journal).await?;
        if dropped > 0 {
            tracing::info!(dropped, "months of the journal are out of retention");
        }
        tokio::select! {
            () = tokio::time::sleep(settings.every) => {}
            () = &mut stopping => return Ok(()),
        }
    }
}
