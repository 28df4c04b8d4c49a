//! A courier: the last fix and the filter's state, the shift, the live deliveries, and the session
//! epoch.
//!
//! ```text
//! ○ ─ first command ─▶ loaded ── Connect ──▶ epoch n ── Connect ──▶ epoch n+1 …
//!                        │ Fixes: filter ─▶ position log (reply) ─▶ watchers, geo index, geofence
//!                        │ Refresh: shift and live deliveries read again
//! ○ ◀─ idle for 10 min ──┘
//! ```
//!
//! Invariants:
//! 1. Fixes from an older session change nothing, neither here nor in the store.
//! 2. Published positions never move back in time.
//! 3. The position log answers a fix, after its commit; the entity does not wait for that.
//! 4. A geofence event is committed once: the delivery records which events happened. A commit that
//!    fails is retried with the next fix.
//!
//! Supervised by the supervisor of couriers. A restart loses the filter's candidates for a jump;
//! the newest fix, shift, epoch and deliveries are read again.

use std::sync::Arc;

use domain::tracking::filter::{self, Filter};
use domain::tracking::geofence::{self, Fence, Zone};
use domain::tracking::sight::position_audience;
use domain::tracking::{Batch, Delivery, DeliveryEvent, Fix, eta};
use domain::{Channel, Clock, CourierId, Failure, OrderId, Refused, Timestamp};
use store::fabric::{Latest, Notice, Signal};
use store::geo_index::GeoIndex;
use store::tracking::{self, Courier, Row};
use store::{Store, StoreError};

use crate::position_log::{Ack, PositionLog, superseded};
use actor_kit::{Entity, Reply, handle};

/// Settings of all couriers.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Which fixes are plausible enough to show.
    pub filter: filter::Settings,
    /// The arrival estimate.
    pub eta: eta::Settings,
    /// The radii of "near" and "there".
    pub geofence: geofence::Settings,
    /// Whether customers see the courier from the assignment on, not only from pickup.
    pub shown_from_assignment: bool,
}

/// What all courier entities share.
pub struct CourierEntity {
    /// Where state is stored.
    pub store: Store,
    /// The current time.
    pub clock: Arc<dyn Clock>,
    /// Where accepted fixes go.
    pub log: PositionLog,
    /// The positions of couriers on shift.
    pub index: Arc<dyn GeoIndex>,
    /// The settings.
    pub settings: Settings,
}

handle! {
    /// All couriers: one method for each message.
    Couriers of CourierEntity
}

impl Couriers {
    /// Opens a session: takes the next epoch, which supersedes the older session.
    pub async fn connect(&self, id: CourierId) -> Result<u64, Failure> {
        self.0.call(id, |reply| CourierCommand::Connect { reply }).await
    }

    /// Takes fixes, from the session of `epoch`, or from a device without a session. Answered once
    /// they are stored.
    pub async fn fixes(&self, id: CourierId, epoch: Option<u64>, batch: Batch) -> Result<Ack, Failure> {
        self.0.call(id, |reply| CourierCommand::Fixes { epoch, batch, reply }).await
    }

    /// Starts or ends the shift; returns the courier after that.
    pub async fn set_shift(&self, id: CourierId, on: bool) -> Result<Courier, Failure> {
        self.0.call(id, |reply| CourierCommand::Shift { on, reply }).await
    }

    /// Makes an entity that is active in this process read its shift and deliveries again.
    pub fn refresh(&self, id: CourierId) -> Result<(), Refused> {
        self.0.cast_active(id, CourierCommand::Refresh)
    }

    /// The entity's state.
    pub async fn snapshot(&self, id: CourierId) -> Result<Snapshot, Failure> {
        self.0.call(id, |reply| CourierCommand::Look { reply }).await
    }
}

