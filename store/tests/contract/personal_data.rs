//! The registry of personal data is true of the migrated database and of its documents. The
//! other way round, a migration with a column that can hold something of a person, and which
//! the registry does not name, fails here.
//!
//! What fails when a column is new: add a line to `domain/src/personal_data/registry.rs`.

use std::collections::BTreeSet;

use domain::personal_data::document::parts;
use domain::personal_data::{Content, REGISTRY, Subject};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection};

use crate::documents::shapes;
use crate::environment::fresh;

/// Types that say nothing of a person by themselves: ids, whole numbers, times, transactions.
const HARMLESS: [&str; 12] = [
    "uuid",
    "uuid[]",
    "bigint",
    "integer",
    "smallint",
    "boolean",
    "timestamp with time zone",
    "time without time zone",
    "date",
    "interval",
    "oid",
    "xid8",
];

/// Documents whose samples do not show every part of them.
const INCOMPLETE: [&str; 1] = ["journal.events.data"];

/// A database with the newest schema, as long as `look` looks at it.
async fn migrated<T>(look: impl AsyncFnOnce(&mut PgConnection) -> T) -> T {
    let admin = std::env::var("DATABASE_URL").expect("DATABASE_URL names a PostgreSQL");
    let name = format!("personal_{}", fresh().simple());
    let database = store::scratch::create(&admin, &name).await.unwrap();
    let options: sqlx::postgres::PgConnectOptions = database.url.parse().unwrap();
    let mut connection = options.connect().await.unwrap();
    let seen = look(&mut connection).await;
    connection.close().await.unwrap();
    store::scratch::remove(&admin, &name).await.unwrap();
    seen
}

/// A column of a table, with the check constraints that concern it alone.
#[derive(sqlx::FromRow)]
struct Column {
    name: String,
    kind: String,
    checks: Vec<String>,
}

impl Column {
    /// Whether a constraint lists the words that it can have.
    fn is_enum(&self) -> bool {
        let name = self.name.rsplit('.').next().unwrap();
        let lists = |check: &String| {
            let check = check.replace('(', "");
            // One word, several, and an array of them.
            ["= '", "= ANY ARRAY[", "<@ ARRAY["]
                .iter()
                .any(|is| check.starts_with(&format!("CHECK {name} {is}")))
        };
        self.checks.iter().any(lists)
    }
}

async fn columns(connection: &mut PgConnection) -> Vec<Column> {
    sqlx::query_as(
        r"select format('%s.%s.%s', n.nspname, c.relname, a.attname) as name,
                 format_type(a.atttypid, null) as kind,
                 array(select pg_get_constraintdef(k.oid) from pg_constraint k
                       where k.conrelid = c.oid and k.contype = 'c' and k.conkey = array[a.attnum]) as checks
          from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
          where c.relkind in ('r', 'p') and not c.relispartition and a.attnum > 0 and not a.attisdropped
            and n.nspname not in ('pg_catalog', 'information_schema')",
    )
    .fetch_all(connection)
    .await
    .unwrap()
}

/// What of these columns the registry does not name.
fn untagged(columns: &[Column]) -> Vec<&str> {
    let tagged: BTreeSet<_> = REGISTRY.iter().map(domain::personal_data::Column::full_name).collect();
    columns
        .iter()
        .filter(|column| !HARMLESS.contains(&column.kind.as_str()) && !column.is_enum())
        .map(|column| column.name.as_str())
        .filter(|name| !tagged.contains(*name))
        .collect()
}

#[tokio::test]
async fn every_column_of_texts_numbers_or_documents_is_tagged_and_every_tag_is_a_columns() {
    let columns = migrated(async |connection| columns(connection).await).await;
    assert_eq!(untagged(&columns), Vec::<&str>::new(), "see the top of this file");
    let names: BTreeSet<_> = columns.iter().map(|column| column.name.clone()).collect();
    for column in REGISTRY {
        assert!(names.contains(&column.full_name()), "there is no column {}", column.full_name());
        for (_, personal) in column.personal() {
            let (mine, others) = match personal.subject {
                Subject::Column(name) | Subject::Email(name) | Subject::Channel(name) => (name, vec![]),
                Subject::Through { column, table, key, person } => {
                    (column, vec![format!("{table}.{key}"), format!("{table}.{person}")])
                }
            };
            for name in others.into_iter().chain([format!("{}.{mine}", column.table)]) {
                assert!(names.contains(&name), "{} is found by {name}", column.full_name());
            }
        }
    }
}

#[tokio::test]
async fn a_migration_with_an_untagged_column_of_texts_or_documents_fails() {
    for (definition, tagged) in [
        ("note text", false),
        ("data jsonb", false),
        ("data json", false),
        ("photo bytea", false),
        ("words text[]", false),
        ("network inet", false),
        ("lat double precision", false),
        ("note text check (char_length(note) < 100)", false),
        ("status text check (status in ('open', 'closed'))", true),
        ("status text check (status = 'open')", true),
        ("version bigint", true),
        ("user_id uuid", true),
    ] {
        let columns = migrated(async |connection| {
            let create = format!("create table users.secrets ({definition})");
            sqlx::query(AssertSqlSafe(create)).execute(&mut *connection).await.unwrap();
            columns(connection).await
        })
        .await;
        assert_eq!(untagged(&columns).is_empty(), tagged, "{definition}");
    }
}

#[test]
fn every_text_and_coordinate_in_documents_is_tagged_and_every_tag_is_a_parts() {
    for column in REGISTRY {
        let Content::Document(tagged) = column.content else { continue };
        let name = column.full_name();
        let mut found = BTreeSet::new();
        for mut document in shapes(&name).into_iter().flatten() {
            // A sample of a job is its payload beside the name of its task.
            let document =
                if name.ends_with("_private_jobs.payload") { document["payload"].take() } else { document };
            found.extend(parts(&document));
        }
        let tags: BTreeSet<_> = tagged.pointers().map(ToOwned::to_owned).collect();
        let untagged: Vec<_> = found.difference(&tags).collect();
        assert!(untagged.is_empty(), "{name} has parts without tags: {untagged:?}");
        if !INCOMPLETE.contains(&name.as_str()) {
            let gone: Vec<_> = tags.difference(&found).collect();
            assert!(gone.is_empty(), "{name} has tags without parts: {gone:?}");
        }
    }
}
