//! Orders: paying, racing, timing out, and other people's.

use chrono::TimeDelta;
use domain::order::{By, Command, Status, Times};
use domain::payment::PaymentStatus;
use domain::{Channel, Kind, OrderId, Won};
use futures::future::join_all;
use server::Service;
use sim::sandbox::toss::cards;
use sim::{ApiError, system};
use tests::TestApp;
use tests::people::{People, socket};

async fn people(app: &TestApp) -> People {
    People::gather(app.app(), &app.url(Service::Gateway)).await
}

fn code(answer: Result<sim::responses::Order, ApiError>) -> String {
    answer.expect_err("refused").slug().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_declined_payment_ends_nothing_and_an_unanswered_one_comes_through_later() {
    let app = TestApp::start().await;
    let people = people(&app).await;
    let order = people.order().await;
    let declined = people.customer.pay(order.id, cards::DECLINED).await.unwrap();
    assert_eq!(declined.status, "pending_payment");
    let history = people.customer.history(order.id).await.unwrap();
    assert_eq!(history.last().unwrap().kind, "order.payment_declined");
    assert!(!people.customer.cart().await.unwrap().lines.is_empty(), "nothing was bought: the cart stays");
    let paid = people.customer.pay(order.id, cards::GOOD).await.unwrap();
    assert_eq!(paid.status, "placed", "another card");
    app.run_due_jobs().await;
    assert!(people.customer.cart().await.unwrap().lines.is_empty());
    let again = people.customer.pay(order.id, cards::GOOD).await.unwrap();
    assert_eq!(again.id, paid.id, "what is paid is not paid again");

    let unknown = people.order().await;
    let unknown = people.customer.pay(unknown.id, cards::TIMEOUT).await.unwrap();
    assert_eq!(unknown.status, "pending_payment");
    assert_eq!(code(people.customer.pay(unknown.id, cards::GOOD).await), "payment.already_paying");
    app.advance(TimeDelta::seconds(5)).await;
    app.run_due_jobs().await;
    assert_eq!(people.customer.get_order(unknown.id).await.unwrap().status, "placed");
    app.stop().await;
}

#[tokio::test]
async fn two_activations_of_one_order_never_both_win() {
    let app = TestApp::start().await;
    let people = people(&app).await;
    let order: OrderId = people.placed().await.id.into();
    let other = app.second_server().await;
    let restaurant = people.restaurant.into();
    // Both actor systems hold the order; eight accept it at the same moment on each side.
    let tries = (0..16).map(|number| {
        let system = if number % 2 == 0 { app.app() } else { other.app() };
        async move {
            let command = Command::Accept { preparation_mins: 10 + number };
            let now = system.now();
            system.orders.decide(order, By::Owner(restaurant), command, now).await
        }
    });
    let outcomes = join_all(tries).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "exactly one wins");
    for refused in outcomes.iter().filter_map(|outcome| outcome.as_ref().err()) {
        let domain::Failure::Refused(refused) = refused else { panic!("{refused}") };
        assert_eq!((refused.code, refused.kind), ("order.transition_refused", Kind::Conflict));
    }
    let history = people.customer.history(order.0).await.unwrap();
    assert_eq!(history.iter().filter(|event| event.kind == "order.accepted").count(), 1);
    let own = history.iter().filter(|event| event.channel.starts_with("order:"));
    let versions: Vec<i64> = own.map(|event| event.version).collect();
    let without_holes: Vec<i64> = (1..).take(versions.len()).collect();
    assert_eq!(versions, without_holes);
    other.stop(std::time::Duration::from_secs(5)).await;
    app.stop().await;
}

#[tokio::test]
async fn a_restaurant_that_does_not_answer_rejects_and_the_money_goes_back() {
    let app = TestApp::start().await;
    let people = people(&app).await;
    let order = people.order().await;
    let id: OrderId = order.id.into();
    people.customer.pay(order.id, cards::GOOD).await.unwrap();
    let paid = store::payment::live(&app.app().store, id).await.unwrap().unwrap();
    assert_eq!((paid.status, paid.amount), (PaymentStatus::Done, Won(order.payable_won)));
    app.advance(Times::default().accept).await;
    app.run_due_jobs().await;
    assert_eq!(people.customer.get_order(order.id).await.unwrap().status, "rejected");
    assert!(store::payment::live(&app.app().store, id).await.unwrap().is_none());
    let left = app.sandbox.toss().balance(&paid.id.to_string());
    assert_eq!(left, Some(0), "the gateway was told to give the money back");
    app.stop().await;
}

#[tokio::test]
async fn an_order_that_is_not_paid_in_time_expires() {
    let app = TestApp::start().await;
    let people = people(&app).await;
    let id: OrderId = people.order().await.id.into();
    let status = async || {
        app.run_due_jobs().await;
        services::order::find(app.app(), id).await.unwrap().status
    };
    app.advance(Times::default().payment - TimeDelta::minutes(1)).await;
    assert_eq!(status().await, Status::PendingPayment);
    app.advance(TimeDelta::minutes(1)).await;
    assert_eq!(status().await, Status::Expired);
    app.stop().await;
}

