//! Coordinates as they are shown.

use domain::LatLon;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A coordinate, WGS84.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Position {
    /// Degrees north.
    #[schema(minimum = -90.0, maximum = 90.0, example = 37.49794)]
    pub lat: f64,
    /// Degrees east.
    #[schema(minimum = -180.0, maximum = 180.0, example = 127.02758)]
    pub lon: f64,
}

impl From<LatLon> for Position {
    fn from(place: LatLon) -> Self {
        Self { lat: place.lat(), lon: place.lon() }
    }
}
