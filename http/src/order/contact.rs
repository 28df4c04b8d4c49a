//! The courier's attempts to reach a customer who does not come to the door.

use axum::extract::State;
use domain::OrderId;
use services::App;
use services::order::{self, OrderView};
use services::tracking;

use super::body::{AnswerBody, AttemptBody, OrderPath};
use super::{Shown, shown};
use crate::kit::{Json, OfferedKey, Path, ProblemBody, Who};

/// The courier at the door tried to reach the customer. The first attempt starts the
/// timer, of which the customer is told; after it, and after attempts in two ways, the
/// customer counts as unreachable.
#[utoipa::path(post, path = "/v1/orders/{id}/contact-attempts", tag = "order", request_body = AttemptBody,
    params(OrderPath),
    responses((status = 200, body = OrderView),
        (status = 403, description = "`order.not_its_courier`", body = ProblemBody),
        (status = 409, description = "`order.not_at_door`; `order.too_many_contacts`; `order.transition_refused`",
            body = ProblemBody)))]
pub(super) async fn tried(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<OrderId>,
    OfferedKey(key): OfferedKey,
    Json(body): Json<AttemptBody>,
) -> Shown {
    let order = tracking::try_contact(&app, &who, id, body.way, key.as_deref()).await?;
    shown(&app, order, &who).await
}

/// The customer answers the courier at the door. The first answer starts the timer anew.
#[utoipa::path(post, path = "/v1/orders/{id}/contact-answers", tag = "order", request_body = AnswerBody,
    params(OrderPath),
    responses((status = 200, body = OrderView),
        (status = 409, description = "`order.no_contact`: nobody waits; `order.too_many_contacts`; \
            `order.transition_refused`", body = ProblemBody),
        (status = 422, description = "`order.text_too_long`, `order.text_refused`", body = ProblemBody)))]
pub(super) async fn answered(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<OrderId>,
    Json(body): Json<AnswerBody>,
) -> Shown {
    let order = order::answer_contact(&app, &who, id, body.text()?).await?;
    shown(&app, order, &who).await
}
