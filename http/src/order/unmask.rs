//! Looking at what is masked.

use axum::extract::State;
use domain::OrderId;
use services::App;
use services::order::{self, Unmasked};

use super::body::{OrderPath, ReasonBody};
use crate::kit::{Json, Path, Problem, ProblemBody, Who};

/// Shows an agent or an operator the customer's name and address, once it is written
/// down who looks, and why.
#[utoipa::path(post, path = "/v1/orders/{id}/unmask", tag = "order", request_body = ReasonBody,
    params(OrderPath),
    responses((status = 200, body = Unmasked),
        (status = 403, description = "Neither an agent nor an operator", body = ProblemBody)))]
pub(super) async fn unmask(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<OrderId>,
    Json(body): Json<ReasonBody>,
) -> Result<Json<Unmasked>, Problem> {
    Ok(Json(order::unmask(&app, &who, id, &body.reason).await?))
}
