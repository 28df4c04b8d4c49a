//! Positions: appended in groups, read as tracks, dropped by day.

use std::collections::{BTreeMap, HashMap};

use chrono::{Days, NaiveDate, TimeDelta};
use domain::tracking::filter::Rejected;
use domain::tracking::fix::Fix;
use domain::{CourierId, Timestamp};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::place;
use crate::{Store, StoreError};

/// One fix to write down.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// The device's id of the run of sequence numbers.
    pub track: i64,
    /// The fix.
    pub fix: Fix,
}

/// What one courier sent at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Who.
    pub courier: CourierId,
    /// The session that it came over; none for devices without one.
    pub epoch: Option<u64>,
    /// When it came.
    pub received_at: Timestamp,
    /// What is kept.
    pub rows: Vec<Row>,
    /// What is only counted.
    pub rejected: Rejected,
}

/// A newer session speaks for the courier: nothing of the batch was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused;

/// Writes the batches in one commit. The answer tells, batch by batch, whether
/// it stands in the store now; a fix that is there already counts as written.
pub async fn append(store: &Store, batches: &[Batch]) -> Result<Vec<Result<(), Refused>>, StoreError> {
    let epochs = epochs(store, batches).await?;
    let told: Vec<_> = batches
        .iter()
        .map(|batch| match batch.epoch {
            Some(epoch) if epochs.get(&batch.courier) != Some(&epoch) => Err(Refused),
            _ => Ok(()),
        })
        .collect();
    let mut tx = store.pool().begin().await?;
    let accepted = || batches.iter().zip(&told).filter(|(_, told)| told.is_ok()).map(|(batch, _)| batch);
    insert(&mut tx, accepted()).await?;
    count(&mut tx, accepted()).await?;
    tx.commit().await?;
    Ok(told)
}

/// The epochs in force of the couriers whose batches name one.
async fn epochs(store: &Store, batches: &[Batch]) -> Result<HashMap<CourierId, u64>, StoreError> {
    let ids: Vec<Uuid> =
        batches.iter().filter(|batch| batch.epoch.is_some()).map(|batch| batch.courier.0).collect();
    let rows = sqlx::query!("select id, session_epoch from tracking.couriers where id = any($1)", &ids)
        .fetch_all(store.pool())
        .await?;
    Ok(rows.into_iter().map(|row| (row.id.into(), row.session_epoch.unsigned_abs())).collect())
}

