//! A database that cannot be asked: what is not known is unavailable, never absent.

use std::time::Duration;

use domain::Role;
use serde_json::json;
use server::Service;
use store::scratch;
use tests::TestApp;
use tests::people::People;
use tests::wait::eventually;

/// Whoever reads this table hears that PostgreSQL is shutting down.
async fn away(app: &TestApp, schema: &str, table: &str) {
    let sql = format!(
        "create function public.away() returns boolean language plpgsql as
         $$ begin raise exception 'shutting down' using errcode = '57P01'; end $$;
         alter table {schema}.{table} rename to {table}_away;
         create view {schema}.{table} as select * from {schema}.{table}_away where public.away();"
    );
    scratch::run_in(app.database(), &sql).await.unwrap();
}

async fn back(app: &TestApp, schema: &str, table: &str) {
    let sql = format!(
        "drop view {schema}.{table}; drop function public.away();
         alter table {schema}.{table}_away rename to {table};"
    );
    scratch::run_in(app.database(), &sql).await.unwrap();
}

#[tokio::test]
async fn an_owner_whose_restaurant_cannot_be_read_is_not_told_that_nothing_is_theirs() {
    let app = TestApp::start().await;
    let people = People::gather(app.app(), &app.url(Service::Gateway)).await;
    let order = people.placed().await;
    let card = services::menu::card(app.app(), people.restaurant.into()).await.unwrap();
    let (order, dish) =
        (format!("/v1/orders/{}", order.id), format!("/v1/menus/{}", card.menus().next().unwrap().id));
    let owner = app.rest(Service::Gateway).with_token(people.owner.token().await.unwrap());
    owner.get(&order).await.expect(200);

    away(&app, "restaurant", "restaurants").await;
    owner.get(&order).await.expect_problem(503, "unavailable");
    let accept = json!({ "preparation_mins": 20 });
    owner.post(&format!("{order}/accept"), accept.clone()).await.expect_problem(503, "unavailable");
    owner.patch(&dish, json!({ "sold_out": true })).await.expect_problem(503, "unavailable");
    back(&app, "restaurant", "restaurants").await;

    owner.patch(&dish, json!({ "sold_out": true })).await.expect(200);
    owner.post(&format!("{order}/accept"), accept).await.expect(200);
    app.stop().await;
}

#[tokio::test]
async fn an_operators_search_does_not_say_that_what_cannot_be_read_is_not_there() {
    let app = TestApp::start().await;
    let people = People::gather(app.app(), &app.url(Service::Gateway)).await;
    let operator = app.person("operator", &[Role::Admin]).await;
    let operator = app.rest_as(Service::Gateway, &operator);
    let search = format!("/v1/system/search?q={}", people.restaurant);
    assert_eq!(operator.get(&search).await.expect(200)["items"].as_array().unwrap().len(), 1);

    away(&app, "restaurant", "restaurants").await;
    operator.get(&search).await.expect_problem(503, "unavailable");
    back(&app, "restaurant", "restaurants").await;

    operator.get("/v1/system/search?q=01920000-0000-7000-8000-000000000001").await.expect(200);
    app.stop().await;
}

#[tokio::test]
async fn a_server_stops_although_a_query_waits_for_a_lock() {
    let mut app = TestApp::start().await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let rest = app.rest_as(Service::User, &minji);
    let held = "lock table users.profiles in access exclusive mode";
    let held = scratch::hold(app.database(), held).await.unwrap();
    let asked = tokio::spawn(async move { rest.get("/v1/users/me").await });
    let waiting = "select pid::text from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    let waits = async || !scratch::texts(app.database(), waiting).await.unwrap().is_empty();
    eventually(waits).await;
    let stopped = tokio::time::timeout(Duration::from_secs(10), app.halt_within(Duration::from_millis(300)));
    stopped.await.expect("it stops");
    drop(held);
    drop(asked);
    app.stop().await;
}
