//! Documents in the database stay readable, in every shape that any version wrote.
//!
//! `documents/COLUMN/N.json` lists documents of the N-th shape of a column. To change a type
//! that is stored as a document:
//! 1. Keep the existing files: rows of their shapes exist.
//! 2. Add the next number, with each variant as it is written now. Without it the test that
//!    compares the newest file with today's output fails.
//! 3. Make the old shapes readable: by a default for a field, or a migration that rewrites rows.
//!
//! A new column of documents gets a line in [`COLUMNS`] and its first file.

use std::path::PathBuf;

use domain::MenuId;
use domain::cart::{Line, Quote};
use domain::coupon::{Chosen, Terms};
use domain::order::{Adjustment, Order};
use domain::restaurant::{Hours, PreparationTime, Registration, Seller, Zone};
use domain::tip::TipPlan;
use domain::tracking::Handover;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sqlx::{ConnectOptions as _, Connection as _};

use crate::environment::fresh;

/// Deserializes a document as the program does, and serializes it again.
pub(crate) type Again = fn(Value) -> Result<Value, String>;

/// Every column of documents. Of the job engine's own, only the one that we write.
pub(crate) const COLUMNS: [(&str, Again); 17] = [
    ("cart.carts.coupons", again::<Vec<Chosen>>),
    ("cart.carts.lines", again::<Vec<Line>>),
    ("cart.quotes.quote", again::<Quote>),
    ("coupon.campaigns.terms", again::<Terms>),
    ("gateway.idempotency_keys.headers", again::<Vec<(String, String)>>),
    ("graphile_worker._private_jobs.payload", job),
    ("journal.events.data", event),
    ("orders.adjustments.state", again::<Adjustment>),
    ("orders.orders.state", again::<Order>),
    ("restaurant.applications.registration", again::<Registration>),
    ("restaurant.restaurants.exclusions", again::<Vec<Zone>>),
    ("restaurant.restaurants.hours", again::<Hours>),
    ("restaurant.restaurants.preparation_times", again::<Vec<PreparationTime>>),
    ("restaurant.restaurants.seller", again::<Seller>),
    ("restaurant.restaurants.tip", again::<TipPlan>),
    ("restaurant.restaurants.zones", again::<Vec<Zone>>),
    ("tracking.deliveries.handover", again::<Handover>),
];

fn again<T: DeserializeOwned + Serialize>(document: Value) -> Result<Value, String> {
    let read: T = serde_json::from_value(document).map_err(|error| error.to_string())?;
    serde_json::to_value(read).map_err(|error| error.to_string())
}

/// The document is `payload`, with the name of its `task`.
fn job(mut document: Value) -> Result<Value, String> {
    let task = document["task"].as_str().ok_or("no task")?.to_owned();
    let payload = store::scratch::job_again(&task, document["payload"].take());
    document["payload"] = payload.map_err(|error| error.to_string())?;
    Ok(document)
}

/// Events are sent to clients unchanged. This is the only part that the program reads.
fn event(document: Value) -> Result<Value, String> {
    if let Some(ids) = document.get("sold_out_menu_ids") {
        again::<Vec<MenuId>>(ids.clone())?;
    }
    Ok(document)
}

/// The documents of each shape of a column, oldest shape first.
pub(crate) fn shapes(column: &str) -> Vec<Vec<Value>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/contract/documents").join(column);
    let file = |number: usize| std::fs::read(folder.join(format!("{number}.json"))).ok();
    (1..).map_while(file).map(|text| serde_json::from_slice(&text).unwrap()).collect()
}

#[test]
fn documents_of_every_released_shape_are_read_and_written_again() {
    for (column, again) in COLUMNS {
        let shapes = shapes(column);
        let newest = shapes.len();
        assert_ne!(newest, 0, "{column} has no documents");
        for (number, document) in
            (1..).zip(shapes).flat_map(|(at, all)| all.into_iter().map(move |one| (at, one)))
        {
            let at = format!("{column}/{number}.json: {document}");
            let written = again(document.clone()).unwrap_or_else(|error| panic!("{error} in {at}"));
            assert_eq!(again(written.clone()).as_ref(), Ok(&written), "what is written is read anew, {at}");
            if number == newest {
                assert_eq!(written, document, "the newest shape is what is written today, {at}");
            }
        }
    }
}

#[tokio::test]
async fn every_column_of_documents_has_documents_of_its_shapes() {
    let admin = std::env::var("DATABASE_URL").expect("DATABASE_URL names a PostgreSQL");
    let name = format!("documents_{}", fresh().simple());
    let database = store::scratch::create(&admin, &name).await.unwrap();
    let options: sqlx::postgres::PgConnectOptions = database.url.parse().unwrap();
    let mut connection = options.connect().await.unwrap();
    let mut columns: Vec<String> = sqlx::query_scalar(
        r#"select format('%s.%s.%s', n.nspname, c.relname, a.attname)
           from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
           where a.atttypid in ('json'::regtype, 'jsonb'::regtype, 'json[]'::regtype, 'jsonb[]'::regtype)
             and c.relkind in ('r', 'p') and not c.relispartition and not a.attisdropped
             and n.nspname not in ('pg_catalog', 'information_schema')
             and (n.nspname <> 'graphile_worker' or (c.relname, a.attname) = ('_private_jobs', 'payload'))"#,
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    connection.close().await.unwrap();
    store::scratch::remove(&admin, &name).await.unwrap();
    columns.sort();
    assert_eq!(columns, COLUMNS.map(|(column, _)| column), "see the top of this file");
}
