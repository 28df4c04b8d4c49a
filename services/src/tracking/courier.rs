//! The courier's own side: profile, shift, fixes.

use actors::courier::{CourierCommand, Couriers};
use actors::kit::Entities;
pub use actors::position_log::Ack;
use domain::tracking::{Batch, Offer, OfferEvent, Vehicle};
use domain::{Channel, CourierId, Event, Failure, Kind, Party, Principal, Refused, Text, TextRule, fault};
use serde_json::{Value, json};
use store::fabric::{Listener, Notice, Signal};
use store::{journal, tracking};

use super::{View, view};
use crate::live::Snapshot;
use crate::{App, dispatch};

/// What customers call a courier whose account has no name.
const NEWCOMER: &str = "라이더";

/// Characters of a courier's or a device's name.
const NAME_CHARS: usize = 60;

/// A courier's own view: who they are, what they carry, what they are asked.
#[derive(Clone, Debug)]
pub struct Me {
    /// The courier.
    pub courier: tracking::Courier,
    /// What they carry, the oldest first.
    pub assignments: Vec<View>,
    /// What they are asked.
    pub offers: Vec<Offer>,
}

/// What the courier sees of themselves.
pub async fn me(app: &App, who: &Principal) -> Result<Me, Failure> {
    let id = who.courier().ok_or_else(Failure::forbidden)?;
    let courier = enter(app, id).await?;
    let mut assignments = Vec::new();
    for delivery in tracking::live(&app.store, id).await? {
        assignments.push(view(app, delivery, Party::Courier.into()).await?);
    }
    let offers = tracking::pending_offers(&app.store, id, app.now()).await?;
    let offers = offers.into_iter().map(|offer| dispatch::coarse(app, offer)).collect();
    Ok(Me { courier, assignments, offers })
}

/// The courier's own channel as it stands.
pub async fn snapshot(app: &App, who: &Principal) -> Result<Snapshot, Failure> {
    let id = who.courier().ok_or_else(Failure::forbidden)?;
    // The offset first: what happens in between is told once more as an event,
    // and names an offer or a delivery that the state holds already.
    let heads = journal::heads(&app.store, &[Channel::Courier(id)]).await?;
    let offset = heads.first().map_or(0, |(_, head)| *head);
    let me = me(app, who).await?;
    let offers: Vec<Value> = me.offers.into_iter().map(|offer| OfferEvent::Made(offer).data()).collect();
    let data = json!({
        "id": me.courier.id,
        "name": me.courier.name,
        "vehicle": me.courier.vehicle,
        "on_shift": me.courier.on_shift,
        "assignments": me.assignments,
        "offers": offers,
    });
    Ok(Snapshot { offset, data, ended: None })
}

/// Sets what customers see of the courier; where `seen` is given, only if that is still
/// the version.
pub async fn describe(
    app: &App,
    id: CourierId,
    name: &str,
    vehicle: Vehicle,
    seen: Option<i64>,
) -> Result<(), Failure> {
    let name = called(name)?;
    let set = tracking::register_courier(&app.store, id, name.as_str(), vehicle, seen).await?;
    if set { Ok(()) } else { Err(Refused::stale("courier's profile").into()) }
}

/// A courier's or a device's name, as it is kept.
pub(super) fn called(name: &str) -> Result<Text, Refused> {
    TextRule::line(NAME_CHARS).read(name).map_err(|flaw| {
        Refused::field("/name", fault::OUT_OF_RANGE, format!("A name has 1 to 60 characters. {flaw}"))
    })
}

/// Begins or ends the shift.
pub async fn shift(app: &App, who: &Principal, on: bool) -> Result<tracking::Courier, Failure> {
    let id = who.courier().ok_or_else(Failure::forbidden)?;
    enter(app, id).await?;
    app.couriers.ask(id, |reply| CourierCommand::Shift { on, reply }).await
}

/// A socket opens for the courier. The epoch goes with every batch that comes
/// over it; sockets of older epochs are refused from now on.
pub async fn connect(app: &App, id: CourierId) -> Result<u64, Failure> {
    enter(app, id).await?;
    app.couriers.ask(id, |reply| CourierCommand::Connect { reply }).await
}

/// Fixes come in. Answered once they are kept; until then the device keeps them.
pub async fn fixes(app: &App, id: CourierId, epoch: Option<u64>, batch: Batch) -> Result<Ack, Failure> {
    let first =
        app.couriers.ask(id, |reply| CourierCommand::Fixes { epoch, batch: batch.clone(), reply }).await;
    match first {
        // Somebody who never looked at their shift: they exist from now on.
        Err(Failure::Refused(refused)) if refused.kind == Kind::NotFound => {
            Box::pin(async move {
                enter(app, id).await?;
                app.couriers.ask(id, |reply| CourierCommand::Fixes { epoch, batch, reply }).await
            })
            .await
        }
        answered => answered,
    }
}

/// The courier's row, which appears when they first work.
pub(super) async fn enter(app: &App, id: CourierId) -> Result<tracking::Courier, Failure> {
    if let Some(courier) = tracking::courier(&app.store, id).await? {
        return Ok(courier);
    }
    let profile = store::user::profile(&app.store, id.into()).await?;
    let name = profile.as_ref().map_or(NEWCOMER, |profile| profile.name.as_str());
    Ok(tracking::courier_or_new(&app.store, id, name).await?)
}

/// Has the couriers who are active here read their shift and deliveries again
/// when somebody changed them, in whichever process.
pub(crate) struct Ear(pub(crate) Entities<Couriers>);

impl Listener for Ear {
    fn hear(&self, _channel: &Channel, _signal: &Signal) {}

    fn notice(&self, notice: &Notice) {
        if let Notice::AssignmentsChanged(courier) = notice {
            self.refresh(*courier);
        }
    }

    fn rejoined(&self) {
        self.0.ids().into_iter().for_each(|courier| self.refresh(courier));
    }
}

impl Ear {
    fn refresh(&self, courier: CourierId) {
        if let Err(refused) = self.0.tell_active(courier, CourierCommand::Refresh) {
            tracing::warn!(%courier, %refused, "a courier could not be told of their deliveries");
        }
    }
}
