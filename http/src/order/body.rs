//! Request and response bodies of order_service.

use chrono::{DateTime, Utc};
use domain::order::{Command, ContactMethod, Fault, RejectReason, Status};
use domain::{MenuId, MethodId, QuoteId, Refused, RestaurantId, TextRule};
use serde::Deserialize;
use services::order::{OrderView, Request};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{IntoParams, IntoResponses, PartialSchema, ToSchema};

use crate::kit::ProblemBody;

/// What to order.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = OrderRequest)]
#[serde(deny_unknown_fields)]
pub(super) struct OrderBody {
    #[schema(value_type = Uuid)]
    quote_id: QuoteId,
    /// Words to the restaurant.
    #[serde(default)]
    #[schema(format = "text", max_length = 200)]
    note: String,
    /// Words to the courier, who reads them from the assignment on. How to get in belongs to the
    /// address (`entrance_note`): it is shown later, with the food.
    #[serde(default)]
    #[schema(format = "text", max_length = 200)]
    courier_note: String,
    /// Leave it at the door.
    #[serde(default)]
    contactless: bool,
    /// With disposable cutlery (일회용 수저). None comes unless it is asked for.
    #[serde(default)]
    cutlery: bool,
    /// Collect it oneself. The quote says so; what is said here must agree.
    #[serde(default)]
    pickup: Option<bool>,
    /// For later. The quote says so; what is said here must agree.
    #[serde(default)]
    slot: Option<DateTime<Utc>>,
}

impl From<OrderBody> for Request {
    fn from(body: OrderBody) -> Self {
        Self {
            quote: body.quote_id,
            note: body.note,
            courier_note: body.courier_note,
            contactless: body.contactless,
            cutlery: body.cutlery,
            pickup: body.pickup,
            slot: body.slot,
        }
    }
}

/// Which order, in the path.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "it stands in the document alone")]
pub(super) struct OrderPath {
    /// The order
    id: uuid::Uuid,
}

/// What a change of an order answers.
#[derive(IntoResponses)]
#[expect(dead_code, clippy::large_enum_variant, reason = "it stands in the document alone")]
pub(super) enum Changed {
    /// The order after it
    #[response(status = 200)]
    Order(OrderView),
    /// `order.transition_refused`: not in this status
    #[response(status = 409)]
    Refused(ProblemBody),
}

/// Which orders.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct OfWhom {
    /// Those of this restaurant, for whoever runs it.
    #[param(value_type = Option<Uuid>)]
    pub(super) restaurant_id: Option<RestaurantId>,
    /// Those of this status.
    #[param(value_type = Option<StatusName>, inline)]
    pub(super) status: Option<StatusName>,
}

/// An order's status by its name.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct StatusName(pub(crate) Status);

impl PartialSchema for StatusName {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(Status::ALL.map(Status::as_str)))
            .into()
    }
}

impl ToSchema for StatusName {}

/// How to pay.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = PaymentRequest)]
#[serde(deny_unknown_fields)]
pub(super) struct PaymentBody {
    /// A saved means of payment.
    #[schema(value_type = Uuid)]
    pub(super) payment_method_id: MethodId,
}

/// How long it takes.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = Acceptance)]
#[serde(deny_unknown_fields)]
pub(super) struct AcceptBody {
    /// Minutes until it is ready.
    #[schema(minimum = 5, maximum = 90)]
    pub(super) preparation_mins: u32,
}

/// Why not.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = Rejection)]
#[serde(deny_unknown_fields)]
pub(super) struct RejectBody {
    reason: RejectWord,
    /// What is sold out.
    #[serde(default)]
    #[schema(value_type = Vec<Uuid>, max_items = 50)]
    sold_out_menu_ids: Vec<MenuId>,
}

/// Why a restaurant rejects. `sold_out`: the named dishes are so until its day ends. `too_busy`: it takes
/// no orders for 15 minutes. `closing`: it takes none until it opens the next time, for 12 hours at most.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[schema(as = RejectReason)]
#[serde(rename_all = "snake_case")]
enum RejectWord {
    SoldOut,
    TooBusy,
    Closing,
    Unreachable,
    Other,
}

impl From<RejectBody> for Command {
    fn from(body: RejectBody) -> Self {
        let reason = match body.reason {
            RejectWord::SoldOut => RejectReason::SoldOut,
            RejectWord::TooBusy => RejectReason::TooBusy,
            RejectWord::Closing => RejectReason::Closing,
            RejectWord::Unreachable => RejectReason::Unreachable,
            RejectWord::Other => RejectReason::Other,
        };
        Command::Reject { reason, sold_out: body.sold_out_menu_ids }
    }
}

/// Why.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = Reason)]
#[serde(deny_unknown_fields)]
pub(super) struct ReasonBody {
    #[schema(format = "text", max_length = 200)]
    pub(super) reason: String,
}

/// At whose cost, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = EndRequest)]
#[serde(deny_unknown_fields)]
pub(super) struct EndBody {
    #[schema(value_type = FaultWords)]
    pub(super) fault: Fault,
    #[schema(format = "text", min_length = 1, max_length = 200)]
    reason: String,
}

impl EndBody {
    pub(super) fn reason(&self) -> Result<String, Refused> {
        line("/reason", &self.reason)
    }
}

/// Checks a line of text, before the order's status is looked up.
fn line(pointer: &str, text: &str) -> Result<String, Refused> {
    let read = TextRule::line(200).read(text);
    let read = read.map_err(|flaw| Refused::invalid(vec![flaw.at(pointer)]))?;
    Ok(read.into_string())
}

/// Who is to blame.
#[derive(ToSchema)]
#[schema(as = OrderFault, rename_all = "snake_case")]
#[expect(dead_code, reason = "it exists for its schema; domain's is what travels")]
pub(super) enum FaultWords {
    Customer,
    Restaurant,
    Courier,
    Platform,
}

/// How the courier tried to reach the customer.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ContactAttemptRequest)]
#[serde(deny_unknown_fields)]
pub(super) struct AttemptBody {
    #[schema(value_type = WayWords)]
    pub(super) way: ContactMethod,
}

/// By telephone, by message, or by bell or knocking.
#[derive(ToSchema)]
#[schema(as = ContactWay, rename_all = "snake_case")]
#[expect(dead_code, reason = "it exists for its schema; domain's is what travels")]
pub(super) enum WayWords {
    Call,
    Message,
    Door,
}

/// What the customer lets the courier at the door know.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ContactAnswerRequest)]
#[serde(deny_unknown_fields)]
pub(super) struct AnswerBody {
    #[schema(format = "text", min_length = 1, max_length = 200)]
    text: String,
}

impl AnswerBody {
    pub(super) fn text(&self) -> Result<String, Refused> {
        line("/text", &self.text)
    }
}

/// The code of a pickup order.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = Completion)]
#[serde(deny_unknown_fields)]
pub(super) struct CodeBody {
    /// What the customer shows; only for pickup orders.
    #[serde(default)]
    #[schema(max_length = 4, pattern = "^[0-9]{4}$")]
    pub(super) code: Option<String>,
}

/// The answer to a wish to cancel.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = CancelDecision)]
#[serde(deny_unknown_fields)]
pub(super) struct DecisionBody {
    pub(super) approve: bool,
}
