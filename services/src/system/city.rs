//! The state of the city: couriers, orders by status, and deliveries without a courier. Counted
//! in the store, so every process gives the same answer.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use domain::order::OrderCode;
use domain::{Failure, OrderId, Principal, Role, Timestamp};
use serde::Serialize;
use tokio::time::Instant;
use utoipa::ToSchema;

use super::System;
use crate::tracking::{courier, dispatch};
use crate::{map, order};

/// The most deliveries without a courier that are listed.
const WAITING_LISTED: i64 = 20;

/// The orders that are counted were made in so many hours.
pub(super) const COUNTED_HOURS: i64 = 24;

/// How the city is.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = City)]
pub struct CityView {
    /// When this was so.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The couriers.
    pub couriers: CourierCounts,
    /// Orders of the last 24 hours, by status.
    pub orders: BTreeMap<String, u64>,
    /// Deliveries that nobody took for long, the oldest first, 20 at most.
    pub waiting: Vec<WaitingView>,
    /// The H3 cells that cover the city: what `map:{cell}` channels there are to watch.
    pub cells: Vec<String>,
}

/// How many couriers do what.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct CourierCounts {
    /// Take offers.
    pub on_shift: u64,
    /// Have a delivery.
    pub on_delivery: u64,
    /// Are on shift and have none.
    pub free: u64,
}

/// A delivery that nobody took for long.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = WaitingDelivery)]
pub struct WaitingView {
    /// The order.
    #[schema(value_type = Uuid)]
    pub order_id: OrderId,
    /// The code by which everybody names the order.
    #[schema(value_type = String, example = "K7VX")]
    pub code: OrderCode,
    /// Since when a courier is looked for.
    #[schema(value_type = String, format = DateTime)]
    pub requested_at: Timestamp,
}

impl System {
    /// The state of the city, for operators only. Cached for `city_every`, however many requests
    /// there are.
    pub async fn city(&self, who: &Principal) -> Result<CityView, Failure> {
        who.require(Role::Admin)?;
        let mut counted = self.counted.lock().await;
        if let Some((at, view)) = &*counted
            && at.elapsed() < self.app.settings.system.city_every
        {
            return Ok(view.clone());
        }
        let view = self.count().await?;
        *counted = Some((Instant::now(), view.clone()));
        Ok(view)
    }

    async fn count(&self) -> Result<CityView, Failure> {
        let (app, now) = (&self.app, self.app.now());
        let since = now - TimeDelta::hours(COUNTED_HOURS);
        let late = now - self.app.settings.tracking.dispatch.alert_after;
        let (stats, orders, waiting) = tokio::try_join!(
            courier::stats(app),
            order::count_by_status(app, since),
            dispatch::unclaimed(app, late, WAITING_LISTED),
        )?;
        Ok(CityView {
            at: now,
            couriers: CourierCounts {
                on_shift: stats.on_shift,
                on_delivery: stats.on_delivery,
                free: stats.free,
            },
            orders,
            waiting: waiting
                .into_iter()
                .map(|(order_id, requested_at)| WaitingView { order_id, code: order_id.code(), requested_at })
                .collect(),
            cells: map::cover(&self.app.gazetteer).iter().map(ToString::to_string).collect(),
        })
    }
}
