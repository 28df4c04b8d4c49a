//! The journal: what happened, in order, per channel.
//!
//! A channel of one entity takes the entity's version as its offset: the fenced
//! update of the entity's row in the same transaction makes the offsets gap-free.
//! A channel that merges several entities draws its offsets from its row in
//! `journal.feeds`, whose lock it holds until the commit.

use std::sync::Arc;

use domain::{Audience, Channel, Event, Timestamp};
use serde_json::Value;
use sqlx::PgPool;

use crate::{Store, StoreError, Tx};

/// One event as it stands in a log channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// Its place in the channel, from 1, without holes.
    pub offset: u64,
    /// Its name on the wire (`order.accepted`).
    pub kind: String,
    /// When it happened.
    pub at: Timestamp,
    /// What listeners are told.
    pub data: Value,
    /// Who hears it.
    pub audience: Audience,
}

/// Appends an entity's `events` to its own channel, at the offsets after
/// `version`, the entity's version before the decision.
pub async fn append<E: Event>(
    tx: &mut Tx,
    channel: &Channel,
    version: u64,
    events: &[E],
    at: Timestamp,
) -> Result<(), StoreError> {
    insert(tx, channel, version, events, at).await
}

/// Appends `events` to a channel that merges several entities.
pub async fn append_feed<E: Event>(
    tx: &mut Tx,
    channel: &Channel,
    events: &[E],
    at: Timestamp,
) -> Result<(), StoreError> {
    if events.is_empty() {
        return Ok(());
    }
    let count = i64::try_from(events.len()).map_err(|error| StoreError::Fault(error.into()))?;
    let head = sqlx::query_scalar!(
        "insert into journal.feeds (channel, head) values ($1, $2)
         on conflict (channel) do update set head = feeds.head + excluded.head
         returning head",
        channel.to_string(),
        count
    )
    .fetch_one(&mut **tx)
    .await?;
    insert(tx, channel, (head - count).unsigned_abs(), events, at).await
}

async fn insert<E: Event>(
    tx: &mut Tx,
    channel: &Channel,
    before: u64,
    events: &[E],
    at: Timestamp,
) -> Result<(), StoreError> {
    let at = domain::clock::to_micros(at);
    for (event, offset) in events.iter().zip(before + 1..) {
        let recorded = Recorded {
            offset,
            kind: event.kind().to_owned(),
            at,
            data: event.data(),
            audience: event.audience(),
        };
        sqlx::query!(
            r#"insert into journal.events (channel, "offset", type, at, data, audience)
               values ($1, $2, $3, $4, $5, $6)"#,
            channel.to_string(),
            signed(offset)?,
            recorded.kind,
            at,
            recorded.data,
            i16::from(recorded.audience.code()),
        )
        .execute(&mut **tx)
        .await?;
        tx.add_reactions(channel, (offset, &recorded.kind));
        tx.tell(channel.clone(), Arc::new(recorded));
    }
    Ok(())
}

/// Appends the first event of each of many entities' channels in one statement;
/// nobody is told, and no subscriber gets a job.
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
           where channel = $1 and "offset" > $2 order by "offset" limit $3"#,
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

/// The newest offset of each channel that has one.
pub async fn heads(store: &Store, channels: &[Channel]) -> Result<Vec<(Channel, u64)>, StoreError> {
    let names: Vec<String> = channels.iter().map(Channel::to_string).collect();
    let rows = sqlx::query!(
        r#"select wanted.place as "place!", head."offset" as "offset!"
           from unnest($1::text[]) with ordinality as wanted (channel, place)
           cross join lateral (
               select "offset" from journal.events
               where events.channel = wanted.channel order by "offset" desc limit 1
           ) as head"#,
        &names
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

/// Names the history that all offsets belong to.
pub(crate) async fn epoch(pool: &PgPool) -> Result<String, StoreError> {
    Ok(sqlx::query_scalar!("select epoch from journal.epoch").fetch_one(pool).await?)
}

/// PostgreSQL has no unsigned integers.
pub(crate) fn signed(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|error| StoreError::Fault(error.into()))
}
