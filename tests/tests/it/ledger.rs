//! The ledger: every event that moves money is in it, balanced, in its own transaction; nothing of it
//! can be changed, and what does not agree is found.

use chrono::TimeDelta;
use domain::order::Times;
use domain::{OrderId, Role, week};
use serde_json::{Value, json};
use server::Service;
use services::Settings;
use sim::sandbox::toss::cards;
use sim::system;
use store::scratch;
use tests::TestApp;
use tests::people::{People, eventually, socket};
use tests::shop::Guest;
use uuid::Uuid;

struct Stage {
    app: TestApp,
    people: People,
    admin: Guest,
}

impl Stage {
    async fn set() -> Self {
        let completion = TimeDelta::hours(24);
        let order = Times { completion, ..tests::settings().order };
        let app = TestApp::start_with(Settings { order, ..tests::settings() }).await;
        let people = People::gather(app.app(), &app.url(Service::Gateway)).await;
        let admin = Guest::new(&app, Role::Admin).await;
        Self { app, people, admin }
    }

    /// The entries of an order, oldest first: the kind, and its postings as `account amount`.
    async fn entries(&self, order: Uuid) -> Vec<(String, Vec<String>)> {
        let found = self.admin.get(&format!("/v1/ledger/entries?order_id={order}")).await.expect(200);
        let posting =
            |posting: &Value| format!("{} {}", posting["account"].as_str().unwrap(), posting["amount_won"]);
        let entry = |entry: &Value| {
            let postings = entry["postings"].as_array().unwrap().iter().map(posting).collect();
            (entry["kind"].as_str().unwrap().to_owned(), postings)
        };
        found["items"].as_array().unwrap().iter().rev().map(entry).collect()
    }

    async fn today(&self) -> Value {
        let day = week::date_of(self.app.app().now());
        self.admin.get(&format!("/v1/ledger/days/{day}")).await.expect(200)
    }

    /// Runs SQL behind the program's back, without the triggers that guard the ledger.
    async fn tamper(&self, sql: &str) {
        let sql = format!("set session_replication_role = replica; {sql}; reset session_replication_role");
        scratch::run_in(self.app.database(), &sql).await.unwrap();
    }
}

fn entry(kind: &str, postings: &[&str]) -> (String, Vec<String>) {
    (kind.to_owned(), postings.iter().map(|posting| (*posting).to_owned()).collect())
}

#[tokio::test]
async fn a_whole_life_is_in_the_ledger_and_nothing_of_the_deposit_is_left() {
    let stage = Stage::set().await;
    let people = &stage.people;
    let order = people.placed().await;
    let paid = entry("payment_taken", &["gateway 21000", "deposits -21000"]);
    assert_eq!(stage.entries(order.id).await, std::slice::from_ref(&paid));
    let mut courier = socket(&people.courier);
    people.assigned(order.id, &mut courier, system::now()).await;
    people.picked_up(order.id, &courier.line()).await;
    courier.line().step(order.id, "delivered").await.unwrap();
    assert_eq!(stage.entries(order.id).await, std::slice::from_ref(&paid), "it may still be complained of");
    people.customer.command(order.id, "complete", json!({})).await.unwrap();
    // 18,000 of food; 7.8 % of it, and VAT on top of that.
    let shared = ["deposits 21000", "restaurant -16456", "courier -3000", "commission -1404", "vat -140"];
    let earned = entry("points_earned", &["rewards 180", "points -180"]);
    assert_eq!(stage.entries(order.id).await, [paid, earned, entry("order_shared", &shared)]);

    let today = stage.today().await;
    assert_eq!((&today["orders"], &today["discrepancies"]), (&json!(1), &json!([])));
    let sum = |side: &str| -> i64 {
        today["accounts"].as_array().unwrap().iter().map(|account| account[side].as_i64().unwrap()).sum()
    };
    assert_eq!((sum("debit_won"), sum("credit_won")), (42_180, 42_180));
    let kitchen = people.restaurant;
    let of_kitchen = format!("/v1/ledger/entries?account=restaurant&party_id={kitchen}");
    let found = stage.admin.get(&of_kitchen).await.expect(200);
    assert_eq!(found["items"][0]["order_id"], json!(order.id));
    stage.admin.get("/v1/ledger/entries?account=nobody").await.expect_problem(422, "invalid");
    let nobodys = stage.admin.get("/v1/ledger/entries?account=restaurant").await.expect(200);
    assert_eq!(nobodys["items"], json!([]));
    let both = format!("/v1/ledger/entries?account=amends&order_id={}", order.id);
    assert_eq!(stage.admin.get(&both).await.expect(200)["items"].as_array().unwrap().len(), 3);
    for (day, status) in
        [("0001-01-01", 200), ("9999-12-31", 200), ("0000-12-31", 422), ("+262142-12-31", 422)]
    {
        stage.admin.get(&format!("/v1/ledger/days/{day}")).await.expect(status);
    }
    let owner = Guest::new(&stage.app, Role::Owner).await;
    owner.get("/v1/ledger/entries").await.expect_problem(403, "forbidden");
    stage.app.stop().await;
}

#[tokio::test]
async fn what_is_kept_and_what_goes_back_are_together_what_was_paid() {
    let stage = Stage::set().await;
    let order = stage.people.placed().await;
    let owner = &stage.people.owner;
    owner.command(order.id, "accept", json!({ "preparation_mins": 10 })).await.unwrap();
    owner.command(order.id, "preparing", Value::Null).await.unwrap();
    let end = json!({ "fault": "customer", "reason": "고객이 마음을 바꿈" });
    stage.admin.post(&format!("/v1/orders/{}/end", order.id), end).await.expect(200);
    stage.app.run_due_jobs().await;
    eventually(|| async { stage.entries(order.id).await.len() == 4 }).await;
    assert_eq!(
        stage.entries(order.id).await,
        [
            entry("payment_taken", &["gateway 21000", "deposits -21000"]),
            entry("order_shared", &["deposits 18000", "restaurant -16456", "commission -1404", "vat -140"]),
            entry("refund_owed", &["deposits 3000", "refunds -3000"]),
            entry("refund_paid", &["refunds 3000", "gateway -3000"]),
        ]
    );
    stage.app.stop().await;
}

