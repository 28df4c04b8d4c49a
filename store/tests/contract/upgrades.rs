//! What migrations do to rows that an older version wrote.

use domain::ledger::{Posting, order_shared};
use domain::order::{Ending, Fault, Order, Progress, Status};
use domain::{CourierId, Timestamp, Won};
use sqlx::migrate::Migrator;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};

use crate::commits::placed;
use crate::environment::fresh;

/// A database with the schema up to this migration.
async fn database_of(version: i64) -> (String, String, PgConnection) {
    let admin = std::env::var("DATABASE_URL").expect("DATABASE_URL names a PostgreSQL");
    let name = format!("upgrade_{}", fresh().simple());
    let database = store::scratch::create_empty(&admin, &name).await.unwrap();
    let options: sqlx::postgres::PgConnectOptions = database.url.parse().unwrap();
    let mut connection = options.connect().await.unwrap();
    let older: Vec<_> = store::MIGRATOR.iter().filter(|each| each.version <= version).cloned().collect();
    let migrator = Migrator { migrations: older.into(), ..Migrator::DEFAULT };
    migrator.run_direct(None, &mut connection, false).await.unwrap();
    (admin, name, connection)
}

#[tokio::test]
async fn what_the_sandbox_table_knew_of_open_payments_is_settled_before_it_goes() {
    let (admin, name, mut connection) = database_of(150).await;
    let tries = "
        insert into payment.payments (id, order_id, customer_id, amount_won, status, created_at, updated_at)
        select ('00000000-0000-0000-0000-00000000000' || n)::uuid, gen_random_uuid(), gen_random_uuid(),
               100, status, now(), now()
          from (values (1, 'unknown'), (2, 'unknown'), (3, 'in_progress'), (4, 'in_progress'), (5, 'done'),
                       (6, 'done')) as tries (n, status);
        insert into payment.sandbox_charges (payment_id, amount_won, outcome, settles_at)
        select ('00000000-0000-0000-0000-00000000000' || n)::uuid, won, outcome, now()
          from (values (1, 100, 'approved'), (2, 99, 'approved'), (3, 100, 'declined'), (5, 100, 'approved'),
                       (6, 100, 'approved')) as charges (n, won, outcome);
        insert into payment.refunds
               (id, payment_id, order_id, amount_won, reason, status, created_at, updated_at)
        select gen_random_uuid(), ('00000000-0000-0000-0000-00000000000' || n)::uuid, gen_random_uuid(), won,
               'order_ended', 'requested', now(), now()
          from (values (5, 40), (6, 100)) as refunds (n, won);";
    sqlx::raw_sql(tries).execute(&mut connection).await.unwrap();
    store::MIGRATOR.run_direct(None, &mut connection, false).await.unwrap();
    let statuses: Vec<String> = sqlx::query_scalar("select status from payment.payments order by id")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    let expected = ["done", "aborted", "aborted", "aborted", "partially_cancelled", "cancelled"];
    assert_eq!(statuses, expected);
    let refunds: Vec<String> = sqlx::query_scalar("select distinct status from payment.refunds")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    assert_eq!(refunds, ["succeeded"]);
    connection.close().await.unwrap();
    store::scratch::remove(&admin, &name).await.unwrap();
}

#[tokio::test]
async fn the_journal_keeps_what_it_had_when_it_is_partitioned_and_older_programs_go_on() {
    let (admin, name, mut connection) = database_of(170).await;
    let events = r#"
        insert into journal.events (channel, "offset", type, at, data, audience)
        select channel, n, 'noted', now() - (60 * (8 - n)) * interval '1 day', jsonb_build_object('n', n), n % 3
          from (values ('order:1'), ('delivery:1'), ('merchant:1'), ('courier:1'), ('desk'), ('inbox:1')) as c (channel),
               generate_series(1, 8) as n"#;
    sqlx::raw_sql(events).execute(&mut connection).await.unwrap();
    // The queries of the program of schema 170.
    let all = r#"select string_agg(events::text, ' ' order by channel, "offset") from journal.events"#;
    let one = r#"select array_agg("offset") from (select "offset" from journal.events
                 where channel = 'courier:1' and "offset" > 5 order by "offset" limit 10) as these"#;
    let before: String = sqlx::query_scalar(all).fetch_one(&mut connection).await.unwrap();
    assert!(before.len() > 1_000, "nothing is there");
    store::MIGRATOR.run_direct(None, &mut connection, false).await.unwrap();
    let after: String = sqlx::query_scalar(all).fetch_one(&mut connection).await.unwrap();
    assert_eq!(before, after);
    let months = "select count(distinct tableoid) from journal.events where channel = 'courier:1'";
    let months: i64 = sqlx::query_scalar(months).fetch_one(&mut connection).await.unwrap();
    assert!(months >= 7, "one month has them all");

    // And its inserts.
    let write = "insert into journal.events (channel, \"offset\", type, at, data, audience)
                 values ('courier:1', 9, 'noted', now(), '{}', 0)";
    sqlx::raw_sql(write).execute(&mut connection).await.unwrap();
    let offsets: Vec<i64> = sqlx::query_scalar(one).fetch_one(&mut connection).await.unwrap();
    assert_eq!(offsets, [6, 7, 8, 9]);
    let month = "select count(*) from journal.events_courier_rest";
    let unplaced: i64 = sqlx::query_scalar(month).fetch_one(&mut connection).await.unwrap();
    assert_eq!(unplaced, 0, "an event has no month");
    connection.close().await.unwrap();
    store::scratch::remove(&admin, &name).await.unwrap();
}

