//! Deliveries: dispatch, the courier's steps, and live tracking.
//!
//! ```text
//! steps ─▶ dispatch ─▶ delivery ─▶ view      each depends only on those to its right
//! ```
//!
//! - `steps`: the courier's steps, and how delivery and order follow each other;
//! - [`dispatch`]: offers to couriers;
//! - `delivery`: permissions, what each audience sees, how a decision is committed;
//! - `timeline`: the events of an order and its delivery together;
//! - [`mod@view`]: a delivery as it is shown;
//! - [`courier`]: the courier's own use cases: profile, shift, fixes;
//! - [`device`]: the courier's phones with public tracking apps.

mod channels;
pub mod courier;
mod delivery;
pub mod device;
pub mod dispatch;
mod steps;
mod timeline;
pub mod view;

pub(crate) use channels::{CourierChannel, DeliveryChannel};
pub use delivery::{is_over, show, track};
pub use steps::{Step, step, step_because, try_contact};
pub(crate) use steps::{follow_order, tell_order};
pub(crate) use store::tracking::{erase_carrier, erase_courier, erase_deliveries, live};
pub use timeline::{TimelineEvent, timeline};
pub use view::View;

use std::sync::Arc;

use domain::Failure;
use domain::personal_data::LOCATION;

use crate::App;
use crate::module::Module;

/// The worker that writes the position log. After a restart it continues with the same channel,
/// so that no waiting batch is lost.
pub(crate) fn module() -> Module {
    Module::default().worker("position log", |app, stopping| Arc::clone(&app.position_writer).run(stopping))
}

/// Creates the partitions of coming days of the position log, and drops those before `keep_from`.
pub(crate) async fn keep_positions(app: &App) -> Result<(), Failure> {
    let (now, days_ahead) = (app.now(), app.settings.tracking.positions.days_ahead);
    store::tracking::ensure_partitions(&app.store, now, days_ahead).await?;
    let dropped = store::tracking::drop_partitions(&app.store, LOCATION.kept_since(now)).await?;
    if dropped > 0 {
        tracing::info!(dropped, "days of positions are out of retention");
    }
    Ok(())
}

/// Forgets how far couriers were from what they were offered, once that is out of retention.
pub(crate) async fn tidy(app: &App) -> Result<(), Failure> {
    Ok(store::tracking::empty_offers(&app.store, LOCATION.kept_since(app.now())).await?)
}

/// Settings of tracking.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Filter, ETA and geofence.
    pub courier: actors::courier::Settings,
    /// The search for a courier.
    pub dispatch: domain::tracking::dispatch::Settings,
    /// The position log.
    pub positions: actors::position_log::Settings,
}
