//! The journal: an ordered log of events for each channel.
//!
//! A channel of one entity uses the entity's version as its offset: the fenced
//! update of the entity's row in the same transaction makes the offsets gap-free.
//! A channel that merges several entities (a feed) takes its offsets from its row in
//! `journal.feeds`, whose lock is taken at the end and held until the commit.
//!
//! The table is partitioned by the kind of channel, and then by month. Events of orders and
//! deliveries are kept as long as the orders and deliveries; of other channels old months
//! are dropped, while `journal.feeds` keeps each feed's newest offset.

mod erasure;

use std::sync::Arc;

use chrono::Months;
use domain::{Audience, Channel, Event, Timestamp};
use serde_json::Value;
use sqlx::{PgConnection, PgPool};

use crate::partitions::{Partitioned, Span};
use crate::{Store, StoreError, Tx};

pub use erasure::{Where, erase};

/// One committed event of a log channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// Its offset in the channel, from 1, without gaps.
    pub offset: u64,
    /// Its name on the wire (`order.accepted`).
    pub kind: String,
    /// When it happened.
    pub at: Timestamp,
    /// The payload.
    pub data: Value,
    /// Who receives it.
    pub audience: Audience,
}

/// Appends an entity's `events` to its own channel, at the offsets after
/// `version`, the entity's version before the decision.
pub fn append<E: Event>(tx: &mut Tx, channel: &Channel, version: u64, events: &[E], at: Timestamp) {
    debug_assert!(is_of_an_entity(channel), "{channel} is a feed");
    for (event, offset) in events.iter().zip(version + 1..) {
        tx.journal.add(channel, Some(offset), event, at);
    }
}

/// Appends `events` to a channel that merges several entities.
pub fn append_feed<E: Event>(tx: &mut Tx, channel: &Channel, events: &[E], at: Timestamp) {
    debug_assert!(!is_of_an_entity(channel), "{channel} has its entity's offsets");
    for event in events {
        tx.journal.add(channel, None, event, at);
    }
}

/// Whether the offsets of a channel are the versions of one entity. All other channels are feeds.
fn is_of_an_entity(channel: &Channel) -> bool {
    matches!(channel, Channel::Order(_) | Channel::Delivery(_))
}

/// The events of one transaction. One statement writes them all, shortly before the commit.
#[derive(Default)]
pub(crate) struct Batch {
    channels: Vec<Channel>,
    /// `None` for a feed: its row in `journal.feeds` gives the offset.
    offsets: Vec<Option<u64>>,
    kinds: Vec<String>,
    times: Vec<Timestamp>,
    data: Vec<Value>,
    audiences: Vec<Audience>,
}

impl Batch {
    fn add<E: Event>(&mut self, channel: &Channel, offset: Option<u64>, event: &E, at: Timestamp) {
        self.channels.push(channel.clone());
        self.offsets.push(offset);
        self.kinds.push(event.kind().to_owned());
        self.times.push(domain::clock::to_micros(at));
        self.data.push(event.data());
        self.audiences.push(event.audience());
    }

    /// Writes the events, and returns them with their offsets in the order in which they
    /// were appended. Locks the rows of feeds in the order of their names, so that two
    /// transactions with the same feeds cannot deadlock.
    pub(crate) async fn write(
        self,
        connection: &mut PgConnection,
    ) -> Result<Vec<(Channel, Recorded)>, StoreError> {
        if self.channels.is_empty() {
            return Ok(Vec::new());
        }
        let own: Vec<Option<i64>> =
            self.offsets.iter().map(|offset| offset.map(signed).transpose()).collect::<Result<_, _>>()?;
        let offsets = sqlx::query_scalar!(
            r#"with event as (
                 select channel, own, type, at, data, audience, place
                 from unnest($1::text[], $2::bigint[], $3::text[], $4::timestamptz[], $5::jsonb[], $6::smallint[])
                     with ordinality as event (channel, own, type, at, data, audience, place)
             ), feed as (
                 insert into journal.feeds (channel, head)
                 select channel, count(*) from event where own is null group by channel order by channel
                 on conflict (channel) do update set head = feeds.head + excluded.head
                 returning channel, head
             ), numbered as (
                 -- A feed's head is the offset of the last one.
                 select coalesce(own, head + 1 - row_number() over (partition by channel order by place desc))
                            as "offset", channel, type, at, data, audience, place
                 from event left join feed using (channel)
             ), written as (
                 insert into journal.events (channel, "offset", type, at, data, audience)
                 select channel, "offset", type, at, data, audience from numbered
             )
             select "offset" as "offset!" from numbered order by place"#,
            &self.channels.iter().map(Channel::to_string).collect::<Vec<_>>(),
            &own as &[Option<i64>],
            &self.kinds,
            &self.times,
            &self.data,
            &self.audiences.iter().map(|audience| i16::from(audience.code())).collect::<Vec<_>>(),
        )
        .fetch_all(connection)
        .await?;
        let rest = self.kinds.into_iter().zip(self.times).zip(self.data).zip(self.audiences);
        let recorded = rest.zip(offsets).map(|((((kind, at), data), audience), offset)| Recorded {
            offset: offset.unsigned_abs(),
            kind,
            at,
            data,
            audience,
        });
        Ok(self.channels.into_iter().zip(recorded).collect())
    }
}

