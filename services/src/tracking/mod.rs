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

use crate::module::Module;

/// The workers that write the position log and keep its partitions. Started again, they go on
/// with the same channel: nothing that waits is lost.
pub(crate) fn module() -> Module {
    Module::default()
        .worker("position log", |app, stopping| Arc::clone(&app.position_writer).run(stopping))
        .worker("partition keeper", |app, stopping| {
            Arc::clone(&app.position_writer).keep_partitions(stopping)
        })
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
