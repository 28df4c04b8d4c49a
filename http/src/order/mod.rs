//! order_service, 9109: orders, from the quote to delivery.

mod adjustment;
mod body;
mod cancellation;
mod contact;
mod payment_request;
mod reorder;
mod unmask;

use axum::extract::State;
use domain::order::{Command, Order};
use domain::{OrderId, Principal, Role};
use services::order::{self, OrderEventView, OrderView};
use services::{App, payment, tracking};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::kit::{
    Created, IfNoneMatch, Json, List, ListQuery, Location, Noun, Page, Path, Policy, Problem, ProblemBody,
    Query, Tagged, Who,
};
pub(crate) use body::StatusName;
use body::{
    AcceptBody, Changed, CodeBody, DecisionBody, EndBody, OfWhom, OrderBody, OrderPath, PaymentBody,
    ReasonBody, RejectBody,
};

const ORDER: Policy = Policy::of(Noun::Order);

/// All of the service's routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(ORDER.on(routes!(place, list)))
        .routes(ORDER.on(routes!(show)))
        .routes(ORDER.on(routes!(history)))
        .routes(ORDER.on(routes!(pay)))
        .routes(ORDER.on(routes!(payment_request::request)))
        .routes(ORDER.on(routes!(payment_request::confirm)))
        .routes(ORDER.on(routes!(accept)))
        .routes(ORDER.on(routes!(reject)))
        .routes(ORDER.on(routes!(preparing)))
        .routes(ORDER.on(routes!(ready)))
        .routes(ORDER.on(routes!(complete)))
        .routes(ORDER.on(routes!(cancel)))
        .routes(ORDER.on(routes!(cancellation::cancel_lines)))
        .routes(ORDER.role(Role::Admin).on(routes!(adjustment::adjustments, adjustment::adjust)))
        .routes(ORDER.role(Role::Admin).on(routes!(adjustment::preview)))
        .routes(ORDER.on(routes!(request_cancel)))
        .routes(ORDER.on(routes!(decide_cancel)))
        .routes(ORDER.on(routes!(end)))
        .routes(ORDER.role(Role::Customer).on(routes!(reorder::reorder)))
        .routes(ORDER.role(Role::Courier).on(routes!(contact::tried)))
        .routes(ORDER.on(routes!(contact::answered)))
        .routes(ORDER.on(routes!(unmask::unmask)))
}

/// An order, as the caller may see it.
type Shown = Result<Json<OrderView>, Problem>;

async fn shown(app: &App, order: Order, who: &Principal) -> Shown {
    Ok(Json(order::view(app, who, order).await?))
}

/// Makes an order of a quote. It waits for its payment, 15 minutes at most. The
/// same cart again, in the same way and with the same words, gives the same order; a
/// newer one replaces an order that nobody paid for.
#[utoipa::path(post, path = "/v1/orders", tag = "order", request_body = OrderBody,
    responses((status = 201, body = OrderView),
        (status = 404, description = "No such quote", body = ProblemBody),
        (status = 409, description = "`cart.quote_expired`; `cart.quote_not_orderable` with what hinders it in \
            `errors`; `cart.price_rose`: it would cost more now; `cart.quote_outdated`: the cart has \
            changed; `cart.quote_used`: its order is over; `order.wishes_differ`: it was ordered with other \
            wishes; `order.payment_open`: another order is being paid", body = ProblemBody),
        (status = 422, description = "`order.text_too_long`, `order.text_refused`", body = ProblemBody)))]
async fn place(
    State(app): State<App>,
    Who(who): Who,
    Json(body): Json<OrderBody>,
) -> Result<Location<Created<OrderView>>, Problem> {
    let order = order::place(&app, &who, body.into()).await?;
    let place = format!("/v1/orders/{}", order.id);
    Ok(Location(place, Created(order::view(&app, &who, order).await?)))
}

