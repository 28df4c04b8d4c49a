//! What PostgreSQL is asked during one checkout, as a script for `pgbench`: the statements that the server
//! sent, in their transactions, with ids of their own each time.
//!
//! The statements are read from PostgreSQL's log, so that the script is what the server does today. Every
//! value that names the customer, the order or anything else that was made is different in each
//! repetition; the restaurant and its dish are the same.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

use uuid::Uuid;

use crate::Outcome;
use crate::database::psql;

/// How long settings take to arrive, and jobs to run that a checkout has caused.
const SETTLES: Duration = Duration::from_secs(3);

/// A script, with what its variables are.
pub(crate) struct Replay {
    /// The script.
    pub(crate) sql: String,
    /// Values that are the same in each repetition, as arguments.
    pub(crate) constants: Vec<String>,
    /// Statements in it, without those that begin and end transactions.
    pub(crate) statements: usize,
    /// Variables whose values are different each time, with those of the checkout that was recorded.
    varying: Vec<(String, String)>,
    /// The ids that are different each time.
    ids: Vec<String>,
}

impl Replay {
    /// Writes the values of so many repetitions into a table. They are others than those of another `round`.
    pub(crate) async fn prepare(&self, round: usize, repetitions: u32) -> Outcome<()> {
        let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
        let columns = self.varying.iter().map(|(name, value)| {
            let own = self.ids.iter().filter(|id| value.contains(*id));
            let replaced = own.fold(quoted(value), |text, id| {
                format!("replace({text}, '{id}', md5('{round} ' || n || ' {id}')::uuid::text)")
            });
            format!("{replaced} as {name}")
        });
        let columns: Vec<String> = columns.collect();
        psql(&format!(
            "create schema if not exists bench; drop table if exists bench.checkouts;
             create table bench.checkouts as select n, {} from generate_series(0, {repetitions}) as n;
             create unique index on bench.checkouts (n); vacuum analyze bench.checkouts;",
            columns.join(", ")
        ))
        .await
    }
}

/// A statement in the log.
#[derive(Clone, Debug, Default, PartialEq)]
struct Statement {
    session: String,
    sql: String,
    parameters: Vec<Option<String>>,
}

/// Runs `checkout`, which returns ids that only it has to do with, and reads what PostgreSQL was asked
/// meanwhile. `shared` are the ids that every checkout has to do with.
pub(crate) async fn record(
    checkout: impl Future<Output = Outcome<Vec<Uuid>>>,
    shared: &[Uuid],
) -> Outcome<Replay> {
    let log = std::env::var("BAEDAL_BENCH_POSTGRES_LOG")
        .map_err(|_| "BAEDAL_BENCH_POSTGRES_LOG names no log of PostgreSQL; ./dev bench has one")?;
    psql("alter system set log_statement = 'all'; select pg_reload_conf();").await?;
    tokio::time::sleep(SETTLES).await;
    let begun = std::fs::metadata(&log)?.len();
    let own = checkout.await?;
    tokio::time::sleep(SETTLES).await;
    psql("alter system reset log_statement; select pg_reload_conf();").await?;
    let bytes = std::fs::read(&log)?;
    let text = String::from_utf8_lossy(bytes.get(usize::try_from(begun)?..).unwrap_or_default()).into_owned();
    let of_checkout = transactions(statements(&text), &own);
    if of_checkout.is_empty() {
        return Err("PostgreSQL's log has nothing of a checkout".into());
    }
    script(&of_checkout, shared)
}

/// The statements of a log, in its order.
fn statements(log: &str) -> Vec<Statement> {
    let mut all: Vec<Statement> = Vec::new();
    let mut entry = String::new();
    for line in log.lines().chain(std::iter::once("0000-")) {
        // A line that goes on begins with a tab.
        if let Some(rest) = line.strip_prefix('\t') {
            entry.push('\n');
            entry.push_str(rest);
            continue;
        }
        take(&entry, &mut all);
        line.clone_into(&mut entry);
    }
    all
}

/// Adds an entry: a statement, or the parameters of the last one of its session.
fn take(entry: &str, all: &mut Vec<Statement>) {
    let Some((session, rest)) = entry.split_once('[').and_then(|(_, rest)| rest.split_once("] ")) else {
        return;
    };
    let sql = rest
        .strip_prefix("LOG:  statement: ")
        .or_else(|| rest.strip_prefix("LOG:  execute ").and_then(|named| Some(named.split_once(": ")?.1)));
    if let Some(sql) = sql {
        all.push(Statement { session: session.to_owned(), sql: sql.to_owned(), ..Statement::default() });
        return;
    }
    let parameters = ["DETAIL:  parameters: ", "DETAIL:  Parameters: "];
    let Some(parameters) = parameters.iter().find_map(|head| rest.strip_prefix(head)) else { return };
    if let Some(last) = all.iter_mut().rev().find(|statement| statement.session == session) {
        last.parameters = values(parameters);
    }
}

/// The values of `$1 = 'it''s', $2 = NULL`.
fn values(mut text: &str) -> Vec<Option<String>> {
    let mut values = Vec::new();
    while let Some((_, rest)) = text.split_once(" = ") {
        let Some(quoted) = rest.strip_prefix('\'') else {
            values.push(None);
            text = rest.split_once(", ").map_or("", |(_, rest)| rest);
            continue;
        };
        let mut value = String::new();
        let mut rest = quoted;
        while let Some((part, after)) = rest.split_once('\'') {
            value.push_str(part);
            rest = after;
            match after.strip_prefix('\'') {
                Some(more) => {
                    value.push('\'');
                    rest = more;
                }
                None => break,
            }
        }
        values.push(Some(value));
        text = rest;
    }
    values
}

