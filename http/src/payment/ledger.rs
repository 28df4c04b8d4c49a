//! The ledger, for operators.

use axum::extract::State;
use chrono::{DateTime, NaiveDate, Utc};
use domain::ledger::{Account, Discrepancy, Posting, Wrong};
use domain::{OrderId, Won};
use serde::{Deserialize, Serialize};
use services::App;
use services::ledger::{self, DayView, EntryFilter, Turnover, Written};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{IntoParams, PartialSchema, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::ADMIN;
use crate::kit::{Json, List, NumberListQuery, Page, Path, Problem, Query, Who};

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(ADMIN.on(routes!(entries))).routes(ADMIN.on(routes!(day)))
}

/// Which entries: those of an order, or else those of an account, or else all.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Those of this order.
    #[param(value_type = Option<Uuid>)]
    order_id: Option<OrderId>,
    /// Those with a posting on this account.
    #[param(value_type = Option<AccountName>, inline)]
    account: Option<AccountName>,
    /// The restaurant, the courier or the customer whose account it is; without it theirs have none.
    party_id: Option<Uuid>,
}

/// The name of an account.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
struct AccountName(String);

impl TryFrom<String> for AccountName {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        if Account::NAMES.contains(&name.as_str()) { Ok(Self(name)) } else { Err("there is no such account") }
    }
}

impl PartialSchema for AccountName {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(Account::NAMES)).into()
    }
}

impl ToSchema for AccountName {}

impl From<Wanted> for EntryFilter {
    fn from(wanted: Wanted) -> Self {
        match (wanted.order_id, wanted.account) {
            (Some(order), _) => Self::Order(order),
            (None, Some(AccountName(name))) => {
                Account::parse(&name, wanted.party_id).map_or(Self::Nothing, Self::Account)
            }
            (None, None) => Self::All,
        }
    }
}

/// An event in the ledger. The amounts of its postings are together zero.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LedgerEntry)]
struct EntryBody {
    id: i64,
    #[schema(example = "payment_taken")]
    kind: &'static str,
    /// The payment, the refund, the order or the points that it is about.
    reference: Uuid,
    /// Absent of points that were given or expired.
    #[schema(value_type = Option<Uuid>)]
    order_id: Option<OrderId>,
    at: DateTime<Utc>,
    postings: Vec<PostingBody>,
}

/// A part of an entry.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LedgerPosting)]
struct PostingBody {
    #[schema(example = "gateway")]
    account: &'static str,
    /// The restaurant, the courier or the customer whose account it is.
    party_id: Option<Uuid>,
    /// A debit if positive, a credit if negative.
    #[schema(value_type = i64)]
    amount_won: Won,
}

/// A day of the ledger, by the calendar of Seoul.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LedgerDay)]
struct DayBody {
    day: NaiveDate,
    /// What was posted, by account. All debits are together all credits.
    accounts: Vec<TurnoverBody>,
    /// How many orders had an entry.
    orders: u64,
    /// What does not agree with the orders, payments and refunds; at most 100.
    discrepancies: Vec<DiscrepancyBody>,
}

/// What was posted on an account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LedgerTurnover)]
struct TurnoverBody {
    #[schema(example = "gateway")]
    account: String,
    #[schema(value_type = i64, minimum = 0)]
    debit_won: Won,
    #[schema(value_type = i64, minimum = 0)]
    credit_won: Won,
}

/// Something that does not agree.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LedgerDiscrepancy)]
struct DiscrepancyBody {
    #[schema(value_type = Uuid)]
    order_id: OrderId,
    /// `missing`, `unexplained` or `differs` of an entry; or `deposit_left`.
    #[schema(example = "missing")]
    what: &'static str,
    /// The kind of the entry.
    entry: Option<&'static str>,
    /// The payment, the refund or the order that the entry is about.
    reference: Option<Uuid>,
    /// What is left of the deposit.
    #[schema(value_type = Option<i64>)]
    left_won: Option<Won>,
}

/// The entries of the ledger, newest first: of an order, of an account, or all.
#[utoipa::path(get, path = "/v1/ledger/entries", tag = "payment", params(Wanted, NumberListQuery),
    responses((status = 200, body = Page<EntryBody>)))]
async fn entries(
    State(app): State<App>,
    Who(who): Who,
    Query(wanted): Query<Wanted>,
    page: List<i64>,
) -> Result<Json<Page<EntryBody>>, Problem> {
    let entries = ledger::entries(&app, &who, wanted.into(), page.after, page.limit + 1).await?;
    Ok(Json(Page::cut(entries, page.limit, |written| written.id, EntryBody::from)?))
}

/// What was posted on a day, compared anew with the orders, payments and refunds that had an entry
/// on it.
#[utoipa::path(get, path = "/v1/ledger/days/{day}", tag = "payment",
    params(("day" = NaiveDate, Path, description = "The day in Seoul, as 2027-03-03")),
    responses((status = 200, body = DayBody)))]
async fn day(
    State(app): State<App>,
    Who(who): Who,
    Path(day): Path<NaiveDate>,
) -> Result<Json<DayBody>, Problem> {
    let DayView { turnovers, orders, discrepancies } = ledger::day(&app, &who, day).await?;
    let accounts = turnovers.into_iter().map(TurnoverBody::from).collect();
    let discrepancies = discrepancies.into_iter().map(DiscrepancyBody::from).collect();
    Ok(Json(DayBody { day, accounts, orders, discrepancies }))
}

impl From<Written> for EntryBody {
    fn from(Written { id, at, entry }: Written) -> Self {
        Self {
            id,
            kind: entry.kind.as_str(),
            reference: entry.reference,
            order_id: entry.order,
            at,
            postings: entry.postings.into_iter().map(PostingBody::from).collect(),
        }
    }
}

impl From<Posting> for PostingBody {
    fn from(Posting { account, amount }: Posting) -> Self {
        Self { account: account.as_str(), party_id: account.party(), amount_won: amount }
    }
}

impl From<Turnover> for TurnoverBody {
    fn from(Turnover { account, debit, credit }: Turnover) -> Self {
        Self { account, debit_won: debit, credit_won: credit }
    }
}

impl From<Discrepancy> for DiscrepancyBody {
    fn from(Discrepancy { order, what }: Discrepancy) -> Self {
        let (entry, left_won) = match what {
            Wrong::Missing(kind, of) | Wrong::Unexplained(kind, of) | Wrong::Differs(kind, of) => {
                (Some((kind.as_str(), of)), None)
            }
            Wrong::DepositLeft(left) => (None, Some(left)),
        };
        let (entry, reference) = entry.unzip();
        Self { order_id: order, what: what.as_str(), entry, reference, left_won }
    }
}
