//! Paying in the payment gateway's window, without saving what is paid with.

use axum::extract::State;
use chrono::{DateTime, Utc};
use domain::payment::PaymentRequest;
use domain::{OrderId, PaymentId, Refused, UserId, Won, fault};
use serde::{Deserialize, Serialize};
use services::App;
use services::order::OrderView;
use services::payment::{Window, request as requests};
use utoipa::ToSchema;

use super::body::OrderPath;
use super::{Shown, shown};
use crate::kit::{Created, Json, Path, Problem, ProblemBody, Who};

/// The longest key that a window gives.
const PAYMENT_KEY_BYTES: usize = 200;

/// What a page needs to open the payment window, in which the customer pays.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PaymentWindow)]
pub(super) struct RequestBody {
    /// As what the gateway knows the payment: its `orderId`.
    #[schema(value_type = uuid::Uuid)]
    id: PaymentId,
    /// What is to be paid.
    #[schema(value_type = i64, minimum = 1)]
    amount_won: Won,
    /// The gateway.
    #[schema(example = "toss")]
    provider: &'static str,
    /// The script that opens the window.
    script_url: String,
    /// What the script is opened with.
    client_key: String,
    /// As whom the gateway knows the customer.
    #[schema(value_type = uuid::Uuid)]
    customer_key: UserId,
    /// Until when it can be confirmed.
    expires_at: DateTime<Utc>,
}

/// What the customer came back with from the window.
#[derive(Deserialize, ToSchema)]
#[schema(as = PaymentConfirmation)]
#[serde(deny_unknown_fields)]
pub(super) struct ConfirmationBody {
    /// The `orderId` of the page's address.
    #[schema(value_type = uuid::Uuid)]
    request_id: PaymentId,
    /// The `paymentKey` of the page's address.
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = "^[!-~]+$",
        example = "5EnNZRJGvaBX7zk2yd8ydw26XvwXkLrx9POLqKQjmAw4b0e1"
    )]
    payment_key: String,
    /// The `amount` of the page's address.
    #[schema(value_type = i64)]
    amount_won: Won,
}

impl ConfirmationBody {
    fn payment_key(&self) -> Result<&str, Refused> {
        let is_plain = self.payment_key.bytes().all(|byte| byte.is_ascii_graphic());
        match self.payment_key.len() {
            1..=PAYMENT_KEY_BYTES if is_plain => Ok(&self.payment_key),
            _ => {
                Err(Refused::field("/payment_key", fault::OUT_OF_RANGE, "1 to 200 visible ASCII characters"))
            }
        }
    }
}

/// Begins a payment in the gateway's window. The amount is fixed here; nothing is taken until it is confirmed.
#[utoipa::path(post, path = "/v1/orders/{id}/payment-requests", tag = "order", params(OrderPath),
    responses((status = 201, body = RequestBody),
        (status = 409, description = "`order.transition_refused`: it waits for no payment; \
            `order.payment_overdue`, `order.restaurant_closed`, `order.sold_out`, `order.slot_over`",
            body = ProblemBody)))]
pub(super) async fn request(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<OrderId>,
) -> Result<Created<RequestBody>, Problem> {
    Ok(Created(requests::request(&app, &who, id).await?.into()))
}

/// Takes the money of what the customer agreed to in the window. The outcome is the order's status, as when it
/// is paid by a saved means. Sent again it goes on where it stopped, and takes nothing twice.
#[utoipa::path(post, path = "/v1/orders/{id}/payment-confirmations", tag = "order", params(OrderPath),
    request_body = ConfirmationBody,
    responses((status = 200, body = OrderView),
        (status = 404, description = "No such order, or no such request of it", body = ProblemBody),
        (status = 409, description = "`payment.amount_differs`, `payment.request_expired`: nothing is charged; \
            `payment.already_paying`; `order.transition_refused`: it waits for no payment; \
            `order.payment_overdue`, `order.restaurant_closed`, `order.sold_out`, `order.slot_over`: nothing is \
            charged", body = ProblemBody)))]
pub(super) async fn confirm(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<OrderId>,
    Json(body): Json<ConfirmationBody>,
) -> Shown {
    let confirmed = requests::confirm(&app, &who, id, body.request_id, body.payment_key()?, body.amount_won);
    shown(&app, confirmed.await?, &who).await
}

impl From<(PaymentRequest, Window)> for RequestBody {
    fn from((request, window): (PaymentRequest, Window)) -> Self {
        Self {
            id: request.id,
            amount_won: request.amount,
            provider: window.provider,
            script_url: window.script_url,
            client_key: window.client_key,
            customer_key: request.customer,
            expires_at: request.expires_at(),
        }
    }
}
