//! The points that a cart is paid with.

use axum::extract::State;
use domain::Won;
use serde::Deserialize;
use services::App;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{CART, CartBody, tagged};
use crate::kit::{IfMatch, IfMatchHeader, Json, Problem, ProblemBody, Tagged, Who};

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(CART.on(routes!(use_points)))
}

/// How many points the cart is to be paid with.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = PointsChoice)]
#[serde(deny_unknown_fields)]
struct ChoiceBody {
    /// 0 for none.
    #[schema(value_type = i64, minimum = 0, maximum = 100_000_000)]
    points_won: Won,
}

/// Pays the cart with points, as many of them as can be used: the quote tells how many.
#[utoipa::path(put, path = "/v1/cart/points", tag = "cart", request_body = ChoiceBody, params(IfMatchHeader),
    responses((status = 200, body = CartBody, headers(("ETag" = String))),
        (status = 409, description = "`cart.empty`; `points.not_enough`; `points.too_few`", body = ProblemBody),
        (status = 412, description = "The cart changed since", body = ProblemBody)))]
async fn use_points(
    State(app): State<App>,
    Who(who): Who,
    IfMatch(expected): IfMatch,
    Json(choice): Json<ChoiceBody>,
) -> Result<Tagged<CartBody>, Problem> {
    Ok(tagged(services::cart::use_points(&app, &who, choice.points_won, expected).await?))
}
