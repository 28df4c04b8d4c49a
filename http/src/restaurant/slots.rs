//! The slots for which orders can be scheduled.

use axum::extract::State;
use chrono::{NaiveDate, TimeDelta};
use domain::restaurant::slot::{SLOT_MINS, Slot};
use domain::{RestaurantId, Timestamp, week};
use serde::{Deserialize, Serialize};
use services::App;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{From, RESTAURANT};
use crate::kit::{Json, Page, Path, Problem, Query};

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(RESTAURANT.on(routes!(slots)))
}

/// Which day.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Day {
    /// A day in Korea; today if not said.
    day: Option<NaiveDate>,
}

/// A half-hour for which an order can be scheduled.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderSlot)]
struct SlotBody {
    /// Its start: the `slot` of a quote.
    #[schema(value_type = chrono::DateTime<chrono::Utc>)]
    starts_at: Timestamp,
    #[schema(value_type = chrono::DateTime<chrono::Utc>)]
    ends_at: Timestamp,
    /// Whether the restaurant takes no more orders for it.
    full: bool,
}

/// The slots of a day for which an order can be scheduled now: brought to a place, or collected where
/// none is given. None of days in the past or beyond the next week.
#[utoipa::path(get, path = "/v1/restaurants/{id}/slots", tag = "restaurant", security(()),
    params(("id" = Uuid, Path, description = "The restaurant"), Day, From),
    responses((status = 200, body = Page<SlotBody>)))]
async fn slots(
    State(app): State<App>,
    Path(id): Path<RestaurantId>,
    Query(Day { day }): Query<Day>,
    Query(from): Query<From>,
) -> Result<Json<Page<SlotBody>>, Problem> {
    let day = day.unwrap_or_else(|| week::date_of(app.now()));
    let slots = services::restaurant::slots(&app, id, day, from.place()?).await?;
    let body = |Slot { starts_at, is_full }| SlotBody {
        starts_at,
        ends_at: starts_at + TimeDelta::minutes(SLOT_MINS),
        full: is_full,
    };
    Ok(Json(Page::whole(slots.into_iter().map(body).collect())))
}
