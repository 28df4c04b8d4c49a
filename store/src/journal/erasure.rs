//! What a withdrawal does to the journal: events stay at their offsets, without what was personal in
//! them. Nothing else ever changes an event.

use domain::privacy::{Whose, erase_event};
use domain::{Channel, OrderId, Timestamp};

use crate::{StoreError, Tx};

/// Where the events of some orders stand.
#[derive(Clone, Debug, Default)]
pub struct Where {
    /// The channels of the orders and of their deliveries: all of their events.
    pub own: Vec<Channel>,
    /// Feeds that tell of the orders among others: boards, couriers' offers.
    pub feeds: Vec<Channel>,
    /// The orders, by which their events in the feeds are found.
    pub orders: Vec<OrderId>,
    /// When the first of the orders was made.
    pub from: Timestamp,
    /// When no feed tells of the last of them any more.
    pub until: Timestamp,
}

/// Erases what these events have of somebody; returns how many had something.
pub async fn erase(tx: &mut Tx, at: &Where, whose: Whose) -> Result<u64, StoreError> {
    let names = |channels: &[Channel]| channels.iter().map(Channel::to_string).collect::<Vec<_>>();
    let orders: Vec<String> = at.orders.iter().map(OrderId::to_string).collect();
    let rows = sqlx::query!(
        r#"select channel as "channel!", "offset" as "offset!", at as "at!", data as "data!" from journal.events
           where split_part(channel, ':', 1) in ('order', 'delivery') and channel = any($1)
           union all
           select channel, "offset", at, data from journal.events
           where split_part(channel, ':', 1) in ('merchant', 'courier') and channel = any($2)
             and at >= $3 and at <= $4 and data ->> 'order_id' = any($5)"#,
        &names(&at.own),
        &names(&at.feeds),
        at.from,
        at.until,
        &orders
    )
    .fetch_all(&mut **tx)
    .await?;
    let (mut channels, mut offsets, mut times, mut data) = (vec![], vec![], vec![], vec![]);
    for mut row in rows {
        if erase_event(&mut row.data, whose) {
            channels.push(row.channel);
            offsets.push(row.offset);
            times.push(row.at);
            data.push(row.data);
        }
    }
    let done = sqlx::query!(
        r#"update journal.events e set data = given.data
           from unnest($1::text[], $2::bigint[], $3::timestamptz[], $4::jsonb[])
               as given (channel, "offset", at, data)
           where split_part(e.channel, ':', 1) = split_part(given.channel, ':', 1)
             and e.channel = given.channel and e."offset" = given."offset" and e.at = given.at"#,
        &channels,
        &offsets,
        &times,
        &data
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected())
}
