//! An order that ended early says why, who ended it, and what becomes of the money.

use chrono::TimeDelta;
use domain::order::Times;
use domain::payment::{Refund, RefundStatus};
use domain::{OrderId, Role};
use reqwest::Method;
use serde_json::{Value, json};
use server::Service;
use services::Settings;
use sim::sandbox::toss::cards;
use sim::system;
use tests::TestApp;
use tests::people::{People, eventually};
use tests::rest::{Rest, answer};
use tests::shop::Guest;
use tests::socket::Socket;
use uuid::Uuid;

struct Stage {
    test: TestApp,
    people: People,
    customer: Rest,
    owner: Rest,
    admin: Guest,
    token: String,
}

impl Stage {
    async fn set() -> Self {
        Self::set_with(tests::settings()).await
    }

    async fn set_with(settings: Settings) -> Self {
        let test = TestApp::start_with(settings).await;
        let people = People::gather(test.app(), &test.url(Service::Gateway)).await;
        let sign_in = async |who: &str| test.sign_in(&format!("{who}@test.baedal.example")).await;
        let (customer, owner) = (sign_in("customer").await, sign_in("owner").await);
        let admin = Guest::new(&test, Role::Admin).await;
        let token = customer.access_token.clone();
        let at = |who| test.rest_as(Service::Gateway, who);
        let (customer, owner) = (at(&customer), at(&owner));
        Self { test, people, customer, owner, admin, token }
    }

    async fn ending(&self, order: Uuid) -> Value {
        self.customer.get(&format!("/v1/orders/{order}")).await.expect(200)["ending"].clone()
    }

    /// How the order ended: code, who, at whose cost, in whose words, and won that go back.
    async fn ended(&self, order: Uuid) -> (String, String, String, String, i64) {
        let ending = self.ending(order).await;
        let text = |member: &str| ending[member].as_str().unwrap_or_else(|| panic!("{ending}")).to_owned();
        let won = ending["refund_won"].as_i64().unwrap();
        (text("code"), text("ended_by"), text("fault"), text("reason"), won)
    }

    /// Waits until the refund is done, and asks whether it is told the same everywhere.
    async fn refunded(&self, order: Uuid) {
        self.test.run_due_jobs().await;
        eventually(|| async { self.ending(order).await["refund"]["status"] == "done" }).await;
        let ending = self.ending(order).await;
        let done_at: chrono::DateTime<chrono::Utc> =
            ending["refund"]["done_at"].as_str().unwrap().parse().unwrap();
        assert!((self.test.app().now() - done_at).abs() < TimeDelta::minutes(5), "{ending}");
        // The same in the list, for the restaurant, and on the channel.
        let listed = self.customer.get("/v1/orders").await.expect(200)["items"].clone();
        let one = listed.as_array().unwrap().iter().find(|item| item["id"] == json!(order)).unwrap().clone();
        assert_eq!(one["ending"], ending);
        let mut socket = Socket::open(self.test.address(Service::Gateway), &self.token).await;
        let snapshot = socket.follow(&format!("order:{order}")).await;
        assert_eq!(snapshot["data"]["ending"], ending);
    }

    async fn accept(&self, order: Uuid) {
        self.people.owner.command(order, "accept", json!({ "preparation_mins": 10 })).await.unwrap();
    }
}

fn end(code: &str, by: &str, fault: &str, reason: &str, won: i64) -> (String, String, String, String, i64) {
    (code.to_owned(), by.to_owned(), fault.to_owned(), reason.to_owned(), won)
}

#[tokio::test]
async fn an_order_that_nobody_paid_for_says_so_and_that_nothing_goes_back() {
    let stage = Stage::set().await;
    let replaced = stage.people.order().await;
    // A newer cart takes its place.
    let newer = stage.people.order().await;
    assert_eq!(stage.ended(replaced.id).await, end("replaced", "customer", "customer", "", 0));
    assert!(stage.ending(replaced.id).await.get("refund").is_none());

    let reason = json!({ "reason": "다음에 먹을게요" });
    stage.people.customer.command(newer.id, "cancel", reason).await.unwrap();
    let cancelled = end("customer_cancelled", "customer", "customer", "다음에 먹을게요", 0);
    assert_eq!(stage.ended(newer.id).await, cancelled);
    assert!(stage.ending(newer.id).await.get("refund").is_none());

    let overdue = stage.people.order().await;
    assert!(stage.ending(overdue.id).await.is_null(), "it lives");
    stage.test.advance(Times::default().payment).await;
    stage.test.run_due_jobs().await;
    // The customer's token has run out by then.
    let again = stage.test.sign_in("customer@test.baedal.example").await;
    let again = stage.test.rest_as(Service::Gateway, &again);
    let expired = again.get(&format!("/v1/orders/{}", overdue.id)).await.expect(200);
    let ending = json!({
        "code": "payment_overdue", "ended_by": "system", "fault": "customer", "reason": "", "refund_won": 0,
        "points_back_won": 0,
    });
    assert_eq!((&expired["status"], &expired["ending"]), (&json!("expired"), &ending));
    stage.test.stop().await;
}