#[tokio::test]
async fn the_same_quote_makes_one_order_however_often_it_is_sent() {
    let app = TestApp::start().await;
    let people = people(&app).await;
    let first = people.order().await;
    let order = services::order::find(app.app(), first.id.into()).await.unwrap();
    let again = join_all((0..5).map(|_| people.customer.order(order.quote.0, "덜 맵게"))).await;
    for repeat in again {
        assert_eq!(repeat.unwrap().id, first.id);
    }
    assert_eq!(people.customer.orders().await.unwrap().len(), 1);
    app.stop().await;
}

#[tokio::test]
async fn somebody_elses_order_does_not_exist() {
    let app = TestApp::start().await;
    let people = people(&app).await;
    let order = people.placed().await;
    // A courier who does not bring it is a stranger.
    assert_eq!(code(people.courier.get_order(order.id).await), "not_found");
    assert_eq!(
        code(people.courier.command(order.id, "cancel", serde_json::json!({ "reason": "" })).await),
        "not_found"
    );
    let accept = serde_json::json!({ "preparation_mins": 10 });
    assert_eq!(code(people.customer.command(order.id, "accept", accept.clone()).await), "not_found");
    // The owner sees it, but not where the customer lives.
    let seen = people.owner.command(order.id, "accept", accept).await.unwrap();
    assert_eq!(seen.status, "accepted");
    app.stop().await;
}

#[tokio::test]
async fn the_customer_cancels_until_it_is_accepted_and_asks_afterwards() {
    let app = TestApp::start().await;
    let people = people(&app).await;
    let reason = || serde_json::json!({ "reason": "주소를 잘못 적었어요" });
    let early = people.placed().await;
    assert_eq!(people.customer.command(early.id, "cancel", reason()).await.unwrap().status, "cancelled");
    app.run_due_jobs().await;
    assert!(store::payment::live(&app.app().store, early.id.into()).await.unwrap().is_none());

    let late = people.placed().await;
    people.owner.command(late.id, "accept", serde_json::json!({ "preparation_mins": 10 })).await.unwrap();
    assert_eq!(code(people.customer.command(late.id, "cancel", reason()).await), "order.transition_refused");
    let asked = people.customer.command(late.id, "cancel-request", reason()).await.unwrap();
    assert!(asked.cancel_request.is_some());
    assert_eq!(
        code(people.customer.command(late.id, "cancel-request", reason()).await),
        "order.cancel_request_open"
    );
    let decision = serde_json::json!({ "approve": true });
    let granted = people.owner.command(late.id, "cancel-request/decision", decision).await.unwrap();
    assert_eq!(granted.status, "cancelled");
    let order = services::order::find(app.app(), late.id.into()).await.unwrap();
    assert_eq!(order.status, Status::Cancelled);
    app.stop().await;
}

#[tokio::test]
async fn a_wish_to_cancel_that_nobody_decides_lapses_and_may_be_uttered_again() {
    let app = TestApp::start().await;
    let people = people(&app).await;
    let order = people.placed().await;
    people.owner.command(order.id, "accept", serde_json::json!({ "preparation_mins": 10 })).await.unwrap();
    let ask =
        || people.customer.command(order.id, "cancel-request", serde_json::json!({ "reason": "늦어요" }));
    ask().await.unwrap();
    app.advance(Times::default().cancel_request - TimeDelta::minutes(1)).await;
    app.run_due_jobs().await;
    assert_eq!(code(ask().await), "order.cancel_request_open");
    app.advance(TimeDelta::minutes(1)).await;
    app.run_due_jobs().await;
    let history = people.customer.history(order.id).await.unwrap();
    assert_eq!(history.last().unwrap().kind, "order.cancel_refused");
    ask().await.unwrap();
    app.stop().await;
}

#[tokio::test]
async fn a_restaurant_is_reminded_of_an_order_before_it_is_rejected() {
    let app = TestApp::start().await;
    let people = people(&app).await;
    people.placed().await;
    let board = Channel::Merchant(people.restaurant.into());
    let told = async || {
        app.run_due_jobs().await;
        store::journal::since(&app.app().store, &board, 0, 100).await.unwrap().last().unwrap().kind.clone()
    };
    let nudge = Times::default().accept_nudge;
    app.advance(nudge - TimeDelta::seconds(30)).await;
    assert_eq!(told().await, "order.placed");
    app.advance(TimeDelta::seconds(30)).await;
    assert_eq!(told().await, "order.waiting");
    app.stop().await;
}

#[tokio::test]
async fn a_delivered_order_that_nobody_confirms_completes_by_itself() {
    let app = TestApp::start().await;
    let people = people(&app).await;
    let mut courier = socket(&people.courier);
    let order = people.placed().await;
    people.assigned(order.id, &mut courier, system::now()).await;
    let line = courier.line();
    people.picked_up(order.id, &line).await;
    line.step(order.id, "at_dropoff").await.unwrap();
    line.step(order.id, "delivered").await.unwrap();
    let status = async || {
        app.run_due_jobs().await;
        services::order::find(app.app(), order.id.into()).await.unwrap().status
    };
    app.advance(Times::default().completion - TimeDelta::minutes(1)).await;
    assert_eq!(status().await, Status::Delivered);
    app.advance(TimeDelta::minutes(1)).await;
    assert_eq!(status().await, Status::Completed);
    app.stop().await;
}
