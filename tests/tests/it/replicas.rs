//! Two processes that have the same entity in memory: the result is that of one process.

use std::net::SocketAddr;
use std::sync::Arc;

use chrono::{SubsecRound as _, TimeDelta};
use domain::order::Times;
use domain::tracking::Vehicle;
use domain::{Channel, OrderId};
use futures::future::join_all;
use serde_json::json;
use server::processes::ProcessArgs;
use server::system::{OsRandom, SystemClock};
use server::web::PagesArgs;
use server::{Parts, Server, Service};
use services::Subscribers;
use sim::frame::Say;
use sim::sandbox::toss::cards;
use sim::socket::ReconnectPolicy;
use sim::{Heard, Socket, system};
use store::vault::VaultKeys;
use store::{Store, journal, payment, shared};
use tests::people::{PATIENCE, People, acked, eventually, hear, on_the_way, reading, socket};
use tests::{TestApp, settings};

const DEADLINE: std::time::Duration = std::time::Duration::from_secs(5);

fn gateway(server: &Server) -> String {
    format!("http://{}", server.address(Service::Gateway).unwrap())
}

#[tokio::test]
async fn what_another_process_committed_counts_before_anything_is_refused() {
    let app = TestApp::start().await;
    let second = app.second_server().await;
    let people = People::gather(app.app(), &app.url(Service::Gateway)).await;
    let (owner, customer) =
        (people.owner.at(&gateway(&second)).unwrap(), people.customer.at(&gateway(&second)).unwrap());

    // The first process keeps the order as it was placed, the second as it was accepted.
    let order = people.placed().await;
    owner.command(order.id, "accept", json!({ "preparation_mins": 10 })).await.unwrap();
    people.owner.command(order.id, "ready", json!({})).await.unwrap();
    let reason = json!({ "reason": "재료가 떨어졌습니다" });
    assert_eq!(owner.command(order.id, "cancel", reason).await.unwrap().status, "cancelled");
    let again = people.owner.command(order.id, "ready", json!({})).await.unwrap_err();
    assert_eq!(again.status(), Some(409));

    // A cart: what one process has emptied, the other fills; what it filled, the first one empties.
    let line = people.line();
    people.customer.add_line(line).await.unwrap();
    customer.empty_cart().await.unwrap();
    assert!(people.customer.cart().await.unwrap().lines.is_empty());
    customer.add_line(line).await.unwrap();
    people.customer.empty_cart().await.unwrap();
    assert!(customer.cart().await.unwrap().lines.is_empty());
    second.stop(DEADLINE).await;
    app.stop().await;
}

#[tokio::test]
async fn a_reminder_fires_once_however_many_processes_there_are() {
    let app = TestApp::start().await;
    let others = [app.second_server().await, app.second_server().await];
    let people = People::gather(app.app(), &app.url(Service::Gateway)).await;
    let mut orders: Vec<OrderId> = Vec::new();
    for _ in 0..8 {
        orders.push(people.placed().await.id.into());
    }
    app.advance(Times::default().accept).await;
    app.run_due_jobs().await;
    let store = &app.app().store;
    for order in orders {
        let channel = Channel::Order(order);
        let log = journal::since(store, &channel, 0, 100).await.unwrap();
        assert_eq!(log.iter().filter(|event| event.kind == "order.rejected").count(), 1);
        assert!(payment::live(store, order).await.unwrap().is_none());
    }
    for other in others {
        other.stop(DEADLINE).await;
    }
    app.stop().await;
}

#[tokio::test]
async fn what_is_asked_of_two_processes_at_once_is_done_once() {
    let app = TestApp::start().await;
    let second = app.second_server().await;
    let people = People::gather(app.app(), &app.url(Service::Gateway)).await;
    let there = people.customer.at(&gateway(&second)).unwrap();
    let quote = people.quote().await;
    let (one, other) = tokio::join!(people.customer.order(quote, ""), there.order(quote, ""));
    let order = one.unwrap().id;
    assert_eq!(order, other.unwrap().id, "one quote, one order");

    let paid = tokio::join!(people.customer.pay(order, cards::GOOD), there.pay(order, cards::GOOD));
    assert!(paid.0.is_ok() || paid.1.is_ok(), "{paid:?}");
    eventually(|| async { people.customer.get_order(order).await.unwrap().status == "placed" }).await;
    let history = there.history(order).await.unwrap();
    assert_eq!(history.iter().filter(|event| event.kind == "order.placed").count(), 1);

    let at = [&people.owner, &people.owner.at(&gateway(&second)).unwrap()].map(sim::Api::clone);
    let accept = |owner: sim::Api| async move {
        owner.command(order, "accept", json!({ "preparation_mins": 10 })).await
    };
    let accepted = join_all(at.map(accept)).await;
    assert_eq!(accepted.iter().filter(|answer| answer.is_ok()).count(), 1, "{accepted:?}");
    // Both processes work on jobs; the delivery is requested once all the same.
    eventually(|| async { there.delivery(order).await.is_ok() }).await;
    second.stop(DEADLINE).await;
    app.stop().await;
}

