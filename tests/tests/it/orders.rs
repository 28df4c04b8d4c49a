//! Orders: paying, racing, timing out, and other people's.

use chrono::TimeDelta;
use domain::order::{By, Command, Status, Times};
use domain::payment::PaymentStatus;
use domain::{Kind, OrderId, Won};
use futures::future::join_all;
use server::Service;
use services::Settings;
use sim::ApiError;
use tests::TestApp;
use tests::cast::{Cast, eventually};

async fn cast(app: &TestApp) -> Cast {
    Cast::gather(app.app(), &app.url(Service::Gateway)).await
}

fn code(answer: Result<sim::shapes::Order, ApiError>) -> String {
    answer.expect_err("refused").slug().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_declined_payment_ends_nothing_and_an_unanswered_one_comes_through_later() {
    let app = TestApp::start().await;
    let cast = cast(&app).await;
    let order = cast.order().await;
    let declined = cast.customer.pay(order.id, "tok_declined").await.unwrap();
    assert_eq!(declined.status, "pending_payment");
    let history = cast.customer.history(order.id).await.unwrap();
    assert_eq!(history.last().unwrap().kind, "order.payment_declined");
    assert!(!cast.customer.cart().await.unwrap().lines.is_empty(), "nothing was bought: the cart stays");
    let paid = cast.customer.pay(order.id, "tok_success").await.unwrap();
    assert_eq!(paid.status, "placed", "another card");
    eventually(|| async { cast.customer.cart().await.unwrap().lines.is_empty() }).await;
    let again = cast.customer.pay(order.id, "tok_success").await.unwrap();
    assert_eq!(again.id, paid.id, "what is paid is not paid again");

    let unknown = cast.order().await;
    let unknown = cast.customer.pay(unknown.id, "tok_timeout").await.unwrap();
    assert_eq!(unknown.status, "pending_payment");
    assert_eq!(code(cast.customer.pay(unknown.id, "tok_success").await), "payment.already_paying");
    eventually(|| async { cast.customer.get_order(unknown.id).await.unwrap().status == "placed" }).await;
    app.stop().await;
}

#[tokio::test]
async fn two_activations_of_one_order_never_both_win() {
    let app = TestApp::start().await;
    let cast = cast(&app).await;
    let order: OrderId = cast.placed().await.id.into();
    let other = app.second_server().await;
    let restaurant = cast.restaurant.into();
    // Both actor systems hold the order; eight accept it at the same moment on each side.
    let tries = (0..16).map(|number| {
        let system = if number % 2 == 0 { app.app() } else { other.app() };
        async move {
            let command = Command::Accept { preparation_mins: 10 + number };
            let now = system.now();
            let ask = |reply| actors::order::OrderCommand::Decide {
                by: By::Owner(restaurant),
                command,
                now,
                reply,
            };
            system.orders.ask(order, ask).await
        }
    });
    let outcomes = join_all(tries).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "exactly one wins");
    for refused in outcomes.iter().filter_map(|outcome| outcome.as_ref().err()) {
        let domain::Failure::Refused(refused) = refused else { panic!("{refused}") };
        assert_eq!((refused.code, refused.kind), ("order.transition_refused", Kind::Conflict));
    }
    let history = cast.customer.history(order.0).await.unwrap();
    assert_eq!(history.iter().filter(|event| event.kind == "order.accepted").count(), 1);
    let versions: Vec<i64> = history.iter().map(|event| event.version).collect();
    let without_holes: Vec<i64> = (1..).take(versions.len()).collect();
    assert_eq!(versions, without_holes);
    other.stop(std::time::Duration::from_secs(5)).await;
    app.stop().await;
}

