//! The ledger in PostgreSQL. Entries are written shortly before the commit of their transaction;
//! the database refuses to commit one that is not balanced, and to change one that is there.

use std::collections::HashMap;
use std::ops::Range;

use domain::ledger::{Account, Entry, EntryKind, Posting};
use domain::{OrderId, Timestamp, Won};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Store, StoreError, Tx};

/// Writes `entry` with the commit. One of the same kind and reference that is there already stays.
pub(crate) fn post(tx: &mut Tx, entry: Option<Entry>, at: Timestamp) {
    if let Some(entry) = entry {
        tx.ledger.add(&entry, at);
    }
}

/// The entries of one transaction.
#[derive(Default)]
pub(crate) struct Batch {
    kinds: Vec<String>,
    references: Vec<Uuid>,
    orders: Vec<Option<Uuid>>,
    times: Vec<Timestamp>,
    postings: Postings,
}

/// The postings of these entries, column by column.
#[derive(Default)]
struct Postings {
    /// Which of the entries, from 1.
    places: Vec<i64>,
    numbers: Vec<i16>,
    accounts: Vec<String>,
    parties: Vec<Option<Uuid>>,
    amounts: Vec<i64>,
}

impl Batch {
    fn add(&mut self, entry: &Entry, at: Timestamp) {
        debug_assert_eq!(entry.sum(), 0, "{entry:?}");
        self.kinds.push(entry.kind.as_str().to_owned());
        self.references.push(entry.reference);
        self.orders.push(entry.order.map(|order| order.0));
        self.times.push(domain::clock::to_micros(at));
        let place = i64::try_from(self.kinds.len()).unwrap_or(i64::MAX);
        for (number, posting) in (1..).zip(&entry.postings) {
            self.postings.places.push(place);
            self.postings.numbers.push(number);
            self.postings.accounts.push(posting.account.as_str().to_owned());
            self.postings.parties.push(posting.account.party());
            self.postings.amounts.push(posting.amount.0);
        }
    }

    /// Writes them in one statement.
    pub(crate) async fn write(self, connection: &mut PgConnection) -> Result<(), StoreError> {
        if self.kinds.is_empty() {
            return Ok(());
        }
        let Postings { places, numbers, accounts, parties, amounts } = self.postings;
        sqlx::query!(
            "with entry as (
                 select kind, reference, order_id, at, place
                 from unnest($1::text[], $2::uuid[], $3::uuid[], $4::timestamptz[])
                     with ordinality as entry (kind, reference, order_id, at, place)
             ), written as (
                 insert into ledger.entries (kind, reference, order_id, at)
                 select kind, reference, order_id, at from entry order by place
                 on conflict (kind, reference) do nothing
                 returning id, kind, reference
             )
             insert into ledger.postings (entry_id, number, account, party_id, amount_won)
             select written.id, number, account, party_id, amount_won
             from unnest($5::bigint[], $6::smallint[], $7::text[], $8::uuid[], $9::bigint[])
                 as posting (place, number, account, party_id, amount_won)
             join entry using (place) join written using (kind, reference)",
            &self.kinds,
            &self.references,
            &self.orders as &[Option<Uuid>],
            &self.times,
            &places,
            &numbers,
            &accounts,
            &parties as &[Option<Uuid>],
            &amounts,
        )
        .execute(connection)
        .await?;
        Ok(())
    }
}

/// An entry as it stands in the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its number: later entries have higher ones, but for those that were written at the same time.
    pub id: i64,
    /// When it happened.
    pub at: Timestamp,
    /// The entry.
    pub entry: Entry,
}

/// The entries of these orders, oldest first.
pub async fn of_orders(store: &Store, orders: &[OrderId]) -> Result<Vec<Written>, StoreError> {
    let orders: Vec<Uuid> = orders.iter().map(|order| order.0).collect();
    let mut heads = sqlx::query_as!(
        Head,
        "select id, kind, reference, order_id, at from ledger.entries where order_id = any($1)",
        &orders
    )
    .fetch_all(store.pool())
    .await?;
    heads.sort_by_key(|head| head.id);
    with_postings(store, heads).await
}

/// Entries newest first, older than `before`, at most `limit`.
pub async fn list(store: &Store, before: Option<i64>, limit: u32) -> Result<Vec<Written>, StoreError> {
    let heads = sqlx::query_as!(
        Head,
        "select id, kind, reference, order_id, at from ledger.entries where id < $1 order by id desc limit $2",
        before.unwrap_or(i64::MAX),
        i64::from(limit)
    )
    .fetch_all(store.pool())
    .await?;
    with_postings(store, heads).await
}

