//! system_alert_service, 9103: how the platform is, for those who run it.

use std::sync::Arc;

use axum::Extension;
use domain::Role;
use services::App;
use services::system::{CityView, System, SystemView};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::kit::{Json, Noun, Policy, Problem, Who};

const CITY: Policy = Policy::of(Noun::City).role(Role::Admin);
const PROCESS: Policy = Policy::of(Noun::Process).role(Role::Admin);

/// All of the service's routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(CITY.on(routes!(city)))
}

/// What every port answers of its own process.
pub fn process_routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(PROCESS.on(routes!(actors)))
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
