//! restaurant_service, 9112: finding restaurants near a place; `application`, `shop` and `staff`: running
//! one; `holidays`: the calendar that hours and tips follow.

mod application;
mod body;
mod holidays;
mod registration;
mod rules;
mod shop;
mod slots;
mod staff;
mod suggestions;

use axum::extract::State;
use domain::restaurant::Category;
use domain::restaurant::zone::REACH_MAX_M;
use domain::text::search_text;
use domain::{LatLon, Refused, RestaurantId, Role, TextRule, Won, fault};
use serde::Deserialize;
use services::App;
use services::search::{After, Place, Search};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::kit::{
    Digested, IfNoneMatch, IfNoneMatchHeader, Json, List, ListQuery, Noun, Page, Path, Policy, Problem, Query,
};
pub(crate) use body::CategoryWords;
use body::{RestaurantBody, StorefrontBody};
use suggestions::Suggestions;

/// The longest address that is searched for, in characters.
const ADDRESS_MAX: usize = 100;

const RESTAURANT: Policy = Policy::of(Noun::Restaurant);

/// For the people of a restaurant: its owner, and whoever works there.
const OWNER: Policy = RESTAURANT.role(Role::Owner);

/// All of the service's routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(RESTAURANT.on(routes!(list)))
        .routes(RESTAURANT.on(routes!(suggest)))
        .routes(RESTAURANT.on(routes!(show)))
        .routes(RESTAURANT.on(routes!(storefront)))
        .merge(shop::routes())
        .merge(slots::routes())
        .merge(application::routes())
        .merge(staff::routes())
        .merge(holidays::routes())
}

/// What is looked for, and where.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Degrees north of where the food is to be brought; with `lon`, or `address` instead.
    #[param(minimum = -90.0, maximum = 90.0, example = 37.5006)]
    lat: Option<f64>,
    /// Degrees east of it.
    #[param(minimum = -180.0, maximum = 180.0, example = 127.0364)]
    lon: Option<f64>,
    /// The address to which it is to be brought, or the neighbourhood, in words.
    #[param(max_length = 100)]
    address: Option<String>,
    /// Only restaurants within so many metres in a straight line.
    #[param(minimum = 1, maximum = 20000)]
    radius_m: Option<u32>,
    /// Only this kind of kitchen.
    #[param(value_type = Option<CategoryWords>)]
    category: Option<Category>,
    /// Only restaurants with this tag, the whole of it.
    #[param(max_length = 100, example = "혼밥")]
    tag: Option<String>,
    /// Only restaurants whose name, kind (in Korean) or dishes match this text, as people type it:
    /// a part, without spaces, while a syllable is composed (`치ㅋ`), by initial consonants (`ㅊㅋ`),
    /// on the wrong keyboard (`clzls`), or with one wrong letter.
    #[param(max_length = 100, example = "치킨")]
    q: Option<String>,
}

impl TryFrom<Wanted> for Search {
    type Error = Refused;

    fn try_from(wanted: Wanted) -> Result<Self, Refused> {
        wanted.q.as_deref().map(search_text).transpose()?;
        wanted.tag.as_deref().map(tag_text).transpose()?;
        let from = From { lat: wanted.lat, lon: wanted.lon };
        let to = match (from.place()?, wanted.address) {
            (Some(position), None) => Place::At(position),
            (None, Some(address)) => Place::Address(address_text(address)?),
            (None, None) => {
                return Err(Refused::field("/lat", fault::MISSING, "Give `lat` and `lon`, or `address`."));
            }
            (Some(_), Some(_)) => {
                return Err(Refused::field(
                    "/address",
                    fault::INVALID,
                    "Give a position or an address, not both.",
                ));
            }
        };
        if wanted.radius_m.is_some_and(|radius_m| !(1..=REACH_MAX_M).contains(&radius_m)) {
            return Err(Refused::field("/radius_m", fault::OUT_OF_RANGE, "A radius is 1 to 20000 metres."));
        }
        Ok(Self { to, category: wanted.category, radius_m: wanted.radius_m, tag: wanted.tag, text: wanted.q })
    }
}

fn tag_text(text: &str) -> Result<&str, Refused> {
    search_text(text).map_err(|_| Refused::field("/tag", fault::TOO_LONG, "No tag is as long."))
}

fn address_text(text: String) -> Result<String, Refused> {
    match TextRule::line(ADDRESS_MAX).read(&text) {
        Ok(_) => Ok(text),
        Err(flaw) => Err(Refused::invalid(vec![flaw.at("/address")])),
    }
}