/// The messages of a courier.
pub enum CourierCommand {
    /// Takes the next session epoch, which supersedes the older session.
    Connect {
        /// The epoch.
        reply: Reply<u64>,
    },
    /// Takes fixes.
    Fixes {
        /// The session that they came from; none for devices without one.
        epoch: Option<u64>,
        /// The fixes.
        batch: Batch,
        /// Answered once they are stored.
        reply: Reply<Ack>,
    },
    /// Starts or ends the shift.
    Shift {
        /// Whether the courier takes offers.
        on: bool,
        /// The courier after the change.
        reply: Reply<Courier>,
    },
    /// The shift or the live deliveries changed in the store: read them again.
    Refresh,
    /// Reads the entity's state.
    Look {
        /// The state.
        reply: Reply<Snapshot>,
    },
}

/// The state of a courier's entity.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The courier.
    pub courier: Courier,
    /// The newest shown fix.
    pub newest: Option<Fix>,
    /// The orders of the live deliveries.
    pub live: Vec<OrderId>,
}

/// A live delivery, with the geofence around the courier's next stop.
struct Task {
    delivery: Delivery,
    fence: Fence,
}

impl Task {
    fn new(delivery: Delivery) -> Self {
        let target = if delivery.status.is_before_pickup() {
            delivery.pickup.position
        } else {
            delivery.drop_off.position
        };
        Self { delivery, fence: Fence::around(target) }
    }
}

/// What watchers of a delivery are shown when its courier is at `fix`.
pub fn latest(settings: &Settings, courier: CourierId, delivery: &Delivery, fix: &Fix) -> Latest {
    #[expect(clippy::cast_possible_truncation, reason = "seven digits are more than a receiver knows")]
    let short = |number: f64| number as f32;
    Latest {
        at: fix.at,
        position: fix.position,
        heading_deg: fix.heading_deg.map(short),
        speed_mps: fix.speed_mps.map(short),
        forecast: eta::forecast(&settings.eta, delivery, Some((fix.position, fix.at))),
        audience: position_audience(delivery.status, settings.shown_from_assignment),
        courier,
        version: delivery.version,
    }
}

/// The changes that a fix makes to a delivery, to be committed.
struct News {
    delivery: Delivery,
    events: Vec<DeliveryEvent>,
    fence: Fence,
}

/// See [`CourierEntity`].
pub struct State {
    courier: Courier,
    filter: Filter,
    live: Vec<Task>,
}

impl Entity for CourierEntity {
    const KIND: &'static str = "courier";
    type Id = CourierId;
    type Command = CourierCommand;
    type State = State;

    // Rare commands are boxed: `Fixes` comes thousands of times a second, and its future should be
    // small.
    async fn handle(&self, id: CourierId, slot: &mut Option<State>, command: CourierCommand) {
        if slot.is_none() {
            match Box::pin(self.load(id)).await {
                Ok(state) => *slot = Some(state),
                Err(failure) => return command.fail(failure),
            }
        }
        let Some(state) = slot else { return };
        match command {
            CourierCommand::Connect { reply } => reply.send(Box::pin(self.connect(id, state)).await),
            CourierCommand::Fixes { epoch, batch, reply } => {
                self.fixes(id, state, epoch, &batch, reply).await;
            }
            CourierCommand::Shift { on, reply } => reply.send(Box::pin(self.shift(id, state, on)).await),
            CourierCommand::Refresh => {
                if let Err(error) = Box::pin(self.refresh(id, state)).await {
                    // Drops the state, so that the next command loads it again.
                    tracing::warn!(courier = %id, %error, "live deliveries could not be read");
                    *slot = None;
                }
            }
            CourierCommand::Look { reply } => reply.send(Ok(state.snapshot())),
        }
    }
}

impl CourierCommand {
    fn fail(self, failure: Failure) {
        match self {
            CourierCommand::Connect { reply } => reply.send(Err(failure)),
            CourierCommand::Fixes { reply, .. } => reply.send(Err(failure)),
            CourierCommand::Shift { reply, .. } => reply.send(Err(failure)),
            CourierCommand::Look { reply } => reply.send(Err(failure)),
            CourierCommand::Refresh => {}
        }
    }
}