#[tokio::test]
async fn money_that_comes_for_an_order_that_expired_is_seen_to_go_back() {
    let short = TimeDelta::seconds(1);
    let payment = domain::payment::Times {
        not_found: short,
        late_looks: [short, TimeDelta::seconds(5), TimeDelta::hours(1)],
    };
    // An access token outlives it.
    let order = Times { payment: TimeDelta::seconds(4), ..Times::default() };
    let stage = Stage::set_with(Settings { payment, order, ..tests::settings() }).await;
    let order = stage.people.order().await;
    stage.people.customer.pay(order.id, cards::LATE).await.unwrap();
    stage.test.advance(TimeDelta::seconds(5)).await;
    stage.test.run_due_jobs().await;
    assert_eq!(stage.ended(order.id).await, end("payment_overdue", "system", "customer", "", 0));
    assert!(stage.ending(order.id).await.get("refund").is_none());
    stage.test.advance(short).await;
    stage.test.run_due_jobs().await;
    stage.test.advance(TimeDelta::seconds(5)).await;
    stage.refunded(order.id).await;
    assert_eq!(stage.ending(order.id).await["refund_won"], order.payable_won);
    stage.test.stop().await;
}

#[tokio::test]
async fn a_rejected_order_says_why_and_gives_everything_back() {
    let stage = Stage::set().await;
    const REASONS: [&str; 5] = ["sold_out", "too_busy", "closing", "unreachable", "other"];
    // All of them before the first is rejected: some reasons pause the restaurant.
    let mut orders = Vec::new();
    for _ in 0..=REASONS.len() {
        orders.push(stage.people.placed().await);
    }
    let unanswered = orders.pop().unwrap();
    for (reason, order) in REASONS.into_iter().zip(orders) {
        let reject = format!("/v1/orders/{}/reject", order.id);
        let rejected = stage.owner.post(&reject, json!({ "reason": reason })).await.expect(200);
        // The gateway may have done it before the answer was made.
        let refund = &rejected["ending"]["refund"];
        let is_done = refund["status"] == "done";
        assert!(is_done || refund["status"] == "under_way", "{reason}: {refund}");
        assert_eq!(refund["done_at"].is_null(), !is_done, "{reason}: {refund}");
        let all = order.payable_won;
        assert_eq!(stage.ended(order.id).await, end(reason, "restaurant", "restaurant", "", all));
        stage.refunded(order.id).await;
    }
    stage.test.advance(Times::default().accept).await;
    stage.test.run_due_jobs().await;
    let all = unanswered.payable_won;
    assert_eq!(stage.ended(unanswered.id).await, end("no_answer", "system", "restaurant", "", all));
    stage.refunded(unanswered.id).await;
    stage.test.stop().await;
}

#[tokio::test]
async fn a_cancelled_order_says_who_cancelled_it_and_what_goes_back() {
    let stage = Stage::set().await;
    let (people, words) = (&stage.people, json!({ "reason": "주소를 잘못 적었어요" }));
    let text = "주소를 잘못 적었어요";

    let early = people.placed().await;
    people.customer.command(early.id, "cancel", words.clone()).await.unwrap();
    let all = early.payable_won;
    assert_eq!(stage.ended(early.id).await, end("customer_cancelled", "customer", "customer", text, all));
    stage.refunded(early.id).await;

    // It was being cooked: the food is kept, the tip goes back.
    let granted = people.placed().await;
    stage.accept(granted.id).await;
    people.owner.command(granted.id, "preparing", Value::Null).await.unwrap();
    people.customer.command(granted.id, "cancel-request", words.clone()).await.unwrap();
    people.owner.command(granted.id, "cancel-request/decision", json!({ "approve": true })).await.unwrap();
    let tip = stage.customer.get(&format!("/v1/orders/{}", granted.id)).await.expect(200)["tip_won"].clone();
    let tip = tip.as_i64().unwrap();
    assert!(tip > 0);
    assert_eq!(stage.ended(granted.id).await, end("cancel_approved", "customer", "customer", text, tip));
    stage.refunded(granted.id).await;

    let by_restaurant = people.placed().await;
    stage.accept(by_restaurant.id).await;
    people.owner.command(by_restaurant.id, "cancel", words.clone()).await.unwrap();
    let ended = end("restaurant_cancelled", "restaurant", "restaurant", text, by_restaurant.payable_won);
    assert_eq!(stage.ended(by_restaurant.id).await, ended);
    stage.refunded(by_restaurant.id).await;

    for (verb, body, fault) in [
        ("cancel", words.clone(), "platform"),
        ("end", json!({ "fault": "restaurant", "reason": text }), "restaurant"),
        ("end", json!({ "fault": "customer", "reason": text }), "customer"),
    ] {
        let order = people.placed().await;
        stage.accept(order.id).await;
        stage.admin.post(&format!("/v1/orders/{}/{verb}", order.id), body).await.expect(200);
        let ended = end("operator_ended", "operator", fault, text, order.payable_won);
        assert_eq!(stage.ended(order.id).await, ended);
        stage.refunded(order.id).await;
    }
    stage.test.stop().await;
}

