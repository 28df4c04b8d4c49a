//! Finding addresses by their text, and the port to whoever knows them.

use async_trait::async_trait;
use domain::user::Zip;
use domain::{Failure, LatLon, Refused, fault};

use crate::App;

/// The most results of a search.
const FOUND_MAX: u8 = 10;

/// An address that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundAddress {
    /// The road-name address.
    pub road_address: String,
    /// The lot address; empty if not known.
    pub lot_address: String,
    /// The zip code, if known.
    pub zip: Option<Zip>,
    /// Its coordinates.
    pub position: LatLon,
}

/// Addresses could not be searched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GeocodeError {
    /// Nobody who knows addresses is configured.
    #[error("no geocoder is configured")]
    NotConfigured,
    /// It does not answer.
    #[error("the geocoder does not serve")]
    Unavailable,
}

/// Finds addresses.
#[async_trait]
pub trait Geocoder: Send + Sync {
    /// At most `most` addresses that the text may mean, best match first.
    async fn search(&self, text: &str, most: u8) -> Result<Vec<FoundAddress>, GeocodeError>;
}

/// Addresses that the text may mean, best match first. None without a geocoder: neighbourhoods can
/// still be found by name.
pub async fn search(app: &App, text: &str) -> Result<Vec<FoundAddress>, Failure> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    match app.third_parties.geocoder.search(text, FOUND_MAX).await {
        Ok(found) => Ok(found),
        Err(GeocodeError::NotConfigured) => Ok(Vec::new()),
        Err(GeocodeError::Unavailable) => {
            Err(Refused::unavailable(30).because("Addresses can't be searched for right now.").into())
        }
    }
}

/// Where an address is, or a neighbourhood: what the text means most likely.
pub(crate) async fn locate(app: &App, text: &str) -> Result<LatLon, Failure> {
    let unknown = || Refused::field("/address", fault::UNKNOWN_ADDRESS, "No such address was found.");
    // The name of a neighbourhood alone is not worth a call to somebody else.
    let places = app.gazetteer.search(text, 1);
    if let Some(place) = places.first() {
        return Ok(place.position);
    }
    let found = search(app, text).await?;
    Ok(found.first().ok_or_else(unknown)?.position)
}
