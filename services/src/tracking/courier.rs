//! The courier's own use cases: profile, shift, fixes.

use std::collections::HashSet;
use std::sync::Arc;

use actor_kit::Entities;
use actors::courier::{CourierEntity, Couriers};
pub use actors::position_log::Ack;
use actors::position_log::{PositionLog, PositionWriter};
use domain::tracking::{Batch, Delivery, DispatchReminder, Fix, Offer, Vehicle};
use domain::{
    Channel, CourierId, ExpectedVersion, Failure, Party, Principal, Refused, Text, TextRule, Timestamp, fault,
};
use store::fabric::{FabricListener, Notice, Signal};
pub(crate) use store::tracking::{Courier, CourierScope};
use store::{Tx, jobs, tracking};

use super::delivery::view;
use super::{View, dispatch};
use crate::module::Parts;
use crate::{App, StartError, start_error, user};

/// The name shown for a courier whose account has none.
const NEWCOMER: &str = "라이더";

/// The most characters of a courier's or a device's name.
const NAME_CHARS: usize = 60;

/// Starts the courier entities, which write their fixes to `log`.
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

/// The log of the couriers' positions, and its writer.
pub(crate) fn position_log(parts: &Parts<'_>) -> (PositionLog, Arc<PositionWriter>) {
    let settings = parts.settings.tracking.positions.clone();
    PositionLog::new(parts.store.clone(), Arc::clone(parts.clock), settings)
}

/// A courier's view of themselves.
#[derive(Clone, Debug)]
pub struct Me {
    /// The courier.
    pub courier: tracking::Courier,
    /// Their deliveries, oldest first.
    pub assignments: Vec<View>,
    /// Their pending offers.
    pub offers: Vec<Offer>,
}

/// The courier's profile, deliveries and offers.
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

/// Sets the courier's name and vehicle, as customers see them. The profile must be at
/// an `expected` version.
pub async fn describe(
    app: &App,
    id: CourierId,
    name: &str,
    vehicle: Vehicle,
    expected: &ExpectedVersion,
) -> Result<(), Failure> {
    let name = called(name)?;
    let set = tracking::register_courier(&app.store, id, name.as_str(), vehicle, expected).await?;
    if set { Ok(()) } else { Err(Refused::stale("courier's profile").into()) }
}

/// Checks a courier's or a device's name, and returns it as it is stored.
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

/// Ends the shift of somebody who may not act as a courier any more, right after the commit of what
/// is the reason for it, and also if this process dies then.
pub(crate) fn stop_soon(tx: &mut Tx, courier: CourierId, now: Timestamp) {
    jobs::remind(tx, &format!("stop:{courier}"), now, DispatchReminder::CourierStopped { courier });
}

/// Ends the shift and forgets their phones; what they have not picked up yet, others bring. Whoever has the food already
/// keeps the delivery: nobody else can bring it.
pub(super) async fn stop(app: &App, id: CourierId) -> Result<(), Failure> {
    if tracking::courier(&app.store, id).await?.is_none() {
        return Ok(());
    }
    // The tokens of their phones are no session's, and do not end with the sessions.
    tracking::remove_devices(&app.store, id).await?;
    app.couriers.set_shift(id, false).await?;
    for delivery in tracking::live(&app.store, id).await? {
        match dispatch::unassign(app, delivery.order, id).await {
            Err(Failure::Refused(_)) => {
                tracing::warn!(order = %delivery.order, courier = %id, "a courier who was stopped has the food");
            }
            done => drop(done?),
        }
    }
    Ok(())
}

/// Registers a new socket of the courier, and returns its epoch, which is passed with every batch
/// from this socket. Batches from sockets with an older epoch are refused from now on.
pub async fn connect(app: &App, id: CourierId) -> Result<u64, Failure> {
    enter(app, id).await?;
    app.couriers.connect(id).await
}

/// Records fixes. Returns only after they are stored; until then the device must keep them.
pub async fn fixes(app: &App, id: CourierId, epoch: Option<u64>, batch: Batch) -> Result<Ack, Failure> {
    match app.couriers.fixes(id, epoch, batch.clone()).await {
        // A courier without a row yet: create it, then try again.
        Err(failure) if failure.is_not_found() => {
            Box::pin(async move {
                enter(app, id).await?;
                app.couriers.fixes(id, epoch, batch).await
            })
            .await
        }
        answered => answered,
    }
}

/// The couriers among these who have a delivery now.
pub(crate) async fn busy(app: &App, couriers: &[CourierId]) -> Result<HashSet<CourierId>, Failure> {
    Ok(tracking::busy(&app.store, couriers).await?)
}

/// The courier, if they ever worked.
pub(crate) async fn find(app: &App, id: CourierId) -> Result<Option<tracking::Courier>, Failure> {
    Ok(tracking::courier(&app.store, id).await?)
}

/// The couriers whose name contains the text (`domain::lookup`), newest first.
pub(crate) async fn named(app: &App, text: &str, limit: u32) -> Result<Vec<tracking::Courier>, Failure> {
    Ok(tracking::named(&app.store, text, limit).await?)
}

/// The couriers of a scope, by id.
pub(crate) async fn list(
    app: &App,
    scope: CourierScope,
    after: Option<CourierId>,
    limit: u32,
) -> Result<Vec<tracking::Courier>, Failure> {
    Ok(tracking::couriers(&app.store, scope, after, limit).await?)
}

/// What the courier carries, oldest first.
pub(crate) async fn live(app: &App, id: CourierId) -> Result<Vec<Delivery>, Failure> {
    Ok(tracking::live(&app.store, id).await?)
}

/// The courier's last position, as operators may see it: while on shift or with a delivery.
pub(crate) async fn position(
    app: &App,
    courier: &tracking::Courier,
    is_busy: bool,
) -> Result<Option<Fix>, Failure> {
    if !courier.on_shift && !is_busy {
        return Ok(None);
    }
    let oldest = app.now() - app.settings.tracking.courier.filter.max_age;
    Ok(tracking::newest(&app.store, courier.id, oldest).await?)
}

/// The numbers of couriers on shift and on a delivery.
pub(crate) async fn stats(app: &App) -> Result<tracking::CourierStats, Failure> {
    Ok(tracking::courier_stats(&app.store).await?)
}

/// The courier's row, which is created on first use.
pub(super) async fn enter(app: &App, id: CourierId) -> Result<tracking::Courier, Failure> {
    if let Some(courier) = tracking::courier(&app.store, id).await? {
        return Ok(courier);
    }
    let name = user::name(app, id.into()).await?;
    Ok(tracking::courier_or_new(&app.store, id, name.as_deref().unwrap_or(NEWCOMER)).await?)
}

/// Makes courier entities that are active in this process reload their shift and deliveries after
/// a change in any process.
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