#[tokio::test]
async fn a_restaurant_that_does_not_answer_rejects_and_the_money_goes_back() {
    let times = Times { accept: TimeDelta::seconds(1), ..Times::default() };
    let app = TestApp::start_with(Settings { order: times, ..Settings::default() }).await;
    let cast = cast(&app).await;
    let order = cast.order().await;
    let id: OrderId = order.id.into();
    cast.customer.pay(order.id, "tok_success").await.unwrap();
    let paid = store::payment::live(&app.app().store, id).await.unwrap().unwrap();
    assert_eq!((paid.status, paid.amount), (PaymentStatus::Done, Won(order.payable_won)));
    eventually(|| async { cast.customer.get_order(order.id).await.unwrap().status == "rejected" }).await;
    eventually(|| async { store::payment::live(&app.app().store, id).await.unwrap().is_none() }).await;
    let charge = store::payment::sandbox_lookup(&app.app().store, paid.id).await.unwrap().unwrap();
    assert!(charge.cancelled, "the gateway was told to give the money back");
    app.stop().await;
}

#[tokio::test]
async fn an_order_that_is_not_paid_in_time_expires() {
    let times = Times { payment: TimeDelta::seconds(1), ..Times::default() };
    let app = TestApp::start_with(Settings { order: times, ..Settings::default() }).await;
    let cast = cast(&app).await;
    let order = cast.order().await;
    eventually(|| async { cast.customer.get_order(order.id).await.unwrap().status == "expired" }).await;
    app.stop().await;
}

#[tokio::test]
async fn the_same_quote_makes_one_order_however_often_it_is_sent() {
    let app = TestApp::start().await;
    let cast = cast(&app).await;
    let first = cast.order().await;
    let order = services::order::find(app.app(), first.id.into()).await.unwrap();
    let again = join_all((0..5).map(|_| cast.customer.order(order.quote.0, "덜 맵게"))).await;
    for repeat in again {
        assert_eq!(repeat.unwrap().id, first.id);
    }
    assert_eq!(cast.customer.orders().await.unwrap().len(), 1);
    app.stop().await;
}

#[tokio::test]
async fn somebody_elses_order_does_not_exist() {
    let app = TestApp::start().await;
    let cast = cast(&app).await;
    let order = cast.placed().await;
    // A courier who does not bring it is a stranger.
    assert_eq!(code(cast.courier.get_order(order.id).await), "not_found");
    assert_eq!(
        code(cast.courier.command(order.id, "cancel", serde_json::json!({ "reason": "" })).await),
        "not_found"
    );
    let accept = serde_json::json!({ "preparation_mins": 10 });
    assert_eq!(code(cast.customer.command(order.id, "accept", accept.clone()).await), "not_found");
    // The owner sees it, but not where the customer lives.
    let seen = cast.owner.command(order.id, "accept", accept).await.unwrap();
    assert_eq!(seen.status, "accepted");
    app.stop().await;
}

#[tokio::test]
async fn the_customer_cancels_until_it_is_accepted_and_asks_afterwards() {
    let app = TestApp::start().await;
    let cast = cast(&app).await;
    let reason = || serde_json::json!({ "reason": "주소를 잘못 적었어요" });
    let early = cast.placed().await;
    assert_eq!(cast.customer.command(early.id, "cancel", reason()).await.unwrap().status, "cancelled");
    let id: OrderId = early.id.into();
    eventually(|| async { store::payment::live(&app.app().store, id).await.unwrap().is_none() }).await;

    let late = cast.placed().await;
    cast.owner.command(late.id, "accept", serde_json::json!({ "preparation_mins": 10 })).await.unwrap();
    assert_eq!(code(cast.customer.command(late.id, "cancel", reason()).await), "order.transition_refused");
    let asked = cast.customer.command(late.id, "cancel-request", reason()).await.unwrap();
    assert!(asked.cancel_request.is_some());
    assert_eq!(
        code(cast.customer.command(late.id, "cancel-request", reason()).await),
        "order.cancel_request_open"
    );
    let decision = serde_json::json!({ "approve": true });
    let granted = cast.owner.command(late.id, "cancel-request/decision", decision).await.unwrap();
    assert_eq!(granted.status, "cancelled");
    let order = services::order::find(app.app(), late.id.into()).await.unwrap();
    assert_eq!(order.status, Status::Cancelled);
    app.stop().await;
}
