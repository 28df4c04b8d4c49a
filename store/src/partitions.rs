//! Tables that are partitioned by time: partitions are created ahead of time, and old data is
//! dropped a partition at a time instead of row by row.

use chrono::{Datelike as _, Days, Months, NaiveDate};
use domain::Timestamp;
use sqlx::AssertSqlSafe;

use crate::{Store, StoreError};

/// The time range of one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Span {
    Day,
    Month,
}

/// A table with one partition for each span, named after it: `…_20261123` or `…_202611`. The
/// names sort in the order of the spans.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Partitioned {
    /// Qualified with its schema.
    pub(crate) table: &'static str,
    pub(crate) span: Span,
    /// The default partition, for rows whose span has no partition.
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
    /// Creates the missing partitions from the span of `from` to that of `until`.
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

    /// Creates one partition and moves its rows there from the default partition. It is attached
    /// rather than created in place, which does not block other reads and writes.
    async fn make_one(&self, store: &Store, day: NaiveDate, next: NaiveDate) -> Result<(), StoreError> {
        let (table, name) = (self.table, self.name(day));
        let (from, until) = (format!("'{day} 00:00:00+00'"), format!("'{next} 00:00:00+00'"));
        let mut tx = store.begin_plain().await?;
        // The names and dates come from this program, not from input: injection is impossible.
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
            // Another process created it at the same moment.
            Err(sqlx::Error::Database(cause))
                if matches!(cause.code().as_deref(), Some("42P07" | "23505")) =>
            {
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Drops the partitions before the span of `keep_from`, and the older rows of the default
    /// partition. Returns the number of dropped partitions.
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

    /// The names of the existing partitions, without the default partition.
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
