//! A delivery as server-sent events, for clients that can't use WebSocket: the same channel through
//! the same hub, with the same recovery.
//!
//! An event's id is the client's position: `epoch:offset`, and after a latest position
//! `epoch:offset:at`, in microseconds. A client that reconnects with it as `Last-Event-ID` gets
//! what it missed, no duplicates, and no older position. A stream ends when the token that opened
//! it expires, since the client can't send a new one.
//!
//! A browser reconnects whenever a stream ends. The id of the last event is `over`; a client that
//! reconnects with it is answered 204, the status at which browsers stop reconnecting (HTML,
//! 9.2.3). A client that missed that event gets it again.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use domain::{Channel, Failure, OrderId, Timestamp};
use futures::stream::unfold;
use hub::{ConnectionGuard, Hub, Next, Op, Outbox, Since, Subscription};
use services::App;
use services::auth::Verified;

use tokio::time::{Instant, timeout_at};

use crate::kit::{NoContent, Offer, Path, Problem, Session, preferred};

/// Bytes of events that may wait before a slow reader is disconnected.
const WAITING_BYTES: usize = 64 * 1024;

/// Streams and sockets that one user may have open at once.
const OPEN_MAX: usize = 5;

/// The only media type of a stream.
const EVENTS: &str = "text/event-stream";
const OFFERS: [Offer; 1] = [(EVENTS, &[EVENTS])];

/// The id of a stream's last event.
const OVER: &str = "over";

/// How often a comment is sent to keep proxies from closing the connection.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// The state of an open stream; dropped with the connection.
struct Following {
    outbox: Arc<Outbox>,
    /// The client's position.
    since: Since,
    over: bool,
    /// When the token that opened it expires.
    until: Instant,
    _subscription: Subscription,
    _connection: ConnectionGuard,
}

/// Follows a delivery: `snapshot`, `event`, `latest`, `ended`, each with the
/// frame of the realtime protocol as its data.
#[utoipa::path(get, path = "/v1/deliveries/{order_id}/stream", tag = "delivery",
    params(("order_id" = Uuid, Path, description = "The order that is delivered"),
        ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that came")),
    responses((status = 200, body = String, content_type = "text/event-stream", description = "Until it is over, or the token expires"),
        (status = 204, description = "It is over, and the client has seen that: it need not come back"),
        (status = 406),
        (status = 429, description = "Too many open streams and sockets")))]
pub(super) async fn stream(
    State(app): State<App>,
    Extension(hub): Extension<Arc<Hub>>,
    Session(Verified { principal: who, expires_at }): Session,
    Path(order): Path<OrderId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if preferred(&headers, &OFFERS).is_none() {
        return Err(Problem::not_acceptable(EVENTS));
    }
    if saw_the_end(&headers) && services::tracking::is_over(&app, &who, order).await? {
        return Ok(NoContent.into_response());
    }
    let until = Instant::now() + (expires_at - app.now()).to_std().unwrap_or_default();
    let who = Arc::new(who);
    let outbox = Outbox::new(WAITING_BYTES);
    let place = hub.connections().enter(&who, &outbox, OPEN_MAX).map_err(Failure::from)?;
    let since = last_event_id(&headers);
    let subscription = hub.subscribe(&who, &Channel::Delivery(order), since.as_ref(), &outbox).await?;
    // If it can't resume from there, a snapshot comes first, with an offset of its own.
    let (offset, latest_at) = since.map_or((0, None), |since| (since.offset, since.latest_at));
    let since = Since { epoch: hub.epoch().to_string(), offset, latest_at };
    let following =
        Following { outbox, since, over: false, until, _subscription: subscription, _connection: place };
    Ok(Sse::new(unfold(following, next)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response())
}

async fn next(mut following: Following) -> Option<(Result<Event, Infallible>, Following)> {
    if following.over {
        return None;
    }
    let frame = match timeout_at(following.until, following.outbox.next()).await {
        Ok(Next::Frame(frame)) => frame,
        // The client reconnects with its last id, if it still may.
        Ok(Next::Stop(_)) | Err(_) => return None,
    };
    following.over = frame.op == Op::Ended;
    following.since.offset = frame.offset.unwrap_or(following.since.offset);
    following.since.latest_at = frame.at.or(following.since.latest_at);
    let id = if following.over { OVER.to_owned() } else { event_id(&following.since) };
    let event = Event::default().event(frame.op.as_str()).id(id).data(String::from_utf8_lossy(&frame.text));
    Some((Ok(event), following))
}

fn event_id(Since { epoch, offset, latest_at }: &Since) -> String {
    match latest_at {
        Some(at) => format!("{epoch}:{offset}:{}", at.timestamp_micros()),
        None => format!("{epoch}:{offset}"),
    }
}

fn saw_the_end(headers: &HeaderMap) -> bool {
    headers.get("last-event-id").is_some_and(|id| id == OVER)
}

/// An id that is not ours counts as none: the client gets a snapshot.
fn last_event_id(headers: &HeaderMap) -> Option<Since> {
    let mut parts = headers.get("last-event-id")?.to_str().ok()?.split(':');
    let (epoch, offset) = (parts.next()?.to_owned(), parts.next()?.parse().ok()?);
    let latest_at = match parts.next() {
        Some(at) => Some(Timestamp::from_timestamp_micros(at.parse().ok()?)?),
        None => None,
    };
    parts.next().is_none().then_some(Since { epoch, offset, latest_at })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_id_names_an_epoch_an_offset_and_a_moment() {
        let of = |id: &str| {
            let id = id.parse::<axum::http::HeaderValue>().unwrap();
            last_event_id(&HeaderMap::from_iter([("last-event-id".parse().unwrap(), id)]))
        };
        let latest_at = Timestamp::from_timestamp_micros(1_795_000_000_000_000);
        for latest_at in [None, latest_at] {
            let since = Since { epoch: "7f3a".into(), offset: 12, latest_at };
            assert_eq!(of(&event_id(&since)), Some(since));
        }
        for wrong in ["", "12", "7f3a:", "7f3a:-1", "7f3a:x", "7f3a:1:", "7f3a:1:x", "7f3a:1:2:3"] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }
}
