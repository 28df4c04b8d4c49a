//! The cart of a guest, which their browser keeps.

use axum::extract::State;
use domain::cart::{GuestCart, GuestLine};
use domain::menu::Pick;
use domain::{LatLon, LineId, MenuId, RestaurantId};
use serde::{Deserialize, Serialize};
use services::App;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::PickBody;
use super::quote::PriceBody;
use super::{CART, CartBody};
use crate::kit::{Json, Noun, OfferedKey, Policy, Position, Problem, ProblemBody, ProblemFault, Tagged, Who};

/// For everybody, signed in or not.
const GUEST: Policy = Policy::of(Noun::Cart);

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(GUEST.on(routes!(quote_guest))).routes(CART.on(routes!(merge)))
}

/// A dish in a guest's cart.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = GuestCartLine)]
#[serde(deny_unknown_fields)]
struct GuestLineBody {
    /// Chosen by the guest's browser; answers name the line by it.
    #[schema(value_type = Uuid)]
    id: LineId,
    #[schema(value_type = Uuid)]
    menu_id: MenuId,
    #[schema(minimum = 1, maximum = 99)]
    quantity: u32,
    /// What is chosen for each dish.
    #[serde(default)]
    #[schema(max_items = 100)]
    options: Vec<PickBody>,
}

/// A guest's cart, where and when it is wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct GuestQuoteRequest {
    #[schema(value_type = Uuid)]
    restaurant_id: RestaurantId,
    #[schema(max_items = 50)]
    lines: Vec<GuestLineBody>,
    /// Where it is to be brought; without it, it is collected.
    #[serde(default)]
    #[schema(value_type = Option<Position>)]
    position: Option<LatLon>,
    /// When it should be there: from preparation and travel to 7 days ahead. As soon as
    /// it can be, if not said.
    #[serde(default)]
    slot: Option<chrono::DateTime<chrono::Utc>>,
}

/// A guest's cart, which becomes the caller's.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CartMerge {
    #[schema(value_type = Uuid)]
    restaurant_id: RestaurantId,
    #[schema(max_items = 50)]
    lines: Vec<GuestLineBody>,
    /// Consent to empty the caller's cart first if it holds dishes of another restaurant.
    #[serde(default)]
    replace: bool,
}

/// The cart with what could be had of the guest's.
#[derive(Debug, Serialize, ToSchema)]
struct CartMerged {
    cart: CartBody,
    /// What could not, and why; `pointer` names the guest's line by its id.
    left_out: Vec<ProblemFault>,
}

fn cart(restaurant_id: RestaurantId, lines: Vec<GuestLineBody>) -> GuestCart {
    let line = |line: GuestLineBody| GuestLine {
        id: line.id,
        menu_id: line.menu_id,
        quantity: line.quantity,
        picks: line.options.into_iter().map(Pick::from).collect(),
    };
    GuestCart { restaurant_id, lines: lines.into_iter().map(line).collect() }
}

/// What a guest's cart would cost, for one way and one time. It promises nothing, and no order is
/// placed from it. Nothing is stored.
#[utoipa::path(post, path = "/v1/cart/guest/quote", tag = "cart", security(()), request_body = GuestQuoteRequest,
    responses((status = 200, body = PriceBody),
        (status = 404, description = "No such restaurant", body = ProblemBody),
        (status = 409, description = "`cart.empty`; `cart.too_many_lines`; `cart.amount_too_large`", body = ProblemBody)))]
async fn quote_guest(
    State(app): State<App>,
    Json(request): Json<GuestQuoteRequest>,
) -> Result<Json<PriceBody>, Problem> {
    let guest = cart(request.restaurant_id, request.lines);
    let quote = services::cart::guest::quote(&app, &guest, request.position, request.slot).await?;
    Ok(Json(PriceBody::of(&app, quote)))
}

/// Merges a guest's cart into the caller's, once for each `Idempotency-Key`. Of equal lines the larger
/// quantity counts, so that carts of several devices come to the same in any order; `left_out` says
/// what cannot be had.
#[utoipa::path(post, path = "/v1/cart/merge", tag = "cart", request_body = CartMerge,
    responses((status = 200, body = CartMerged, headers(("ETag" = String, description = "The cart's"))),
        (status = 404, description = "No such restaurant", body = ProblemBody),
        (status = 409, description = "`cart.other_restaurant`: another restaurant's dishes are in the cart; \
            `cart.too_many_lines`, `cart.amount_too_large`: it does not fit", body = ProblemBody)))]
async fn merge(
    State(app): State<App>,
    Who(who): Who,
    OfferedKey(key): OfferedKey,
    Json(body): Json<CartMerge>,
) -> Result<Tagged<CartMerged>, Problem> {
    let guest = cart(body.restaurant_id, body.lines);
    let merged = services::cart::guest::merge(&app, &who, &guest, key.as_deref(), body.replace).await?;
    let (cart, left_out) = merged;
    let left_out = left_out.iter().map(ProblemFault::from).collect();
    Ok(Tagged::new(cart.version.cast_signed(), CartMerged { cart: cart.into(), left_out }))
}
