//! Showing masked data.

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, HeaderName};
use domain::OrderId;
use services::App;
use services::order::{self, Unmasked};

use super::body::{OrderPath, ReasonBody};
use crate::kit::{ClientAddress, Json, Path, Problem, ProblemBody, Who};

/// Shows an agent or an operator the customer's name and address, once it is written
/// down who looks, and why. Needs a fresh proof of who one is.
#[utoipa::path(post, path = "/v1/orders/{id}/unmask", tag = "order", request_body = ReasonBody,
    params(OrderPath),
    responses((status = 200, body = Unmasked),
        (status = 403, description = "Neither an agent nor an operator; `auth.step_up_required`", body = ProblemBody)))]
pub(super) async fn unmask(
    State(app): State<App>,
    ClientAddress(from): ClientAddress,
    Who(who): Who,
    Path(id): Path<OrderId>,
    Json(body): Json<ReasonBody>,
) -> Result<([(HeaderName, &'static str); 1], Json<Unmasked>), Problem> {
    // Not kept for an `Idempotency-Key` either: each look is a line of its own.
    Ok(([(CACHE_CONTROL, "no-store")], Json(order::unmask(&app, &who, id, &body.reason, from).await?)))
}