#[tokio::test]
async fn a_delivery_that_failed_says_why_and_what_goes_back() {
    let stage = Stage::set().await;
    let mut phone = tests::people::socket(&stage.people.courier);
    for (reason, fault, by, pays) in [
        ("food_damaged", "courier", "courier", false),
        ("restaurant_mistake", "restaurant", "courier", false),
        ("courier_accident", "platform", "courier", false),
        ("other", "platform", "courier", false),
        ("customer_refused", "customer", "courier", true),
        ("wrong_address", "customer", "courier", true),
        ("operator_ended", "platform", "operator", false),
    ] {
        let order = stage.people.placed().await;
        let id = order.id;
        stage.people.assigned(id, &mut phone, system::now()).await;
        stage.people.picked_up(id, &phone.line()).await;
        phone.line().step(id, "at_dropoff").await.unwrap();
        if pays {
            let rider = stage.people.courier.token().await.unwrap();
            let rider = stage.test.rest(Service::Gateway).with_token(rider);
            let attempts = format!("/v1/orders/{id}/contact-attempts");
            rider.post(&attempts, json!({ "way": "call" })).await.expect(200);
        }
        let text = if by == "operator" {
            let body = json!({ "fault": "platform", "reason": "사고" });
            stage.admin.post(&format!("/v1/orders/{id}/end"), body).await.expect(200);
            "사고"
        } else {
            let rider = stage.people.courier.token().await.unwrap();
            let rider = stage.test.rest(Service::Gateway).with_token(rider);
            let steps = format!("/v1/deliveries/{id}/steps");
            rider.post(&steps, json!({ "step": "failed", "reason": reason })).await.expect(200);
            ""
        };
        let back = if pays { 0 } else { order.payable_won };
        assert_eq!(stage.ended(id).await, end(reason, by, fault, text, back), "{reason}");
        if pays {
            assert!(stage.ending(id).await.get("refund").is_none(), "{reason}");
        } else {
            stage.refunded(id).await;
        }
    }
    stage.test.stop().await;
}

#[tokio::test]
async fn a_refund_that_the_gateway_refuses_is_said_to_be_delayed_and_a_cached_order_is_not_kept() {
    let stage = Stage::set().await;
    let order = stage.people.placed().await;
    let id: OrderId = order.id.into();
    let payment = store::payment::latest(&stage.test.app().store, id).await.unwrap().unwrap();
    assert!(stage.test.sandbox.toss().cancel_elsewhere(&payment.id.to_string(), 1_000));
    stage.people.customer.command(order.id, "cancel", json!({ "reason": "늦어서요" })).await.unwrap();
    eventually(|| async { stage.ending(order.id).await["refund"]["status"] == "delayed" }).await;

    // A client that kept the order with an earlier tag is shown how far the money is.
    let path = format!("/v1/orders/{}", order.id);
    let tag = stage.customer.get(&path).await.headers["etag"].to_str().unwrap().to_owned();
    let app = stage.test.app();
    let refund = store::payment::refund::of_order(&app.store, id).await.unwrap()[0];
    let done = Refund { status: RefundStatus::Succeeded, ..refund };
    store::payment::refund::attempted(&app.store, &done, None, app.now()).await.unwrap();
    let kept = stage.customer.request(Method::GET, &path).header("if-none-match", &tag);
    assert_eq!(answer(kept).await.expect(200)["ending"]["refund"]["status"], "done");
    stage.test.stop().await;
}

#[tokio::test]
async fn what_a_version_without_refunds_gave_back_is_known_to_be_done() {
    let stage = Stage::set().await;
    let order = stage.people.placed().await;
    stage.people.customer.command(order.id, "cancel", json!({ "reason": "늦어서요" })).await.unwrap();
    stage.refunded(order.id).await;
    // Before there were rows of refunds, a payment was cancelled and that was all; the ledger names the payment.
    let before = "delete from payment.refunds; set session_replication_role = replica;
                  update ledger.entries e set reference = p.id from payment.payments p
                  where p.order_id = e.order_id and kind in ('refund_owed', 'refund_paid')";
    store::scratch::run_in(stage.test.database(), before).await.unwrap();
    stage.refunded(order.id).await;
    assert_eq!(stage.ending(order.id).await["refund_won"], order.payable_won);
    stage.test.stop().await;
}
