//! What operators see behind the counts of the city: one courier, the couriers of a count, and the
//! orders of a status.
//!
//! Operators see couriers on shift on their map already, and each order without its address. A
//! courier who is not on shift is not on the map, so their position is not shown here either.

use chrono::TimeDelta;
use domain::order::{Order, Status};
use domain::tracking::{DeliveryStatus, Vehicle};
use domain::{CourierId, Failure, OrderId, Principal, Role, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::city::COUNTED_HOURS;
use crate::tracking::courier::{self, Courier, CourierScope};
use crate::{App, order};

/// A courier, as operators see one.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = SystemCourier)]
pub struct CourierView {
    /// The courier.
    #[schema(value_type = Uuid)]
    pub id: CourierId,
    /// The name that customers see.
    pub name: String,
    /// The vehicle: `walk`, `bicycle`, `motorbike` or `car`.
    #[schema(value_type = String, example = "motorbike")]
    pub vehicle: Vehicle,
    /// Whether the courier takes offers.
    pub on_shift: bool,
    /// What the courier carries, oldest first.
    pub assignments: Vec<AssignmentView>,
    /// The last position of the last 24 hours, while on shift or with a delivery.
    pub position: Option<CourierPosition>,
}

/// A delivery that a courier carries.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = SystemAssignment)]
pub struct AssignmentView {
    /// The order.
    #[schema(value_type = Uuid)]
    pub order_id: OrderId,
    /// Its hand-over code.
    pub code: String,
    /// The state of the delivery.
    #[schema(value_type = String, example = "picked_up")]
    pub status: DeliveryStatus,
    /// The restaurant.
    pub restaurant_name: String,
    /// When a courier was requested.
    #[schema(value_type = String, format = DateTime)]
    pub requested_at: Timestamp,
    /// When the customer was promised it.
    #[schema(value_type = String, format = DateTime)]
    pub promised_at: Timestamp,
}

/// A courier's last position.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = SystemCourierPosition)]
pub struct CourierPosition {
    /// Degrees north.
    pub lat: f64,
    /// Degrees east.
    pub lon: f64,
    /// Degrees clockwise from north.
    pub heading_deg: Option<f64>,
    /// Metres per second.
    pub speed_mps: Option<f64>,
    /// When it was measured.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// How long ago that was, in seconds.
    #[schema(minimum = 0)]
    pub age_secs: i64,
}

/// A courier in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = SystemCourierLine)]
pub struct CourierLine {
    /// The courier.
    #[schema(value_type = Uuid)]
    pub id: CourierId,
    /// The name that customers see.
    pub name: String,
    /// The vehicle: `walk`, `bicycle`, `motorbike` or `car`.
    #[schema(value_type = String, example = "motorbike")]
    pub vehicle: Vehicle,
    /// Whether the courier takes offers.
    pub on_shift: bool,
    /// Whether the courier has a delivery.
    pub on_delivery: bool,
}

/// The couriers of a count of the city.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CourierState {
    /// Those on shift.
    OnShift,
    /// Those with a delivery.
    OnDelivery,
    /// Those on shift without a delivery.
    Free,
}

impl From<CourierState> for CourierScope {
    fn from(state: CourierState) -> Self {
        match state {
            CourierState::OnShift => Self::OnShift,
            CourierState::OnDelivery => Self::OnDelivery,
            CourierState::Free => Self::Free,
        }
    }
}

/// One courier, for operators only.
pub async fn show_courier(app: &App, who: &Principal, id: CourierId) -> Result<CourierView, Failure> {
    who.require(Role::Admin)?;
    let courier = courier::find(app, id).await?.ok_or_else(|| Failure::not_found("courier"))?;
    let live = courier::live(app, id).await?;
    let position = courier::position(app, &courier, !live.is_empty()).await?;
    let now = app.now();
    let assignments = live.into_iter().map(|delivery| AssignmentView {
        order_id: delivery.order,
        code: delivery.order.code().to_string(),
        status: delivery.status,
        restaurant_name: delivery.pickup.name,
        requested_at: delivery.requested_at,
        promised_at: delivery.promised_at,
    });
    Ok(CourierView {
        id,
        name: courier.name,
        vehicle: courier.vehicle,
        on_shift: courier.on_shift,
        assignments: assignments.collect(),
        position: position.map(|fix| CourierPosition {
            lat: fix.position.lat(),
            lon: fix.position.lon(),
            heading_deg: fix.heading_deg,
            speed_mps: fix.speed_mps,
            at: fix.at,
            age_secs: (now - fix.at).num_seconds().max(0),
        }),
    })
}

/// The couriers of a count, by id, for operators only.
pub async fn list_couriers(
    app: &App,
    who: &Principal,
    state: CourierState,
    after: Option<CourierId>,
    limit: u32,
) -> Result<Vec<CourierLine>, Failure> {
    who.require(Role::Admin)?;
    let couriers = courier::list(app, state.into(), after, limit).await?;
    let ids: Vec<CourierId> = couriers.iter().map(|courier| courier.id).collect();
    let busy = courier::busy(app, &ids).await?;
    let line = |courier: Courier| CourierLine {
        id: courier.id,
        vehicle: courier.vehicle,
        on_shift: courier.on_shift,
        on_delivery: busy.contains(&courier.id),
        name: courier.name,
    };
    Ok(couriers.into_iter().map(line).collect())
}

/// The orders of the last 24 hours with this status, newest first, for operators only: those that
/// the city counts.
pub async fn list_orders(
    app: &App,
    who: &Principal,
    status: Status,
    before: Option<OrderId>,
    limit: u32,
) -> Result<Vec<Order>, Failure> {
    who.require(Role::Admin)?;
    order::of_status(app, status, app.now() - TimeDelta::hours(COUNTED_HOURS), before, limit).await
}