/// Orders, newest first: one's own, or with `restaurant_id` those of a restaurant that one runs.
#[utoipa::path(get, path = "/v1/orders", tag = "order", params(OfWhom, ListQuery),
    responses((status = 200, body = Page<OrderView>),
        (status = 404, description = "No such restaurant", body = ProblemBody)))]
async fn list(
    State(app): State<App>,
    Who(who): Who,
    Query(of): Query<OfWhom>,
    page: List<OrderId>,
) -> Result<Json<Page<OrderView>>, Problem> {
    let status = of.status.map(|status| status.0);
    let orders = order::list(&app, &who, of.restaurant_id, status, page.after, page.limit + 1).await?;
    let views = order::views(&app, &who, orders).await?;
    Ok(Json(Page::cut(views, page.limit, OrderView::id, |view| view)?))
}

/// One order.
#[utoipa::path(get, path = "/v1/orders/{id}", tag = "order",
    params(OrderPath),
    responses((status = 200, body = OrderView), (status = 304, description = "The client has this version")))]
async fn show(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<OrderId>,
    known: IfNoneMatch,
) -> Result<Tagged<OrderView>, Problem> {
    let view = order::view(&app, &who, order::show(&app, &who, id).await?).await?;
    Ok(Tagged::new(view.edition().cast_signed(), view).unless(&known))
}

/// Everything that happened to the order and to its delivery, oldest first: what the channels
/// `order:{id}` and `delivery:{id}` published, as far as one may see it.
#[utoipa::path(get, path = "/v1/orders/{id}/history", tag = "order",
    params(OrderPath),
    responses((status = 200, body = Page<OrderEventView>)))]
async fn history(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<OrderId>,
) -> Result<Json<Page<OrderEventView>>, Problem> {
    let events = tracking::timeline(&app, &who, id).await?;
    Ok(Json(Page::whole(events.into_iter().map(OrderEventView::from).collect())))
}

/// Pays. The outcome is the order's status: `placed`, `scheduled`, or still
/// `pending_payment` while the gateway has not said, or when it declined: then
/// `order.payment_declined` stands in the history, and another try may be made. What is
/// paid is not paid again.
#[utoipa::path(post, path = "/v1/orders/{id}/payments", tag = "order", request_body = PaymentBody,
    params(OrderPath),
    responses((status = 200, body = OrderView),
        (status = 404, description = "No such order, or no such means of payment", body = ProblemBody),
        (status = 409, description = "`payment.already_paying`; `order.transition_refused`: it waits for no payment; \
            `order.payment_overdue`, `order.restaurant_closed`, `order.sold_out`, `order.slot_over`: nothing is \
            charged", body = ProblemBody)))]
async fn pay(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<OrderId>,
    Json(body): Json<PaymentBody>,
) -> Shown {
    shown(&app, payment::pay(&app, &who, id, body.payment_method_id).await?, &who).await
}

/// The restaurant will cook it. Starts the search for a courier.
#[utoipa::path(post, path = "/v1/orders/{id}/accept", tag = "order", request_body = AcceptBody,
    params(OrderPath),
    responses(Changed,
        (status = 422, description = "`order.preparation_out_of_range`: 5 to 90 minutes", body = ProblemBody)))]
async fn accept(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<OrderId>,
    Json(body): Json<AcceptBody>,
) -> Shown {
    let command = Command::Accept { preparation_mins: body.preparation_mins };
    shown(&app, order::as_owner(&app, &who, id, command).await?, &who).await
}

/// The restaurant will not cook it. All money goes back. What its reason says of other orders holds for
/// them, until its people take that back (`DELETE /v1/restaurants/{id}/pause`, the menu's dishes).
#[utoipa::path(post, path = "/v1/orders/{id}/reject", tag = "order", request_body = RejectBody,
    params(OrderPath),
    responses(Changed))]
async fn reject(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<OrderId>,
    Json(body): Json<RejectBody>,
) -> Shown {
    shown(&app, order::as_owner(&app, &who, id, body.into()).await?, &who).await
}

