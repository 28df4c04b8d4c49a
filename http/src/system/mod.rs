//! system_alert_service, 9103: the state of the platform, for operators.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use domain::{CourierId, OrderId, Role};
use serde::Deserialize;
use services::App;
use services::limits::LimitClass;
use services::order::{self, OrderView};
use services::system::{
    self, CityView, CourierLine, CourierState, CourierView, HistoryView, Hit, System, SystemView,
};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::kit::{ClientAddress, Json, List, ListQuery, Noun, Page, Path, Policy, Problem, Query, Who};
use crate::order::StatusName;

const CITY: Policy = Policy::of(Noun::City).role(Role::Admin);
const PROCESS: Policy = Policy::of(Noun::Process).role(Role::Admin);

/// All of the service's routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(CITY.on(routes!(city)))
        .routes(CITY.limit(LimitClass::Search).on(routes!(search)))
        .routes(CITY.on(routes!(orders)))
        .routes(CITY.on(routes!(couriers)))
        .routes(CITY.on(routes!(courier)))
}

/// Routes that every port serves about its own process.
pub fn process_routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(PROCESS.on(routes!(actors))).routes(PROCESS.on(routes!(history)))
}

/// The actor system of the process that answers: entities, workers, queues,
/// sockets, memory, and what of that is trouble. Every port answers of its own
/// process, also by the service's name behind the gateway; `process.node` and
/// `process.services` say which it was.
#[utoipa::path(get, path = "/v1/system/actors", tag = "system", responses((status = 200, body = SystemView)))]
async fn actors(
    Extension(system): Extension<Arc<System>>,
    Who(who): Who,
) -> Result<Json<SystemView>, Problem> {
    Ok(Json(system.show(&who)?))
}

/// The city: couriers, orders, deliveries that nobody takes, and the cells of its
/// map. A cell's couriers come live on the channel `map:{cell}`.
#[utoipa::path(get, path = "/v1/system/city", tag = "system", responses((status = 200, body = CityView)))]
async fn city(Extension(system): Extension<Arc<System>>, Who(who): Who) -> Result<Json<CityView>, Problem> {
    Ok(Json(system.city(&who).await?))
}

/// The main figures of the process that answers in the last hour, a sample a minute. As with
/// `/v1/system/actors`, every port answers of its own process.
#[utoipa::path(get, path = "/v1/system/history", tag = "system", responses((status = 200, body = HistoryView)))]
async fn history(
    Extension(system): Extension<Arc<System>>,
    Who(who): Who,
) -> Result<Json<HistoryView>, Problem> {
    Ok(Json(system.history(&who)?))
}

/// What to find.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// An id; an order's hand-over code; the last digits of a customer's telephone number, four at least; or two characters of
    /// a courier's or restaurant's name, or more.
    #[param(min_length = 2, max_length = 100, example = "치킨")]
    q: String,
}

/// Finds orders by id, by hand-over code and by the customer's telephone number, couriers and restaurants by id and
/// by name: at most 20 of each kind, newest first. A search by telephone number is recorded, without
/// the digits.
#[utoipa::path(get, path = "/v1/system/search", tag = "system", params(Wanted),
    responses((status = 200, body = Page<Hit>)))]
async fn search(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    Who(who): Who,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Page<Hit>>, Problem> {
    Ok(Json(Page::whole(system::search(&app, &who, &wanted.q, address).await?)))
}

/// Which orders.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct OfStatus {
    /// Those of this status.
    #[param(value_type = StatusName, inline)]
    status: StatusName,
}

/// The orders that `/v1/system/city` counts for a status: those of the last 24 hours, newest first.
#[utoipa::path(get, path = "/v1/system/orders", tag = "system", params(OfStatus, ListQuery),
    responses((status = 200, body = Page<OrderView>)))]
async fn orders(
    State(app): State<App>,
    Who(who): Who,
    Query(of): Query<OfStatus>,
    page: List<OrderId>,
) -> Result<Json<Page<OrderView>>, Problem> {
    let orders = system::list_orders(&app, &who, of.status.0, page.after, page.limit + 1).await?;
    let views = order::views(&app, &who, orders).await?;
    Ok(Json(Page::cut(views, page.limit, OrderView::id, |view| view)?))
}

/// Which couriers.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct InState {
    /// Those of this count of `/v1/system/city`.
    #[param(inline)]
    state: CourierState,
}

/// The couriers that `/v1/system/city` counts, by id.
#[utoipa::path(get, path = "/v1/system/couriers", tag = "system", params(InState, ListQuery),
    responses((status = 200, body = Page<CourierLine>)))]
async fn couriers(
    State(app): State<App>,
    Who(who): Who,
    Query(of): Query<InState>,
    page: List<CourierId>,
) -> Result<Json<Page<CourierLine>>, Problem> {
    let couriers = system::list_couriers(&app, &who, of.state, page.after, page.limit + 1).await?;
    Ok(Json(Page::cut(couriers, page.limit, |courier| courier.id, |courier| courier)?))
}

/// A courier: what they carry, and while on shift or with a delivery where they were last, and how
/// long ago.
#[utoipa::path(get, path = "/v1/system/couriers/{id}", tag = "system",
    params(("id" = Uuid, Path, description = "The courier")),
    responses((status = 200, body = CourierView)))]
async fn courier(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<CourierId>,
) -> Result<Json<CourierView>, Problem> {
    Ok(Json(system::show_courier(&app, &who, id).await?))
}
