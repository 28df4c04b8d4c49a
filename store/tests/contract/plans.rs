//! No query scans a large table, or sorts more rows than a page: each query in `.sqlx` is
//! planned against tables of 100,000 rows.

use std::path::Path;

use serde_json::Value;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection};

use crate::environment::fresh;

/// Maximum rows that may be sorted.
const PAGE: u64 = 1_000;

/// Queries whose plans are accepted, by a part of their text, and the reason.
const FINE: [(&str, &str); 4] = [
    ("from auth.signing_keys", "a handful"),
    ("from auth.session_keys", "a handful"),
    ("from schema.minimum_versions", "one a release"),
    ("group by status", "the orders since a moment of which the planner knows nothing here"),
];

#[tokio::test]
async fn no_query_reads_a_large_table_from_end_to_end() {
    let admin = std::env::var("DATABASE_URL").expect("DATABASE_URL names a PostgreSQL");
    let name = format!("plans_{}", fresh().simple());
    let database = store::scratch::create(&admin, &name).await.unwrap();
    let options: sqlx::postgres::PgConnectOptions = database.url.parse().unwrap();
    let mut connection = options.connect().await.unwrap();
    run(&mut connection, include_str!("fill.sql")).await;
    run(&mut connection, "analyze").await;
    run(&mut connection, "set plan_cache_mode = force_generic_plan").await;
    let (mut seen, mut slow, mut board) = (0, Vec::new(), None);
    for (query, parameters) in queries() {
        if asks_whether_given(&query) {
            slow.push(format!("one plan for a parameter that may be null in: {query}"));
        }
        if FINE.iter().any(|(part, _)| query.contains(part)) {
            continue;
        }
        let mut faults = Vec::new();
        let plan = plan(&mut connection, &query, parameters).await;
        walk(&plan, &mut faults);
        if query.contains(BOARD) {
            board = Some(plan.to_string());
        }
        seen += 1;
        slow.extend(faults.into_iter().map(|fault| format!("{fault} in: {query}")));
    }
    connection.close().await.unwrap();
    store::scratch::remove(&admin, &name).await.unwrap();
    assert!(seen > 100, "{seen} queries");
    assert!(slow.is_empty(), "{}", slow.join("\n\n"));
    let board = board.expect("the board is read by a query of its own");
    assert!(board.contains(r#""Index Name":"orders_open""#), "closed orders are read for the board: {board}");
}

/// Part of the query of a restaurant's board.
const BOARD: &str =
    "status in ('placed', 'accepted', 'preparing', 'ready', 'picked_up')\n           order by id";

/// `$1 is null or …` has one plan for two cases, and no index fits both.
fn asks_whether_given(query: &str) -> bool {
    query.match_indices(" is null or").any(|(at, _)| {
        let word = query[..at].rsplit([' ', '(', '\n']).next().unwrap_or_default();
        word.starts_with('$')
    })
}

/// The queries that can be planned, with their numbers of parameters.
fn queries() -> impl Iterator<Item = (String, usize)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(".sqlx");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let known = files.map(|file| serde_json::from_slice::<Value>(&std::fs::read(file).unwrap()).unwrap());
    known.filter_map(|known| {
        let query = known["query"].as_str()?.to_owned();
        let parameters = known["describe"]["parameters"]["Left"].as_array().map_or(0, Vec::len);
        (!query.starts_with("lock ")).then_some((query, parameters))
    })
}

async fn run(connection: &mut PgConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.unwrap();
}

/// The generic plan, for any parameters.
async fn plan(connection: &mut PgConnection, query: &str, parameters: usize) -> Value {
    run(connection, &format!("prepare asked as {query}")).await;
    let nulls = vec!["null"; parameters].join(", ");
    let given = if parameters == 0 { String::new() } else { format!("({nulls})") };
    let explain = format!("explain (verbose, format json) execute asked{given}");
    let plan: Value = sqlx::query_scalar(AssertSqlSafe(explain))
        .persistent(false)
        .fetch_one(&mut *connection)
        .await
        .unwrap();
    run(connection, "deallocate asked").await;
    plan[0]["Plan"].clone()
}

fn walk(plan: &Value, faults: &mut Vec<String>) {
    let rows = plan["Plan Rows"].as_u64().unwrap();
    match plan["Node Type"].as_str().unwrap() {
        "Seq Scan" if is_large(plan) => faults.push(format!("all of {} is read", plan["Relation Name"])),
        "Sort" if rows > PAGE => faults.push(format!("{rows} rows are sorted by {}", plan["Sort Key"])),
        _ => {}
    }
    for inner in plan["Plans"].as_array().into_iter().flatten() {
        walk(inner, faults);
    }
}

/// Tables that are small by nature are left empty, so scanning them costs next to nothing.
fn is_large(scan: &Value) -> bool {
    scan["Total Cost"].as_f64().unwrap() > 500.0
}