#[tokio::test]
async fn a_phone_that_comes_back_to_a_process_finds_it_up_to_date() {
    let app = TestApp::start().await;
    let second = app.second_server().await;
    let people = People::gather(app.app(), &app.url(Service::Gateway)).await;
    // In the precision of the store, so that a stored moment equals the one sent.
    let began = (system::now() - TimeDelta::seconds(90)).trunc_subsecs(3);
    let there = people.courier.at(&gateway(&second)).unwrap();
    // Each opens a device of its own, with a track of its own.
    let device =
        |api: &sim::Api, seed| Socket::open(api, ReconnectPolicy { seed, ..ReconnectPolicy::default() });
    for (api, step) in [(&people.courier, 1), (&there, 2)] {
        let mut phone = device(api, step.into());
        phone.line().fix(on_the_way(began, step, 20));
        acked(&mut phone).await;
    }
    // The first process is told what the second one knows already.
    let mut phone = device(&people.courier, 3);
    phone.line().fix(on_the_way(began, 2, 20));
    let rejected = phone.until(PATIENCE, |heard| match heard {
        Heard::Acked(acked) => Some(acked.rejected.clone()),
        _ => None,
    });
    assert_eq!(rejected.await.unwrap().get("duplicate"), Some(&1));
    second.stop(DEADLINE).await;
    app.stop().await;
}

#[tokio::test]
async fn a_shift_that_begins_in_one_process_is_known_where_the_courier_rides() {
    let app = TestApp::start_joined(settings()).await;
    let second = app.second_server().await;
    let people = People::gather(app.app(), &app.url(Service::Gateway)).await;
    let began = system::now() - TimeDelta::seconds(90);
    let order = people.placed().await;
    let there = people.courier.at(&gateway(&second)).unwrap();
    let mut phone = socket(&there);
    let id = people.courier.who().await.unwrap().user_id;
    phone.line().subscribe(format!("courier:{id}")).await.unwrap();
    phone.line().fix(reading(began, tests::people::KITCHEN));
    acked(&mut phone).await;
    // The second process has the courier as off shift; the first one is told of the shift.
    people.courier.shift(true).await.unwrap();
    phone.line().fix(on_the_way(began, 1, 200));
    acked(&mut phone).await;
    people.owner.command(order.id, "accept", json!({ "preparation_mins": 10 })).await.unwrap();
    let offer = hear(&mut phone, "offer.made").await;
    let offer_id = offer.data["id"].as_str().or(offer.data["offer_id"].as_str()).unwrap().parse().unwrap();
    // Taken at the first process: the one where the courier rides shows them from now on.
    people.courier.accept_offer(offer_id).await.unwrap();
    let mut board = socket(&people.owner);
    board.line().subscribe(format!("delivery:{}", order.id)).await.unwrap();
    phone.line().fix(on_the_way(began, 20, 200));
    acked(&mut phone).await;
    tests::people::position(&mut board).await;
    phone.line().ask(Say::Shift { on: false }).await.unwrap();
    eventually(|| async { !people.courier.courier().await.unwrap().on_shift }).await;
    second.stop(DEADLINE).await;
    app.stop().await;
}

#[tokio::test]
async fn many_processes_that_start_at_once_on_an_empty_database_agree() {
    let admin = std::env::var("DATABASE_URL").expect("DATABASE_URL names a PostgreSQL server");
    let name = format!("baedal_test_{}", domain::Ids::uuid(&OsRandom).simple());
    let database = store::scratch::create_empty(&admin, &name).await.unwrap();
    for migrated in join_all((0..6).map(|_| Store::migrate(&database))).await {
        migrated.unwrap();
    }
    let vault_keys = VaultKeys::generate(&OsRandom);
    let start = || {
        Server::start(Parts {
            database: store::Database { max_connections: 4, ..database.clone() },
            vault_keys: vault_keys.clone(),
            shared: shared::Settings::default(),
            services: vec![(Service::Auth, SocketAddr::from(([127, 0, 0, 1], 0)))],
            backlog: 1024,
            clock: Arc::new(SystemClock),
            ids: Arc::new(OsRandom),
            settings: settings(),
            subscribers: Subscribers::default(),
            metrics: Arc::new(String::new),
            pages: PagesArgs::default(),
            processes: ProcessArgs::default(),
            third_parties: integrations::Settings::default(),
        })
    };
    let servers: Vec<Server> =
        join_all((0..13).map(|_| start())).await.into_iter().map(Result::unwrap).collect();
    let mut keys = Vec::new();
    for server in &servers {
        let url = format!("http://{}/.well-known/jwks.json", server.address(Service::Auth).unwrap());
        keys.push(reqwest::get(url).await.unwrap().text().await.unwrap());
    }
    assert!(keys.iter().all(|each| *each == keys[0]), "they sign with different keys");
    // The days are there for what couriers send.
    let app = servers[0].app();
    let courier = domain::CourierId(domain::Ids::uuid(&OsRandom));
    services::tracking::courier::describe(
        app,
        courier,
        "라이더",
        Vehicle::Bicycle,
        &domain::ExpectedVersion::Any,
    )
    .await
    .unwrap();
    let fix = domain::tracking::RawFix {
        seq: 1,
        at: app.now(),
        lat: 37.5,
        lon: 127.0,
        accuracy_m: None,
        speed_mps: None,
        heading_deg: None,
    };
    let batch = domain::tracking::Batch::new(1, vec![fix]).unwrap();
    services::tracking::courier::fixes(app, courier, None, batch).await.unwrap();
    join_all(servers.into_iter().map(|server| server.stop(DEADLINE))).await;
    store::scratch::remove(&admin, &name).await.unwrap();
}
