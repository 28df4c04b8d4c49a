//! Points: a customer's own, and what operators give.

use axum::extract::State;
use chrono::{DateTime, Utc};
use domain::ledger::EntryKind;
use domain::points::{Grant, GrantReason, USE_MIN, USE_UNIT};
use domain::{LotId, OrderId, UserId, Won};
use serde::{Deserialize, Serialize};
use services::App;
use services::ledger::{self, PointsEvent};
use services::points::{self, Balance, NewGrant};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{ADMIN, CUSTOMER};
use crate::kit::{
    Created, Json, List, ListQuery, NumberListQuery, OfferedKey, Page, Problem, ProblemBody, Who,
};

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(CUSTOMER.on(routes!(balance)))
        .routes(CUSTOMER.on(routes!(history)))
        .routes(ADMIN.on(routes!(grants, give)))
}

/// One's points; each pays for one won.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Points)]
struct BalanceBody {
    /// What can be used.
    #[schema(value_type = i64, minimum = 0)]
    available_won: Won,
    /// What an order that is not paid yet holds. Another order would take its place.
    #[schema(value_type = i64, minimum = 0)]
    held_won: Won,
    /// What orders will earn when they are completed.
    #[schema(value_type = i64, minimum = 0)]
    pending_won: Won,
    /// What of the available ones expires within 30 days.
    #[schema(value_type = i64, minimum = 0)]
    expiring_soon_won: Won,
    /// When the first of the available ones expire.
    first_expiry: Option<DateTime<Utc>>,
    /// The fewest that an order is paid with, unless it costs less.
    #[schema(value_type = i64, minimum = 1)]
    use_min_won: Won,
    /// They are used by so many at a time, unless they pay for all of an order.
    #[schema(value_type = i64, minimum = 1)]
    use_unit_won: Won,
}

/// What happened to one's points.
#[derive(ToSchema)]
#[schema(as = PointsEventKind, rename_all = "snake_case")]
#[expect(dead_code, reason = "it exists for its schema; the event's name is what travels")]
enum EventKindWords {
    /// A completed order earned them.
    Earned,
    /// They were given.
    Given,
    /// They paid for an order.
    Used,
    /// They came back from an order.
    Returned,
    /// Their time was over.
    Expired,
}

/// Why points are given: for something that went wrong, won by something that the customer did, or because
/// they should have been there.
#[derive(ToSchema)]
#[schema(as = PointsReason, rename_all = "snake_case")]
#[expect(dead_code, reason = "it exists for its schema; domain's GrantReason is what travels")]
enum ReasonWords {
    Apology,
    Prize,
    Correction,
}

/// Something that happened to one's points.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PointsEvent)]
struct EventBody {
    id: i64,
    #[schema(value_type = EventKindWords)]
    kind: &'static str,
    /// How many more there are, or fewer if negative.
    #[schema(value_type = i64)]
    change_won: Won,
    /// The order that earned or used them, or from which they came back.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Uuid>)]
    order_id: Option<OrderId>,
    /// Why they were given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ReasonWords>)]
    reason: Option<GrantReason>,
    at: DateTime<Utc>,
}

/// Points that are to be given to a customer.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = NewPointsGrant)]
#[serde(deny_unknown_fields)]
struct NewGrantBody {
    #[schema(value_type = Uuid)]
    customer_id: UserId,
    #[schema(value_type = i64, minimum = 1, maximum = 1_000_000)]
    amount_won: Won,
    #[schema(value_type = ReasonWords)]
    reason: GrantReason,
    /// For how many days they can be used.
    #[schema(minimum = 1, maximum = 365)]
    days: u32,
}

/// Points that an operator gave.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PointsGrant)]
struct GrantBody {
    #[schema(value_type = Uuid)]
    id: LotId,
    #[schema(value_type = Uuid)]
    customer_id: UserId,
    #[schema(value_type = i64, minimum = 1)]
    amount_won: Won,
    #[schema(value_type = ReasonWords)]
    reason: GrantReason,
    given_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    /// Who gave them.
    #[schema(value_type = Uuid)]
    given_by: UserId,
}

/// What one has.
#[utoipa::path(get, path = "/v1/points", tag = "payment", responses((status = 200, body = BalanceBody)))]
async fn balance(State(app): State<App>, Who(who): Who) -> Result<Json<BalanceBody>, Problem> {
    Ok(Json(points::balance(&app, &who).await?.into()))
}

/// What happened to one's points, newest first. All changes together are what one has, and what an order
/// that is not paid yet holds.
#[utoipa::path(get, path = "/v1/points/history", tag = "payment", params(NumberListQuery),
    responses((status = 200, body = Page<EventBody>)))]
async fn history(
    State(app): State<App>,
    Who(who): Who,
    page: List<i64>,
) -> Result<Json<Page<EventBody>>, Problem> {
    let events = ledger::points_history(&app, &who, page.after, page.limit + 1).await?;
    Ok(Json(Page::cut(events, page.limit, |event| event.id, EventBody::from)?))
}

/// What operators gave, newest first.
#[utoipa::path(get, path = "/v1/points/grants", tag = "payment", params(ListQuery),
    responses((status = 200, body = Page<GrantBody>)))]
async fn grants(
    State(app): State<App>,
    Who(who): Who,
    page: List<LotId>,
) -> Result<Json<Page<GrantBody>>, Problem> {
    let grants = points::grants(&app, &who, page.after, page.limit + 1).await?;
    let body = |(grant, by)| GrantBody::new(grant, by);
    Ok(Json(Page::cut(grants, page.limit, |(grant, _): &(Grant, UserId)| grant.id, body)?))
}

/// Gives points. Under the same `Idempotency-Key` they are given once.
#[utoipa::path(post, path = "/v1/points/grants", tag = "payment", request_body = NewGrantBody,
    responses((status = 201, body = GrantBody),
        (status = 404, description = "No such customer", body = ProblemBody)))]
async fn give(
    State(app): State<App>,
    Who(who): Who,
    OfferedKey(key): OfferedKey,
    Json(grant): Json<NewGrantBody>,
) -> Result<Created<GrantBody>, Problem> {
    let grant = points::give(&app, &who, grant.into(), key.as_deref()).await?;
    Ok(Created(GrantBody::new(grant, who.user)))
}

impl From<Balance> for BalanceBody {
    fn from(balance: Balance) -> Self {
        Self {
            available_won: balance.available,
            held_won: balance.held,
            pending_won: balance.pending,
            expiring_soon_won: balance.soon,
            first_expiry: balance.first_expiry,
            use_min_won: USE_MIN,
            use_unit_won: USE_UNIT,
        }
    }
}

impl From<PointsEvent> for EventBody {
    fn from(event: PointsEvent) -> Self {
        Self {
            id: event.id,
            kind: match event.kind {
                EntryKind::PointsEarned => "earned",
                EntryKind::PointsUsed => "used",
                EntryKind::PointsReturned => "returned",
                EntryKind::PointsExpired => "expired",
                _ => "given",
            },
            change_won: event.change,
            order_id: event.order,
            reason: event.reason,
            at: event.at,
        }
    }
}

impl From<NewGrantBody> for NewGrant {
    fn from(body: NewGrantBody) -> Self {
        Self { customer: body.customer_id, amount: body.amount_won, reason: body.reason, days: body.days }
    }
}

impl GrantBody {
    fn new(grant: Grant, given_by: UserId) -> Self {
        Self {
            id: grant.id,
            customer_id: grant.customer,
            amount_won: grant.amount,
            reason: grant.reason,
            given_at: grant.given_at,
            expires_at: grant.expires_at,
            given_by,
        }
    }
}
