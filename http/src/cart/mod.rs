//! cart_service, 9110: the caller's cart, and its price; `guest`: the cart of who is not signed in.

mod body;
mod coupon;
mod guest;
mod points;
mod quote;

use axum::extract::State;
use domain::{AddressId, LineId, Role};
use serde::Deserialize;
use services::App;
use services::cart::{CartView, QuoteWish};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::kit::{
    Created, IfMatch, IfMatchHeader, Json, NoContent, Noun, OfferedKey, Path, Policy, Problem, ProblemBody,
    Tagged, Who,
};
use body::AdditionBody;
pub(crate) use body::CartBody;
use quote::{FulfilmentMethod, QuoteBody};

const CART: Policy = Policy::of(Noun::Cart).role(Role::Customer);

/// All of the service's routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(CART.on(routes!(show, clear)))
        .routes(CART.on(routes!(add)))
        .routes(CART.on(routes!(set_quantity, remove)))
        .routes(CART.on(routes!(quote)))
        .merge(guest::routes())
        .merge(coupon::routes())
        .merge(points::routes())
}

/// The cart at today's prices. Its `ETag` is its version, for `If-Match`.
#[utoipa::path(get, path = "/v1/cart", tag = "cart",
    responses((status = 200, body = CartBody, headers(("ETag" = String)))))]
async fn show(State(app): State<App>, Who(who): Who) -> Result<Tagged<CartBody>, Problem> {
    Ok(tagged(services::cart::show(&app, &who).await?))
}

fn tagged(cart: CartView) -> Tagged<CartBody> {
    Tagged::new(cart.version.cast_signed(), cart.into())
}

/// Puts a dish in; an equal line grows instead.
#[utoipa::path(post, path = "/v1/cart/lines", tag = "cart", request_body = AdditionBody,
    responses((status = 201, body = CartBody),
        (status = 404, description = "No such restaurant or dish", body = ProblemBody),
        (status = 409, description = "`cart.other_restaurant`: another restaurant's dishes are in the cart; \
            `cart.too_many_lines`, `cart.quantity_out_of_range`, `cart.amount_too_large`; it cannot be had so: \
            `menu.sold_out`, `menu.option_sold_out`, `menu.unknown_option`, \
            `menu.too_few_options`, `menu.too_many_options`, `menu.option_too_often`, `menu.amount_too_large`", body = ProblemBody)))]
async fn add(
    State(app): State<App>,
    Who(who): Who,
    OfferedKey(key): OfferedKey,
    Json(addition): Json<AdditionBody>,
) -> Result<Created<CartBody>, Problem> {
    let addition = addition.once(key);
    Ok(Created(services::cart::add(&app, &who, &addition).await?.into()))
}

/// How many of a line.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LineChange {
    /// 0 removes the line.
    #[schema(minimum = 0, maximum = 99)]
    quantity: u32,
}

/// Changes how many of a line; 0 removes it.
#[utoipa::path(patch, path = "/v1/cart/lines/{line_id}", tag = "cart", request_body = LineChange,
    params(("line_id" = Uuid, Path, description = "The line"),
        IfMatchHeader),
    responses((status = 200, body = CartBody, headers(("ETag" = String))),
        (status = 404, description = "`cart.no_such_line`", body = ProblemBody),
        (status = 409, description = "`cart.quantity_out_of_range`, `cart.amount_too_large`", body = ProblemBody),
        (status = 412, description = "The cart changed since", body = ProblemBody)))]
async fn set_quantity(
    State(app): State<App>,
    Who(who): Who,
    Path(line_id): Path<LineId>,
    IfMatch(expected): IfMatch,
    Json(change): Json<LineChange>,
) -> Result<Tagged<CartBody>, Problem> {
    Ok(tagged(services::cart::set_quantity(&app, &who, line_id, change.quantity, expected).await?))
}

/// Takes a line out.
#[utoipa::path(delete, path = "/v1/cart/lines/{line_id}", tag = "cart",
    params(("line_id" = Uuid, Path, description = "The line"),
        IfMatchHeader),
    responses((status = 200, body = CartBody, headers(("ETag" = String))),
        (status = 404, description = "`cart.no_such_line`", body = ProblemBody),
        (status = 412, description = "The cart changed since", body = ProblemBody)))]
async fn remove(
    State(app): State<App>,
    Who(who): Who,
    Path(line_id): Path<LineId>,
    IfMatch(expected): IfMatch,
) -> Result<Tagged<CartBody>, Problem> {
    Ok(tagged(services::cart::remove(&app, &who, line_id, expected).await?))
}

/// Takes everything out.
#[utoipa::path(delete, path = "/v1/cart", tag = "cart",
    params(IfMatchHeader),
    responses((status = 204), (status = 412, description = "The cart changed since", body = ProblemBody)))]
async fn clear(
    State(app): State<App>,
    Who(who): Who,
    IfMatch(expected): IfMatch,
) -> Result<NoContent, Problem> {
    services::cart::clear(&app, &who, expected).await?;
    Ok(NoContent)
}

/// How, where and when the customer wants it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct QuoteRequest {
    #[serde(default)]
    fulfilment: FulfilmentMethod,
    /// One of the customer's addresses; not needed for pickup.
    #[serde(default)]
    #[schema(value_type = Option<Uuid>, example = "01920000-0000-7000-8000-000000000001")]
    address_id: Option<AddressId>,
    /// When it should be there: from preparation and travel to 7 days ahead. As soon as
    /// it can be, if not said.
    #[serde(default)]
    slot: Option<chrono::DateTime<chrono::Utc>>,
}

/// Promises a price for the cart for five minutes, for one way and one time: hours,
/// breaks, zones and surcharges are judged for these. What hinders the order is told in
/// `problems`; `orderable` says whether anything does.
#[utoipa::path(post, path = "/v1/cart/quote", tag = "cart", request_body = QuoteRequest,
    responses((status = 201, body = QuoteBody),
        (status = 404, description = "No such address", body = ProblemBody),
        (status = 409, description = "`cart.empty`; `cart.amount_too_large`", body = ProblemBody)))]
async fn quote(
    State(app): State<App>,
    Who(who): Who,
    Json(request): Json<QuoteRequest>,
) -> Result<Created<QuoteBody>, Problem> {
    let wish =
        QuoteWish { method: request.fulfilment.into(), address: request.address_id, slot: request.slot };
    let quote = services::cart::quote(&app, &who, wish).await?;
    Ok(Created(QuoteBody::of(&app, quote)))
}
