//! The courier's own side: shift, fixes, devices.

use actors::courier::{CourierCommand, Couriers};
use actors::kit::Entities;
pub use actors::position_log::Ack;
use domain::tracking::{Batch, Offer, OfferEvent, RawFix, Vehicle};
use domain::{
    Channel, CourierId, Event, Failure, Kind, Party, Principal, Refused, Text, TextRule, Timestamp,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use store::fabric::{Listener, Notice, Signal};
use store::{journal, tracking};
use uuid::Uuid;

use super::{View, view};
use crate::live::Snapshot;
use crate::{App, dispatch};

/// What a device's token begins with, so that a leaked one is recognised.
const TOKEN_PREFIX: &str = "bdv_";

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

/// A new device. Its token is shown this once.
#[derive(Clone, Debug)]
pub struct Device {
    /// Which one.
    pub id: Uuid,
    /// What it proves itself with.
    pub token: String,
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
fn called(name: &str) -> Result<Text, Refused> {
    TextRule::line(NAME_CHARS).read(name).map_err(|flaw| {
        Refused::field("/name", "out_of_range", format!("A name has 1 to 60 characters. {flaw}"))
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
async fn enter(app: &App, id: CourierId) -> Result<tracking::Courier, Failure> {
    if let Some(courier) = tracking::courier(&app.store, id).await? {
        return Ok(courier);
    }
    let profile = store::user::profile(&app.store, id.into()).await?;
    let name = profile.as_ref().map_or(NEWCOMER, |profile| profile.name.as_str());
    Ok(tracking::courier_or_new(&app.store, id, name).await?)
}

/// Adds a device that sends fixes with a token of its own.
pub async fn add_device(app: &App, who: &Principal, name: &str) -> Result<Device, Failure> {
    let courier = who.courier().ok_or_else(Failure::forbidden)?;
    enter(app, courier).await?;
    let name = called(name)?;
    let id = app.ids.uuid();
    let token = format!("{TOKEN_PREFIX}{}", hex::encode(app.ids.random()));
    tracking::add_device(&app.store, id, courier, name.as_str(), &hashed(&token), app.now()).await?;
    Ok(Device { id, token })
}

/// What a public tracking app reports: one place, without a sequence number.
#[derive(Clone, Copy, Debug)]
pub struct Report {
    /// When the device was there.
    pub at: Timestamp,
    /// Degrees north.
    pub lat: f64,
    /// Degrees east.
    pub lon: f64,
    /// Metres.
    pub accuracy_m: Option<f64>,
    /// Metres a second.
    pub speed_mps: Option<f64>,
    /// Degrees clockwise from north.
    pub heading_deg: Option<f64>,
}

/// A device reports where it is; answered once that is kept.
///
/// Such apps count nothing, so the fix's own millisecond is its number: sent
/// again, it is the same fix. The track is of our numbering, below zero.
pub async fn report(app: &App, token: &str, report: Report) -> Result<Ack, Failure> {
    let (courier, number) = device(app, token).await?;
    let fix = RawFix {
        seq: report.at.timestamp_millis(),
        at: report.at,
        lat: report.lat,
        lon: report.lon,
        accuracy_m: report.accuracy_m,
        speed_mps: report.speed_mps,
        heading_deg: report.heading_deg,
    };
    fixes(app, courier, None, Batch::of_device(number, fix)).await
}

/// Refuses a token that no device has.
pub async fn check_device(app: &App, token: &str) -> Result<(), Failure> {
    device(app, token).await.map(drop)
}

async fn device(app: &App, token: &str) -> Result<(CourierId, u64), Failure> {
    let known = tracking::device_by_token(&app.store, &hashed(token)).await?;
    known.ok_or_else(|| {
        Refused::new("unauthenticated", Kind::Unauthenticated, "This device's token is not known.").into()
    })
}

/// Tokens are 256 random bits: a plain hash is enough to keep them by.
fn hashed(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
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