/// What somebody has typed so far, and where they are.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Typed {
    /// Degrees north of where the food is to be brought.
    #[param(minimum = -90.0, maximum = 90.0, example = 37.5006)]
    lat: f64,
    /// Degrees east of it.
    #[param(minimum = -180.0, maximum = 180.0, example = 127.0364)]
    lon: f64,
    /// What was typed so far, as in the search of restaurants.
    #[param(max_length = 100, example = "치ㅋ")]
    q: String,
}

/// From where a restaurant is looked at.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct From {
    /// Degrees north; with `lon` or not at all.
    #[param(minimum = -90.0, maximum = 90.0, example = 37.5006)]
    lat: Option<f64>,
    /// Degrees east; with `lat` or not at all.
    #[param(minimum = -180.0, maximum = 180.0, example = 127.0364)]
    lon: Option<f64>,
}

impl From {
    fn place(&self) -> Result<Option<LatLon>, Refused> {
        match (self.lat, self.lon) {
            (Some(lat), Some(lon)) => place(lat, lon).map(Some),
            (None, None) => Ok(None),
            (Some(_), None) => Err(Refused::field("/lon", fault::MISSING, "`lat` needs `lon`.")),
            (None, Some(_)) => Err(Refused::field("/lat", fault::MISSING, "`lon` needs `lat`.")),
        }
    }
}

/// The sum of dishes that a question is about.
fn subtotal(won: i64) -> Result<Won, Refused> {
    let allowed = 0..=100_000_000;
    let refused = || Refused::field("/subtotal_won", fault::OUT_OF_RANGE, "0 to 100000000");
    allowed.contains(&won).then_some(Won(won)).ok_or_else(refused)
}

fn place(lat: f64, lon: f64) -> Result<LatLon, Refused> {
    let pointer = if (-90.0..=90.0).contains(&lat) { "/lon" } else { "/lat" };
    LatLon::new(lat, lon).map_err(|error| Refused::field(pointer, fault::OUT_OF_RANGE, error.to_string()))
}

/// Restaurants that deliver to a place: open ones first, then the best matches, then the nearest.
#[utoipa::path(get, path = "/v1/restaurants", tag = "restaurant", params(Wanted, ListQuery),
    security(()), responses((status = 200, body = Page<RestaurantBody>)))]
async fn list(
    State(app): State<App>,
    Query(wanted): Query<Wanted>,
    page: List<After>,
) -> Result<Json<Page<RestaurantBody>>, Problem> {
    let found = services::search::list(&app, &wanted.try_into()?, page.after, page.limit).await?;
    Page::cut(found, page.limit, After::of, |one| RestaurantBody::from(one.seen)).map(Json)
}

/// What a text may become, near a place: at most ten categories, restaurants and dishes, the best first.
/// Each key narrows.
#[utoipa::path(get, path = "/v1/restaurants/suggestions", tag = "restaurant", params(Typed),
    security(()), responses((status = 200, body = Suggestions)))]
async fn suggest(State(app): State<App>, Query(typed): Query<Typed>) -> Result<Json<Suggestions>, Problem> {
    let to = place(typed.lat, typed.lon)?;
    let found = services::search::suggest(&app, to, search_text(&typed.q)?).await;
    Ok(Json(found.into()))
}

/// One restaurant; with a place, also what the way there costs.
#[utoipa::path(get, path = "/v1/restaurants/{id}", tag = "restaurant", security(()),
    params(("id" = Uuid, Path, description = "The restaurant"), From),
    responses((status = 200, body = RestaurantBody)))]
async fn show(
    State(app): State<App>,
    Path(id): Path<RestaurantId>,
    Query(from): Query<From>,
) -> Result<Json<RestaurantBody>, Problem> {
    let seen = services::restaurant::show(&app, id, from.place()?).await?;
    Ok(Json(seen.into()))
}

/// A restaurant with all that it offers, in one piece: rules, notices, origins and allergens; with a
/// place, also what the way there costs. The tag changes with anything that is shown.
#[utoipa::path(get, path = "/v1/restaurants/{id}/storefront", tag = "restaurant", security(()),
    params(("id" = Uuid, Path, description = "The restaurant"), From, IfNoneMatchHeader),
    responses((status = 200, body = StorefrontBody), (status = 304, description = "You have it already")))]
async fn storefront(
    State(app): State<App>,
    Path(id): Path<RestaurantId>,
    Query(from): Query<From>,
    known: IfNoneMatch,
) -> Result<Digested<StorefrontBody>, Problem> {
    let shown = services::storefront::show(&app, id, from.place()?).await?;
    Ok(Digested(shown.into(), known))
}
