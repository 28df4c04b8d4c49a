//! Customers who follow an order on the map, to the end of the run.

use std::sync::Arc;

use sim::{Api, Heard};
use uuid::Uuid;

use super::people::Yard;
use crate::Outcome;

/// Follows an order and its delivery until the run is over.
pub(crate) async fn watch(name: String, api: Api, order: Uuid, yard: Arc<Yard>) -> Outcome<()> {
    let mut socket = yard.socket(&api, &name);
    let line = socket.line();
    let probe = yard.probes.register(format!("{name} map"));
    let subscribing = tokio::spawn(async move {
        for channel in [format!("order:{order}"), format!("delivery:{order}")] {
            // If the connection is lost, the socket itself subscribes again.
            let _ = line.subscribe(channel).await;
        }
    });
    while let Some(heard) = socket.next().await {
        yard.ledger.heard(&name, &heard);
        match heard {
            Heard::Latest(latest) => yard.probes.record(probe, latest.at),
            Heard::Ended { channel, reason } => yard.ledger.odd(format!("{name}: {channel} ended: {reason}")),
            _ => {}
        }
    }
    subscribing.abort();
    yard.ledger.odd(format!("{name}: the socket ended"));
    Ok(())
}
