//! What is sealed: every column of bytes is known to be sealed or not to be a secret, and what the
//! registry says of a sealed column is true.

use std::sync::Arc;

use domain::Clock;
use sqlx::{AssertSqlSafe, ConnectOptions as _, PgConnection};
use store::vault::{self, OpenError, Plain, SEALED, SealedColumn, Vault, VaultKeys};
use store::{Database, Store, StoreError, scratch};

use crate::commits::Everybody;
use crate::environment::{OsRandom, TestClock, fresh};

/// Columns of bytes that hold no secret, each with what it holds.
const NOT_SEALED: [(&str, &str); 10] = [
    ("auth.refresh_tokens.hash", "a hash"),
    ("auth.service_clients.secret_hash", "a hash"),
    ("auth.signing_keys.private_key", "empty, or of before there was a vault"),
    ("auth.social_attempts.browser_hash", "a hash"),
    ("auth.social_attempts.state_hash", "a hash"),
    ("gateway.idempotency_keys.body", "empty, or what an older program wrote lately"),
    ("gateway.idempotency_keys.request_hash", "a hash"),
    ("privacy.copies.link_hash", "a hash"),
    ("public._sqlx_migrations.checksum", "of a migration"),
    ("tracking.devices.token_sha256", "a hash"),
];

/// A database of the test's own, and the keys of its vault.
async fn with_database(name: &str, check: impl AsyncFnOnce(&Database)) {
    let admin = std::env::var("DATABASE_URL").expect("DATABASE_URL names a PostgreSQL");
    let name = format!("vault_{name}_{}", fresh().simple());
    let database = scratch::create(&admin, &name).await.unwrap();
    check(&database).await;
    scratch::remove(&admin, &name).await.unwrap();
}

async fn store(database: &Database, keys: &VaultKeys) -> Store {
    let clock: Arc<dyn Clock> = Arc::new(TestClock::default());
    let vault = Vault::new(keys, Arc::new(OsRandom));
    Store::connect(database, &Default::default(), &clock, &OsRandom, vault, Everybody).await.unwrap()
}

async fn inside(database: &Database) -> PgConnection {
    let options: sqlx::postgres::PgConnectOptions = database.url.parse().unwrap();
    options.connect().await.unwrap()
}

#[tokio::test]
async fn every_column_of_bytes_is_sealed_or_known_to_hold_no_secret() {
    with_database("columns", async |database| {
        let sealed = SEALED.map(|column| format!("{}.{}", column.table, column.column));
        let known = NOT_SEALED.map(|(column, _)| column.to_owned());
        let mut all = [&sealed[..], &known[..]].concat();
        all.sort();
        assert_eq!(
            scratch::columns_of_bytes(database).await.unwrap(),
            all,
            "see SEALED in store/src/vault.rs"
        );
        let mut purposes = SEALED.map(|column| column.purpose);
        purposes.sort_unstable();
        assert!(purposes.windows(2).all(|two| two[0] != two[1]), "a value could be moved: {purposes:?}");
        // What the registry says is SQL that this database understands.
        let store = store(database, &VaultKeys::generate(&OsRandom)).await;
        for column in SEALED {
            assert_eq!(vault::seal_plain(&store, column).await.unwrap(), 0, "{column:?}");
            assert_eq!(vault::rotate(&store, column).await.unwrap(), 0, "{column:?}");
        }
        store.close().await;
    })
    .await;
}

const NOTE: SealedColumn = SealedColumn {
    purpose: "test.note",
    table: "public.notes",
    column: "sealed",
    row: "id::text",
    plain: Some(Plain { value: "convert_to(note, 'UTF8')", is_there: "note <> ''", emptied: "note = ''" }),
};

/// Enough rows for several transactions.
const NOTES: i32 = 3_000;

async fn make_notes(connection: &mut PgConnection) {
    let make = format!(
        "create table notes (id int primary key, note text not null, sealed bytea);
         insert into notes select n, 'door code ' || n, null from generate_series(1, {NOTES}) as n"
    );
    sqlx::raw_sql(AssertSqlSafe(make)).execute(connection).await.unwrap();
}

async fn sealed_notes(connection: &mut PgConnection) -> Vec<(i32, Vec<u8>)> {
    sqlx::query_as("select id, sealed from notes order by id").fetch_all(connection).await.unwrap()
}

#[tokio::test]
async fn what_was_plain_is_sealed_and_turned_to_a_new_key_by_two_at_once_and_after_a_stop() {
    with_database("rotation", async |database| {
        let (old, new) = (VaultKeys::generate(&OsRandom), VaultKeys::generate(&OsRandom));
        let both: VaultKeys = format!("{},{}", new.reveal(), old.reveal()).parse().unwrap();
        let mut connection = inside(database).await;
        make_notes(&mut connection).await;

        let one = store(database, &old).await;
        let (here, there) = tokio::join!(vault::seal_plain(&one, &NOTE), vault::seal_plain(&one, &NOTE));
        assert_eq!(here.unwrap() + there.unwrap(), u64::try_from(NOTES).unwrap(), "each once");
        assert_eq!(scratch::columns_with(database, "door code").await.unwrap(), [""; 0]);

        // Somebody stopped after some of the rows.
        let two = store(database, &both).await;
        let some = two.vault().seal(&NOTE, 7, b"door code 7");
        sqlx::query("update notes set sealed = $1 where id = 7")
            .bind(some)
            .execute(&mut connection)
            .await
            .unwrap();
        let (here, there) = tokio::join!(vault::rotate(&two, &NOTE), vault::rotate(&two, &NOTE));
        assert_eq!(here.unwrap() + there.unwrap(), u64::try_from(NOTES - 1).unwrap(), "each once");
        assert_eq!(vault::rotate(&two, &NOTE).await.unwrap(), 0);

        // The old key is no longer needed, and no longer helps.
        let only_new = store(database, &new).await;
        for (id, sealed) in sealed_notes(&mut connection).await {
            let opened = only_new.vault().open(&NOTE, id, &sealed);
            assert_eq!(opened, Ok(format!("door code {id}").into_bytes()));
            assert!(matches!(one.vault().open(&NOTE, id, &sealed), Err(OpenError::UnknownKey(_))));
        }
        for store in [one, two, only_new] {
            store.close().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_value_that_somebody_moved_stops_a_rotation_and_nothing_is_lost() {
    with_database("moved", async |database| {
        let (old, new) = (VaultKeys::generate(&OsRandom), VaultKeys::generate(&OsRandom));
        let both: VaultKeys = format!("{},{}", new.reveal(), old.reveal()).parse().unwrap();
        let mut connection = inside(database).await;
        make_notes(&mut connection).await;
        let store_of_old = store(database, &old).await;
        vault::seal_plain(&store_of_old, &NOTE).await.unwrap();
        let swap = "update notes set sealed = (select sealed from notes where id = 2) where id = 1";
        sqlx::query(swap).execute(&mut connection).await.unwrap();
        let before = sealed_notes(&mut connection).await;

        let store_of_both = store(database, &both).await;
        let stopped = vault::rotate(&store_of_both, &NOTE).await.unwrap_err();
        assert!(
            matches!(&stopped, StoreError::Fault(cause) if cause.to_string().contains("moved")),
            "{stopped}"
        );
        assert_eq!(sealed_notes(&mut connection).await[0], before[0]);
        store_of_old.close().await;
        store_of_both.close().await;
    })
    .await;
}