/// A paid order for each party at fault and each progress, and one that was completed.
fn ended_orders(now: Timestamp) -> Vec<Order> {
    let ended = |(fault, reached)| {
        let status = match reached {
            Progress::PickedUp | Progress::Arrived => Status::DeliveryFailed,
            Progress::Unpaid | Progress::Waiting => Status::Rejected,
            _ => Status::Cancelled,
        };
        let reason = String::new();
        let ending = Some(Ending { fault, reason, code: None, reached: Some(reached), operator: None });
        Order { status, ending, ..placed(now).0 }
    };
    let faults = [Fault::Customer, Fault::Restaurant, Fault::Courier, Fault::Platform];
    let cells = faults.into_iter().flat_map(|fault| Progress::ALL.map(|reached| (fault, reached)));
    let all = cells.map(ended).chain([Order { status: Status::Completed, ..placed(now).0 }]);
    let courier = Some(CourierId(fresh()));
    all.map(|order| Order { courier, commission: domain::Percentage::ZERO, ..order }).collect()
}

#[tokio::test]
async fn what_was_paid_before_the_ledger_is_in_it_by_the_rules_of_then() {
    let (admin, name, mut connection) = database_of(290).await;
    let orders = ended_orders("2026-11-01T03:00:00Z".parse().unwrap());
    for order in &orders {
        let mut state = serde_json::to_value(order).unwrap();
        state.as_object_mut().unwrap().remove("commission");
        let payment = fresh();
        sqlx::query(
            "insert into orders.orders (id, version, status, customer_id, restaurant_id, courier_id, payable_won,
                                        created_at, placed_at, quote_id, state)
             values ($1, 3, $2, $3, $4, $5, $6, $7, $7, $8, $9)",
        )
        .bind(order.id.0)
        .bind(order.status.as_str())
        .bind(order.customer.0)
        .bind(order.restaurant.0)
        .bind(order.courier.map(|courier| courier.0))
        .bind(order.payable.0)
        .bind(order.created_at)
        .bind(order.quote.0)
        .bind(state)
        .execute(&mut connection)
        .await
        .unwrap();
        sqlx::query(
            "insert into payment.payments (id, order_id, customer_id, amount_won, status, created_at, updated_at)
             values ($1, $2, $3, $4, 'done', $5, $5)",
        )
        .bind(payment)
        .bind(order.id.0)
        .bind(order.customer.0)
        .bind(order.payable.0)
        .bind(order.created_at)
        .execute(&mut connection)
        .await
        .unwrap();
        if let Some(back) = order.refund_due().filter(|back| *back > Won::ZERO) {
            sqlx::query(
                "insert into payment.refunds (id, payment_id, order_id, amount_won, reason, status, created_at, updated_at)
                 values ($1, $2, $3, $4, 'order_ended', 'succeeded', $5, $5)",
            )
            .bind(fresh())
            .bind(payment)
            .bind(order.id.0)
            .bind(back.0)
            .bind(order.created_at)
            .execute(&mut connection)
            .await
            .unwrap();
        }
    }
    store::MIGRATOR.run_direct(None, &mut connection, false).await.unwrap();
    for order in &orders {
        let mut shared: Vec<(String, Option<uuid::Uuid>, i64)> = sqlx::query_as(
            "select account, party_id, amount_won from ledger.postings join ledger.entries on entry_id = id
             where order_id = $1 and kind = 'order_shared'",
        )
        .bind(order.id.0)
        .fetch_all(&mut connection)
        .await
        .unwrap();
        shared.sort();
        let expected = order_shared(order).into_iter().flat_map(|entry| entry.postings);
        let posting = |one: Posting| (one.account.as_str().to_owned(), one.account.party(), one.amount.0);
        let mut expected: Vec<_> = expected.map(posting).collect();
        expected.sort();
        assert_eq!(shared, expected, "{:?} {:?}", order.status, order.ending);
    }
    let left: Vec<String> = sqlx::query_scalar(
        "select account from ledger.postings where account in ('deposits', 'refunds')
         group by account having sum(amount_won) <> 0",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert_eq!(left, [""; 0]);
    connection.close().await.unwrap();
    store::scratch::remove(&admin, &name).await.unwrap();
}