/// Entries with a posting on this account, newest first, older than `before`, at most `limit`.
pub async fn of_account(
    store: &Store,
    account: Account,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<Written>, StoreError> {
    // No index finds `party_id is not distinct from $2`.
    let ids = match account.party() {
        None => {
            sqlx::query_scalar!(
                "select distinct entry_id from ledger.postings
                 where account = $1 and party_id is null and entry_id < $2 order by entry_id desc limit $3",
                account.as_str(),
                before.unwrap_or(i64::MAX),
                i64::from(limit)
            )
            .fetch_all(store.pool())
            .await?
        }
        Some(party) => {
            sqlx::query_scalar!(
                "select distinct entry_id from ledger.postings
                 where account = $1 and party_id = $2 and entry_id < $3 order by entry_id desc limit $4",
                account.as_str(),
                party,
                before.unwrap_or(i64::MAX),
                i64::from(limit)
            )
            .fetch_all(store.pool())
            .await?
        }
    };
    let mut heads = sqlx::query_as!(
        Head,
        "select id, kind, reference, order_id, at from ledger.entries where id = any($1)",
        &ids
    )
    .fetch_all(store.pool())
    .await?;
    heads.sort_by_key(|head| std::cmp::Reverse(head.id));
    with_postings(store, heads).await
}

/// The entries of these heads, in their order.
async fn with_postings(store: &Store, heads: Vec<Head>) -> Result<Vec<Written>, StoreError> {
    let ids: Vec<i64> = heads.iter().map(|head| head.id).collect();
    let mut rows = sqlx::query_as!(
        PostingRow,
        "select entry_id, number, account, party_id, amount_won from ledger.postings where entry_id = any($1)",
        &ids
    )
    .fetch_all(store.pool())
    .await?;
    rows.sort_by_key(|row| (row.entry_id, row.number));
    let mut postings = HashMap::<i64, Vec<Posting>>::new();
    for row in rows {
        postings.entry(row.entry_id).or_default().push(row.try_into()?);
    }
    let entry = |head: Head| {
        let kind = EntryKind::parse(&head.kind).ok_or_else(|| unknown(&head.kind))?;
        let postings = postings.remove(&head.id).unwrap_or_default();
        let entry = Entry { kind, reference: head.reference, order: head.order_id.map(OrderId), postings };
        Ok(Written { id: head.id, at: head.at, entry })
    };
    heads.into_iter().map(entry).collect()
}

/// What was posted on each account within a time, of restaurants and couriers together.
pub async fn turnover(store: &Store, within: Range<Timestamp>) -> Result<Vec<Turnover>, StoreError> {
    let rows = sqlx::query!(
        r#"select account, coalesce(sum(amount_won) filter (where amount_won > 0), 0)::bigint as "debit!",
                  coalesce(-sum(amount_won) filter (where amount_won < 0), 0)::bigint as "credit!"
           from ledger.entries
           -- `offset 0`: for each entry by itself, however many the planner believes there are.
           cross join lateral (select account, amount_won from ledger.postings where entry_id = id offset 0) as part
           where at >= $1 and at < $2 group by account order by account"#,
        within.start,
        within.end
    )
    .fetch_all(store.pool())
    .await?;
    let turnover =
        |row: (String, i64, i64)| Turnover { account: row.0, debit: Won(row.1), credit: Won(row.2) };
    Ok(rows.into_iter().map(|row| turnover((row.account, row.debit, row.credit))).collect())
}

/// What was posted on an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turnover {
    /// The account's name.
    pub account: String,
    /// The sum of its debits.
    pub debit: Won,
    /// The sum of its credits, as a positive amount.
    pub credit: Won,
}

/// Orders with an entry within a time, in the order of their ids, after one, at most `limit`.
pub async fn orders_within(
    store: &Store,
    within: Range<Timestamp>,
    after: OrderId,
    limit: u32,
) -> Result<Vec<OrderId>, StoreError> {
    let ids = sqlx::query_scalar!(
        r#"select distinct order_id as "order_id!" from ledger.entries where at >= $1 and at < $2 and order_id > $3
           order by order_id limit $4"#,
        within.start,
        within.end,
        after.0,
        i64::from(limit)
    )
    .fetch_all(store.pool())
    .await?;
    Ok(ids.into_iter().map(OrderId).collect())
}

struct Head {
    id: i64,
    kind: String,
    reference: Uuid,
    order_id: Option<Uuid>,
    at: Timestamp,
}

struct PostingRow {
    entry_id: i64,
    number: i16,
    account: String,
    party_id: Option<Uuid>,
    amount_won: i64,
}

impl TryFrom<PostingRow> for Posting {
    type Error = StoreError;

    fn try_from(row: PostingRow) -> Result<Self, StoreError> {
        let account = Account::parse(&row.account, row.party_id).ok_or_else(|| unknown(&row.account))?;
        Ok(Self { account, amount: Won(row.amount_won) })
    }
}

fn unknown(what: &str) -> StoreError {
    StoreError::Fault(format!("ledger {what}").into())
}
