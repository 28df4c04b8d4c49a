//! What an upgrade does to rows that an older version left.

use sqlx::migrate::Migrator;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};

use crate::stage::fresh;

/// A database of the schema up to this migration.
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