#[tokio::test]
async fn payments_are_shown_to_who_paid_and_to_operators() {
    let stage = Stage::set().await;
    let order = stage.people.order().await;
    let customer = stage.app.sign_in("customer@test.baedal.example").await;
    let customer = stage.app.rest_as(Service::Gateway, &customer);
    stage.people.customer.pay(order.id, cards::DECLINED).await.unwrap();
    stage.people.customer.pay(order.id, cards::GOOD).await.unwrap();
    customer.post(&format!("/v1/orders/{}/cancel", order.id), json!({ "reason": "" })).await.expect(200);
    stage.app.run_due_jobs().await;
    let listed = async |who: &tests::rest::Rest, query: &str| {
        who.get(&format!("/v1/payments{query}")).await.expect(200)["items"].as_array().unwrap().clone()
    };
    eventually(|| async { listed(&customer, "").await[0]["status"] == "cancelled" }).await;
    let mine = listed(&customer, "").await;
    assert_eq!((&mine[0]["refunded_won"], &mine[1]["status"]), (&json!(21_000), &json!("aborted")));
    let path = format!("/v1/payments/{}", mine[0]["id"].as_str().unwrap());
    let detail = customer.get(&path).await.expect(200);
    assert_eq!(detail["tries"].as_array().unwrap().len(), 2);
    assert_eq!(detail["tenders"], json!([{ "kind": "card", "amount_won": 21_000, "refunded_won": 21_000 }]));
    assert_eq!((&detail["refunds"][0]["status"], &detail["vat_won"]), (&json!("succeeded"), &json!(0)));

    let stranger = Guest::new(&stage.app, Role::Customer).await;
    stranger.get(&path).await.expect_problem(404, "not_found");
    let of_customer = format!("?customer_id={}", mine[0]["customer_id"].as_str().unwrap());
    assert_eq!(listed(&stranger, &of_customer).await, [Value::Null; 0]);
    assert_eq!(listed(&stranger, &format!("?order_id={}", order.id)).await, [Value::Null; 0]);
    assert_eq!(stage.admin.get(&path).await.expect(200), detail);
    assert_eq!(listed(&stage.admin, "?limit=1").await, mine[..1]);
    assert_eq!(listed(&stage.admin, &of_customer).await, mine);
    assert_eq!(listed(&stage.admin, &format!("?order_id={}", order.id)).await, mine);
    stage.app.stop().await;
}

#[tokio::test]
async fn the_ledger_takes_no_entry_that_is_not_balanced_and_changes_none() {
    let stage = Stage::set().await;
    stage.people.placed().await;
    let run = async |sql: &str| scratch::run_in(stage.app.database(), sql).await.map_err(|it| it.to_string());
    let unbalanced = "with entry as (insert into ledger.entries (kind, reference, order_id, at)
                      values ('order_shared', gen_random_uuid(), gen_random_uuid(), now()) returning id)
                      insert into ledger.postings (entry_id, number, account, amount_won)
                      select id, number, account, won from entry,
                          (values (1, 'gateway', 5), (2, 'deposits', -4)) as part (number, account, won)";
    assert!(run(unbalanced).await.unwrap_err().contains("is not balanced"));
    // Nor another posting for one that is there.
    let more = "insert into ledger.postings (entry_id, number, account, amount_won)
                select max(id), 9, 'gateway', 1 from ledger.entries";
    assert!(run(more).await.unwrap_err().contains("is not balanced"));
    for change in [
        "update ledger.postings set amount_won = -amount_won",
        "update ledger.entries set at = now()",
        "delete from ledger.postings",
        "delete from ledger.entries",
        "truncate ledger.entries cascade",
    ] {
        assert!(run(change).await.unwrap_err().contains("append-only"), "{change}");
    }
    stage.app.stop().await;
}

#[tokio::test]
async fn what_does_not_agree_is_found() {
    let stage = Stage::set().await;
    let order = stage.people.placed().await;
    let wrong = async || {
        let found = stage.today().await["discrepancies"].clone();
        let found = found.as_array().unwrap().iter().map(|one| one["what"].as_str().unwrap().to_owned());
        found.collect::<Vec<_>>()
    };
    assert_eq!(wrong().await, [""; 0]);
    // Both postings: the entry is still balanced.
    stage.tamper("update ledger.postings set amount_won = amount_won * 2").await;
    assert_eq!(wrong().await, ["differs"]);
    stage.tamper("update ledger.postings set amount_won = amount_won / 2").await;
    stage.tamper("update ledger.entries set reference = gen_random_uuid()").await;
    assert_eq!(wrong().await, ["missing", "unexplained"]);
    let (_, found) = services::ledger::compare(
        stage.app.app(),
        domain::Timestamp::UNIX_EPOCH..stage.app.app().now() + TimeDelta::days(1),
    )
    .await
    .unwrap();
    assert!(found.iter().all(|one| one.order == OrderId(order.id)));
    let payment = "(select id from payment.payments)";
    stage.tamper(&format!("update ledger.entries set reference = {payment}")).await;
    assert_eq!(wrong().await, [""; 0]);
    stage.app.stop().await;
}
