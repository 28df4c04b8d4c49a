//! Dishes that are taken out of an order.

use axum::extract::State;
use domain::cart::state::LINES_MAX;
use domain::order::LinePart;
use domain::{LineId, OrderId, Refused, fault};
use serde::Deserialize;
use services::App;
use services::order::{self, OrderView};
use utoipa::ToSchema;

use super::body::OrderPath;
use super::{Shown, shown};
use crate::kit::{Json, OfferedKey, Path, ProblemBody, Who};

/// What is taken out of an order.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = LineCancellationRequest)]
#[serde(deny_unknown_fields)]
pub(super) struct CancelLinesBody {
    #[schema(min_items = 1, max_items = 50)]
    lines: Vec<PartBody>,
    /// Whether the dishes are marked as sold out until the restaurant's day ends.
    #[serde(default)]
    sold_out: bool,
}

/// So many of a line.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = LinePart)]
#[serde(deny_unknown_fields)]
pub(super) struct PartBody {
    #[schema(value_type = Uuid)]
    line_id: LineId,
    #[schema(minimum = 1, maximum = 99)]
    quantity: u32,
}

impl CancelLinesBody {
    fn parts(self) -> Result<Vec<LinePart>, Refused> {
        if !(1..=LINES_MAX).contains(&self.lines.len()) {
            return Err(Refused::field("/lines", fault::WRONG_LENGTH, format!("1 to {LINES_MAX}")));
        }
        Ok(self.lines.into_iter().map(LinePart::from).collect())
    }
}

impl From<PartBody> for LinePart {
    fn from(part: PartBody) -> Self {
        Self { line: part.line_id, quantity: part.quantity }
    }
}

/// Takes dishes out of an order that cannot be had after all, for its restaurant or an admin. What was paid
/// for them goes back; coupons give less in proportion. The last dish cannot be taken out: then the order
/// is cancelled as a whole. Under the same `Idempotency-Key` it is done once.
#[utoipa::path(post, path = "/v1/orders/{id}/cancel-lines", tag = "order", request_body = CancelLinesBody,
    params(OrderPath),
    responses((status = 200, body = OrderView),
        (status = 409, description = "`order.not_so_many`; `order.nothing_left`; `order.too_much_alcohol`; \
            `order.transition_refused`: it is on its way, or over", body = ProblemBody)))]
pub(super) async fn cancel_lines(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<OrderId>,
    OfferedKey(key): OfferedKey,
    Json(body): Json<CancelLinesBody>,
) -> Shown {
    let sold_out = body.sold_out;
    let order = order::cancel_lines(&app, &who, id, body.parts()?, sold_out, key.as_deref()).await?;
    shown(&app, order, &who).await
}
