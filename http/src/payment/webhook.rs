//! What payment gateways tell by themselves.

use axum::extract::State;
use domain::PaymentId;
use serde::Deserialize;
use services::App;
use services::payment::webhook;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::PAYMENT;
use crate::kit::{Json, NoContent, Problem};

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(PAYMENT.on(routes!(toss)))
}

/// A message of Toss Payments. Only the id of the payment is read, as `data.orderId`: all else is asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = TossWebhook, value_type = Object)]
#[serde(transparent)]
struct TossBody(serde_json::Map<String, serde_json::Value>);

impl TossBody {
    /// Our payment, if the message names one of ours.
    fn payment(&self) -> Option<PaymentId> {
        self.0.get("data")?.get("orderId")?.as_str()?.parse().ok()
    }
}

/// Takes a message of Toss Payments: something became of a payment. It makes us ask there, and is not
/// believed. One that is not about a payment of ours is taken, too.
#[utoipa::path(post, path = "/v1/payments/webhooks/toss", tag = "payment", security(()), request_body = TossBody,
    responses((status = 204)))]
async fn toss(State(app): State<App>, Json(body): Json<TossBody>) -> Result<NoContent, Problem> {
    if let Some(payment) = body.payment() {
        webhook::told(&app, payment).await?;
    }
    Ok(NoContent)
}
