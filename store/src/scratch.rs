//! Databases that exist for one test or one bench run.

mod wire;

use std::time::Duration;

use chrono::TimeDelta;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};

use crate::jobs::moved;
use crate::{Database, MIGRATOR, Store, StoreError};
pub use wire::{Asked, PING, watched};

/// Creates a database with the newest schema and no data, on the server that `admin_url`
/// names. The schema is built once, as a template, and copied from then on.
pub async fn create(admin_url: &str, name: &str) -> Result<Database, StoreError> {
    let options: sqlx::postgres::PgConnectOptions = admin_url.parse()?;
    let mut admin = options.connect().await?;
    // Copying fails while anybody is connected to the template, and only one process may build it.
    sqlx::query("select pg_advisory_lock(1717)").execute(&mut admin).await?;
    let template = template(&mut admin, admin_url).await?;
    run(&mut admin, format!(r#"create database "{name}" template "{template}""#)).await?;
    admin.close().await?;
    database(admin_url, name)
}

/// Creates an empty database.
pub async fn create_empty(admin_url: &str, name: &str) -> Result<Database, StoreError> {
    let options: sqlx::postgres::PgConnectOptions = admin_url.parse()?;
    let mut admin = options.connect().await?;
    run(&mut admin, format!(r#"create database "{name}""#)).await?;
    admin.close().await?;
    database(admin_url, name)
}

/// Creates an empty database of another locale than the server's.
pub async fn create_in_locale(admin_url: &str, name: &str, locale: &str) -> Result<Database, StoreError> {
    let options: sqlx::postgres::PgConnectOptions = admin_url.parse()?;
    let mut admin = options.connect().await?;
    let made = format!(r#"create database "{name}" template template0 encoding 'UTF8' locale '{locale}'"#);
    run(&mut admin, made).await?;
    admin.close().await?;
    database(admin_url, name)
}

/// Drops a database made by [`create`], and closes all connections to it.
pub async fn remove(admin_url: &str, name: &str) -> Result<(), StoreError> {
    let options: sqlx::postgres::PgConnectOptions = admin_url.parse()?;
    let mut admin = options.connect().await?;
    run(&mut admin, format!(r#"drop database if exists "{name}" with (force)"#)).await?;
    admin.close().await?;
    Ok(())
}

/// Runs statements in a test's database that the program itself would not run.
pub async fn run_in(database: &Database, sql: &str) -> Result<(), StoreError> {
    let mut connection = inside(database).await?;
    run(&mut connection, sql.to_owned()).await?;
    Ok(connection.close().await?)
}

/// The first column of what a query finds, as text, for tests that look at rows as they are stored.
pub async fn texts(database: &Database, sql: &str) -> Result<Vec<String>, StoreError> {
    let mut connection = inside(database).await?;
    let texts = sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_all(&mut connection).await?;
    connection.close().await?;
    Ok(texts)
}

/// An open transaction that holds locks. It is rolled back when this is dropped.
pub struct Held(#[expect(dead_code, reason = "held for the locks that it has")] PgConnection);

/// Runs a statement in a transaction that stays open, so that others wait for its locks.
pub async fn hold(database: &Database, sql: &str) -> Result<Held, StoreError> {
    let mut connection = inside(database).await?;
    run(&mut connection, "begin".to_owned()).await?;
    run(&mut connection, sql.to_owned()).await?;
    Ok(Held(connection))
}

/// Deserializes the payload of a job of `task`, as a worker does, and serializes it again.
pub fn job_again(task: &str, payload: serde_json::Value) -> Result<serde_json::Value, StoreError> {
    moved::again(task, payload)
}

/// Moves every waiting job forward by `by`. The engine goes by PostgreSQL's own clock, which
/// a test cannot set. Call it after moving the clock of the test's servers. Partitions
/// need no change: the position log creates the missing ones.
pub async fn advance(database: &Database, by: TimeDelta) -> Result<(), StoreError> {
    let mut connection = inside(database).await?;
    moved::bring_nearer(&mut connection, by).await?;
    Ok(connection.close().await?)
}

/// Waits until no job is due or in progress. Without a worker it waits for ever.
pub async fn jobs_done(database: &Database) -> Result<(), StoreError> {
    let mut connection = inside(database).await?;
    while moved::in_hand(&mut connection).await? > 0 {
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    Ok(connection.close().await?)
}

/// The errors of failed jobs that are to be retried, or parked.
pub async fn failing_jobs(database: &Database) -> Result<Vec<String>, StoreError> {
    let mut connection = inside(database).await?;
    let failing = moved::failing(&mut connection).await?;
    connection.close().await?;
    Ok(failing)
}

/// The columns of the whole database, as `schema.table.column`, in which this text stands: in a
/// text, a document, an array, or in bytes as UTF-8.
pub async fn columns_with(database: &Database, text: &str) -> Result<Vec<String>, StoreError> {
    let mut connection = inside(database).await?;
    let columns: Vec<(String, String, String, bool)> = sqlx::query_as(
        "select n.nspname::text, c.relname::text, a.attname::text, a.atttypid = 'bytea'::regtype
         from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
         where c.relkind in ('r', 'p') and not c.relispartition and a.attnum > 0 and not a.attisdropped
           and n.nspname not in ('pg_catalog', 'information_schema')",
    )
    .fetch_all(&mut connection)
    .await?;
    let mut found = Vec::new();
    for (schema, table, column, is_bytes) in columns {
        let holds = match is_bytes {
            true => format!(r#"position(convert_to($1, 'UTF8') in "{column}") > 0"#),
            false => format!(r#"position($1 in "{column}"::text) > 0"#),
        };
        let query = format!(r#"select exists (select from "{schema}"."{table}" where {holds})"#);
        let is_there: bool =
            sqlx::query_scalar(AssertSqlSafe(query)).bind(text).fetch_one(&mut connection).await?;
        if is_there {
            found.push(format!("{schema}.{table}.{column}"));
        }
    }
    connection.close().await?;
    found.sort();
    Ok(found)
}

/// All columns of bytes, as `schema.table.column`.
pub async fn columns_of_bytes(database: &Database) -> Result<Vec<String>, StoreError> {
    let mut connection = inside(database).await?;
    let mut columns: Vec<String> = sqlx::query_scalar(
        "select format('%s.%s.%s', n.nspname, c.relname, a.attname)
         from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
         where a.atttypid = 'bytea'::regtype and c.relkind in ('r', 'p') and not c.relispartition
           and a.attnum > 0 and not a.attisdropped and n.nspname not in ('pg_catalog', 'information_schema')",
    )
    .fetch_all(&mut connection)
    .await?;
    connection.close().await?;
    columns.sort();
    Ok(columns)
}

/// The interval at which [`jobs_done`] polls.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

async fn inside(database: &Database) -> Result<PgConnection, StoreError> {
    let options: sqlx::postgres::PgConnectOptions = database.url.parse()?;
    Ok(options.connect().await?)
}

async fn template(admin: &mut PgConnection, admin_url: &str) -> Result<String, StoreError> {
    let digest = MIGRATOR.iter().fold(0u64, |sum, migration| {
        migration
            .checksum
            .iter()
            .fold(sum, |sum, byte| sum.wrapping_mul(1_099_511_628_211).wrapping_add(u64::from(*byte)))
    });
    let name = format!("baedal_template_{digest:016x}");
    let exists: bool = sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
        .bind(&name)
        .fetch_one(&mut *admin)
        .await?;
    if !exists {
        let half_built = format!("{name}_new");
        run(admin, format!(r#"drop database if exists "{half_built}" with (force)"#)).await?;
        run(admin, format!(r#"create database "{half_built}""#)).await?;
        Store::migrate(&database(admin_url, &half_built)?).await?;
        run(admin, format!(r#"alter database "{half_built}" rename to "{name}""#)).await?;
    }
    Ok(name)
}

async fn run(admin: &mut PgConnection, sql: String) -> Result<(), StoreError> {
    // Names of databases cannot be bound; these come from tests, not from input.
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(admin).await?;
    Ok(())
}

fn database(admin_url: &str, name: &str) -> Result<Database, StoreError> {
    let options: sqlx::postgres::PgConnectOptions = admin_url.parse()?;
    let url = options.database(name).to_url_lossy().to_string();
    Ok(Database { url, max_connections: 8, acquire_timeout: Duration::from_secs(10) })
}