impl State {
    fn snapshot(&self) -> Snapshot {
        Snapshot {
            courier: self.courier.clone(),
            newest: self.filter.newest().copied(),
            live: self.live.iter().map(|task| task.delivery.order).collect(),
        }
    }
}

impl CourierEntity {
    async fn load(&self, id: CourierId) -> Result<State, Failure> {
        let courier =
            tracking::courier(&self.store, id).await?.ok_or_else(|| Failure::not_found("courier"))?;
        let oldest = self.clock.now() - self.settings.filter.max_age;
        let newest = tracking::newest(&self.store, id, oldest).await?;
        let live = tracking::live(&self.store, id).await?.into_iter().map(Task::new).collect();
        Ok(State { courier, filter: Filter::after(newest), live })
    }

    async fn connect(&self, id: CourierId, state: &mut State) -> Result<u64, Failure> {
        let epoch = tracking::next_epoch(&self.store, id).await?;
        if epoch != state.courier.session_epoch + 1 {
            // Another process took epochs in between: the state here is outdated.
            *state = self.load(id).await?;
        }
        state.courier.session_epoch = epoch;
        self.store.fabric().announce(Notice::CourierSuperseded { courier: id, epoch });
        Ok(epoch)
    }

    async fn shift(&self, id: CourierId, state: &mut State, on: bool) -> Result<Courier, Failure> {
        tracking::set_shift(&self.store, id, on).await?;
        state.courier.on_shift = on;
        match state.filter.newest() {
            Some(fix) if on => self.index.put(id, fix.position, fix.at),
            _ => self.index.remove(id),
        }
        // Another process may have the courier's socket.
        self.store.fabric().announce(Notice::AssignmentsChanged(id));
        Ok(state.courier.clone())
    }

    /// Reads shift and live deliveries again. A geofence keeps its zone.
    async fn refresh(&self, id: CourierId, state: &mut State) -> Result<(), StoreError> {
        if let Some(courier) = tracking::courier(&self.store, id).await? {
            state.courier = courier;
        }
        if !state.courier.on_shift {
            self.index.remove(id);
        }
        let live = tracking::live(&self.store, id).await?;
        let mut before = std::mem::take(&mut state.live);
        for delivery in live {
            let mut task = Task::new(delivery);
            let same = |old: &Task| {
                (old.delivery.order, old.delivery.status) == (task.delivery.order, task.delivery.status)
            };
            // A new delivery or status changes who may see the position, and the estimate.
            if let Some(fix) = state.filter.newest()
                && !before.iter().any(same)
            {
                self.publish(id, &task.delivery, fix);
            }
            let known = before.iter_mut().find(|old| {
                old.delivery.order == task.delivery.order && old.fence.centre() == task.fence.centre()
            });
            if let Some(old) = known {
                task.fence = old.fence;
            }
            state.live.push(task);
        }
        for gone in before {
            if !state.live.iter().any(|task| task.delivery.order == gone.delivery.order) {
                self.store.fabric().forget(&Channel::Delivery(gone.delivery.order));
            }
        }
        Ok(())
    }

    async fn fixes(
        &self,
        id: CourierId,
        state: &mut State,
        epoch: Option<u64>,
        batch: &Batch,
        reply: Reply<Ack>,
    ) {
        if let Some(epoch) = epoch {
            if epoch > state.courier.session_epoch {
                // Another process issued this epoch: the state here is outdated.
                match Box::pin(self.load(id)).await {
                    Ok(fresh) => *state = fresh,
                    Err(failure) => return reply.send(Err(failure)),
                }
            }
            if epoch < state.courier.session_epoch {
                return reply.send(Err(superseded().into()));
            }
        }
        let now = self.clock.now();
        let mut ack = Ack { track: batch.track(), seq: batch.last_seq(), rejected: filter::Rejected::new() };
        let mut rows = Vec::with_capacity(batch.fixes().len());
        let before = state.filter.newest().map(|fix| fix.at);
        for raw in batch.fixes() {
            let verdict = state.filter.judge(&self.settings.filter, *raw, now);
            rows.extend(verdict.row().map(|fix| Row { track: batch.track(), fix: *fix }));
            if let Some(reason) = verdict.reason() {
                *ack.rejected.entry(reason).or_default() += 1;
            }
        }
        let written =
            tracking::Batch { courier: id, epoch, received_at: now, rows, rejected: ack.rejected.clone() };
        self.log.append(written, ack, reply);
        if let Some(newest) = state.filter.newest().copied()
            && Some(newest.at) > before
        {
            self.show(id, state, &newest, now).await;
        }
    }

