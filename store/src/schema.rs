//! Whether a database can be used by this program: it is there, it is ours, and its schema
//! is not older than the program's, or so new that the program would harm it.

use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection};
use tokio::time::{Instant, sleep};

use crate::{Database, MIGRATOR, StoreError};

/// A pause between two tries to connect.
const PAUSE: Duration = Duration::from_millis(200);

/// How the schema of a database stands to this program's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    /// They are the same.
    Current,
    /// It has migrations that this program does not know, and none that forbids it.
    Newer,
}

/// Refuses a database that cannot be reached, that has no schema of ours or an older one,
/// or whose schema asks for a newer program than `version`.
pub async fn check(database: &Database, version: &str) -> Result<Schema, StoreError> {
    let mut connection = connect(database).await?;
    let schema = compare(&mut connection, version).await;
    connection.close().await?;
    schema
}

/// Refuses a database that cannot be reached, by what is wrong with its address.
pub(crate) async fn reach(database: &Database) -> Result<(), StoreError> {
    Ok(connect(database).await?.close().await?)
}

async fn compare(connection: &mut PgConnection, version: &str) -> Result<Schema, StoreError> {
    if !is_ours(connection).await? {
        return Err(setting("the database is empty: run `baedal migrate`, or serve with --migrate"));
    }
    let applied = applied(connection).await?;
    let ours: Vec<i64> = MIGRATOR.iter().map(|migration| migration.version).collect();
    let missing = ours.iter().filter(|migration| !applied.contains(migration)).count();
    if missing > 0 {
        let lacks = format!("the database's schema is older than this program, by {missing} migrations");
        return Err(setting(&format!("{lacks}: run `baedal migrate`, or serve with --migrate")));
    }
    if applied.iter().all(|migration| ours.contains(migration)) {
        return Ok(Schema::Current);
    }
    match forbidding(connection, version).await? {
        Some(needed) => Err(setting(&format!(
            "the database's schema needs baedal {needed} or newer, and this is {version}"
        ))),
        None => Ok(Schema::Newer),
    }
}

/// Whether a migration of ours was ever made in it.
async fn is_ours(connection: &mut PgConnection) -> Result<bool, StoreError> {
    let there = sqlx::query_scalar("select to_regclass('public._sqlx_migrations') is not null");
    Ok(there.fetch_one(connection).await?)
}

async fn applied(connection: &mut PgConnection) -> Result<Vec<i64>, StoreError> {
    let applied = sqlx::query_scalar("select version from public._sqlx_migrations where success");
    Ok(applied.fetch_all(connection).await?)
}

/// The highest version that a migration asks for at least, if it is above `version`.
async fn forbidding(connection: &mut PgConnection, version: &str) -> Result<Option<String>, StoreError> {
    let needed: Option<String> = sqlx::query_scalar!(
        "select version from schema.minimum_versions
         where string_to_array(version, '.')::int[] > string_to_array($1, '.')::int[]
         order by string_to_array(version, '.')::int[] desc limit 1",
        version
    )
    .fetch_optional(connection)
    .await?;
    Ok(needed)
}

/// What to connect with; the text never tells what stands in the URL, which has a password.
pub(crate) fn options(database: &Database) -> Result<PgConnectOptions, StoreError> {
    let ours = ["postgres://", "postgresql://"].iter().any(|scheme| database.url.starts_with(scheme));
    let parsed = database.url.parse().ok().filter(|_| ours);
    parsed.ok_or_else(|| setting("expected an address as postgres://user:password@host:port/name"))
}

/// A connection; while nobody answers there, tried again for as long as one waits for a free
/// one. What refuses it at once (a password, a name) is told at once.
async fn connect(database: &Database) -> Result<PgConnection, StoreError> {
    let options = options(database)?;
    let until = Instant::now() + database.acquire_timeout;
    loop {
        match options.connect().await {
            Ok(connection) => return Ok(connection),
            Err(sqlx::Error::Io(_)) if Instant::now() < until => sleep(PAUSE).await,
            Err(error) => return Err(setting(&unreachable(&options, &error))),
        }
    }
}

fn unreachable(options: &PgConnectOptions, error: &sqlx::Error) -> String {
    let (host, port) = (options.get_host(), options.get_port());
    let (user, name) = (options.get_username(), options.get_database().unwrap_or("no name"));
    let cause = match error {
        sqlx::Error::Database(cause) => cause.message().to_owned(),
        sqlx::Error::Io(cause) => cause.to_string(),
        other => other.to_string(),
    };
    format!("no connection to PostgreSQL at {host}:{port} as {user} to {name}: {cause}")
}

fn setting(what: &str) -> StoreError {
    StoreError::Setting(format!("DATABASE_URL: {what}"))
}
