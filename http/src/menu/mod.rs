//! menu_service, 9111: the menus of restaurants.

mod body;

use axum::extract::State;
use domain::{Failure, MenuId, RestaurantId, Role};
use serde::Deserialize;
use services::App;
use services::menu::Dish;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::kit::{IfMatch, IfMatchHeader, IfNoneMatch, Json, Noun, Path, Policy, Problem, Tagged, Who};
use body::{CardBody, DishBody};

const MENU: Policy = Policy::of(Noun::Menu);

/// All of the service's routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(MENU.on(routes!(card)))
        .routes(MENU.on(routes!(show)))
        .routes(MENU.role(Role::Owner).on(routes!(change)))
}

/// All that a restaurant offers. The tag is the menu's version.
#[utoipa::path(get, path = "/v1/restaurants/{id}/menus", tag = "menu", security(()),
    params(("id" = Uuid, Path, description = "The restaurant")),
    responses((status = 200, body = CardBody), (status = 304, description = "You have it already")))]
async fn card(
    State(app): State<App>,
    Path(id): Path<RestaurantId>,
    known: IfNoneMatch,
) -> Result<Tagged<CardBody>, Problem> {
    let card = services::menu::card(&app, id).await?;
    Ok(Tagged::new(signed(card.version)?, CardBody::from(card.as_ref())).unless(&known))
}

/// One dish. The tag is the version of the menu that it stands in.
#[utoipa::path(get, path = "/v1/menus/{id}", tag = "menu", security(()),
    params(("id" = Uuid, Path, description = "The dish")),
    responses((status = 200, body = DishBody), (status = 304, description = "You have it already")))]
async fn show(
    State(app): State<App>,
    Path(id): Path<MenuId>,
    known: IfNoneMatch,
) -> Result<Tagged<DishBody>, Problem> {
    Ok(tagged(services::menu::show(&app, id).await?)?.unless(&known))
}

/// What the owner changes of a dish.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MenuChange {
    /// Whether it can be had at the moment.
    sold_out: bool,
}

/// The owner says whether a dish can be had.
#[utoipa::path(patch, path = "/v1/menus/{id}", tag = "menu", request_body = MenuChange,
    params(("id" = Uuid, Path, description = "The dish"),
        IfMatchHeader),
    responses((status = 200, body = DishBody), (status = 412, description = "The menu has changed", body = crate::kit::ProblemBody)))]
async fn change(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<MenuId>,
    IfMatch(expected): IfMatch,
    Json(change): Json<MenuChange>,
) -> Result<Tagged<DishBody>, Problem> {
    tagged(services::menu::set_sold_out(&app, &who, id, change.sold_out, &expected).await?)
}

fn tagged(dish: Dish) -> Result<Tagged<DishBody>, Problem> {
    Ok(Tagged::new(signed(dish.version)?, DishBody::from(dish)))
}

fn signed(version: u64) -> Result<i64, Failure> {
    version.try_into().map_err(Failure::fault)
}