/// One statement for all rows, however many: one array a column.
async fn insert(
    tx: &mut sqlx::PgConnection,
    batches: impl Iterator<Item = &Batch>,
) -> Result<(), StoreError> {
    let (mut couriers, mut tracks, mut seqs, mut ats) = (vec![], vec![], vec![], vec![]);
    let (mut lats, mut lons) = (vec![], vec![]);
    let (mut accuracies, mut speeds, mut headings) = (vec![], vec![], vec![]);
    for (batch, Row { track, fix }) in
        batches.flat_map(|batch| batch.rows.iter().map(move |row| (batch, row)))
    {
        couriers.push(batch.courier.0);
        tracks.push(*track);
        seqs.push(fix.seq);
        ats.push(fix.at);
        lats.push(fix.position.lat());
        lons.push(fix.position.lon());
        accuracies.push(fix.accuracy_m);
        speeds.push(fix.speed_mps);
        headings.push(fix.heading_deg);
    }
    if couriers.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into tracking.positions
            (courier_id, track, seq, at, lat, lon, accuracy_m, speed_mps, heading_deg)
         select * from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::timestamptz[], $5::float8[],
                              $6::float8[], $7::float8[], $8::float8[], $9::float8[])
         on conflict do nothing",
        &couriers,
        &tracks,
        &seqs,
        &ats,
        &lats,
        &lons,
        &accuracies as &[Option<f64>],
        &speeds as &[Option<f64>],
        &headings as &[Option<f64>],
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Adds to the counters. Sorted, so that two processes never wait for each other.
async fn count(tx: &mut sqlx::PgConnection, batches: impl Iterator<Item = &Batch>) -> Result<(), StoreError> {
    let mut counts: BTreeMap<(Uuid, NaiveDate, &'static str), i64> = BTreeMap::new();
    for batch in batches {
        for (reason, fixes) in &batch.rejected {
            let key = (batch.courier.0, batch.received_at.date_naive(), reason.as_str());
            *counts.entry(key).or_default() += i64::from(*fixes);
        }
    }
    if counts.is_empty() {
        return Ok(());
    }
    let (mut couriers, mut days, mut reasons, mut fixes) = (vec![], vec![], vec![], vec![]);
    for ((courier, day, reason), count) in counts {
        couriers.push(courier);
        days.push(day);
        reasons.push(reason.to_owned());
        fixes.push(count);
    }
    sqlx::query!(
        "insert into tracking.rejected (courier_id, day, reason, fixes)
         select * from unnest($1::uuid[], $2::date[], $3::text[], $4::bigint[])
         on conflict (courier_id, day, reason) do update set fixes = rejected.fixes + excluded.fixes",
        &couriers,
        &days,
        &reasons,
        &fixes,
    )
    .execute(tx)
    .await?;
    Ok(())
}

struct PositionRow {
    seq: i64,
    at: Timestamp,
    lat: f64,
    lon: f64,
    accuracy_m: Option<f32>,
    speed_mps: Option<f32>,
    heading_deg: Option<f32>,
}

impl TryFrom<PositionRow> for Fix {
    type Error = StoreError;

    fn try_from(row: PositionRow) -> Result<Self, StoreError> {
        Ok(Fix {
            seq: row.seq,
            at: row.at,
            position: place(row.lat, row.lon)?,
            accuracy_m: row.accuracy_m.map(f64::from),
            speed_mps: row.speed_mps.map(f64::from),
            heading_deg: row.heading_deg.map(f64::from),
        })
    }
}

/// Where the courier was last, if that is not before `after`.
pub async fn newest(store: &Store, courier: CourierId, after: Timestamp) -> Result<Option<Fix>, StoreError> {
    let row = sqlx::query_as!(
        PositionRow,
        "select seq, at, lat, lon, accuracy_m, speed_mps, heading_deg from tracking.positions
         where courier_id = $1 and at > $2 order by at desc limit 1",
        Uuid::from(courier),
        after
    )
    .fetch_optional(store.pool())
    .await?;
    row.map(Fix::try_from).transpose()
}

/// Where the courier was from `from` until `until`, in order of time, at most
/// `limit` fixes.
pub async fn track(
    store: &Store,
    courier: CourierId,
    from: Timestamp,
    until: Timestamp,
    limit: u32,
) -> Result<Vec<Fix>, StoreError> {
    let rows = sqlx::query_as!(
        PositionRow,
        "select seq, at, lat, lon, accuracy_m, speed_mps, heading_deg from tracking.positions
         where courier_id = $1 and at between $2 and $3 order by at, track, seq limit $4",
        Uuid::from(courier),
        from,
        until,
        i64::from(limit)
    )
    .fetch_all(store.pool())
    .await?;
    rows.into_iter().map(Fix::try_from).collect()
}

/// Makes the partitions from two days before `now` to `days_ahead` after it.
pub async fn ensure_partitions(store: &Store, now: Timestamp, days_ahead: u64) -> Result<(), StoreError> {
    let first = (now - TimeDelta::days(2)).date_naive();
    for offset in 0..=2 + days_ahead {
        let Some(day) = first.checked_add_days(Days::new(offset)) else { break };
        let Some(next) = day.succ_opt() else { break };
        // Days are ours, not anybody's input: nothing is quoted that could break out.
        let sql = format!(
            "create table if not exists tracking.{} partition of tracking.positions
             for values from ('{day} 00:00:00+00') to ('{next} 00:00:00+00')",
            partition(day)
        );
        match sqlx::query(AssertSqlSafe(sql)).execute(store.pool()).await {
            Ok(_) => {}
            // Another process made it at the same moment.
            Err(sqlx::Error::Database(cause))
                if matches!(cause.code().as_deref(), Some("42P07" | "23505")) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Drops the days before `keep_from`. Returns how many.
pub async fn drop_partitions(store: &Store, keep_from: Timestamp) -> Result<usize, StoreError> {
    let names = sqlx::query_scalar!(
        r#"select c.relname::text as "name!" from pg_inherits i join pg_class c on c.oid = i.inhrelid
           where i.inhparent = 'tracking.positions'::regclass and c.relname::text < $1
             and c.relname like 'positions\_%'"#,
        partition(keep_from.date_naive())
    )
    .fetch_all(store.pool())
    .await?;
    for name in &names {
        sqlx::query(AssertSqlSafe(format!("drop table if exists tracking.{name}")))
            .execute(store.pool())
            .await?;
    }
    Ok(names.len())
}

/// A day's partition. The names sort as the days do.
fn partition(day: NaiveDate) -> String {
    format!("positions_{}", day.format("%Y%m%d"))
}
