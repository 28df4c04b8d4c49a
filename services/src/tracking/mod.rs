//! Where a delivery is, for whoever may know, and what its courier does about it.
//!
//! ```text
//! steps ─▶ dispatch ─▶ delivery ─▶ view      each knows those to its right alone
//! ```
//!
//! - `steps`: the courier's steps, and how a delivery follows its order;
//! - [`dispatch`]: whom to ask to bring it;
//! - `delivery`: who may look, what they see, how a decision is committed;
//! - [`mod@view`]: a delivery as it is shown;
//! - [`courier`]: the courier's own side: profile, shift, fixes;
//! - [`device`]: their phones with public tracking apps.

mod channels;
pub mod courier;
mod delivery;
pub mod device;
pub mod dispatch;
mod steps;
pub mod view;

pub(crate) use channels::{CourierChannel, DeliveryChannel};
pub use delivery::{is_over, show, track};
pub use steps::{Step, step, step_because, try_contact};
pub(crate) use steps::{follow_order, tell_order};
pub use view::View;

use std::sync::Arc;

use domain::{Failure, Timestamp};

use crate::App;
use crate::module::Module;

/// The worker that writes the position log. Started again, it goes on with the same channel:
/// nothing that waits is lost.
pub(crate) fn module() -> Module {
    Module::default().worker("position log", |app, stopping| Arc::clone(&app.position_writer).run(stopping))
}

/// Makes the days of the position log that come, and drops those before `keep_from`.
pub(crate) async fn keep_positions(app: &App, keep_from: Timestamp) -> Result<(), Failure> {
    let days_ahead = app.settings.tracking.positions.days_ahead;
    store::tracking::ensure_partitions(&app.store, app.now(), days_ahead).await?;
    let dropped = store::tracking::drop_partitions(&app.store, keep_from).await?;
    if dropped > 0 {
        tracing::info!(dropped, "days of positions are out of retention");
    }
    Ok(())
}

/// Tracking's numbers.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Filter, estimate and geofence.
    pub courier: actors::courier::Settings,
    /// Whom to ask, and for how long.
    pub dispatch: domain::tracking::dispatch::Settings,
    /// The position log.
    pub positions: actors::position_log::Settings,
}