/// Cooking has begun.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/preparing",
    tag = "order",
    params(OrderPath),
    responses(Changed)
)]
async fn preparing(State(app): State<App>, Who(who): Who, Path(id): Path<OrderId>) -> Shown {
    shown(&app, order::as_owner(&app, &who, id, Command::StartPreparing).await?, &who).await
}

/// It can be collected.
#[utoipa::path(post, path = "/v1/orders/{id}/ready", tag = "order", params(OrderPath), responses(Changed))]
async fn ready(State(app): State<App>, Who(who): Who, Path(id): Path<OrderId>) -> Shown {
    shown(&app, order::as_owner(&app, &who, id, Command::MarkReady).await?, &who).await
}

/// It went well: says the customer after delivery, or the restaurant with the
/// code of a pickup order.
#[utoipa::path(post, path = "/v1/orders/{id}/complete", tag = "order", request_body = CodeBody,
    params(OrderPath),
    responses((status = 200, body = OrderView), (status = 409, description = "`order.transition_refused`: not in this status; \
            `order.wrong_code`, `order.code_locked`", body = ProblemBody)))]
async fn complete(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<OrderId>,
    Json(body): Json<CodeBody>,
) -> Shown {
    shown(&app, order::complete(&app, &who, id, body.code).await?, &who).await
}

/// Calls it off: the customer until it is accepted, the restaurant or an admin after.
#[utoipa::path(post, path = "/v1/orders/{id}/cancel", tag = "order", request_body = ReasonBody,
    params(OrderPath),
    responses(Changed,
        (status = 422, description = "`order.text_too_long`, `order.text_refused`", body = ProblemBody)))]
async fn cancel(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<OrderId>,
    Json(body): Json<ReasonBody>,
) -> Shown {
    shown(&app, order::cancel(&app, &who, id, body.reason).await?, &who).await
}

/// An operator ends it, between acceptance and the door, at a stated party's cost: called
/// off before pickup, a failed delivery after. What goes back follows from the fault and
/// from how far it had come. It is written down who did it, and why.
#[utoipa::path(post, path = "/v1/orders/{id}/end", tag = "order", request_body = EndBody,
    params(OrderPath),
    responses(Changed,
        (status = 403, description = "Not an operator", body = ProblemBody),
        (status = 422, description = "`order.text_too_long`, `order.text_refused`", body = ProblemBody)))]
async fn end(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<OrderId>,
    Json(body): Json<EndBody>,
) -> Shown {
    let fault = body.fault;
    shown(&app, order::end(&app, &who, id, fault, body.reason()?).await?, &who).await
}

/// The customer asks the restaurant to call it off. Once it is being cooked, only the
/// delivery tip goes back. Lapses as refused after 3 minutes.
#[utoipa::path(post, path = "/v1/orders/{id}/cancel-request", tag = "order", request_body = ReasonBody,
    params(OrderPath),
    responses((status = 200, body = OrderView), (status = 409, description = "`order.transition_refused`: not in this status; \
            `order.cancel_request_open`", body = ProblemBody),
        (status = 422, description = "`order.text_too_long`, `order.text_refused`", body = ProblemBody)))]
async fn request_cancel(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<OrderId>,
    Json(body): Json<ReasonBody>,
) -> Shown {
    let command = Command::RequestCancel { reason: body.reason };
    shown(&app, order::as_customer(&app, &who, id, command).await?, &who).await
}

/// The restaurant's answer to that.
#[utoipa::path(post, path = "/v1/orders/{id}/cancel-request/decision", tag = "order", request_body = DecisionBody,
    params(OrderPath),
    responses((status = 200, body = OrderView), (status = 409, description = "`order.transition_refused`: not in this status; \
            `order.no_cancel_request`", body = ProblemBody)))]
async fn decide_cancel(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<OrderId>,
    Json(body): Json<DecisionBody>,
) -> Shown {
    let command = Command::DecideCancel { approve: body.approve };
    shown(&app, order::as_owner(&app, &who, id, command).await?, &who).await
}
