//! The calendar of public holidays.

use axum::extract::State;
use chrono::NaiveDate;
use domain::Role;
use domain::restaurant::Holiday;
use serde::{Deserialize, Serialize};
use services::{App, restaurant};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::RESTAURANT;
use crate::kit::{Json, NoContent, Page, Path, Problem, Who};

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<App> {
    let admin = RESTAURANT.role(Role::Admin);
    OpenApiRouter::new().routes(RESTAURANT.on(routes!(holidays))).routes(admin.on(routes!(add, remove)))
}

/// A public holiday.
#[derive(Serialize, ToSchema)]
#[schema(as = Holiday)]
pub(super) struct HolidayBody {
    date: NaiveDate,
    /// Its name in Korean.
    #[schema(example = "성탄절")]
    name: String,
}

impl From<Holiday> for HolidayBody {
    fn from(Holiday { date, name }: Holiday) -> Self {
        Self { date, name }
    }
}

/// The public holidays from today on.
#[utoipa::path(get, path = "/v1/holidays", tag = "restaurant", security(()),
    responses((status = 200, body = Page<HolidayBody>)))]
async fn holidays(State(app): State<App>) -> Json<Page<HolidayBody>> {
    Json(Page::whole(restaurant::holidays(&app).into_iter().map(HolidayBody::from).collect()))
}

/// What the day is called.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = HolidayName)]
pub(super) struct HolidayNameBody {
    #[schema(format = "text", min_length = 1, max_length = 40, example = "임시공휴일")]
    name: String,
}

/// Makes a day a public holiday, or gives it another name.
#[utoipa::path(put, path = "/v1/holidays/{date}", tag = "restaurant", request_body = HolidayNameBody,
    params(("date" = NaiveDate, Path, description = "The day, as 2027-03-03")), responses((status = 204)))]
async fn add(
    State(app): State<App>,
    Who(who): Who,
    Path(date): Path<NaiveDate>,
    Json(body): Json<HolidayNameBody>,
) -> Result<NoContent, Problem> {
    restaurant::add_holiday(&app, &who, date, &body.name).await?;
    Ok(NoContent)
}

/// Makes a day no holiday.
#[utoipa::path(delete, path = "/v1/holidays/{date}", tag = "restaurant",
    params(("date" = NaiveDate, Path, description = "The day, as 2027-03-03")), responses((status = 204)))]
async fn remove(
    State(app): State<App>,
    Who(who): Who,
    Path(date): Path<NaiveDate>,
) -> Result<NoContent, Problem> {
    restaurant::remove_holiday(&app, &who, date).await?;
    Ok(NoContent)
}
