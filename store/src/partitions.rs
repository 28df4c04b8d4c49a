//! Tables that are partitioned by time: the next spans are made ahead, and what nobody needs any
//! more is dropped span by span instead of row by row.

use chrono::{Datelike as _, Days, Months, NaiveDate};
use domain::Timestamp;
use sqlx::AssertSqlSafe;

use crate::{Store, StoreError};

/// How long a partition is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Span {
    Day,
    Month,
}

/// A table with a partition for each span, named after it: `…_20261123` or `…_202611`. The
/// names sort as the spans do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Partitioned {
    /// With its schema.
    pub(crate) table: &'static str,
    pub(crate) span: Span,
    /// Where rows go whose span was not made.
    pub(crate) rest: Option<&'static str>,
}

impl Span {
    fn first_day(self, day: NaiveDate) -> NaiveDate {
        match self {
            Self::Day => day,
            Self::Month => day.with_day(1).unwrap_or(day),
        }
    }

    fn next(self, day: NaiveDate) -> Option<NaiveDate> {
        match self {
            Self::Day => day.checked_add_days(Days::new(1)),
            Self::Month => day.checked_add_months(Months::new(1)),
        }
    }
}

impl Partitioned {
    /// Makes what is missing of the spans from that of `from` to that of `until`.
    pub(crate) async fn make(
        &self,
        store: &Store,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        let there = self.spans(store).await?;
        let mut day = self.span.first_day(from.date_naive());
        while day <= until.date_naive()
            && let Some(next) = self.span.next(day)
        {
            if !there.contains(&self.name(day)) {
                self.make_one(store, day, next).await?;
            }
            day = next;
        }
        Ok(())
    }

    /// Makes one, with the rows of its span that went elsewhere meanwhile. Attached rather than
    /// created in its place: that lets others read and write.
    async fn make_one(&self, store: &Store, day: NaiveDate, next: NaiveDate) -> Result<(), StoreError> {
        let (table, name) = (self.table, self.name(day));
        let (from, until) = (format!("'{day} 00:00:00+00'"), format!("'{next} 00:00:00+00'"));
        let mut tx = store.pool().begin().await?;
        // Days are ours, not anybody's input: nothing is quoted that could break out.
        let mut sql = format!("create table {name} (like {table} including all);");
        if let Some(rest) = self.rest {
            sql += &format!(
                "with moved as (delete from {rest} where at >= {from} and at < {until} returning *)
                 insert into {name} select * from moved;"
            );
        }
        sql += &format!("alter table {table} attach partition {name} for values from ({from}) to ({until});");
        match sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *tx).await {
            Ok(_) => Ok(tx.commit().await?),
            // Another process made it at the same moment.
            Err(sqlx::Error::Database(cause))
                if matches!(cause.code().as_deref(), Some("42P07" | "23505")) =>
            {
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Drops the spans before that of `keep_from`, and what was not in one. Returns how many
    /// spans.
    pub(crate) async fn drop_before(&self, store: &Store, keep_from: Timestamp) -> Result<usize, StoreError> {
        let first = self.name(self.span.first_day(keep_from.date_naive()));
        let mut names = self.spans(store).await?;
        names.retain(|name| *name < first);
        for name in &names {
            let sql = format!("drop table if exists {name}");
            sqlx::query(AssertSqlSafe(sql)).execute(store.pool()).await?;
        }
        if let Some(rest) = self.rest {
            let sql = format!("delete from {rest} where at < $1");
            sqlx::query(AssertSqlSafe(sql)).bind(keep_from).execute(store.pool()).await?;
        }
        Ok(names.len())
    }

    /// The partitions of spans that there are.
    async fn spans(&self, store: &Store) -> Result<Vec<String>, StoreError> {
        let names = sqlx::query_scalar(
            r"select format('%I.%I', n.nspname, c.relname)
              from pg_inherits i join pg_class c on c.oid = i.inhrelid join pg_namespace n on n.oid = c.relnamespace
              where i.inhparent = $1::regclass and c.relname ~ '_\d+$'",
        );
        Ok(names.bind(self.table).fetch_all(store.pool()).await?)
    }

    fn name(&self, day: NaiveDate) -> String {
        let span = match self.span {
            Span::Day => day.format("%Y%m%d"),
            Span::Month => day.format("%Y%m"),
        };
        format!("{}_{span}", self.table)
    }
}