/// The transactions in which one of these ids occurs, in the order in which they began. What is not in one
/// is one by itself.
fn transactions(all: Vec<Statement>, own: &[Uuid]) -> Vec<Statement> {
    let ids: Vec<String> = own.iter().map(Uuid::to_string).collect();
    let mut open: BTreeMap<String, usize> = BTreeMap::new();
    let mut groups: Vec<Vec<Statement>> = Vec::new();
    for statement in all {
        let word = statement.sql.trim().to_ascii_lowercase();
        let session = statement.session.clone();
        if word.starts_with("begin") {
            open.insert(session, groups.len());
            groups.push(vec![statement]);
            continue;
        }
        match open.get(&session) {
            Some(group) => groups[*group].push(statement),
            None => groups.push(vec![statement]),
        }
        if word.starts_with("commit") || word.starts_with("rollback") {
            open.remove(&session);
        }
    }
    let is_own = |group: &Vec<Statement>| {
        let mut texts = group.iter().flat_map(|statement| statement.parameters.iter().flatten());
        texts.any(|text| ids.iter().any(|id| text.contains(id)))
    };
    groups.into_iter().filter(is_own).flatten().collect()
}

/// Writes the script.
fn script(statements: &[Statement], shared: &[Uuid]) -> Outcome<Replay> {
    let shared: BTreeSet<String> = shared.iter().map(Uuid::to_string).collect();
    let (mut sql, mut constants, mut varying) = (String::new(), Vec::new(), Vec::new());
    let mut count = 0;
    for (at, statement) in statements.iter().enumerate() {
        let mut text = statement.sql.clone();
        count += usize::from(!statement.parameters.is_empty());
        // The last first: $1 is the beginning of $10.
        for (number, value) in statement.parameters.iter().enumerate().rev() {
            let name = format!("v{at}_{number}");
            let instead = match value {
                None => "NULL".to_owned(),
                Some(value) => {
                    if ids_in(value).iter().all(|id| shared.contains(id)) {
                        constants.push("-D".to_owned());
                        constants.push(format!("{name}={value}"));
                    } else {
                        varying.push((name.clone(), value.clone()));
                    }
                    format!(":{name}")
                }
            };
            text = text.replace(&format!("${}", number + 1), &instead);
        }
        writeln!(sql, "{};", text.trim_end_matches(';'))?;
    }
    let ids: BTreeSet<String> = varying.iter().flat_map(|(_, value)| ids_in(value)).collect();
    let ids: Vec<String> = ids.into_iter().filter(|id| !shared.contains(id)).collect();
    // The clients take turns, so that no two of them have the same number.
    let head = "\\set turn :turn + 1\n\\set n :turn * :clients + :client_id\n\
                select * from bench.checkouts where n = :n \\gset\n";
    Ok(Replay { sql: format!("{head}{sql}"), constants, statements: count, varying, ids })
}

/// The UUIDs in a text.
fn ids_in(text: &str) -> Vec<String> {
    const LENGTH: usize = 36;
    let starts = text.char_indices().map(|(at, _)| at);
    let ids = starts.filter_map(|at| {
        let id = text.get(at..at + LENGTH)?;
        (id.as_bytes().get(8) == Some(&b'-'))
            .then(|| Uuid::try_parse(id).ok())
            .flatten()
            .map(|_| id.to_owned())
    });
    ids.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "\
2026-11-28 11:50:58.123 UTC [7] LOG:  statement: BEGIN
2026-11-28 11:50:58.124 UTC [8] LOG:  execute sqlx_s_1: select 1 from jobs
2026-11-28 11:50:58.124 UTC [7] LOG:  execute sqlx_s_2: insert into orders
\tvalues ($1, $2, $3)
2026-11-28 11:50:58.124 UTC [7] DETAIL:  parameters: $1 = '01920000-0000-7000-8000-000000000001', $2 = NULL, $3 = 'it''s, \"$1 = ''x''\"'
2026-11-28 11:50:58.125 UTC [7] LOG:  statement: COMMIT
2026-11-28 11:50:58.126 UTC [8] LOG:  execute <unnamed>: select 2
";

    #[test]
    fn the_transactions_of_a_checkout_are_found_in_the_log_with_their_values() {
        let all = statements(LOG);
        assert_eq!(all.len(), 5);
        let order = Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0001);
        let own = transactions(all.clone(), &[order]);
        assert_eq!(
            own.iter().map(|one| one.sql.as_str()).collect::<Vec<_>>(),
            ["BEGIN", "insert into orders\nvalues ($1, $2, $3)", "COMMIT"]
        );
        let values = [Some(order.to_string()), None, Some("it's, \"$1 = 'x'\"".to_owned())];
        assert_eq!(own[1].parameters, values);
        assert!(transactions(all, &[Uuid::nil()]).is_empty());
    }

    #[test]
    fn ids_are_found_wherever_they_stand() {
        let id = Uuid::from_u128(7).to_string();
        assert_eq!(ids_in(&format!("순한 order:{id}:ask {{\"id\":\"{id}\"}}")), [id.clone(), id]);
        assert!(ids_in("not-an-id, 2026-11-28").is_empty());
    }
}
