//! The body of a request, with a minimum pace, and its unread remainder.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use http_adapters::kit::SlowBody;
use hyper::body::{Frame, Incoming, SizeHint};
use services::settings::ConnectionLimits;
use tokio::time::{Instant, Sleep};

use super::stream::Stage;

/// How many unread bytes are discarded, and for how long, to keep the connection usable.
const DRAINED_BYTES: u64 = 64 * 1024;
const DRAINED_WITHIN: Duration = Duration::from_millis(200);

/// The remainder of a body when its request is answered.
#[derive(Default)]
pub(super) enum Remains {
    /// Nothing, or nothing that can be read.
    #[default]
    Nothing,
    /// It was not read to its end.
    Unread(Incoming),
    /// It failed, and the start of the next request is unknown.
    Broken,
}

/// The remainder of a body, shared with [`Paced`], which sets it.
pub(super) type Rest = Arc<Mutex<Remains>>;

/// The body of a request, which fails if it arrives too slowly.
pub(super) struct Paced {
    body: Option<Incoming>,
    rest: Rest,
    limits: ConnectionLimits,
    began: Instant,
    came: u64,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Paced {
    pub(super) fn new(body: Incoming, rest: Rest, limits: ConnectionLimits) -> Self {
        Self { body: Some(body), rest, limits, began: Instant::now(), came: 0, timer: None }
    }

    /// The time by which the next byte must arrive.
    fn deadline(&self) -> Instant {
        let more = self.came / u64::from(self.limits.body_pace).max(1);
        self.began + self.limits.body_within + Duration::from_secs(more)
    }
}

impl HttpBody for Paced {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        if let Poll::Ready(frame) = Pin::new(body).poll_frame(cx) {
            let data = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref()).map_or(0, Bytes::len);
            self.came += data as u64;
            self.timer = None;
            if frame.as_ref().is_some_and(Result::is_err) {
                self.body = None;
                *self.rest.lock().unwrap_or_else(PoisonError::into_inner) = Remains::Broken;
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let deadline = self.deadline();
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        timer.as_mut().poll(cx).map(|()| Some(Err(SlowBody.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map(HttpBody::size_hint).unwrap_or_default()
    }
}

impl Drop for Paced {
    fn drop(&mut self) {
        let unread = self.body.take().filter(|body| !body.is_end_stream());
        if let Some(body) = unread {
            *self.rest.lock().unwrap_or_else(PoisonError::into_inner) = Remains::Unread(body);
        }
    }
}

/// Reads the rest of a body, if it is small and arrives soon. True if nothing is left.
pub(super) async fn drained(rest: &Rest, asks_first: bool) -> bool {
    let remains = std::mem::take(&mut *rest.lock().unwrap_or_else(PoisonError::into_inner));
    let mut body = match remains {
        Remains::Nothing => return true,
        Remains::Broken => return false,
        Remains::Unread(body) => body,
    };
    if asks_first || body.size_hint().lower() > DRAINED_BYTES {
        return false;
    }
    let reading = async {
        let mut came = 0;
        while let Some(frame) = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
            came += frame.ok().and_then(|frame| frame.into_data().ok()).map_or(0, |data| data.len() as u64);
            if came > DRAINED_BYTES {
                return false;
            }
        }
        true
    };
    tokio::time::timeout(DRAINED_WITHIN, reading).await.unwrap_or(false)
}

/// The body of a response; when it is dropped, the connection becomes idle.
pub(super) struct Answer {
    body: Body,
    _done: Done,
}

impl Answer {
    pub(super) fn new(body: Body, stage: Stage) -> Self {
        Self { body, _done: Done(stage) }
    }
}

struct Done(Stage);

impl Drop for Done {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
