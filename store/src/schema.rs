//! Checks that a database can be used by this program: it is reachable, it is ours, and its
//! schema is neither older than the program's nor so new that the program would damage data.

use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection};
use tokio::time::{Instant, sleep};

use crate::{Database, MIGRATOR, StoreError};

/// The pause between two attempts to connect.
const PAUSE: Duration = Duration::from_millis(200);

/// How the schema of a database compares to this program's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    /// They are the same.
    Current,
    /// It has migrations that this program does not know, but none that excludes the program.
    Newer,
}

/// Refuses a database that cannot be reached, that has no schema of ours or an older one,
/// or whose schema requires a program newer than `version`.
pub async fn check(database: &Database, version: &str) -> Result<Schema, StoreError> {
    let mut connection = connect(database).await?;
    let schema = compare(&mut connection, version).await;
    connection.close().await?;
    schema
}

/// Fails with a readable message if the database cannot be reached, or cannot hold Korean names.
pub(crate) async fn reach(database: &Database) -> Result<(), StoreError> {
    let mut connection = connect(database).await?;
    reads_korean(&mut connection).await?;
    Ok(connection.close().await?)
}

/// Refuses a database to which Hangul is no text: of another encoding, or of a locale whose
/// classification ends with ASCII (`C`). There lower case, blanks and letters of other alphabets are not
/// what `domain::text` takes them for, and names are not found. Both are chosen when a database is made.
async fn reads_korean(connection: &mut PgConnection) -> Result<(), StoreError> {
    let (encoding, knows): (String, bool) = sqlx::query_as(
        "select pg_encoding_to_char(encoding)::text,
                encoding = pg_char_to_encoding('UTF8') and chr(44032) ~ '[[:alpha:]]' and chr(12288) ~ '\\s'
                    and lower(chr(201)) = chr(233)
         from pg_database where datname = current_database()",
    )
    .fetch_one(connection)
    .await?;
    let locale = "its encoding has to be UTF8 and its locale one that knows Korean letters, as C.UTF-8";
    let made = "create database NAME template template0 encoding 'UTF8' locale 'C.UTF-8'";
    let how = format!("{locale} (here the encoding is {encoding}): {made}");
    if knows { Ok(()) } else { Err(setting(&format!("the database cannot search Korean names: {how}"))) }
}

async fn compare(connection: &mut PgConnection, version: &str) -> Result<Schema, StoreError> {
    reads_korean(connection).await?;
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

/// Whether our migrations were ever run in it.
async fn is_ours(connection: &mut PgConnection) -> Result<bool, StoreError> {
    let there = sqlx::query_scalar("select to_regclass('public._sqlx_migrations') is not null");
    Ok(there.fetch_one(connection).await?)
}

async fn applied(connection: &mut PgConnection) -> Result<Vec<i64>, StoreError> {
    let applied = sqlx::query_scalar("select version from public._sqlx_migrations where success");
    Ok(applied.fetch_all(connection).await?)
}

/// The highest program version that the schema requires, if it is above `version`.
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

/// Parses the URL; the error never contains it, because it holds a password.
pub(crate) fn options(database: &Database) -> Result<PgConnectOptions, StoreError> {
    let ours = ["postgres://", "postgresql://"].iter().any(|scheme| database.url.starts_with(scheme));
    let parsed = database.url.parse().ok().filter(|_| ours);
    parsed.ok_or_else(|| setting("expected an address as postgres://user:password@host:port/name"))
}

/// Connects; while the server does not answer, retries for up to `acquire_timeout`. A
/// refusal (password, database name) is reported at once.
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
