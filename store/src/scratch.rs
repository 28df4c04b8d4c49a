//! Databases that live for one test or one bench run.

mod wire;

use std::time::Duration;

use chrono::TimeDelta;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};

use crate::jobs::moved;
use crate::{Database, MIGRATOR, Store, StoreError};
pub use wire::{Asked, PING, watched};

/// Makes an empty database of the newest schema, on the server that `admin_url`
/// names. The schema is built once, as a template, and copied from then on.
pub async fn create(admin_url: &str, name: &str) -> Result<Database, StoreError> {
    let options: sqlx::postgres::PgConnectOptions = admin_url.parse()?;
    let mut admin = options.connect().await?;
    // Copying needs the template to itself, and only one process may build it.
    sqlx::query("select pg_advisory_lock(1717)").execute(&mut admin).await?;
    let template = template(&mut admin, admin_url).await?;
    run(&mut admin, format!(r#"create database "{name}" template "{template}""#)).await?;
    admin.close().await?;
    database(admin_url, name)
}

/// Makes a database with nothing in it.
pub async fn create_empty(admin_url: &str, name: &str) -> Result<Database, StoreError> {
    let options: sqlx::postgres::PgConnectOptions = admin_url.parse()?;
    let mut admin = options.connect().await?;
    run(&mut admin, format!(r#"create database "{name}""#)).await?;
    admin.close().await?;
    database(admin_url, name)
}

/// Removes a database that [`create`] made, whoever is still connected.
pub async fn remove(admin_url: &str, name: &str) -> Result<(), StoreError> {
    let options: sqlx::postgres::PgConnectOptions = admin_url.parse()?;
    let mut admin = options.connect().await?;
    run(&mut admin, format!(r#"drop database if exists "{name}" with (force)"#)).await?;
    admin.close().await?;
    Ok(())
}

/// Runs statements in a database of a test, as no program of ours would.
pub async fn run_in(database: &Database, sql: &str) -> Result<(), StoreError> {
    let mut connection = inside(database).await?;
    run(&mut connection, sql.to_owned()).await?;
    Ok(connection.close().await?)
}

/// A transaction of somebody else's. It ends without a commit when it is dropped.
pub struct Held(#[expect(dead_code, reason = "held for the locks that it has")] PgConnection);

/// Runs a statement in a transaction that stays open: others wait for what it locks.
pub async fn hold(database: &Database, sql: &str) -> Result<Held, StoreError> {
    let mut connection = inside(database).await?;
    run(&mut connection, "begin".to_owned()).await?;
    run(&mut connection, sql.to_owned()).await?;
    Ok(Held(connection))
}

/// The payload of a job of `task`, read and written again as a worker would.
pub fn job_again(task: &str, payload: serde_json::Value) -> Result<serde_json::Value, StoreError> {
    moved::again(task, payload)
}

/// Has every job that waits run earlier by `by`. The engine compares PostgreSQL's own clock,
/// which a test cannot set. Call it after moving the clock of the test's servers. Partitions
/// need nothing: the position log makes those that it misses.
pub async fn advance(database: &Database, by: TimeDelta) -> Result<(), StoreError> {
    let mut connection = inside(database).await?;
    moved::bring_nearer(&mut connection, by).await?;
    Ok(connection.close().await?)
}

/// Waits until no job is due or being worked on. Without a worker it waits for ever.
pub async fn jobs_done(database: &Database) -> Result<(), StoreError> {
    let mut connection = inside(database).await?;
    while moved::in_hand(&mut connection).await? > 0 {
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    Ok(connection.close().await?)
}

/// What the jobs said that failed and are still to be tried again, or parked.
pub async fn failing_jobs(database: &Database) -> Result<Vec<String>, StoreError> {
    let mut connection = inside(database).await?;
    let failing = moved::failing(&mut connection).await?;
    connection.close().await?;
    Ok(failing)
}

/// Between two looks at the jobs.
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
    // Names of databases can't be bound; these are made by us.
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(admin).await?;
    Ok(())
}

fn database(admin_url: &str, name: &str) -> Result<Database, StoreError> {
    let options: sqlx::postgres::PgConnectOptions = admin_url.parse()?;
    let url = options.database(name).to_url_lossy().to_string();
    Ok(Database { url, max_connections: 8, acquire_timeout: Duration::from_secs(10) })
}
