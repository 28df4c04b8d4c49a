//! payment_service, 9108: what was paid and what went back, means of payment, coupons, points, the
//! ledger, and payments and refunds whose outcome the payment gateway never reported, for the operators
//! who decide them.

mod body;
mod campaign;
mod coupon;
mod history;
mod ledger;
mod method;
mod points;
mod webhook;

use axum::extract::State;
use domain::{PaymentId, RefundId, Role};
use services::App;
use services::payment::decision;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::kit::{Json, Noun, Path, Policy, Problem, ProblemBody, Who};
use body::{DecisionBody, PaymentBody, RefundBody, UndecidedBody};
pub(crate) use coupon::{CouponBody, InapplicableBody, KindWords};

const PAYMENT: Policy = Policy::of(Noun::Payment);
const ADMIN: Policy = PAYMENT.role(Role::Admin);
const CUSTOMER: Policy = PAYMENT.role(Role::Customer);

/// All of the service's routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(ADMIN.on(routes!(undecided)))
        .routes(ADMIN.on(routes!(decide)))
        .routes(ADMIN.on(routes!(retry)))
        .merge(campaign::routes())
        .merge(coupon::routes())
        .merge(history::routes())
        .merge(ledger::routes())
        .merge(method::routes())
        .merge(points::routes())
        .merge(webhook::routes())
}

/// Payments of which the gateway never said what became of them, and refunds that it
/// refused or never took; the oldest 100 of each.
#[utoipa::path(get, path = "/v1/payments/undecided", tag = "payment",
    responses((status = 200, body = UndecidedBody)))]
async fn undecided(State(app): State<App>, Who(who): Who) -> Result<Json<UndecidedBody>, Problem> {
    Ok(Json(decision::list(&app, &who).await?.into()))
}

/// Says what became of such a payment, as the gateway's own books have it. Taken: the
/// order goes on, or the money goes back if it is over. Not taken: another try may be
/// made, until the order expires.
#[utoipa::path(post, path = "/v1/payments/{id}/decision", tag = "payment", request_body = DecisionBody,
    params(("id" = Uuid, Path, description = "The payment")),
    responses((status = 200, body = PaymentBody),
        (status = 404, description = "No such payment", body = ProblemBody),
        (status = 409, description = "`payment.decided`: it is known what became of it", body = ProblemBody)))]
async fn decide(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<PaymentId>,
    Json(body): Json<DecisionBody>,
) -> Result<Json<PaymentBody>, Problem> {
    Ok(Json(decision::decide(&app, &who, id, body.taken).await?.into()))
}

/// Has such a refund tried again, under the same key.
#[utoipa::path(post, path = "/v1/refunds/{id}/retry", tag = "payment",
    params(("id" = Uuid, Path, description = "The refund")),
    responses((status = 200, body = RefundBody),
        (status = 404, description = "No such refund", body = ProblemBody),
        (status = 409, description = "`payment.decided`: it is under way, or done", body = ProblemBody)))]
async fn retry(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<RefundId>,
) -> Result<Json<RefundBody>, Problem> {
    Ok(Json(decision::retry(&app, &who, id).await?.into()))
}
