//! What was paid and what went back.

use axum::extract::State;
use chrono::{DateTime, Utc};
use domain::ledger::Taxed;
use domain::payment::{MethodKind, RefundRecord};
use domain::{OrderId, PaymentId, UserId, Won};
use serde::{Deserialize, Serialize};
use services::App;
use services::payment::history::{self, PaymentDetail, PaymentFilter, PaymentView};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::PAYMENT;
use super::body::{PaymentBody, RefundBody};
use crate::kit::{Json, List, ListQuery, Page, Path, Problem, ProblemBody, Query, Who};

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(PAYMENT.on(routes!(list))).routes(PAYMENT.on(routes!(show)))
}

/// Whose payments.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct OfWhom {
    /// Those of this order.
    #[param(value_type = Option<Uuid>)]
    order_id: Option<OrderId>,
    /// Those of this customer: for operators, or oneself.
    #[param(value_type = Option<Uuid>)]
    customer_id: Option<UserId>,
}

/// A payment in a list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PaymentSummary)]
struct SummaryBody {
    #[schema(value_type = Uuid)]
    id: PaymentId,
    #[schema(value_type = Uuid)]
    order_id: OrderId,
    /// What people call the order.
    #[schema(example = "AB12")]
    order_code: String,
    #[schema(value_type = Uuid)]
    customer_id: UserId,
    /// Empty once the order is not kept any more.
    restaurant_name: String,
    #[schema(value_type = i64, minimum = 1)]
    amount_won: Won,
    /// What the gateway has given back of it.
    #[schema(value_type = i64, minimum = 0)]
    refunded_won: Won,
    #[schema(example = "done")]
    status: &'static str,
    created_at: DateTime<Utc>,
}

/// A payment, with the tries, the tenders and the refunds of its order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PaymentDetail)]
struct DetailBody {
    #[serde(flatten)]
    summary: SummaryBody,
    /// The supply value of what was paid and did not go back.
    #[schema(value_type = i64, minimum = 0)]
    supply_won: Won,
    /// The value added tax of it.
    #[schema(value_type = i64, minimum = 0)]
    vat_won: Won,
    /// What it was paid with.
    tenders: Vec<TenderBody>,
    /// All tries to pay the order, oldest first.
    tries: Vec<PaymentBody>,
    /// What went back or is going to, oldest first.
    refunds: Vec<DatedRefundBody>,
}

/// A part of a payment by one means.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tender)]
struct TenderBody {
    #[schema(example = "card")]
    kind: &'static str,
    #[schema(value_type = i64, minimum = 1)]
    amount_won: Won,
    #[schema(value_type = i64, minimum = 0)]
    refunded_won: Won,
}

/// A refund, and when its state last changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DatedRefund)]
struct DatedRefundBody {
    #[serde(flatten)]
    refund: RefundBody,
    updated_at: DateTime<Utc>,
}

/// Payments, newest first: an operator sees everybody's, all others their own.
#[utoipa::path(get, path = "/v1/payments", tag = "payment", params(OfWhom, ListQuery),
    responses((status = 200, body = Page<SummaryBody>)))]
async fn list(
    State(app): State<App>,
    Who(who): Who,
    Query(of): Query<OfWhom>,
    page: List<PaymentId>,
) -> Result<Json<Page<SummaryBody>>, Problem> {
    let wanted = PaymentFilter { order: of.order_id, customer: of.customer_id };
    let payments = history::list(&app, &who, wanted, page.after, page.limit + 1).await?;
    Ok(Json(Page::cut(payments, page.limit, |view| view.payment.id, SummaryBody::from)?))
}

/// One payment, of oneself or for operators.
#[utoipa::path(get, path = "/v1/payments/{id}", tag = "payment",
    params(("id" = Uuid, Path, description = "The payment")),
    responses((status = 200, body = DetailBody),
        (status = 404, description = "No such payment", body = ProblemBody)))]
async fn show(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<PaymentId>,
) -> Result<Json<DetailBody>, Problem> {
    Ok(Json(history::show(&app, &who, id).await?.into()))
}

impl From<PaymentView> for SummaryBody {
    fn from(view: PaymentView) -> Self {
        let refunded_won = view.refunded();
        let PaymentView { payment, restaurant_name, .. } = view;
        Self {
            id: payment.id,
            order_id: payment.order,
            order_code: payment.order.code().to_string(),
            customer_id: payment.customer,
            restaurant_name,
            amount_won: payment.amount,
            refunded_won,
            status: payment.status.as_str(),
            created_at: payment.created_at,
        }
    }
}

impl From<PaymentDetail> for DetailBody {
    fn from(PaymentDetail { payment, tries }: PaymentDetail) -> Self {
        let (amount_won, refunded_won) = (payment.payment.amount, payment.refunded());
        let kept =
            if payment.payment.status.is_paid() { Won(amount_won.0 - refunded_won.0) } else { Won::ZERO };
        let Taxed { supply, vat } = Taxed::of(kept);
        // Before methods were saved there were cards alone.
        let kind = payment.payment.kind.unwrap_or(MethodKind::Card).as_str();
        Self {
            supply_won: supply,
            vat_won: vat,
            tenders: vec![TenderBody { kind, amount_won, refunded_won }],
            tries: tries.into_iter().map(PaymentBody::from).collect(),
            refunds: payment.refunds.iter().map(DatedRefundBody::from).collect(),
            summary: payment.into(),
        }
    }
}

impl From<&RefundRecord> for DatedRefundBody {
    fn from(record: &RefundRecord) -> Self {
        Self { refund: record.refund.into(), updated_at: record.updated_at }
    }
}