    /// Publishes the courier's position to all watchers, and evaluates geofences and delays.
    async fn show(&self, id: CourierId, state: &mut State, fix: &Fix, now: Timestamp) {
        if state.courier.on_shift {
            self.index.put(id, fix.position, fix.at);
        }
        let mut outdated = false;
        for task in &mut state.live {
            let forecast = self.publish(id, &task.delivery, fix);
            let eta = forecast.map(|forecast| forecast.at(now));
            let Some(news) = self.news(id, task, fix, eta) else { continue };
            if let Err(error) = Box::pin(self.tell(task, news, now)).await {
                tracing::debug!(courier = %id, %error, "a geofence event waits for the next fix");
                outdated = true;
            }
        }
        if outdated && let Err(error) = Box::pin(self.refresh(id, state)).await {
            tracing::warn!(courier = %id, %error, "live deliveries could not be read");
        }
    }

    /// Publishes the courier's position to the delivery's watchers.
    fn publish(&self, id: CourierId, delivery: &Delivery, fix: &Fix) -> Option<eta::Forecast> {
        let latest = latest(&self.settings, id, delivery, fix);
        let forecast = latest.forecast;
        self.store.fabric().publish(&Channel::Delivery(delivery.order), Signal::Latest(latest.into()));
        forecast
    }

    /// The events that the fix causes for the delivery: arrival, nearness, delay. Usually none.
    fn news(&self, id: CourierId, task: &mut Task, fix: &Fix, eta: Option<eta::Eta>) -> Option<News> {
        let mut fence = task.fence;
        fence.pass(&self.settings.geofence, fix.position);
        let before_pickup = task.delivery.status.is_before_pickup();
        let late = eta.filter(|eta| eta.arrive_at > task.delivery.promised_at && !task.delivery.late_told);
        if fence.zone() == Zone::Away && late.is_none() {
            task.fence = fence;
            return None;
        }
        let mut delivery = task.delivery.clone();
        let mut events = Vec::new();
        let decisions = [
            (before_pickup && fence.zone() == Zone::There).then(|| delivery.clone().arrive_at_restaurant(id)),
            (!before_pickup && fence.zone() == Zone::Near).then(|| delivery.clone().come_near(id)),
            (!before_pickup && fence.zone() == Zone::There).then(|| delivery.clone().arrive_at_dropoff(id)),
        ];
        // At most one of them is due; an error means that it is not.
        for (next, told) in decisions.into_iter().flatten().flatten() {
            (delivery, events) = (next, told);
        }
        if let Some(eta) = late
            && let Ok((next, told)) = delivery.clone().run_late(eta.arrive_at)
        {
            delivery = next;
            events.extend(told);
        }
        if events.is_empty() {
            task.fence = fence;
            return None;
        }
        Some(News { delivery, events, fence })
    }

    /// Commits the changes. This is rare, so the entity waits for it.
    async fn tell(&self, task: &mut Task, news: News, now: Timestamp) -> Result<(), StoreError> {
        let News { delivery, events, fence } = news;
        let mut tx = self.store.begin().await?;
        tracking::save(&mut tx, &delivery, &events, now).await?;
        tx.commit().await?;
        (task.delivery, task.fence) = (delivery, fence);
        Ok(())
    }
}
