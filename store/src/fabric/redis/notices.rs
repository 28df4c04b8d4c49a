//! Notices to all processes: a short Redis stream that each process reads on from the
//! last entry it has seen, so that a lost connection loses nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use redis::streams::StreamReadReply;
use redis::{RedisResult, Value};

use super::wire;
use super::{Listeners, Names};
use crate::link::{Connection, RedisConnector};

/// How long a read blocks for the next notice.
const WAIT: Duration = Duration::from_secs(1);

/// Maximum notices per read.
const BATCH: usize = 256;

/// The id before the first entry.
const START: &str = "0-0";

pub(super) struct Notices {
    pub(super) listeners: Arc<Listeners>,
    pub(super) names: Names,
    pub(super) node: u64,
    pub(super) well: AtomicBool,
}

impl Notices {
    /// Reads until the task is aborted.
    pub(super) async fn run(self: Arc<Self>, connector: RedisConnector) {
        let mut last: Option<String> = None;
        loop {
            let mut connection = connector.open_at_last(WAIT * 2, || None).await;
            if let Err(error) = self.follow(&mut connection, &mut last).await {
                tracing::debug!(%error, "notices are not heard");
            }
            self.well.store(false, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn follow(&self, connection: &mut Connection, last: &mut Option<String>) -> RedisResult<()> {
        let newest = self.newest(connection).await?;
        let from = match last.take() {
            // Redis lost its data: its stream starts again.
            Some(seen) if order(&seen) > order(&newest) => START.to_owned(),
            Some(seen) => seen,
            None => newest,
        };
        let from = last.insert(from);
        self.well.store(true, Ordering::Relaxed);
        // The stream may have been trimmed in between: listeners read the store instead.
        self.listeners.on_reconnected();
        loop {
            let mut read = redis::cmd("XREAD");
            read.arg("COUNT").arg(BATCH).arg("BLOCK").arg(WAIT.as_millis().to_string());
            read.arg("STREAMS").arg(self.names.notices()).arg(&*from);
            let reply: Option<StreamReadReply> = read.query_async(connection).await?;
            for entry in reply.into_iter().flat_map(|reply| reply.keys).flat_map(|key| key.ids) {
                if let Some(Value::BulkString(said)) = entry.map.get("n") {
                    self.said(said);
                }
                *from = entry.id;
            }
        }
    }

    async fn newest(&self, connection: &mut Connection) -> RedisResult<String> {
        let mut read = redis::cmd("XREVRANGE");
        read.arg(self.names.notices()).arg("+").arg("-").arg("COUNT").arg(1);
        let newest: redis::streams::StreamRangeReply = read.query_async(connection).await?;
        Ok(newest.ids.into_iter().next().map_or_else(|| START.to_owned(), |entry| entry.id))
    }

    fn said(&self, said: &[u8]) {
        match wire::head(said).and_then(|head| Ok((head, wire::read_notice(said)?))) {
            Ok((head, notice)) if head.node != self.node => self.listeners.on_notice(&notice),
            Ok(_) => {}
            Err(wire::Unreadable) => metrics::counter!("fabric_unreadable_total").increment(1),
        }
    }
}

/// A stream id in order: milliseconds, and the sequence number within them.
fn order(id: &str) -> (u64, u64) {
    let (ms, number) = id.split_once('-').unwrap_or((id, "0"));
    (ms.parse().unwrap_or(0), number.parse().unwrap_or(0))
}
