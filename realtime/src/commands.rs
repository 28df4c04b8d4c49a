//! The commands of clients: each frame is one call of `services`.

use std::collections::BTreeMap;

use domain::tracking::Batch;
use domain::{CourierId, Failure, Principal, Refused, Role, fault};
use serde::Serialize;
use serde_json::{Value, json};
use services::App;
use services::support::{self, Presence, Saying};
use services::tracking::{self, dispatch};
use trace::TraceParent;
use tracing::Instrument as _;
use tracing::field::Empty;

use crate::frame::ClientFrame;

/// The acknowledgement of fixes that are stored.
pub(crate) struct Kept {
    /// The last fix stored.
    pub(crate) seq: i64,
    /// How many of the batch were rejected, by reason.
    pub(crate) rejected: BTreeMap<&'static str, u32>,
}

/// Called when a socket of `who` opens.
pub(crate) async fn on_open(app: &App, who: &Principal) {
    if who.is(Role::Agent)
        && let Err(error) = support::agent_here(app, who.user).await
    {
        tracing::warn!(%error, "could not note that an agent is here");
    }
}

/// Called when a socket of `who` closes.
pub(crate) async fn on_close(app: &App, who: &Principal) {
    if who.is(Role::Agent)
        && let Err(error) = support::agent_gone(app, who.user).await
    {
        tracing::warn!(%error, "could not note that an agent is gone");
    }
}

/// Takes the courier's next session epoch; fixes from older sockets are refused.
pub(crate) async fn connect(app: &App, courier: CourierId) -> Result<u64, Failure> {
    tracking::courier::connect(app, courier).await
}

/// Stores fixes; answered once they are durable.
pub(crate) async fn keep(app: &App, courier: CourierId, epoch: u64, batch: Batch) -> Result<Kept, Failure> {
    let ack = tracking::courier::fixes(app, courier, Some(epoch), batch).await?;
    let rejected = ack.rejected.iter().map(|(reason, count)| (reason.as_str(), *count));
    Ok(Kept { seq: ack.seq, rejected: rejected.collect() })
}

/// Runs the command of a frame, in a trace of its own; returns the reply's `ok`.
pub(crate) async fn run(app: &App, who: &Principal, frame: ClientFrame) -> Result<Value, Failure> {
    let span = tracing::info_span!("frame", op = frame.op(), trace_id = Empty);
    trace::begin(&span, None, || TraceParent::fresh(app.ids.random()));
    done(app, who, frame).instrument(span).await
}

async fn done(app: &App, who: &Principal, frame: ClientFrame) -> Result<Value, Failure> {
    match frame {
        ClientFrame::ChatSend { conversation_id, client_message_id, text, private_note } => {
            let saying = Saying { client_message_id: client_message_id.into(), text, private_note };
            written(support::send(app, who, conversation_id, saying).await?)
        }
        ClientFrame::ChatRead { conversation_id, seq } => {
            let seq = i64::try_from(seq).map_err(|_| out_of_range("/seq"))?;
            support::read(app, who, conversation_id, seq).await.map(nothing)
        }
        ClientFrame::ChatTyping { conversation_id, typing } => {
            support::typing(app, who, conversation_id, typing).await.map(nothing)
        }
        ClientFrame::Presence { online, capacity } => {
            let capacity = capacity.map(i32::try_from).transpose().map_err(|_| out_of_range("/capacity"))?;
            support::set_presence(app, who, Presence { online, capacity }).await?;
            Ok(nothing(()))
        }
        ClientFrame::Shift { on } => {
            let courier = tracking::courier::shift(app, who, on).await?;
            Ok(json!({ "on_shift": courier.on_shift }))
        }
        ClientFrame::OfferAnswer { offer_id, accept: true } => {
            written(dispatch::accept(app, who, offer_id).await?)
        }
        ClientFrame::OfferAnswer { offer_id, accept: false } => {
            dispatch::decline(app, who, offer_id).await.map(nothing)
        }
        ClientFrame::DeliveryStep { order_id, step, reason } => {
            written(tracking::step_because(app, who, order_id, step, reason).await?)
        }
        // The session handles these itself.
        ClientFrame::Auth { .. }
        | ClientFrame::Subscribe { .. }
        | ClientFrame::Unsubscribe { .. }
        | ClientFrame::Fixes { .. }
        | ClientFrame::Ping {} => Ok(nothing(())),
    }
}

fn written(value: impl Serialize) -> Result<Value, Failure> {
    serde_json::to_value(value).map_err(Failure::fault)
}

fn nothing(_done: ()) -> Value {
    json!({})
}

fn out_of_range(pointer: &str) -> Failure {
    Refused::field(pointer, fault::OUT_OF_RANGE, "The number is too large.").into()
}
