//! The courier's own side: profile, shift, fixes.

use std::collections::HashSet;
use std::sync::Arc;

use actor_kit::Entities;
use actors::courier::{CourierEntity, Couriers};
pub use actors::position_log::Ack;
use actors::position_log::{PositionLog, PositionWriter};
use domain::tracking::{Batch, Offer, Vehicle};
use domain::{Channel, CourierId, Failure, Kind, Party, Principal, Refused, Text, TextRule, fault};
use store::fabric::{FabricListener, Notice, Signal};
use store::tracking;

use super::delivery::view;
use super::{View, dispatch};
use crate::module::Parts;
use crate::{App, StartError, start_error, user};

/// What customers call a courier whose account has no name.
const NEWCOMER: &str = "라이더";

/// Characters of a courier's or a device's name.
const NAME_CHARS: usize = 60;

/// The couriers who are here, and have their fixes written to `log`.
pub(crate) async fn entities(parts: &Parts<'_>, log: &PositionLog) -> Result<Couriers, StartError> {
    let courier = CourierEntity {
        store: parts.store.clone(),
        clock: Arc::clone(parts.clock),
        log: log.clone(),
        index: Arc::clone(&parts.store.shared().geo_index),
        settings: parts.settings.tracking.courier.clone(),
    };
    let couriers = Entities::start(courier, parts.settings.entities, parts.root).await;
    let couriers = couriers.map(Couriers::from).map_err(start_error)?;
    parts.store.fabric().listen(Arc::new(AssignmentListener(couriers.clone())));
    Ok(couriers)
}

/// The log of their positions, and who writes it.
pub(crate) fn position_log(parts: &Parts<'_>) -> (PositionLog, Arc<PositionWriter>) {
    let settings = parts.settings.tracking.positions.clone();
    PositionLog::new(parts.store.clone(), Arc::clone(parts.clock), settings)
}

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
    app.couriers.set_shift(id, on).await
}

/// A socket opens for the courier. The epoch goes with every batch that comes
/// over it; sockets of older epochs are refused from now on.
pub async fn connect(app: &App, id: CourierId) -> Result<u64, Failure> {
    enter(app, id).await?;
    app.couriers.connect(id).await
}

/// Fixes come in. Answered once they are kept; until then the device keeps them.
pub async fn fixes(app: &App, id: CourierId, epoch: Option<u64>, batch: Batch) -> Result<Ack, Failure> {
    match app.couriers.fixes(id, epoch, batch.clone()).await {
        // Somebody who never looked at their shift: they exist from now on.
        Err(Failure::Refused(refused)) if refused.kind == Kind::NotFound => {
            Box::pin(async move {
                enter(app, id).await?;
                app.couriers.fixes(id, epoch, batch).await
            })
            .await
        }
        answered => answered,
    }
}

/// Who of these has a delivery now.
pub(crate) async fn busy(app: &App, couriers: &[CourierId]) -> Result<HashSet<CourierId>, Failure> {
    Ok(tracking::busy(&app.store, couriers).await?)
}

/// How many couriers are on shift, and on a delivery.
pub(crate) async fn stats(app: &App) -> Result<tracking::CourierStats, Failure> {
    Ok(tracking::courier_stats(&app.store).await?)
}

/// The courier's row, which appears when they first work.
pub(super) async fn enter(app: &App, id: CourierId) -> Result<tracking::Courier, Failure> {
    if let Some(courier) = tracking::courier(&app.store, id).await? {
        return Ok(courier);
    }
    let name = user::name(app, id.into()).await?;
    Ok(tracking::courier_or_new(&app.store, id, name.as_deref().unwrap_or(NEWCOMER)).await?)
}

/// Has the couriers who are active here read their shift and deliveries again
/// when somebody changed them, in whichever process.
struct AssignmentListener(Couriers);

impl FabricListener for AssignmentListener {
    fn on_signal(&self, _channel: &Channel, _signal: &Signal) {}

    fn on_notice(&self, notice: &Notice) {
        if let Notice::AssignmentsChanged(courier) = notice {
            self.refresh(*courier);
        }
    }

    fn on_reconnected(&self) {
        self.0.ids().into_iter().for_each(|courier| self.refresh(courier));
    }
}

impl AssignmentListener {
    fn refresh(&self, courier: CourierId) {
        if let Err(refused) = self.0.refresh(courier) {
            tracing::warn!(%courier, %refused, "a courier could not be told of their deliveries");
        }
    }
}
