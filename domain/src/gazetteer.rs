//! The neighbourhoods (법정동) of a city: lookup by coordinate and search by name.
//!
//! Parsed from GeoJSON whose features have the properties `code` (8 digits),
//! `gu`, `dong` and `center` [lon, lat].

use geo::{BoundingRect, Contains, Distance, Euclidean, Geometry, MultiPolygon, Point, Rect};
use geojson::{Feature, FeatureCollection, GeoJson};
use serde::{Deserialize, Serialize};

use crate::LatLon;
use crate::text::searchable;

/// The outlines are simplified to about 20 m, so there are gaps between neighbours. A
/// point up to this distance outside belongs to the nearest outline. In degrees: about
/// 50 m at Seoul's latitude.
const SLIVER_DEG: f64 = 0.0005;

/// A legal neighbourhood's code in the national register, 8 digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DongCode(pub u32);

/// A neighbourhood.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// Its code.
    pub code: DongCode,
    /// Its district (구).
    pub gu: String,
    /// Its name.
    pub dong: String,
    /// A point within it.
    pub position: LatLon,
}

/// Why a gazetteer cannot be parsed.
#[derive(Debug, thiserror::Error)]
pub enum NotAGazetteer {
    /// The text is not a GeoJSON feature collection.
    #[error("not GeoJSON: {0}")]
    GeoJson(#[from] Box<geojson::Error>),
    /// A feature lacks a property or its outline.
    #[error("feature {0} has no {1}")]
    Feature(usize, &'static str),
}

/// All neighbourhoods of a city.
#[derive(Debug)]
pub struct Gazetteer {
    dongs: Vec<Dong>,
}

#[derive(Debug)]
struct Dong {
    place: Place,
    outline: MultiPolygon,
    bounds: Rect,
}

impl Gazetteer {
    /// Reads a GeoJSON feature collection.
    pub fn parse(geojson: &str) -> Result<Self, NotAGazetteer> {
        let collection =
            geojson.parse::<GeoJson>().and_then(FeatureCollection::try_from).map_err(Box::new)?;
        let dongs = collection.features.into_iter().enumerate();
        let dongs = dongs
            .map(|(index, feature)| read(feature).map_err(|missing| NotAGazetteer::Feature(index, missing)));
        Ok(Self { dongs: dongs.collect::<Result<_, _>>()? })
    }

    /// The neighbourhood that contains a point; `None` outside the city.
    pub fn locate(&self, at: LatLon) -> Option<&Place> {
        let point = Point::new(at.lon(), at.lat());
        let inside =
            self.dongs.iter().find(|dong| dong.bounds.contains(&point) && dong.outline.contains(&point));
        let dong = inside.or_else(|| {
            // The outline of most is not looked at: far outside the city, that of none.
            let near = self.dongs.iter().filter(|dong| dong.is_near(point));
            let near = near.map(|dong| (Euclidean.distance(&point, &dong.outline), dong));
            let near = near.filter(|(degrees, _)| *degrees <= SLIVER_DEG);
            near.min_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, dong)| dong)
        })?;
        Some(&dong.place)
    }

    /// Neighbourhoods whose name contains the text, best match first: the whole name,
    /// then names that begin with it, then the others. District names match too
    /// (`강남구 역삼동`, `강남구`); spaces are ignored.
    pub fn search(&self, text: &str, limit: usize) -> Vec<&Place> {
        let wanted = searchable(text);
        if wanted.is_empty() {
            return Vec::new();
        }
        let rank = |place: &Place| {
            if place.dong == wanted {
                Some(0)
            } else if place.dong.starts_with(&wanted) {
                Some(1)
            } else if format!("서울{}{}", place.gu, place.dong).contains(&wanted) {
                Some(2)
            } else {
                None
            }
        };
        let places = self.dongs.iter().map(|dong| &dong.place);
        let mut found: Vec<_> = places.filter_map(|place| rank(place).map(|rank| (rank, place))).collect();
        found.sort_by_key(|(rank, place)| (*rank, place.code));
        found.into_iter().take(limit).map(|(_, place)| place).collect()
    }

