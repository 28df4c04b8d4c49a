//! The public holidays: those that ship, and what admins changed of them.
//!
//! Each process reads the changes every few seconds, so a day that was just decreed counts in all of
//! them soon. It is known weeks ahead.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use chrono::NaiveDate;
use domain::restaurant::{Holiday, Holidays};
use domain::week::date_of;
use domain::{Failure, Principal, Role};
use store::{Store, StoreError};

use crate::App;
use crate::module::Stopping;

/// How often a process reads what others changed.
const READ_EVERY: Duration = Duration::from_secs(5);

/// The calendar of a process.
pub(crate) struct Calendar(RwLock<Arc<Holidays>>);

impl Calendar {
    /// Reads the changes for the first time.
    pub(crate) async fn read(store: &Store) -> Result<Self, StoreError> {
        Ok(Self(RwLock::new(Arc::new(changed(store).await?))))
    }

    /// The holidays that are known now.
    pub(crate) fn now(&self) -> Arc<Holidays> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    async fn read_again(&self, store: &Store) -> Result<(), StoreError> {
        let holidays = changed(store).await?;
        if *self.now() != holidays {
            *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(holidays);
        }
        Ok(())
    }
}

async fn changed(store: &Store) -> Result<Holidays, StoreError> {
    let changes = store::restaurant::holiday_changes(store).await?;
    Ok(changes.into_iter().fold(Holidays::shipped(), |days, (date, name)| match name {
        Some(name) => days.and(Holiday { date, name }),
        None => days.without(date),
    }))
}

/// Reads the changes of others again and again.
pub(super) async fn follow(app: App, mut stopping: Stopping) -> Result<(), StoreError> {
    loop {
        tokio::select! {
            () = tokio::time::sleep(READ_EVERY) => app.calendar.read_again(&app.store).await?,
            () = &mut stopping => return Ok(()),
        }
    }
}

/// The holidays from today on.
pub fn holidays(app: &App) -> Vec<Holiday> {
    app.holidays().since(date_of(app.now())).collect()
}

/// Makes a day a public holiday, or gives it another name.
pub async fn add_holiday(app: &App, who: &Principal, date: NaiveDate, name: &str) -> Result<(), Failure> {
    let holiday = Holiday::read(date, name)?;
    keep(app, who, date, Some(&holiday.name)).await
}

/// Makes a day no holiday.
pub async fn remove_holiday(app: &App, who: &Principal, date: NaiveDate) -> Result<(), Failure> {
    keep(app, who, date, None).await
}

async fn keep(app: &App, who: &Principal, date: NaiveDate, name: Option<&str>) -> Result<(), Failure> {
    who.require(Role::Admin)?;
    let ships = Holidays::shipped().since(date).next().filter(|day| day.date == date);
    let mut tx = app.store.begin().await?;
    if ships.map(|day| day.name).as_deref() == name {
        store::restaurant::forget_holiday(&mut tx, date).await?;
    } else {
        store::restaurant::keep_holiday(&mut tx, date, name).await?;
    }
    tx.commit().await?;
    tracing::info!(by = %who.user, %date, added = name.is_some(), "the calendar was changed");
    Ok(app.calendar.read_again(&app.store).await?)
}
