//! The timeline of an order: its own events and those of its delivery, as one list.

use std::sync::Arc;

use domain::{Channel, Failure, OrderId, Principal};
use store::journal::Recorded;

use super::delivery;
use crate::{App, order};

/// Far more events than any delivery has.
const ALL: u32 = 500;

/// An event, with the channel on which it was published.
pub type TimelineEvent = (Channel, Arc<Recorded>);

/// The events of the order and of its delivery that `who` may see, oldest first. Each is what
/// its channel published, at the same offset, masked like the channel's history.
pub async fn timeline(app: &App, who: &Principal, id: OrderId) -> Result<Vec<TimelineEvent>, Failure> {
    let of_order = order::history(app, who, id).await?;
    let of_delivery = match delivery::authorise(app, who, id).await {
        Ok((_, audience)) => {
            let mut events = delivery::history(app, id, 0, ALL).await?;
            events.retain(|event| audience.hears(event.audience));
            events
        }
        // No delivery: the customer collects it, or it ended before the restaurant accepted it.
        Err(failure) if failure.is_not_found() => Vec::new(),
        Err(failure) => return Err(failure),
    };
    Ok(merged((Channel::Order(id), of_order), (Channel::Delivery(id), of_delivery)))
}

/// Merges two logs by time. Each keeps its own order, whatever the clocks of the processes that
/// wrote it; of two events at the same time, the first log's comes first.
fn merged(first: (Channel, Vec<Arc<Recorded>>), second: (Channel, Vec<Arc<Recorded>>)) -> Vec<TimelineEvent> {
    let tagged = |(channel, events): (Channel, Vec<Arc<Recorded>>)| {
        events.into_iter().map(move |event| (channel.clone(), event)).peekable()
    };
    let (mut first, mut second) = (tagged(first), tagged(second));
    let next = || match (first.peek(), second.peek()) {
        (Some((_, one)), Some((_, other))) if other.at < one.at => second.next(),
        (Some(_), _) => first.next(),
        (None, _) => second.next(),
    };
    std::iter::from_fn(next).collect()
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use domain::Audience;
    use uuid::Uuid;

    use super::*;

    fn log(times: &[i64]) -> Vec<Arc<Recorded>> {
        let event = |(offset, secs): (u64, &i64)| {
            let at = DateTime::from_timestamp(*secs, 0).unwrap();
            let (kind, data) = (String::new(), serde_json::Value::Null);
            Arc::new(Recorded { offset, kind, at, data, audience: Audience::EVERYONE })
        };
        (1..).zip(times).map(event).collect()
    }

    #[test]
    fn each_log_keeps_its_order_and_the_orders_own_event_comes_first() {
        let id = OrderId(Uuid::nil());
        let merge = |order: &[i64], delivery: &[i64]| {
            let both = merged((Channel::Order(id), log(order)), (Channel::Delivery(id), log(delivery)));
            let name = |(channel, event): &TimelineEvent| {
                let kind = if matches!(channel, Channel::Order(_)) { 'o' } else { 'd' };
                format!("{kind}{}", event.offset)
            };
            both.iter().map(name).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(merge(&[1, 3, 5], &[2, 3, 9]), "o1 d1 o2 d2 o3 d3");
        // The clock of the process that wrote the second event was behind.
        assert_eq!(merge(&[5, 4, 6], &[5]), "o1 o2 d1 o3");
        assert_eq!(merge(&[], &[2, 1]), "d1 d2");
        assert_eq!(merge(&[1], &[]), "o1");
        assert_eq!(merge(&[], &[]), "");
    }
}
