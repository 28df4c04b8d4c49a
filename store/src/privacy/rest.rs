//! What an account has in tables of accounts and users that no step of its own erases: found by the
//! registry of personal data, so that a new table is not forgotten.

use std::collections::BTreeSet;

use domain::UserId;
use domain::personal_data::{AtWithdrawal, Column, Content, REGISTRY};
use sqlx::AssertSqlSafe;

use super::rows_of;
use crate::{Store, StoreError};

/// Schemas whose rows belong to one account each, and are found by an index.
const SCHEMAS: [&str; 2] = ["auth.", "users."];

/// Tables whose rows stay, without what is personal in them: what is kept of the person names their
/// profile, and sessions must be refused for as long as their tokens live.
const ROWS_STAY: [&str; 2] = ["users.profiles", "auth.sessions"];

/// Erases what the registry says that a withdrawal erases.
pub async fn erase_rest(store: &Store, user: UserId) -> Result<(), StoreError> {
    let erased = REGISTRY.iter().filter(|column| {
        let erases = |content: &Content| matches!(content, Content::Personal(it) if it.at_withdrawal == AtWithdrawal::Erase);
        SCHEMAS.iter().any(|schema| column.table.starts_with(schema)) && erases(&column.content)
    });
    let mut emptied = BTreeSet::new();
    for column in erased {
        let Some(condition) = column.personal().find_map(|(_, personal)| rows_of(personal.subject)) else {
            continue;
        };
        // Names of tables cannot be bound; these are the registry's.
        let change = if ROWS_STAY.contains(&column.table) {
            format!(
                "update {} set {} = {} where {condition}",
                column.table,
                column.name,
                blank(store, column).await?
            )
        } else if emptied.insert(column.table) {
            format!("delete from {} where {condition}", column.table)
        } else {
            continue;
        };
        sqlx::query(AssertSqlSafe(change)).bind(user.0).execute(store.pool()).await?;
    }
    Ok(())
}

/// What a column has when it has nothing, in SQL.
async fn blank(store: &Store, column: &Column) -> Result<&'static str, StoreError> {
    let (schema, table) = column.table.split_once('.').unwrap_or_default();
    let (is_nullable, kind): (bool, String) = sqlx::query_as(
        "select is_nullable = 'YES', data_type::text from information_schema.columns
         where table_schema = $1 and table_name = $2 and column_name = $3",
    )
    .bind(schema)
    .bind(table)
    .bind(column.name)
    .fetch_one(store.pool())
    .await?;
    Ok(match kind.as_str() {
        _ if is_nullable => "null",
        "text" | "bytea" => "''",
        "ARRAY" => "'{}'",
        _ => "0",
    })
}
