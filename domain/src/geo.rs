//! Coordinates on the earth, WGS84.

use geo::{Bearing, Distance, Haversine, Point};
use serde::{Deserialize, Serialize};

/// A coordinate within the valid range. [`LatLon::new`] checks it, so an existing value
/// needs no further check.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked", into = "Unchecked")]
pub struct LatLon {
    lat: f64,
    lon: f64,
}

/// The numbers are not a coordinate: not finite, or out of range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("latitude must be within -90..=90 and longitude within -180..=180")]
pub struct NotAPlace;

#[derive(Clone, Copy, Serialize, Deserialize)]
struct Unchecked {
    lat: f64,
    lon: f64,
}

impl LatLon {
    /// Checks the range; NaN and infinities are rejected.
    pub fn new(lat: f64, lon: f64) -> Result<Self, NotAPlace> {
        if (-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lon) {
            Ok(Self { lat, lon })
        } else {
            Err(NotAPlace)
        }
    }

    /// Degrees north.
    pub fn lat(self) -> f64 {
        self.lat
    }

    /// Degrees east.
    pub fn lon(self) -> f64 {
        self.lon
    }

    /// The coordinate rounded to about a kilometre: two decimals of a degree.
    #[must_use]
    pub fn coarse(self) -> Self {
        let round = |degrees: f64| (degrees * 100.0).round() / 100.0;
        Self { lat: round(self.lat), lon: round(self.lon) }
    }

    /// Metres along the great circle, on a sphere of the mean earth radius.
    pub fn distance_m(self, other: LatLon) -> f64 {
        Haversine.distance(Point::new(self.lon, self.lat), Point::new(other.lon, other.lat))
    }

    /// The bearing from here to `other`, in whole degrees clockwise from north, 0..360.
    pub fn bearing_deg(self, other: LatLon) -> u16 {
        let degrees = Haversine.bearing(Point::new(self.lon, self.lat), Point::new(other.lon, other.lat));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is within 0..=360")]
        let whole = degrees.rem_euclid(360.0).round() as u16;
        whole % 360
    }

    /// Whether this is (0, 0), which receivers report when they have no position.
    pub fn is_null_island(self) -> bool {
        self.lat.abs() < 1e-4 && self.lon.abs() < 1e-4
    }
}

impl TryFrom<Unchecked> for LatLon {
    type Error = NotAPlace;

    fn try_from(place: Unchecked) -> Result<Self, NotAPlace> {
        Self::new(place.lat, place.lon)
    }
}

impl From<LatLon> for Unchecked {
    fn from(place: LatLon) -> Self {
        Self { lat: place.lat, lon: place.lon }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_places_on_earth_can_be_made() {
        for (lat, lon) in [(f64::NAN, 0.0), (0.0, f64::INFINITY), (90.1, 0.0), (0.0, -180.1)] {
            assert_eq!(LatLon::new(lat, lon), Err(NotAPlace));
        }
        assert!(serde_json::from_str::<LatLon>(r#"{"lat":91,"lon":0}"#).is_err());
    }

    #[test]
    fn distance_agrees_with_a_known_one() {
        let city_hall = LatLon::new(37.56654, 126.97799).unwrap();
        let gangnam = LatLon::new(37.49794, 127.02758).unwrap();
        assert!((city_hall.distance_m(gangnam) - 8_799.0).abs() < 50.0);
    }
}
