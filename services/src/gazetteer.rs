//! Neighbourhoods by name and by place, from the boundaries of Seoul.

use domain::LatLon;
use domain::gazetteer::{Gazetteer, NotAGazetteer, Place};

use crate::App;

/// The most that a search gives.
const FOUND_MAX: usize = 50;

const SEOUL: &str = include_str!("../../data/seoul/dong.geojson");

/// Reads the boundaries of Seoul.
pub(crate) fn seoul() -> Result<Gazetteer, NotAGazetteer> {
    Gazetteer::parse(SEOUL)
}

/// Neighbourhoods whose name has the text, best match first.
pub fn search(app: &App, text: &str) -> Vec<Place> {
    app.gazetteer.search(text, FOUND_MAX).into_iter().cloned().collect()
}

/// The neighbourhood of a place; none outside the city.
pub fn locate(app: &App, at: LatLon) -> Option<Place> {
    app.gazetteer.locate(at).cloned()
}

/// A place for those who may know no more than the neighbourhood.
#[derive(Clone, Debug, PartialEq)]
pub struct Neighbourhood {
    /// Its name; none outside the city.
    pub name: Option<String>,
    /// A point within it that says nothing finer.
    pub position: LatLon,
}

/// The neighbourhood of a place; outside the city, about a kilometre around.
pub fn neighbourhood(app: &App, at: LatLon) -> Neighbourhood {
    match app.gazetteer.locate(at) {
        Some(place) => Neighbourhood { name: Some(place.dong.clone()), position: place.position },
        None => Neighbourhood { name: None, position: at.coarse() },
    }
}
