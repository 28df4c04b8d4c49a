//! menu_service, 9111: the menus of restaurants.
//!
//! - `body`: menus as they are read; `draft`: as owners write them;
//! - `edit`: changes of single things; `upload`: of a whole card, as JSON and CSV;
//! - `picture`: pictures of dishes.

pub(crate) mod body;
mod draft;
mod edit;
mod picture;
mod sheet;
mod upload;

use axum::extract::State;
use chrono::NaiveDate;
use domain::{Failure, MenuId, OptionId, RestaurantId, Role, Timestamp, UserId, Won};
use serde::{Deserialize, Serialize};
use services::App;
use services::menu::{Dish, PastPrice};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::kit::{IfNoneMatch, Json, List, ListQuery, Noun, Page, Path, Policy, Problem, Query, Tagged, Who};
use body::{CardBody, DishBody, Reader};

const MENU: Policy = Policy::of(Noun::Menu);

/// All of the service's routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(MENU.on(routes!(card)))
        .routes(MENU.on(routes!(show)))
        .routes(MENU.on(routes!(stock)))
        .routes(MENU.role(Role::Owner).on(routes!(past_prices)))
        .merge(edit::routes())
        .merge(upload::routes())
        .merge(picture::routes())
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
    let (card, now) = (services::menu::shown_card(&app, id).await?, app.now());
    let body = Tagged::new(signed(card.version)?, Reader { runs: false, now }.card(&card));
    // What can be had again is so at once, and a moment later the version tells of it.
    Ok(if card.is_restocked(now) { body } else { body.unless(&known) })
}

/// One dish, with what is left of it today.
#[utoipa::path(get, path = "/v1/menus/{id}", tag = "menu", security(()),
    params(("id" = Uuid, Path, description = "The dish")),
    responses((status = 200, body = DishBody), (status = 304, description = "You have it already")))]
async fn show(
    State(app): State<App>,
    Path(id): Path<MenuId>,
    known: IfNoneMatch,
) -> Result<Tagged<DishBody>, Problem> {
    let dish = services::menu::show(&app, id).await?;
    let depends_on_time = dish.left.is_some() || dish.menu.sold_out.ends_at().is_some();
    let body = tagged(dish)?;
    Ok(if depends_on_time { body } else { body.unless(&known) })
}

fn tagged(dish: Dish) -> Result<Tagged<DishBody>, Problem> {
    Ok(Tagged::new(signed(dish.version)?, DishBody::from(dish)))
}

fn signed(version: u64) -> Result<i64, Failure> {
    version.try_into().map_err(Failure::fault)
}

/// What is left on one day.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MenuStock)]
struct StockBody {
    /// The day, in Seoul.
    #[schema(value_type = String, format = Date)]
    day: NaiveDate,
    /// The dishes with a daily limit.
    items: Vec<LeftBody>,
}

/// What is left of one dish.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MenuLeft)]
struct LeftBody {
    #[schema(value_type = Uuid)]
    menu_id: MenuId,
    /// How many can still be ordered.
    left: u32,
}

/// What is left today of the dishes with a daily limit.
#[utoipa::path(get, path = "/v1/restaurants/{id}/menu-stock", tag = "menu", security(()),
    params(("id" = Uuid, Path, description = "The restaurant")), responses((status = 200, body = StockBody)))]
async fn stock(State(app): State<App>, Path(id): Path<RestaurantId>) -> Result<Json<StockBody>, Problem> {
    let (day, left) = services::menu::stock_today(&app, id).await?;
    let items = left.into_iter().map(|(menu_id, left)| LeftBody { menu_id, left }).collect();
    Ok(Json(StockBody { day, items }))
}

/// Whose prices.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct PriceQuery {
    /// Of this dish with its options alone.
    #[param(value_type = Option<Uuid>)]
    menu_id: Option<MenuId>,
}

/// A price that was changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PriceChange)]
struct PriceChangeBody {
    /// The dish, or the dish of the option.
    #[schema(value_type = Uuid)]
    menu_id: MenuId,
    /// The option; absent if it is the dish's own price.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Uuid>)]
    option_id: Option<OptionId>,
    /// Its name then.
    name: String,
    /// The price before; null if it was added.
    #[schema(value_type = Option<i64>, minimum = 0)]
    from_won: Option<Won>,
    /// The price after; null if it was removed.
    #[schema(value_type = Option<i64>, minimum = 0)]
    to_won: Option<Won>,
    /// The version of the card since which it holds.
    #[schema(minimum = 1)]
    version: i64,
    /// Who changed it; null if the program did.
    #[schema(value_type = Option<Uuid>)]
    changed_by: Option<UserId>,
    #[schema(value_type = chrono::DateTime<chrono::Utc>)]
    changed_at: Timestamp,
}

impl From<PastPrice> for PriceChangeBody {
    fn from(past: PastPrice) -> Self {
        let PastPrice { version, change, changed_by, changed_at, .. } = past;
        Self {
            menu_id: change.menu_id,
            option_id: change.option_id,
            name: change.name,
            from_won: change.from,
            to_won: change.to,
            version,
            changed_by,
            changed_at,
        }
    }
}

/// How the prices of a restaurant were changed, newest first.
#[utoipa::path(get, path = "/v1/restaurants/{id}/price-changes", tag = "menu",
    params(("id" = Uuid, Path, description = "The restaurant"), ListQuery, PriceQuery),
    responses((status = 200, body = Page<PriceChangeBody>)))]
async fn past_prices(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<RestaurantId>,
    Query(of): Query<PriceQuery>,
    list: List<i64>,
) -> Result<Json<Page<PriceChangeBody>>, Problem> {
    let (menu, limit) = (of.menu_id, list.limit);
    let past = services::menu::past_prices(&app, &who, id, menu, list.after, limit + 1).await?;
    Ok(Json(Page::cut(past, limit, |past| past.id, PriceChangeBody::from)?))
}
