//! Positions: appended in batches, read as tracks, dropped by day.

use chrono::{Days, NaiveDate};
use domain::tracking::filter::Rejected;
use domain::tracking::fix::Fix;
use domain::{CourierId, Timestamp};
use uuid::Uuid;

use super::place;
use crate::journal::signed;
use crate::partitions::{Partitioned, Span};
use crate::{Store, StoreError};

/// One fix to append.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// The track: the device's id for one run of sequence numbers.
    pub track: i64,
    /// The fix.
    pub fix: Fix,
}

/// Fixes that one courier sent together.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// The courier.
    pub courier: CourierId,
    /// The epoch of the session that sent it; `None` for devices without a session.
    pub epoch: Option<u64>,
    /// When it was received.
    pub received_at: Timestamp,
    /// The fixes to store.
    pub rows: Vec<Row>,
    /// The rejected fixes, which are only counted.
    pub rejected: Rejected,
}

/// A newer session of the courier exists: nothing of the batch was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused;

/// Writes the batches in one commit. Returns for each batch whether it is stored now; a
/// fix that was stored before counts as written.
///
/// It is one statement, so that a group costs one round trip: the statement that writes
/// also checks the session epochs. It locks the couriers' rows until the commit, for which
/// [`next_epoch`](super::next_epoch) waits, so that nothing of an older session is
/// committed after a newer epoch.
pub async fn append(store: &Store, batches: &[Batch]) -> Result<Vec<Result<(), Refused>>, StoreError> {
    let couriers: Vec<Uuid> = batches.iter().map(|batch| batch.courier.0).collect();
    let epochs = batches.iter().map(|batch| batch.epoch.map(signed).transpose());
    let epochs: Vec<Option<i64>> = epochs.collect::<Result<_, _>>()?;
    let (rows, counts) = (Rows::of(batches), Counts::of(batches));
    // The counters are written in the order of their keys, so that two processes cannot
    // deadlock.
    let refused = sqlx::query_scalar!(
        r#"with sent as materialized (
             select place, courier_id, coalesce(epoch is null or epoch = session_epoch, false) as holds
             from unnest($1::uuid[], $2::bigint[]) with ordinality as sent (courier_id, epoch, place)
             left join lateral (
                 select session_epoch from tracking.couriers where id = courier_id for share
             ) as known on true
         ), verdict as materialized (
             -- By subscript, not by join: a group costs what its rows cost, whatever
             -- the planner thinks of the arrays' length.
             select array_agg(holds order by place) as holds from sent
         ), kept as (
             insert into tracking.positions
                 (courier_id, track, seq, at, lat, lon, accuracy_m, speed_mps, heading_deg)
             select ($1::uuid[])[place], track, seq, at, lat, lon, accuracy_m, speed_mps, heading_deg
             from verdict, unnest($3::int[], $4::bigint[], $5::bigint[], $6::timestamptz[], $7::float8[],
                                  $8::float8[], $9::float4[], $10::float4[], $11::float4[])
                 as fix (place, track, seq, at, lat, lon, accuracy_m, speed_mps, heading_deg)
             where holds[place]
             on conflict do nothing
         ), counted as (
             insert into tracking.rejected (courier_id, day, reason, fixes)
             select ($1::uuid[])[place] as courier_id, day, reason, sum(fixes)::bigint
             from verdict, unnest($12::int[], $13::date[], $14::text[], $15::bigint[])
                 as counts (place, day, reason, fixes)
             where holds[place]
             group by courier_id, day, reason
             order by courier_id, day, reason
             on conflict (courier_id, day, reason) do update set fixes = rejected.fixes + excluded.fixes
         )
         select place as "place!" from sent where not holds"#,
        &couriers,
        &epochs as &[Option<i64>],
        &rows.places,
        &rows.tracks,
        &rows.seqs,
        &rows.ats,
        &rows.lats,
        &rows.lons,
        &rows.accuracies as &[Option<f32>],
        &rows.speeds as &[Option<f32>],
        &rows.headings as &[Option<f32>],
        &counts.places,
        &counts.days,
        &counts.reasons,
        &counts.fixes,
    )
    .fetch_all(store.position_pool())
    .await?;
    let mut told = vec![Ok(()); batches.len()];
    for place in refused {
        let batch = usize::try_from(place - 1).ok().and_then(|place| told.get_mut(place));
        batch.into_iter().for_each(|told| *told = Err(Refused));
    }
    Ok(told)
}

/// The fixes of a group, one array per column; `places` holds the position of their batch.
#[derive(Default)]
struct Rows {
    places: Vec<i32>,
    tracks: Vec<i64>,
    seqs: Vec<i64>,
    ats: Vec<Timestamp>,
    lats: Vec<f64>,
    lons: Vec<f64>,
    accuracies: Vec<Option<f32>>,
    speeds: Vec<Option<f32>>,
    headings: Vec<Option<f32>>,
}

impl Rows {
    fn of(batches: &[Batch]) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "the columns are no wider")]
        let narrow = |number: Option<f64>| number.map(|number| number as f32);
        let mut rows = Self::default();
        for (place, batch) in (1..).zip(batches) {
            for Row { track, fix } in &batch.rows {
                rows.places.push(place);
                rows.tracks.push(*track);
                rows.seqs.push(fix.seq);
                rows.ats.push(fix.at);
                rows.lats.push(fix.position.lat());
                rows.lons.push(fix.position.lon());
                rows.accuracies.push(narrow(fix.accuracy_m));
                rows.speeds.push(narrow(fix.speed_mps));
                rows.headings.push(narrow(fix.heading_deg));
            }
        }
        rows
    }
}

/// The counts of rejected fixes of a group.
#[derive(Default)]
struct Counts {
    places: Vec<i32>,
    days: Vec<NaiveDate>,
    reasons: Vec<String>,
    fixes: Vec<i64>,
}

impl Counts {
    fn of(batches: &[Batch]) -> Self {
        let mut counts = Self::default();
        for (place, batch) in (1..).zip(batches) {
            for (reason, fixes) in &batch.rejected {
                counts.places.push(place);
                counts.days.push(batch.received_at.date_naive());
                counts.reasons.push(reason.as_str().to_owned());
                counts.fixes.push(i64::from(*fixes));
            }
        }
        counts
    }
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

/// The courier's last fix, if it is after `after`.
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

/// The courier's fixes from `from` to `until`, both included, in order of time, at most
/// `limit`.
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

const PARTITIONS: Partitioned = Partitioned { table: "tracking.positions", span: Span::Day, rest: None };

/// Creates the partitions from two days before `now` to `days_ahead` after it.
pub async fn ensure_partitions(store: &Store, now: Timestamp, days_ahead: u64) -> Result<(), StoreError> {
    PARTITIONS.make(store, now - Days::new(2), now + Days::new(days_ahead)).await
}

/// Drops the days before `keep_from`. Returns the number of dropped partitions.
pub async fn drop_partitions(store: &Store, keep_from: Timestamp) -> Result<usize, StoreError> {
    PARTITIONS.drop_before(store, keep_from).await
}
