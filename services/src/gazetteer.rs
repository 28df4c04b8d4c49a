//! Neighbourhoods by name and by position, from the boundaries of Seoul.

use std::collections::HashSet;

use domain::gazetteer::{DongCode, Gazetteer, NotAGazetteer, Place};
use domain::{LatLon, Refused, fault};

use crate::App;

/// The most results of a search.
const FOUND_MAX: usize = 50;

/// The longest list of codes, in characters.
const CODES_MAX_LENGTH: usize = 5_000;

const SEOUL: &str = include_str!("../../data/seoul/dong.geojson");

/// Parses the boundaries of Seoul.
pub(crate) fn seoul() -> Result<Gazetteer, NotAGazetteer> {
    Gazetteer::parse(SEOUL)
}

/// Neighbourhoods whose name or district contains the text, best match first.
pub fn search(app: &App, text: &str) -> Vec<Place> {
    app.gazetteer.search(text, FOUND_MAX).into_iter().cloned().collect()
}

/// The neighbourhoods of these codes, separated by commas, in the gazetteer's order. Unknown codes are
/// left out; what is no code is refused.
pub fn with_codes(app: &App, codes: &str) -> Result<Vec<Place>, Refused> {
    let refused = || Refused::field("/codes", fault::INVALID, "Codes are numbers, separated by commas.");
    let code = |text: &str| {
        let digits = (1..=9).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|_| digits).map(DongCode).ok_or_else(refused)
    };
    if codes.len() > CODES_MAX_LENGTH {
        return Err(refused());
    }
    let codes = codes.split(',').map(code).collect::<Result<HashSet<DongCode>, _>>()?;
    Ok(app.gazetteer.places().filter(|place| codes.contains(&place.code)).cloned().collect())
}

/// The neighbourhood of a position; none outside the city.
pub fn locate(app: &App, at: LatLon) -> Option<Place> {
    app.gazetteer.locate(at).cloned()
}

/// A coarse position, for those who may see no more than the neighbourhood.
#[derive(Clone, Debug, PartialEq)]
pub struct Neighbourhood {
    /// Its name; none outside the city.
    pub name: Option<String>,
    /// A representative point of it.
    pub position: LatLon,
}

/// The neighbourhood of a position; outside the city, the position rounded to about a kilometre.
pub fn neighbourhood(app: &App, at: LatLon) -> Neighbourhood {
    match app.gazetteer.locate(at) {
        Some(place) => Neighbourhood { name: Some(place.dong.clone()), position: place.position },
        None => Neighbourhood { name: None, position: at.coarse() },
    }
}