/// Appends the first event of each of many entities' channels in one statement;
/// publishes nothing and adds no jobs.
pub async fn begin_many<E: Event>(
    store: &Store,
    first: &[(Channel, E)],
    at: Timestamp,
) -> Result<(), StoreError> {
    let (mut channels, mut kinds, mut data) = (vec![], vec![], vec![]);
    for (channel, event) in first {
        channels.push(channel.to_string());
        kinds.push(event.kind().to_owned());
        data.push(event.data());
    }
    sqlx::query!(
        r#"insert into journal.events (channel, "offset", type, at, data)
           select channel, 1, kind, $4, data
           from unnest($1::text[], $2::text[], $3::jsonb[]) as first (channel, kind, data)"#,
        &channels,
        &kinds,
        &data,
        domain::clock::to_micros(at)
    )
    .execute(store.pool())
    .await?;
    Ok(())
}

/// The events after `offset`, oldest first, at most `limit` of them.
pub async fn since(
    store: &Store,
    channel: &Channel,
    offset: u64,
    limit: u32,
) -> Result<Vec<Arc<Recorded>>, StoreError> {
    let rows = sqlx::query!(
        r#"select "offset", type as kind, at, data, audience from journal.events
           where split_part(channel, ':', 1) = split_part($1, ':', 1)
             and channel = $1 and "offset" > $2
           order by "offset" limit $3"#,
        channel.to_string(),
        signed(offset)?,
        i64::from(limit)
    )
    .fetch_all(store.pool())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            Arc::new(Recorded {
                offset: row.offset.unsigned_abs(),
                kind: row.kind,
                at: row.at,
                data: row.data,
                audience: u8::try_from(row.audience).map_or(Audience::NOBODY, Audience::from_code),
            })
        })
        .collect())
}

/// The event at exactly this offset, if it was ever committed.
pub async fn at(store: &Store, channel: &Channel, offset: u64) -> Result<Option<Arc<Recorded>>, StoreError> {
    let next = since(store, channel, offset.saturating_sub(1), 1).await?;
    Ok(next.into_iter().find(|recorded| recorded.offset == offset))
}

/// The newest offset of each channel that has one, also if its event was dropped from a feed.
///
/// A feed's head is a row of its own. Of other channels, the events older than 40 days are searched only for
/// those without newer ones: every hub compares the heads of all followed channels every few
/// seconds, and nearly all have events of today.
pub async fn heads(store: &Store, channels: &[Channel]) -> Result<Vec<(Channel, u64)>, StoreError> {
    let names: Vec<String> = channels.iter().map(Channel::to_string).collect();
    let of_entities: Vec<bool> = channels.iter().map(is_of_an_entity).collect();
    let rows = sqlx::query!(
        r#"select wanted.place as "place!", coalesce(feeds.head, recent.head, older.head) as "offset!"
           from unnest($1::text[], $2::bool[]) with ordinality as wanted (channel, is_of_an_entity, place)
           left join journal.feeds using (channel)
           left join lateral (
               select "offset" as head from journal.events
               where wanted.is_of_an_entity
                 and split_part(events.channel, ':', 1) = split_part(wanted.channel, ':', 1)
                 and events.channel = wanted.channel and at >= now() - interval '40 days'
               order by "offset" desc limit 1
           ) as recent on true
           left join lateral (
               select "offset" as head from journal.events
               where wanted.is_of_an_entity and recent.head is null
                 and split_part(events.channel, ':', 1) = split_part(wanted.channel, ':', 1)
                 and events.channel = wanted.channel
               order by "offset" desc limit 1
           ) as older on true
           where coalesce(feeds.head, recent.head, older.head) is not null"#,
        &names,
        &of_entities
    )
    .fetch_all(store.pool())
    .await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            let place = usize::try_from(row.place - 1).ok()?;
            Some((channels.get(place)?.clone(), row.offset.unsigned_abs()))
        })
        .collect())
}

/// The newest offset of one channel; 0 if it has no events.
pub async fn head(store: &Store, channel: Channel) -> Result<u64, StoreError> {
    let heads = heads(store, &[channel]).await?;
    Ok(heads.first().map_or(0, |(_, offset)| *offset))
}

/// Kinds of channels whose events are kept as long as their entities.
const KEPT: [Partitioned; 2] = [
    months("journal.events_order", "journal.events_order_rest"),
    months("journal.events_delivery", "journal.events_delivery_rest"),
];

/// Kinds of channels whose events are dropped after a retention time.
const DROPPED: [Partitioned; 4] = [
    months("journal.events_merchant", "journal.events_merchant_rest"),
    months("journal.events_courier", "journal.events_courier_rest"),
    months("journal.events_desk", "journal.events_desk_rest"),
    months("journal.events_other", "journal.events_other_rest"),
];

const fn months(table: &'static str, rest: &'static str) -> Partitioned {
    Partitioned { table, span: Span::Month, rest: Some(rest) }
}

/// Creates the partitions from the month of `now` to two months later.
pub async fn ensure_partitions(store: &Store, now: Timestamp) -> Result<(), StoreError> {
    for kind in KEPT.iter().chain(&DROPPED) {
        kind.make(store, now, now + Months::new(2)).await?;
    }
    Ok(())
}

/// Drops the months before that of `keep_from`, except those of orders and deliveries. Returns
/// the number of dropped partitions.
pub async fn drop_partitions(store: &Store, keep_from: Timestamp) -> Result<usize, StoreError> {
    let mut dropped = 0;
    for kind in &DROPPED {
        dropped += kind.drop_before(store, keep_from).await?;
    }
    Ok(dropped)
}

/// Identifies the history that all offsets belong to.
pub(crate) async fn epoch(pool: &PgPool) -> Result<String, StoreError> {
    Ok(sqlx::query_scalar!("select epoch from journal.epoch").fetch_one(pool).await?)
}

/// PostgreSQL has no unsigned integers.
pub(crate) fn signed(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|error| StoreError::Fault(error.into()))
}