    /// All neighbourhoods, in the order of the file.
    pub fn places(&self) -> impl Iterator<Item = &Place> {
        self.dongs.iter().map(|dong| &dong.place)
    }
}

impl Dong {
    /// Whether a point is less than a sliver outside of the bounds, or within.
    fn is_near(&self, point: Point) -> bool {
        let (least, most) = (self.bounds.min(), self.bounds.max());
        (least.x - SLIVER_DEG..=most.x + SLIVER_DEG).contains(&point.x())
            && (least.y - SLIVER_DEG..=most.y + SLIVER_DEG).contains(&point.y())
    }
}

fn read(feature: Feature) -> Result<Dong, &'static str> {
    let text = |name| feature.property(name).and_then(|value| value.as_str());
    let code = text("code").and_then(|code| code.parse().ok()).ok_or("code")?;
    let center = feature.property("center").and_then(|value| value.as_array()).ok_or("center")?;
    let position = match center.as_slice() {
        [lon, lat] => lat.as_f64().zip(lon.as_f64()).and_then(|(lat, lon)| LatLon::new(lat, lon).ok()),
        _ => None,
    };
    let place = Place {
        code: DongCode(code),
        // Three districts have the city's name as a prefix in the register.
        gu: text("gu").ok_or("gu")?.trim_start_matches("서울시").to_owned(),
        dong: text("dong").ok_or("dong")?.to_owned(),
        position: position.ok_or("center")?,
    };
    let outline = match feature.geometry.map(Geometry::try_from) {
        Some(Ok(Geometry::Polygon(polygon))) => MultiPolygon::from(polygon),
        Some(Ok(Geometry::MultiPolygon(polygons))) => polygons,
        _ => return Err("outline"),
    };
    let bounds = outline.bounding_rect().ok_or("outline")?;
    Ok(Dong { place, outline, bounds })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seoul() -> Gazetteer {
        Gazetteer::parse(include_str!("../../data/seoul/dong.geojson")).unwrap()
    }

    #[test]
    fn a_point_is_found_in_its_neighbourhood() {
        let place = |lat, lon| {
            let seoul = seoul();
            seoul.locate(LatLon::new(lat, lon).unwrap()).map(|place| format!("{} {}", place.gu, place.dong))
        };
        assert_eq!(place(37.5006, 127.0364).as_deref(), Some("강남구 역삼동"));
        assert_eq!(place(37.5663, 126.9779).as_deref(), Some("중구 태평로1가"));
        assert_eq!(place(35.1796, 129.0756), None);
    }

    #[test]
    fn every_neighbourhood_holds_its_own_centre() {
        let seoul = seoul();
        assert_eq!(seoul.places().count(), 467);
        let strays = seoul.places().filter(|place| seoul.locate(place.position) != Some(place)).count();
        assert!(strays <= 10, "{strays} centres lie elsewhere");
    }

    #[test]
    fn no_point_within_the_city_falls_between_two_neighbourhoods() {
        let seoul = seoul();
        for step in 0..400 {
            let t = f64::from(step) / 400.0;
            let at = LatLon::new(37.50 + 0.07 * t, 126.90 + 0.14 * t).unwrap();
            assert!(seoul.locate(at).is_some(), "{at:?}");
        }
    }

    #[test]
    fn search_finds_by_name_and_district() {
        let seoul = seoul();
        let names = |text: &str| {
            seoul.search(text, 5).into_iter().map(|p| format!("{} {}", p.gu, p.dong)).collect::<Vec<_>>()
        };
        assert_eq!(names("역삼동"), ["강남구 역삼동"]);
        assert_eq!(names("역삼"), ["강남구 역삼동"]);
        assert_eq!(names("서울 강남구 역삼동"), ["강남구 역삼동"]);
        assert_eq!(names("신사동").len(), 2);
        assert_eq!(names("강남구").len(), 5);
        assert_eq!(names("공릉동"), ["노원구 공릉동"]);
        assert!(names(" ").is_empty() && names("부산").is_empty());
    }

    #[test]
    fn what_is_no_gazetteer_is_refused() {
        for text in [
            "",
            "{}",
            r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":null}]}"#,
        ] {
            assert!(Gazetteer::parse(text).is_err(), "{text}");
        }
    }
}
