//! Every number that is our choice, one struct for each concern, with its default.

use actors::kit::Limits;

/// What the server's configuration fills in and tests shorten.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// What entities may cost.
    pub entities: Limits,
}
