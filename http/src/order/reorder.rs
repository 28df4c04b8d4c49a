//! Ordering the same again.

use axum::extract::State;
use domain::OrderId;
use serde::{Deserialize, Serialize};
use services::App;
use services::cart::Refill;
use utoipa::ToSchema;

use crate::cart::CartBody;
use crate::kit::{
    IfMatch, IfMatchHeader, Json, OfferedKey, Path, Problem, ProblemBody, ProblemFault, Tagged, Who,
};

/// How an earlier order is put in the cart.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ReorderRequest)]
#[serde(deny_unknown_fields)]
pub(super) struct ReorderBody {
    /// Consent to empty the cart first if it is of another restaurant.
    #[serde(default)]
    replace: bool,
}

/// The cart with what could be had of an earlier order.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Reordered {
    cart: CartBody,
    /// What could not, and why; `pointer` is the line in the order.
    left_out: Vec<ProblemFault>,
}

/// Puts what can still be had of an own order in the cart, with the same choices at
/// today's price; `left_out` says what cannot.
#[utoipa::path(post, path = "/v1/orders/{id}/reorder", tag = "order", request_body = ReorderBody,
    params(("id" = Uuid, Path, description = "The order"),
        IfMatchHeader),
    responses((status = 200, body = Reordered, headers(("ETag" = String, description = "The cart's"))),
        (status = 409, description = "`cart.other_restaurant`: the cart holds another restaurant's dishes; \
            `order.nothing_to_reorder` with the reasons in `errors`; `order.not_orderable`; \
            `cart.quantity_out_of_range`, `cart.too_many_lines`, `cart.amount_too_large`: it does not fit", body = ProblemBody),
        (status = 412, description = "The cart changed since", body = ProblemBody)))]
pub(super) async fn reorder(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<OrderId>,
    IfMatch(expected): IfMatch,
    OfferedKey(key): OfferedKey,
    Json(body): Json<ReorderBody>,
) -> Result<Tagged<Reordered>, Problem> {
    let refill = Refill { key, replace: body.replace, expected };
    let (cart, left_out) = services::order::reorder(&app, &who, id, &refill).await?;
    let version = cart.version.cast_signed();
    let left_out = left_out.iter().map(ProblemFault::from).collect();
    Ok(Tagged::new(version, Reordered { cart: cart.into(), left_out }))
}
